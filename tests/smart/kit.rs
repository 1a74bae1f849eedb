//! The rules that the public SMART App Launch test kits check from outside, as a list, each over the wire. The order is
//! theirs: discovery, standalone launch, EHR launch, OpenID Connect, refresh, introspection, backend services, scopes, CORS.

use jsonwebtoken::{Algorithm, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, send};
use crate::support::*;

struct Checklist(Vec<(&'static str, bool)>);

impl Checklist {
    fn rule(&mut self, rule: &'static str, holds: bool) {
        self.0.push((rule, holds));
    }

    fn end(self) {
        let broken: Vec<&str> = self.0.iter().filter(|(_, holds)| !holds).map(|(rule, _)| *rule).collect();
        assert!(broken.is_empty(), "{} of {} rules do not hold:\n{}", broken.len(), self.0.len(), broken.join("\n"));
    }
}

const ORIGIN: &str = "http://localhost:9999";

async fn get(world: &World, url: &str) -> Reply {
    send(world.app.open(Method::GET, url.strip_prefix(&world.issuer()).unwrap_or(url)).header("Origin", ORIGIN)).await
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn is_url(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("http://") || text.starts_with("https://"))
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery() {
    let world = world().await;
    let mut list = Checklist(Vec::new());
    let reply = get(&world, "/fhir/.well-known/smart-configuration").await;
    list.rule("the well-known document answers 200", reply.status == 200);
    list.rule("as application/json", reply.header("content-type").starts_with("application/json"));
    list.rule("with CORS for anybody", reply.header("access-control-allow-origin") == "*");
    let said = reply.json();
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "issuer",
        "jwks_uri",
        "introspection_endpoint",
        "revocation_endpoint",
        "management_endpoint",
    ] {
        list.rule("endpoints are absolute URLs", is_url(&said[name]));
    }
    list.rule(
        "capabilities are strings",
        !texts(&said["capabilities"]).is_empty()
            && texts(&said["capabilities"]).len() == said["capabilities"].as_array().map_or(0, Vec::len),
    );
    list.rule(
        "grant types include authorization_code",
        texts(&said["grant_types_supported"]).contains(&"authorization_code"),
    );
    list.rule(
        "grant types include client_credentials",
        texts(&said["grant_types_supported"]).contains(&"client_credentials"),
    );
    list.rule("S256 is there", texts(&said["code_challenge_methods_supported"]).contains(&"S256"));
    list.rule("plain is not", !texts(&said["code_challenge_methods_supported"]).contains(&"plain"));
    list.rule(
        "private_key_jwt is there",
        texts(&said["token_endpoint_auth_methods_supported"]).contains(&"private_key_jwt"),
    );
    for algorithm in ["RS384", "ES384"] {
        list.rule(
            "both algorithms are there",
            texts(&said["token_endpoint_auth_signing_alg_values_supported"]).contains(&algorithm),
        );
    }
    for name in ["openid", "fhirUser", "launch", "launch/patient", "offline_access", "online_access", "patient/*.rs"] {
        list.rule("scopes are listed", texts(&said["scopes_supported"]).contains(&name));
    }
    for name in [
        "launch-ehr",
        "launch-standalone",
        "authorize-post",
        "client-public",
        "client-confidential-symmetric",
        "client-confidential-asymmetric",
        "sso-openid-connect",
        "context-banner",
        "context-style",
        "context-ehr-patient",
        "context-standalone-patient",
        "permission-offline",
        "permission-online",
        "permission-patient",
        "permission-user",
        "permission-v1",
        "permission-v2",
    ] {
        list.rule("the capabilities of a full server", texts(&said["capabilities"]).contains(&name));
    }
    let metadata = get(&world, "/fhir/metadata").await;
    list.rule("metadata has CORS", metadata.header("access-control-allow-origin") == "*");
    let extension = metadata.json()["rest"][0]["security"]["extension"][0]["extension"].clone();
    for (name, field) in [("authorize", "authorization_endpoint"), ("token", "token_endpoint")] {
        let uri = extension.as_array().into_iter().flatten().find(|uri| uri["url"] == name).map(|uri| &uri["valueUri"]);
        list.rule("metadata names the same endpoints", uri == Some(&said[field]));
    }
    list.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn standalone_and_ehr_launch() {
    let world = world().await;
    let mut list = Checklist(Vec::new());
    for (kind, scope) in [
        ("standalone", "launch/patient openid fhirUser offline_access patient/*.rs"),
        ("ehr", "launch openid fhirUser offline_access user/*.rs patient/*.read"),
    ] {
        let mut ask = Ask::new(&world, "app", scope);
        if kind == "ehr" {
            ask = ask.with("launch", &world.handle(&[]).await).with("aud", &format!("{}/", world.aud()));
        }
        let answer = world.browser().authorize(&ask, "gp").await;
        list.rule("the code comes with the state", answer.get("state").map(String::as_str) == Some("a state/of+mine"));
        let wrong = async |verifier: &str| {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("client_id", "app"),
                ("code", answer["code"].as_str()),
                ("redirect_uri", APP),
                ("code_verifier", verifier),
            ];
            world.token(&pairs).await.status.as_u16()
        };
        for verifier in ["", "wrong-verifier-wrong-verifier-wrong-verifier-1", &challenge(VERIFIER)] {
            list.rule("a missing, wrong or plain verifier is refused", matches!(wrong(verifier).await, 400 | 401));
        }
        for client in ["", "nobody"] {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("client_id", client),
                ("code", answer["code"].as_str()),
                ("redirect_uri", APP),
                ("code_verifier", VERIFIER),
            ];
            list.rule("a wrong client is refused", matches!(world.token(&pairs).await.status.as_u16(), 400 | 401));
        }
        list.rule("a wrong code is refused", matches!(world.exchange("app", "wrong").await.status.as_u16(), 400 | 401));
        let request = world
            .app
            .open(Method::POST, "/oauth/token")
            .header("Origin", ORIGIN)
            .header("Content-Type", "application/x-www-form-urlencoded");
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &answer["code"]),
            ("redirect_uri", APP),
            ("code_verifier", VERIFIER),
        ]);
        let reply = send(request.body(body)).await;
        list.rule("the exchange answers 200", reply.status == 200);
        list.rule("as JSON", reply.header("content-type").starts_with("application/json"));
        list.rule("with CORS for the client's origin", reply.header("access-control-allow-origin") == ORIGIN);
        list.rule("Cache-Control: no-store", reply.header("cache-control").contains("no-store"));
        list.rule("Pragma: no-cache", reply.header("pragma").contains("no-cache"));
        let token = reply.json();
        for name in ["access_token", "token_type", "scope", "refresh_token", "id_token", "patient"] {
            list.rule("fields of the reply are strings", token[name].is_string());
        }
        list.rule(
            "token_type is Bearer",
            token["token_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
        );
        list.rule("expires_in is a number", token["expires_in"].is_number());
        list.rule("the scope is what was asked for, in its own form", token["scope"] == scope);
        list.rule("need_patient_banner is a boolean", token["need_patient_banner"].is_boolean());
        list.rule("smart_style_url is a URL", is_url(&token["smart_style_url"]));
        list.rule(
            "the patient can be read",
            world.status(&token, &format!("Patient/{}", token["patient"].as_str().expect("text"))).await == 200,
        );
        openid(&world, &mut list, &token).await;
        refresh(&world, &mut list, &token).await;
    }
    list.end();
}

async fn openid(world: &World, list: &mut Checklist, token: &Value) {
    let claims = id_claims(world, token).await;
    for name in ["iss", "sub", "aud", "exp", "iat", "fhirUser"] {
        list.rule("the id_token has its claims", !claims[name].is_null());
    }
    let discovered =
        get(world, &format!("{}/.well-known/openid-configuration", claims["iss"].as_str().expect("text"))).await;
    list.rule("its issuer is discovered", discovered.status == 200 && discovered.json()["issuer"] == claims["iss"]);
    let document = discovered.json();
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        list.rule("with endpoints", is_url(&document[name]));
    }
    list.rule("with response types", !texts(&document["response_types_supported"]).is_empty());
    list.rule("with subject types", !texts(&document["subject_types_supported"]).is_empty());
    list.rule("with RS256", texts(&document["id_token_signing_alg_values_supported"]).contains(&"RS256"));
    let keys = get(world, document["jwks_uri"].as_str().expect("text")).await.json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    list.rule(
        "its keys are RSA with a kid",
        keys.iter()
            .all(|key| key["kty"] == "RSA" && key["kid"].is_string() && key["n"].is_string() && key["e"].is_string()),
    );
    let url = claims["fhirUser"].as_str().expect("text");
    let kind = url.rsplit('/').nth(1).unwrap_or_default();
    list.rule("fhirUser is a type it may be", matches!(kind, "Patient" | "Practitioner" | "RelatedPerson" | "Person"));
    let read = send(world.session(token).request(Method::GET, url).header("Origin", ORIGIN)).await;
    list.rule("fhirUser is read with the same token", read.status == 200 && read.json()["resourceType"] == kind);
    list.rule("with CORS for the client's origin", read.header("access-control-allow-origin") == ORIGIN);
    introspection(world, list, token, &claims).await;
}

async fn introspection(world: &World, list: &mut Checklist, token: &Value, claims: &Value) {
    let text = token["access_token"].as_str().expect("text");
    let known = world.introspect(text).await;
    list.rule("an active token is active", known["active"] == true);
    for (name, value) in [
        ("scope", &token["scope"]),
        ("client_id", &json!("app")),
        ("patient", &token["patient"]),
        ("iss", &claims["iss"]),
        ("sub", &claims["sub"]),
        ("fhirUser", &claims["fhirUser"]),
    ] {
        list.rule("introspection says what the reply said", known[name] == *value);
    }
    let now = jsonwebtoken::get_current_timestamp();
    list.rule("exp is a number to come", known["exp"].as_u64().is_some_and(|exp| exp > now));
    list.rule("junk is inactive, and no more is said", world.introspect("junk").await == json!({"active": false}));
    let own = world.back("/oauth/introspect", Some(&format!("Bearer {text}")), &[("token", text)]).await;
    list.rule("a token in force authorizes introspection of itself", own.status == 200 && own.json()["active"] == true);
}

async fn refresh(world: &World, list: &mut Checklist, token: &Value) {
    let mut now = token.clone();
    for scope in [None, Some("patient/Patient.rs")] {
        let mut pairs = vec![
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("refresh_token", now["refresh_token"].as_str().expect("text")),
        ];
        pairs.extend(scope.map(|scope| ("scope", scope)));
        let reply = world.token(&pairs).await;
        list.rule("a refresh answers 200, with the scope and without", reply.status == 200);
        list.rule("Cache-Control: no-store", reply.header("cache-control").contains("no-store"));
        list.rule("Pragma: no-cache", reply.header("pragma").contains("no-cache"));
        let next = reply.json();
        for name in ["access_token", "token_type", "scope"] {
            list.rule("fields of the refresh are strings", next[name].is_string());
        }
        list.rule("expires_in is a number", next["expires_in"].is_number());
        list.rule("the new token works", world.status(&next, "Patient/near").await == 200);
        now = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_services() {
    let world = world().await;
    let mut list = Checklist(Vec::new());
    let status = |reply: Reply| reply.status.as_u16();
    let good = || Assertion::new(&world, "backend").sign();
    let post = async |grant: &str, kind: &str, assertion: &str| {
        let pairs = [
            ("grant_type", grant),
            ("scope", "system/*.rs"),
            ("client_assertion_type", kind),
            ("client_assertion", assertion),
        ];
        world.token(&pairs).await
    };
    list.rule("a wrong grant type is 400", status(post("not_a_grant_type", ASSERTION_TYPE, &good()).await) == 400);
    list.rule(
        "a wrong assertion type is 400",
        status(post("client_credentials", "not_an_assertion_type", &good()).await) == 400,
    );
    let mut wrong = Assertion::new(&world, "backend");
    wrong.claims["iss"] = json!("not_a_valid_iss");
    list.rule(
        "a wrong iss is 400 or 401",
        matches!(status(post("client_credentials", ASSERTION_TYPE, &wrong.sign()).await), 400 | 401),
    );
    let mut forged = Assertion::new(&world, "backend");
    forged.pem = STRANGER;
    list.rule(
        "a wrong key is 400 or 401",
        matches!(status(post("client_credentials", ASSERTION_TYPE, &forged.sign()).await), 400 | 401),
    );
    for (pem, algorithm, kid) in [(ES384, Algorithm::ES384, "ec"), (RS384, Algorithm::RS384, "rsa")] {
        let mut assertion = Assertion::new(&world, "backend");
        (assertion.header, assertion.pem) = (Header { kid: Some(kid.into()), ..Header::new(algorithm) }, pem);
        let reply = post("client_credentials", ASSERTION_TYPE, &assertion.sign()).await;
        list.rule("a good assertion is 200", reply.status == 200);
        let body = reply.json();
        for name in ["access_token", "token_type", "scope"] {
            list.rule("fields of the reply are strings", body[name].is_string());
        }
        list.rule(
            "expires_in is a number, five minutes at most",
            body["expires_in"].as_u64().is_some_and(|n| n <= 300),
        );
        list.rule("the token works", world.status(&body, "Patient/near").await == 200);
    }
    list.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_of_both_versions_and_granular_ones() {
    let world = world().await;
    let mut list = Checklist(Vec::new());
    let laboratory = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    for (scope, lab, vital) in [
        ("launch/patient patient/Observation.read", 200, 200),
        ("launch/patient patient/Observation.rs", 200, 200),
        (&format!("launch/patient patient/Observation.rs?category={laboratory}"), 200, 404),
    ] {
        let token = world.launch(scope, "gp").await;
        list.rule("the scope comes back as it was asked for", token["scope"] == scope);
        list.rule("a row within is 200", world.status(&token, "Observation/near-lab").await == lab);
        list.rule("a row outside is 404", world.status(&token, "Observation/near-vital").await == vital);
        let found = world.session(&token).get("Observation?patient=near").await.ids();
        list.rule("a search finds as much", found.len() == if vital == 200 { 2 } else { 1 });
        list.rule("another type is 403", world.status(&token, "Condition?patient=near").await == 403);
    }
    list.end();
}
