//! Everything that callers do, well and badly, with values that are known: what `leaks` looks for afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};

use lcr_facade::sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{TestApp, send};
use crate::secrets::{MARK, Secrets};
use crate::support::*;

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON_PATCH: &str = "application/json-patch+json";

/// What is asked: method, path below the root, media type, body. `{mark}` is a value of its own each time; `{id}`, `{nhs}`,
/// `{birth}`, `{family}` and `{observation}` are a patient's.
#[rustfmt::skip]
const ASKED: &[(&str, &str, &str, &str)] = &[
    ("GET", "/fhir/Patient?family={mark}", "", ""),
    ("GET", "/fhir/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C{nhs}", "", ""),
    ("GET", "/fhir/Patient?identifier={mark}", "", ""),
    ("GET", "/fhir/Patient?birthdate={birth}&name={family}&_total=accurate", "", ""),
    ("GET", "/fhir/Patient?nosuch={mark}", "", ""),
    ("GET", "/fhir/Patient?family:nosuch={mark}", "", ""),
    ("GET", "/fhir/Patient?_sort={mark}", "", ""),
    ("GET", "/fhir/Patient?_cursor={mark}", "", ""),
    ("GET", "/fhir/Patient?_count={mark}", "", ""),
    ("GET", "/fhir/Patient?birthdate={mark}", "", ""),
    ("GET", "/fhir/Patient?_include={mark}", "", ""),
    ("GET", "/fhir/Patient?_content={mark}", "", ""),
    ("GET", "/fhir/Patient?_format={mark}", "", ""),
    ("GET", "/fhir/Patient?family=%FF{mark}", "", ""),
    ("GET", "/fhir/Observation?patient={id}&category=laboratory&_include=Observation:subject&_total=accurate", "", ""),
    ("GET", "/fhir/Observation?subject:Patient.family={mark}", "", ""),
    ("GET", "/fhir/Observation?code:in={mark}", "", ""),
    ("GET", "/fhir/Observation?value-quantity={mark}", "", ""),
    ("GET", "/fhir/Patient?_has:Observation:patient:code={mark}", "", ""),
    ("GET", "/fhir/Patient/{id}", "", ""),
    ("GET", "/fhir/Patient/{id}?_format=xml", "", ""),
    ("GET", "/fhir/Patient/{id}/_history", "", ""),
    ("GET", "/fhir/Patient/{id}/_history/1", "", ""),
    ("GET", "/fhir/Patient/{id}/_history/{mark}", "", ""),
    ("GET", "/fhir/Patient/{mark}", "", ""),
    ("GET", "/fhir/{mark}/{mark}", "", ""),
    ("GET", "/fhir/{mark}", "", ""),
    ("GET", "/{mark}", "", ""),
    ("GET", "/fhir/Patient/{id}/Observation?_count=2", "", ""),
    ("GET", "/fhir/Patient/{id}/$everything", "", ""),
    ("GET", "/fhir/Patient/{id}/$summary", "", ""),
    ("GET", "/fhir/Patient/{id}/${mark}", "", ""),
    ("GET", "/fhir/Observation/$lastn?patient={id}&max=1", "", ""),
    ("GET", "/fhir/_history?_count=2&_since={mark}", "", ""),
    ("GET", "/fhir?_type=Patient,Observation&_id={id}", "", ""),
    ("GET", "/fhir/AuditEvent?patient={id}&_count=2", "", ""),
    ("GET", "/oauth/authorize?client_id={mark}&redirect_uri=https://{mark}.example/&state={mark}", "", ""),
    ("GET", "/oauth/callback?code={mark}&state={mark}", "", ""),
    ("GET", "/oauth/continue?flow={mark}&provider={mark}", "", ""),
    ("GET", "/sandbox/denials?path={mark}&persona={mark}", "", ""),
    ("POST", "/oauth/token", FORM, "grant_type=authorization_code&client_id=app&code={mark}&code_verifier={mark}"),
    ("POST", "/oauth/token", FORM, "grant_type=refresh_token&refresh_token={mark}"),
    ("POST", "/oauth/token", FORM, "grant_type={mark}&client_assertion={mark}"),
    ("POST", "/oauth/introspect", FORM, "token={mark}"),
    ("POST", "/oauth/revoke", FORM, "token={mark}&client_id=app"),
    ("POST", "/oauth/launch", FORM, "app=app&user={mark}&patient={id}"),
    ("POST", "/fhir/Patient/_search", FORM, "family={mark}&birthdate={birth}"),
    ("POST", "/fhir/Patient/$match", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","name":[{"family":"{family}"}],"birthDate":"{birth}"}}]}"#),
    ("POST", "/fhir/Patient/$validate", JSON, r#"{"resourceType":"Patient","name":[{"family":"{mark}"}],"birthDate":"{mark}"}"#),
    ("POST", "/fhir/Patient", JSON, r#"{"resourceType":"Patient","name":[{"family":"{mark}"}],"address":[{"line":["{mark}"]}]}"#),
    ("POST", "/fhir/Patient", JSON, r#"{"resourceType":"Patient","name":[{"family":"{mark}""#),
    ("POST", "/fhir/Patient", JSON, r#"{"resourceType":"Patient","{mark}":"{mark}"}"#),
    ("POST", "/fhir/Patient", JSON, r#"{"resourceType":"{mark}"}"#),
    ("POST", "/fhir/Patient", JSON, r#"{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{mark}"}]}"#),
    ("POST", "/fhir/Patient", XML, r#"<Patient xmlns="http://hl7.org/fhir"><birthDate value="{mark}"/></Patient>"#),
    ("POST", "/fhir/Patient", XML, r#"<Patient xmlns="http://hl7.org/fhir"><{mark}"#),
    ("POST", "/fhir/Patient", "text/{mark}", "{mark}"),
    ("POST", "/fhir/Observation", JSON, r#"{"resourceType":"Observation","status":"final","code":{"text":"{mark}"},"subject":{"reference":"Patient/{id}"}}"#),
    ("POST", "/fhir/Observation", JSON, r#"{"resourceType":"Observation","status":"final","code":{"text":"{mark}"},"subject":{"reference":"Patient/{mark}"}}"#),
    ("PUT", "/fhir/Observation/{observation}", JSON, r#"{"resourceType":"Observation","id":"{observation}","status":"final","code":{"text":"{mark}"},"subject":{"reference":"Patient/{id}"}}"#),
    ("PUT", "/fhir/Patient?identifier={mark}", JSON, r#"{"resourceType":"Patient","name":[{"family":"{mark}"}]}"#),
    ("PATCH", "/fhir/Observation/{observation}", JSON_PATCH, r#"[{"op":"replace","path":"/code/text","value":"{mark}"}]"#),
    ("PATCH", "/fhir/Observation/{observation}", JSON_PATCH, r#"[{"op":"{mark}","path":"/{mark}"}]"#),
    ("PATCH", "/fhir/Observation/{observation}", XML, "<diff><replace sel=\"{mark}\">{mark}</replace></diff>"),
    ("DELETE", "/fhir/Observation/{mark}", "", ""),
    ("DELETE", "/fhir/Observation?code={mark}", "", ""),
    ("POST", "/fhir", JSON, r#"{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:3b241101-e2bb-4255-8caf-4136c566a962","resource":{"resourceType":"Patient","name":[{"family":"{mark}"}]},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier={mark}"}}]}"#),
    ("POST", "/fhir", JSON, r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient?family={mark}"}},{"request":{"method":"GET","url":"{mark}/{mark}"}}]}"#),
    ("POST", "/fhir", JSON, r#"{"resourceType":"Bundle","type":"{mark}"}"#),
    ("POST", "/fhir/Patient/$break-glass", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"nhs-number","valueString":"{nhs}"},{"name":"birth-date","valueDate":"{birth}"},{"name":"reason","valueString":"because of {mark}"}]}"#),
    ("POST", "/fhir/Patient/$break-glass", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"nhs-number","valueString":"{nhs}"},{"name":"birth-date","valueDate":"1900-01-01"},{"name":"reason","valueString":"because of {mark}"}]}"#),
    ("POST", "/fhir/Patient/$self-claim", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"nhs-number","valueString":"{nhs}"},{"name":"birth-date","valueDate":"{birth}"},{"name":"reason","valueString":"because of {mark}"}]}"#),
    ("POST", "/fhir/Patient/$relate", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"nhs-number","valueString":"{nhs}"},{"name":"holder","valueString":"https://fhir.nhs.uk/Id/sds-user-id|{mark}"},{"name":"basis","valueCode":"referral"},{"name":"reason","valueString":"because of {mark}"}]}"#),
    ("POST", "/fhir/Patient/$relationships", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"nhs-number","valueString":"{nhs}"}]}"#),
    ("POST", "/fhir/Patient/$protect", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"nhs-number","valueString":"{nhs}"},{"name":"restricted","valueBoolean":false},{"name":"reason","valueString":"because of {mark}"}]}"#),
    ("GET", "/fhir/Patient/$access-alerts", "", ""),
    ("POST", "/fhir/Patient/$review", JSON, r#"{"resourceType":"Parameters","parameter":[{"name":"alert","valueString":"{mark}"},{"name":"verdict","valueCode":"unclear"},{"name":"note","valueString":"{mark}"}]}"#),
];

/// Who asks: users of several roles, a source, and somebody whose token is none.
pub const PERSONAS: &[&str] = &["gp", "stranger", "patient", "privacy-officer", "gp-system", ""];

/// A value that nobody else sends.
pub fn mark() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{MARK}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A patient of the sandbox and a row of theirs.
pub struct About {
    patient: Value,
    observation: String,
}

impl About {
    /// The first of the sandbox's record; all that it holds must not be told.
    pub fn sandbox(secrets: &mut Secrets) -> About {
        let lines = sandbox::RECORD.lines().chain(sandbox::STAFF.lines());
        let all: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
        all.iter().for_each(|resource| secrets.add_resource(resource));
        let patient = all.iter().find(|resource| resource["resourceType"] == "Patient").expect("a patient").clone();
        let of = format!("Patient/{}", patient["id"].as_str().expect("an id"));
        let observation = all
            .iter()
            .find(|resource| {
                resource["resourceType"] == "Observation" && resource["subject"]["reference"] == of.as_str()
            })
            .and_then(|resource| resource["id"].as_str());
        About { patient, observation: observation.expect("an observation").to_owned() }
    }

    fn fill(&self, template: &str) -> String {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let mut filled = template.to_owned();
        for (name, value) in [
            ("{id}", text(&self.patient["id"])),
            ("{nhs}", text(&self.patient["identifier"][0]["value"])),
            ("{birth}", text(&self.patient["birthDate"])),
            ("{family}", text(&self.patient["name"][0]["family"])),
            ("{observation}", self.observation.clone()),
        ] {
            filled = filled.replace(name, &value);
        }
        while filled.contains("{mark}") {
            filled = filled.replacen("{mark}", &mark(), 1);
        }
        filled
    }
}

/// Asks everything as each of these; says how often each status was the answer.
pub async fn everything(
    app: &TestApp,
    personas: &[&str],
    about: &About,
    secrets: &mut Secrets,
) -> std::collections::BTreeMap<u16, usize> {
    let mut statuses = std::collections::BTreeMap::new();
    for persona in personas {
        let token = match *persona {
            "" => mark(),
            name => app.persona(name).await.token,
        };
        secrets.add(token.clone());
        for (method, path, media, body) in ASKED {
            // A condition that cannot be read would end a change before anything else is looked at.
            let condition = if *method == "GET" { "If-None-Match" } else { "Referer" };
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = app.open(method, &about.fill(path)).bearer_auth(&token).header("X-Request-Id", mark());
            let request = if media.is_empty() {
                request
            } else {
                request.header("Content-Type", media.replace("{mark}", &mark())).body(about.fill(body))
            };
            let reply = send(request.header(condition, mark()).header("User-Agent", mark())).await;
            *statuses.entry(reply.status.as_u16()).or_default() += 1;
        }
    }
    statuses
}

/// Signs in, launches, refreshes, introspects, revokes; all that stood for a right must not be told.
pub async fn sign_ins(world: &World, secrets: &mut Secrets) {
    secrets.add(VERIFIER);
    secrets.add(world.secret.clone());
    secrets.add(world.epr_secret.clone());
    let browser = world.browser();
    let ask =
        Ask::new(world, "app", "openid fhirUser offline_access launch/patient patient/*.rs").with("state", &mark());
    let answer = browser.authorize(&ask, "gp").await;
    secrets.add(answer["code"].clone());
    let reply = world.exchange("app", &answer["code"]).await.json();
    for member in ["access_token", "refresh_token", "id_token"] {
        secrets.add(reply[member].as_str().expect(member));
    }
    assert_eq!(world.status(&reply, &format!("Patient/{NEAR}")).await, 200);
    assert_eq!(world.exchange("app", &answer["code"]).await.status, 400, "a code is good once");
    let token = reply["access_token"].as_str().expect("a token");
    world.introspect(token).await;
    let handle = world.handle(&[]).await;
    secrets.add(handle);
    let wrong = basic("symmetric-app", &mark());
    assert!(
        world.back("/oauth/token", Some(&wrong), &[("grant_type", "refresh_token")]).await.status.is_client_error()
    );
    let assertion = Assertion::new(world, "backend").sign();
    secrets.add(assertion.clone());
    let granted = world.backend(&assertion, "system/Patient.rs").await.json();
    secrets.add(granted["access_token"].as_str().expect("a token"));
    world.back("/oauth/revoke", None, &[("token", token), ("client_id", "app")]).await;
    // What a request says of itself is JSON too.
    let source = world.app.persona("gp-system").await;
    secrets.add(source.token.clone());
    source.post("Observation", json!({"resourceType": "Observation", "status": mark()})).await;
}
