//! Requests that are wrong, each with its exact answer: status, error code and words.

use jsonwebtoken::{Algorithm, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, send};
use crate::support::*;

/// What came out other than it should have.
struct Findings {
    wrong: Vec<String>,
    count: usize,
}

impl Findings {
    fn new() -> Findings {
        Findings { wrong: Vec::new(), count: 0 }
    }

    /// A refusal in JSON.
    fn json(&mut self, case: &str, reply: &Reply, status: u16, error: &str, words: &str) {
        self.count += 1;
        let exact = json!({"error": error, "error_description": words});
        let got = serde_json::from_str::<Value>(&reply.text).unwrap_or_default();
        let kept = (reply.header("cache-control"), reply.header("pragma"));
        let challenged = status != 401 || reply.header("www-authenticate").starts_with("Basic");
        if reply.status != status || got != exact || kept != ("no-store", "no-cache") || !challenged {
            self.wrong.push(format!("{case}: {} {}\n  expected {status} {exact}", reply.status, reply.text));
        }
    }

    /// A refusal that goes back to the app, with its state.
    fn sent_back(&mut self, case: &str, reply: &Reply, error: &str, words: &str, state: Option<&str>) {
        self.count += 1;
        let location = reply.header("location");
        let mut got = parameters(location);
        let state_ok = got.remove("state").as_deref() == state;
        let expected =
            [("error", error), ("error_description", words)].map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        if reply.status != 303 || !location.starts_with(APP) || got != expected || !state_ok {
            self.wrong.push(format!("{case}: {} {location} {}\n  expected {error}: {words}", reply.status, reply.text));
        }
    }

    /// A refusal on a page, which sends nobody anywhere.
    fn page(&mut self, case: &str, reply: &Reply, status: u16, words: &str) {
        self.count += 1;
        let quiet = reply.header("location").is_empty() && !reply.text.contains("http-equiv");
        let policy = reply.header("content-security-policy").contains("default-src 'none'");
        let said = reply.text.contains(&format!("<p class=\"lead\" role=\"alert\">{words}.</p>"));
        if reply.status != status || !quiet || !policy || !said {
            self.wrong.push(format!("{case}: {} {}\n  expected {status}: {words}", reply.status, reply.text));
        }
    }

    fn end(self, least: usize) {
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.count, self.wrong.join("\n"));
        assert!(self.count >= least, "{} cases", self.count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_requests_that_no_app_can_be_told_of_show_a_page() {
    let world = world().await;
    let mut found = Findings::new();
    let ask = Ask::new(&world, "app", "launch/patient patient/*.rs");
    let no_client = "no app is registered here under this client_id";
    let not_registered = "this redirect_uri is not registered for the app: it has to be the same, letter by letter";
    world.app.store.disable_client("other-app").await.expect("disabled");
    for (case, asked, words) in [
        ("no client_id", ask.clone().without("client_id"), "client_id is missing: it says which app asks"),
        ("unknown client", ask.clone().with("client_id", "nobody"), no_client),
        ("disabled client", ask.clone().with("client_id", "other-app"), no_client),
        (
            "no redirect_uri",
            ask.clone().without("redirect_uri"),
            "redirect_uri is missing: it says where the answer goes",
        ),
        ("other redirect_uri", ask.clone().with("redirect_uri", "https://evil.example/cb"), not_registered),
        ("longer redirect_uri", ask.clone().with("redirect_uri", &format!("{APP}/more")), not_registered),
        ("redirect_uri with a query", ask.clone().with("redirect_uri", &format!("{APP}?x=1")), not_registered),
        ("redirect_uri in capitals", ask.clone().with("redirect_uri", &APP.to_uppercase()), not_registered),
        (
            "redirect_uri with a user",
            ask.clone().with("redirect_uri", "http://localhost:9999@evil.example/app/cb"),
            not_registered,
        ),
        (
            "redirect_uri on another port",
            ask.clone().with("redirect_uri", "http://localhost:9998/app/cb"),
            not_registered,
        ),
        (
            "redirect_uri with dots",
            ask.clone().with("redirect_uri", "http://localhost:9999/app/../app/cb"),
            not_registered,
        ),
        ("a client without users", ask.clone().with("client_id", "backend"), not_registered),
    ] {
        let reply = world.browser().get(&format!("/oauth/authorize?{}", asked.query())).await;
        found.page(case, &reply, 400, words);
    }
    for (name, value) in [("redirect_uri", "https://evil.example/cb"), ("client_id", "symmetric-app")] {
        let twice = format!("/oauth/authorize?{}&{}", ask.query(), form(&[(name, value)]));
        found.page(
            &format!("{name} twice"),
            &world.browser().get(&twice).await,
            400,
            &format!("{name} is there twice: send it once"),
        );
    }
    let body = [("client_id", "<script>alert(1)</script>")];
    found.page("markup as client_id", &world.browser().post("/oauth/authorize", &body).await, 400, no_client);
    let reply = world.browser().get("/oauth/authorize?client_id=%ff").await;
    found.page("no UTF-8", &reply, 400, "the query is not UTF-8 after percent-decoding: encode it as UTF-8");
    let over = "this sign-in is over, or was begun in another browser: go back to the app and start again";
    // What belongs to another browser, or to nobody.
    let first = world.browser();
    let page = first.follow(first.get(&format!("/oauth/authorize?{}", ask.query())).await).await;
    let stolen = flow(&page);
    let thief = world.browser();
    found.page("another's sign-in", &thief.get(&format!("/oauth/continue?flow={stolen}")).await, 400, over);
    found.page("another's callback", &thief.get(&format!("/oauth/callback?state={stolen}&code=x")).await, 400, over);
    found.page(
        "another's persona page",
        &thief.post("/sandbox/sign-in", &[("flow", &stolen), ("persona", "gp")]).await,
        400,
        over,
    );
    found.page("a callback out of nowhere", &thief.get("/oauth/callback?code=x").await, 400, over);
    let twice = first.get(&format!("/oauth/callback?state={stolen}&state=x&code=x")).await;
    found.page("a callback with two states", &twice, 400, "the parameter state is there twice: send each once");
    let nobody = first.post("/sandbox/sign-in", &[("flow", &stolen), ("persona", "lab-feed")]).await;
    found.page("a persona that is no person", &nobody, 400, "there is no such persona");
    let picker = first.choose(&page, "gp").await;
    let again = first.post("/sandbox/sign-in", &[("flow", &stolen), ("persona", "nurse")]).await;
    found.page("signing in twice", &again, 400, "this sign-in is not waiting for a persona");
    let old = first.get(&format!("/oauth/callback?state={stolen}&code=x")).await;
    found.page("a callback too late", &old, 400, "this page is an old one: go back to the app and start again");
    let far = first.answer(&picker, &[("patient", FAR)]).await;
    found.page("a patient out of reach", &far, 400, "this patient is not one you can open: choose from the list");
    found.end(24);
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_requests_that_are_wrong_go_back_to_the_app() {
    let world = world().await;
    let mut found = Findings::new();
    let ask = Ask::new(&world, "app", "launch/patient patient/*.rs");
    let state = Some("a state/of+mine");
    let aud = format!("aud has to be {}, the FHIR server the token is for", world.aud());
    let s256 = "code_challenge_method has to be S256";
    let shape = "code_challenge is not the base64url of a SHA-256: 43 letters, no padding";
    let nothing = "nothing of this scope is known here and registered for the app";
    for (case, asked, error, words) in [
        (
            "no response_type",
            ask.clone().without("response_type"),
            "invalid_request",
            "response_type is missing: it is code",
        ),
        (
            "implicit",
            ask.clone().with("response_type", "token"),
            "unsupported_response_type",
            "the one response_type is code",
        ),
        (
            "hybrid",
            ask.clone().with("response_type", "code id_token"),
            "unsupported_response_type",
            "the one response_type is code",
        ),
        (
            "fragment",
            ask.clone().with("response_mode", "fragment"),
            "invalid_request",
            "the one response_mode is query",
        ),
        (
            "request object",
            ask.clone().with("request", "eyJ"),
            "invalid_request",
            "request objects are not served: send the parameters themselves",
        ),
        ("no aud", ask.clone().without("aud"), "invalid_request", &format!("aud is missing: it is {}", world.aud())),
        ("other aud", ask.clone().with("aud", "https://evil.example/fhir"), "invalid_request", &aud),
        ("aud without /fhir", ask.clone().with("aud", &world.issuer()), "invalid_request", &aud),
        (
            "no challenge",
            ask.clone().without("code_challenge"),
            "invalid_request",
            "code_challenge is missing: PKCE with S256 is required of every app",
        ),
        ("plain", ask.clone().with("code_challenge_method", "plain"), "invalid_request", s256),
        ("no method, which means plain", ask.clone().without("code_challenge_method"), "invalid_request", s256),
        ("short challenge", ask.clone().with("code_challenge", "abc"), "invalid_request", shape),
        (
            "padded challenge",
            ask.clone().with("code_challenge", &format!("{}=", challenge(VERIFIER))),
            "invalid_request",
            shape,
        ),
        ("no scope", ask.clone().without("scope"), "invalid_scope", "scope is missing: say what the app wants to do"),
        ("unknown scope", ask.clone().with("scope", "everything"), "invalid_scope", nothing),
        ("type not kept", ask.clone().with("scope", "patient/Encounter.rs"), "invalid_scope", nothing),
        ("system scope", ask.clone().with("scope", "system/*.rs"), "invalid_scope", nothing),
        ("letters out of order", ask.clone().with("scope", "patient/Patient.sr"), "invalid_scope", nothing),
        (
            "granular by no token",
            ask.clone().with("scope", "patient/Observation.rs?date=2020"),
            "invalid_scope",
            nothing,
        ),
        (
            "launch without handle",
            ask.clone().with("scope", "launch patient/*.rs"),
            "invalid_request",
            "the scope launch needs the parameter launch, which the EPR gave the app",
        ),
        (
            "handle without launch",
            ask.clone().with("launch", "x"),
            "invalid_request",
            "the parameter launch needs the scope launch",
        ),
    ] {
        let reply = world.browser().get(&format!("/oauth/authorize?{}", asked.query())).await;
        found.sent_back(case, &reply, error, words, state);
    }
    let without = ask.clone().without("state");
    let reply = world.browser().get(&format!("/oauth/authorize?{}", without.query())).await;
    found.sent_back(
        "no state",
        &reply,
        "invalid_request",
        "state is missing: it protects the app from forged answers",
        None,
    );
    let twice = format!("/oauth/authorize?{}&scope=x", ask.query());
    found.sent_back(
        "scope twice",
        &world.browser().get(&twice).await,
        "invalid_request",
        "scope is there twice: send it once",
        state,
    );

    // Launches.
    let over = "this launch is unknown, over, used, or for another app: launch the app again";
    let launched = |handle: &str, client: &str| Ask::new(&world, client, "launch patient/*.rs").with("launch", handle);
    let send_ask = async |ask: &Ask| world.browser().get(&format!("/oauth/authorize?{}", ask.query())).await;
    found.sent_back("a handle that is none", &send_ask(&launched("x", "app")).await, "invalid_request", over, state);
    let handle = world.handle(&[]).await;
    found.sent_back(
        "another app's handle",
        &send_ask(&launched(&handle, "other-app")).await,
        "invalid_request",
        over,
        state,
    );
    let first = world.browser().authorize(&launched(&handle, "app"), "gp").await;
    assert!(first.contains_key("code"), "another app's try does not use the handle up: {first:?}");
    found.sent_back("a handle used before", &send_ask(&launched(&handle, "app")).await, "invalid_request", over, state);
    let bare = send_ask(&launched("x", "bare-app")).await;
    found.sent_back(
        "an app that is never launched",
        &bare,
        "invalid_scope",
        "the app is not registered for the scope launch",
        state,
    );

    // What the user's side ends.
    let handle = world.handle(&[("user", "nurse")]).await;
    let page = world.browser().sign_in(&launched(&handle, "app"), "gp").await;
    found.sent_back(
        "another user's launch",
        &page,
        "access_denied",
        "the launch is for another user than the one who signed in",
        state,
    );
    let browser = world.browser();
    let picker = browser.sign_in(&ask, "gp").await;
    let page = browser.answer(&picker, &[("action", "cancel")]).await;
    found.sent_back("cancelled", &page, "access_denied", "the user did not let the app in", state);
    let over_page = browser.get(&format!("/oauth/continue?flow={}", flow(&picker))).await;
    assert_eq!(over_page.status, 400, "what was cancelled is over");
    let consent = world.browser();
    let page = consent.sign_in(&Ask::new(&world, "app", "user/*.rs"), "gp").await;
    let page = consent.answer(&page, &[("scope", "none of them")]).await;
    found.sent_back("every box cleared", &page, "access_denied", "the user did not let the app in", state);
    let page = world.browser().sign_in(&Ask::new(&world, "app", "patient/*.rs"), "gp").await;
    let words = "a patient/ scope needs a patient: ask for launch/patient too, or launch from an EPR with a patient";
    found.sent_back("no patient for patient/", &page, "invalid_scope", words, state);
    let page = world.browser().sign_in(&Ask::new(&world, "app", "user/Observation.rs"), "social-worker").await;
    found.sent_back(
        "nothing for this role",
        &page,
        "invalid_scope",
        "nothing of the scope asked for can be granted to this user",
        state,
    );
    let browser = world.browser();
    let page = browser.follow(browser.get(&format!("/oauth/authorize?{}", ask.query())).await).await;
    let denied = browser.get(&format!("/oauth/callback?state={}&error=access_denied", flow(&page))).await;
    found.sent_back("refused upstream", &denied, "access_denied", "the user did not sign in", state);
    let browser = world.browser();
    let page = browser.follow(browser.get(&format!("/oauth/authorize?{}", ask.query())).await).await;
    let forged = browser.get(&format!("/oauth/callback?state={}&code=forged", flow(&page))).await;
    found.sent_back("a forged upstream code", &forged, "access_denied", "the sign-in failed", state);
    found.end(34);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_requests_that_are_wrong() {
    let world = world().await;
    let mut found = Findings::new();
    let code = async |client: &str| {
        let ask = Ask::new(&world, client, "launch/patient offline_access patient/*.rs");
        world.browser().authorize(&ask, "gp").await["code"].clone()
    };
    let good = code("app").await;
    let all = |change: &[(&'static str, &str)]| {
        let mut pairs: Vec<(&str, String)> = vec![
            ("grant_type", "authorization_code".into()),
            ("client_id", "app".into()),
            ("code", good.clone()),
            ("redirect_uri", APP.into()),
            ("code_verifier", VERIFIER.into()),
        ];
        for (name, value) in change {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, (*value).to_owned()));
        }
        pairs
    };
    let token = async |change: &[(&'static str, &str)]| {
        let pairs = all(change);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        world.token(&pairs).await
    };
    let verifier_shape = "code_verifier is not 43 to 128 letters, digits and -._~";
    let verifier_wrong = "code_verifier does not belong to the code_challenge of this code";
    let unknown_code = "the code is unknown, has expired, or is another client's: authorize again";
    let no_client = "there is no client: send client_id, Authorization: Basic, or a client_assertion";
    let grants = "grant_type is one of authorization_code, refresh_token and client_credentials";
    let elsewhere = "redirect_uri is not the one the code was sent to";
    for (case, change, status, error, words) in [
        ("no grant_type", ("grant_type", ""), 400, "invalid_request", "grant_type is missing"),
        ("password", ("grant_type", "password"), 400, "unsupported_grant_type", grants),
        ("implicit", ("grant_type", "implicit"), 400, "unsupported_grant_type", grants),
        ("no code", ("code", ""), 400, "invalid_request", "code is missing"),
        ("unknown code", ("code", "abc"), 400, "invalid_grant", unknown_code),
        ("missing verifier", ("code_verifier", ""), 400, "invalid_request", "code_verifier is missing"),
        ("blank verifier", ("code_verifier", " "), 400, "invalid_grant", verifier_shape),
        ("short verifier", ("code_verifier", "short"), 400, "invalid_grant", verifier_shape),
        (
            "wrong verifier",
            ("code_verifier", "another-verifier-of-forty-three-letters-or-more-01"),
            400,
            "invalid_grant",
            verifier_wrong,
        ),
        ("the challenge as verifier", ("code_verifier", &challenge(VERIFIER)), 400, "invalid_grant", verifier_wrong),
        ("no redirect_uri", ("redirect_uri", ""), 400, "invalid_request", "redirect_uri is missing"),
        (
            "other redirect_uri",
            ("redirect_uri", "http://localhost:9999/app/cb?second=1"),
            400,
            "invalid_grant",
            elsewhere,
        ),
        ("no client", ("client_id", ""), 401, "invalid_client", no_client),
        ("unknown client", ("client_id", "nobody"), 401, "invalid_client", "there is no such client here"),
        ("another client", ("client_id", "other-app"), 400, "invalid_grant", unknown_code),
        (
            "a client with a secret, without it",
            ("client_id", "symmetric-app"),
            401,
            "invalid_client",
            "this client is registered with a secret: send Authorization: Basic",
        ),
        (
            "a client with a key, without it",
            ("client_id", "asymmetric-app"),
            401,
            "invalid_client",
            "this client is registered with a key: send a client_assertion",
        ),
        (
            "a secret in the body",
            ("client_secret", "x"),
            401,
            "invalid_client",
            "a secret is taken as HTTP Basic only: send Authorization: Basic",
        ),
        (
            "public and client_credentials",
            ("grant_type", "client_credentials"),
            400,
            "unauthorized_client",
            "client_credentials is for clients registered with a key and system/ scopes",
        ),
    ] {
        found.json(case, &token(&[change]).await, status, error, words);
    }
    let pairs = all(&[]);
    let body = |more: &str| {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        format!("{}{more}", form(&pairs))
    };
    let raw = async |path: &str, kind: &str, body: String| {
        send(world.app.open(Method::POST, path).header("Content-Type", kind).body(body)).await
    };
    let form_kind = "application/x-www-form-urlencoded";
    let as_form = "send the parameters as Content-Type: application/x-www-form-urlencoded";
    found.json(
        "code twice",
        &raw("/oauth/token", form_kind, body("&code=x")).await,
        400,
        "invalid_request",
        "the parameter code is there twice: send each once",
    );
    found.json("as JSON", &raw("/oauth/token", "application/json", "{}".into()).await, 400, "invalid_request", as_form);
    found.json(
        "without a type",
        &send(world.app.open(Method::POST, "/oauth/token")).await,
        400,
        "invalid_request",
        as_form,
    );
    let in_query = raw(&format!("/oauth/token?code={good}"), form_kind, body("")).await;
    found.json(
        "a code in the address",
        &in_query,
        400,
        "invalid_request",
        "send the parameters in the body: what is in an address ends up in logs",
    );
    let secret = basic("symmetric-app", &world.secret);
    let basic_pairs: Vec<(&str, &str)> =
        pairs.iter().filter(|(n, _)| *n != "client_id").map(|(n, v)| (*n, v.as_str())).collect();
    for (case, header, status, error, words) in [
        ("another client by Basic", secret.clone(), 400, "invalid_grant", unknown_code),
        ("a wrong secret", basic("symmetric-app", "wrong"), 401, "invalid_client", "the client's secret is wrong"),
        ("an empty secret", basic("symmetric-app", ""), 401, "invalid_client", "the client's secret is wrong"),
        (
            "Basic of a public client",
            basic("app", ""),
            401,
            "invalid_client",
            "this client is registered as public: send client_id alone",
        ),
        (
            "Basic of a client with a key",
            basic("asymmetric-app", "x"),
            401,
            "invalid_client",
            "this client is registered with a key: send a client_assertion",
        ),
        ("Basic of nobody", basic("nobody", "x"), 401, "invalid_client", "there is no such client here"),
        (
            "Bearer",
            "Bearer x".to_owned(),
            401,
            "invalid_client",
            "the Authorization header is not Basic with base64 of client_id:secret",
        ),
        (
            "no base64",
            "Basic !".to_owned(),
            401,
            "invalid_client",
            "the Authorization header is not Basic with base64 of client_id:secret",
        ),
    ] {
        found.json(case, &world.back("/oauth/token", Some(&header), &basic_pairs).await, status, error, words);
    }
    let other: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let reply = world.back("/oauth/token", Some(&secret), &other).await;
    found.json(
        "two clients",
        &reply,
        401,
        "invalid_client",
        "client_id names another client than the one that proved itself",
    );
    // None of these used the code up; the second use ends what the first gave.
    let first = world.exchange("app", &good).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let first = first.json();
    assert_eq!(world.status(&first, "Patient/near").await, 200);
    let again = world.exchange("app", &good).await;
    found.json(
        "a replayed code",
        &again,
        400,
        "invalid_grant",
        "the code was used before, so the tokens it gave have ended: authorize again",
    );
    assert_eq!(world.status(&first, "Patient/near").await, 401, "a replayed code revokes its tokens");
    let refresh = first["refresh_token"].as_str().expect("a refresh token");
    let reply = world.token(&[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)]).await;
    assert_eq!(reply.status, 400, "and its refresh token: {}", reply.text);
    found.end(32);
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_that_are_wrong() {
    let world = world().await;
    let mut found = Findings::new();
    let new = || Assertion::new(&world, "backend");
    let now = jsonwebtoken::get_current_timestamp();
    let token_url = format!("{}/oauth/token", world.issuer());
    let with = |change: &dyn Fn(&mut Assertion)| {
        let mut assertion = new();
        change(&mut assertion);
        assertion.sign()
    };
    let not_jwt = "the client_assertion is not a JWT signed with RS384 or ES384";
    let iss_sub = "the assertion's iss and sub have to be the client_id";
    let no_key = "the client has registered no key with this kid for this algorithm";
    let signature = "the assertion's signature is not by the key its kid names";
    let aud = format!("the assertion's aud is not {token_url}");
    let none = {
        use base64::Engine;
        let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT", "kid": "ec"})), part(new().claims))
    };
    // The public RSA key as an HMAC secret: the old confusion.
    let hs256 = {
        let header = Header { kid: Some("rsa".into()), ..Header::new(Algorithm::HS256) };
        let public = jwk(RS384, Algorithm::RS384, "rsa").to_string();
        jsonwebtoken::encode(&header, &new().claims, &jsonwebtoken::EncodingKey::from_secret(public.as_bytes()))
            .expect("a JWT")
    };
    let used = new().sign();
    assert_eq!(world.backend(&used, "system/Patient.rs").await.status, 200);
    for (case, assertion, words) in [
        ("junk", "junk".to_owned(), not_jwt),
        ("alg none", none, not_jwt),
        ("HS256 with an RSA key", hs256, not_jwt),
        (
            "RS256",
            with(&|a| (a.header.alg, a.header.kid, a.pem) = (Algorithm::RS256, Some("rsa".into()), RS384)),
            not_jwt,
        ),
        ("no kid", with(&|a| a.header.kid = None), "the assertion's header has no kid, which names the key"),
        ("unknown kid", with(&|a| a.header.kid = Some("x".into())), no_key),
        ("the other key's kid", with(&|a| a.header.kid = Some("rsa".into())), no_key),
        ("a stranger's key", with(&|a| a.pem = STRANGER), signature),
        (
            "a jku that is not registered",
            with(&|a| a.header.jku = Some("https://evil.example/jwks".into())),
            "the assertion's jku is not the JWKS URL this client has registered",
        ),
        ("another typ", with(&|a| a.header.typ = Some("at+jwt".into())), "the assertion's typ is not JWT"),
        (
            "crit",
            with(&|a| a.header.crit = Some(vec!["exp".into()])),
            "the assertion's header has crit, which this service does not serve",
        ),
        ("expired", with(&|a| a.claims["exp"] = json!(now - 60)), "the assertion has expired"),
        (
            "an hour ahead",
            with(&|a| a.claims["exp"] = json!(now + 3600)),
            "the assertion's exp is more than 300 seconds ahead",
        ),
        ("issued in the future", with(&|a| a.claims["iat"] = json!(now + 60)), "the assertion's iat is in the future"),
        ("not yet", with(&|a| a.claims["nbf"] = json!(now + 60)), "the assertion's nbf is in the future"),
        (
            "no exp",
            with(&|a| drop(a.claims.as_object_mut().expect("claims").remove("exp"))),
            "the assertion has no exp",
        ),
        (
            "no aud",
            with(&|a| drop(a.claims.as_object_mut().expect("claims").remove("aud"))),
            "the assertion has no aud",
        ),
        ("other aud", with(&|a| a.claims["aud"] = json!("https://evil.example/token")), &aud),
        ("the issuer as aud", with(&|a| a.claims["aud"] = json!(world.issuer())), &aud),
        (
            "no sub",
            with(&|a| drop(a.claims.as_object_mut().expect("claims").remove("sub"))),
            "the assertion has no sub",
        ),
        ("another's sub", with(&|a| a.claims["sub"] = json!("narrow-backend")), iss_sub),
        (
            "no iss",
            with(&|a| drop(a.claims.as_object_mut().expect("claims").remove("iss"))),
            "the assertion has no iss: it has to be the client_id",
        ),
        ("nobody's iss", with(&|a| a.claims["iss"] = json!("nobody")), "there is no such client here"),
        (
            "no jti",
            with(&|a| drop(a.claims.as_object_mut().expect("claims").remove("jti"))),
            "the assertion has no jti, which tells it from every other",
        ),
        (
            "empty jti",
            with(&|a| a.claims["jti"] = json!("")),
            "the assertion has no jti, which tells it from every other",
        ),
        ("replayed", used, "this assertion was used before: make a new one, with a new jti, for each request"),
        (
            "of a client with a secret",
            with(&|a| (a.claims["iss"], a.claims["sub"]) = (json!("symmetric-app"), json!("symmetric-app"))),
            "this client is registered with a secret: send Authorization: Basic",
        ),
    ] {
        found.json(case, &world.backend(&assertion, "system/Patient.rs").await, 401, "invalid_client", words);
    }
    let pairs = |kind: &'static str, more: &[(&'static str, &'static str)]| {
        let mut all = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", "system/Patient.rs".to_owned()),
            ("client_assertion_type", kind.to_owned()),
            ("client_assertion", new().sign()),
        ];
        all.extend(more.iter().map(|(n, v)| (*n, (*v).to_owned())));
        all
    };
    let token = async |pairs: Vec<(&str, String)>, header: Option<&str>| {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        world.back("/oauth/token", header, &pairs).await
    };
    let kind = format!("client_assertion_type has to be {ASSERTION_TYPE}");
    found.json("another type", &token(pairs("not_an_assertion_type", &[]), None).await, 400, "invalid_request", &kind);
    found.json("no type", &token(pairs("", &[]), None).await, 400, "invalid_request", &kind);
    let both = token(pairs(ASSERTION_TYPE, &[]), Some(&basic("symmetric-app", &world.secret))).await;
    found.json("Basic too", &both, 400, "invalid_request", "two ways of client authentication at once: choose one");
    let other = token(pairs(ASSERTION_TYPE, &[("client_id", "narrow-backend")]), None).await;
    found.json(
        "another client_id",
        &other,
        401,
        "invalid_client",
        "client_id names another client than the one that proved itself",
    );
    for (case, scope, words) in [
        ("no scope", "", "scope is missing: ask for system/ scopes"),
        (
            "user/",
            "user/Patient.rs",
            "user/Patient.rs is not for backend services: ask for system/ scopes, and of this record's own for __protect, __relate, __export",
        ),
        (
            "openid",
            "system/Patient.rs openid",
            "openid is not for backend services: ask for system/ scopes, and of this record's own for __protect, __relate, __export",
        ),
        ("a type not kept", "system/Encounter.rs", "nothing of this scope is known here and registered for the client"),
    ] {
        found.json(case, &world.backend(&new().sign(), scope).await, 400, "invalid_scope", words);
    }
    let beyond = Assertion::new(&world, "narrow-backend").sign();
    let words = "nothing of this scope is known here and registered for the client";
    found.json(
        "not registered for it",
        &world.backend(&beyond, "system/CarePlan.rs").await,
        400,
        "invalid_scope",
        words,
    );
    let app = Assertion::new(&world, "asymmetric-app").sign();
    let words = "client_credentials is for clients registered with a key and system/ scopes";
    found.json("an app with a key", &world.backend(&app, "system/Patient.rs").await, 400, "unauthorized_client", words);
    found.end(36);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_back_channels_refuse_what_is_wrong() {
    let world = world().await;
    let mut found = Findings::new();
    let epr = basic("epr", &world.epr_secret);
    let app = basic("symmetric-app", &world.secret);
    let launch = async |header: &str, pairs: &[(&str, &str)]| world.back("/oauth/launch", Some(header), pairs).await;
    let no_app = "app names no client that users can sign in to";
    for (case, header, pairs, status, error, words) in [
        (
            "a client that is no EPR",
            &app,
            vec![("app", "app"), ("user", "gp")],
            400,
            "unauthorized_client",
            "this client is not registered as an EPR that launches apps",
        ),
        (
            "no app",
            &epr,
            vec![("user", "gp")],
            400,
            "invalid_request",
            "app is missing: the client_id of the app to launch",
        ),
        ("unknown app", &epr, vec![("app", "nobody"), ("user", "gp")], 400, "invalid_request", no_app),
        ("an app without users", &epr, vec![("app", "backend"), ("user", "gp")], 400, "invalid_request", no_app),
        ("no user", &epr, vec![("app", "app")], 400, "invalid_request", "user is missing: who is to use the app"),
        (
            "a patient that is no id",
            &epr,
            vec![("app", "app"), ("user", "gp"), ("patient", "a b")],
            400,
            "invalid_request",
            "patient is not a FHIR id",
        ),
        (
            "a wrong NHS number",
            &epr,
            vec![("app", "app"), ("user", "gp"), ("patient", "https://fhir.nhs.uk/Id/nhs-number|9990000019")],
            400,
            "invalid_request",
            "patient is neither a Patient id nor https://fhir.nhs.uk/Id/nhs-number| with an NHS number",
        ),
        (
            "an encounter that is no id",
            &epr,
            vec![("app", "app"), ("user", "gp"), ("encounter", "?")],
            400,
            "invalid_request",
            "encounter is not a FHIR id",
        ),
        (
            "a context that is no array",
            &epr,
            vec![("app", "app"), ("user", "gp"), ("fhirContext", "{}")],
            400,
            "invalid_request",
            "fhirContext is a JSON array of objects with reference, canonical or identifier",
        ),
        (
            "a banner that is neither",
            &epr,
            vec![("app", "app"), ("user", "gp"), ("need_patient_banner", "perhaps")],
            400,
            "invalid_request",
            "need_patient_banner is true or false",
        ),
    ] {
        found.json(case, &launch(header, &pairs).await, status, error, words);
    }
    let no_client = "there is no client: send client_id, Authorization: Basic, or a client_assertion";
    for path in ["/oauth/launch", "/oauth/introspect", "/oauth/revoke", "/oauth/token"] {
        found.json(
            path,
            &world.back(path, None, &[("token", "x"), ("app", "app")]).await,
            401,
            "invalid_client",
            no_client,
        );
    }
    let public = world.back("/oauth/introspect", None, &[("client_id", "app"), ("token", "x")]).await;
    let words = "introspection is for clients that prove themselves, or with an access token";
    found.json("a public client introspects", &public, 401, "invalid_client", words);
    let bearer = world.back("/oauth/introspect", Some("Bearer junk"), &[("token", "x")]).await;
    found.json(
        "a junk token introspects",
        &bearer,
        401,
        "invalid_client",
        "the access token is unknown or has expired: get a new one",
    );
    found.json(
        "introspection of nothing",
        &world.back("/oauth/introspect", Some(&epr), &[]).await,
        400,
        "invalid_request",
        "token is missing",
    );
    found.json(
        "revocation of nothing",
        &world.back("/oauth/revoke", Some(&epr), &[]).await,
        400,
        "invalid_request",
        "token is missing",
    );
    let token = world.launch("launch/patient offline_access patient/*.rs", "gp").await;
    for name in ["access_token", "refresh_token"] {
        let text = token[name].as_str().expect("a token");
        let reply = world.back("/oauth/revoke", None, &[("client_id", "other-app"), ("token", text)]).await;
        found.json(&format!("another's {name}"), &reply, 400, "invalid_grant", "the token is another client's");
    }
    assert_eq!(world.status(&token, "Patient/near").await, 200, "it still works");
    // Junk is no error: it is inactive, or ended already, with nothing more said.
    let junk = world.back("/oauth/introspect", Some(&epr), &[("token", "junk")]).await;
    assert_eq!((junk.status.as_u16(), junk.text.as_str()), (200, "{\"active\":false}"));
    assert_eq!(world.back("/oauth/revoke", Some(&epr), &[("token", "junk")]).await.status, 200);
    // An id_token, a code and a refresh token are no access tokens; nor does one count in an address.
    let id = world.launch("openid launch/patient offline_access patient/*.rs", "gp").await;
    for name in ["id_token", "refresh_token"] {
        let session = crate::common::Session { app: &world.app, token: id[name].as_str().expect("a token").to_owned() };
        assert_eq!(session.get("Patient/near").await.status, 401, "{name}");
    }
    let address = format!("/fhir/Patient/near?access_token={}", id["access_token"].as_str().expect("a token"));
    assert_eq!(send(world.app.open(Method::GET, &address)).await.status, 401);
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/launch"] {
        let reply = send(world.app.open(Method::GET, path)).await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"), "{path}");
    }
    found.end(18);
}
