//! The scope matrix: what each form of scope opens, type by type and interaction by interaction, as a file a person can
//! read (`scopes.txt`). It fails when the service and the file differ; LCR_GENERATE=1 writes it anew.

use std::fmt::Write;
use std::path::Path;

use lcr_facade::access::Claims;
use lcr_facade::resources;
use reqwest::Method;

use crate::common::{Session, TestApp, json, send};

/// Every form of scope, each by itself or with what it is combined with. The caller's role may do everything, so that only
/// the scope decides; the launch patient is in the context except where said.
const FORMS: [&str; 24] = [
    "patient/*.rs",
    "patient/*.cruds",
    "patient/*.read",
    "patient/*.write",
    "patient/*.*",
    "patient/Observation.rs",
    "patient/Observation.r",
    "patient/Observation.s",
    "patient/Observation.rs?category=laboratory",
    "patient/Observation.r?category=laboratory patient/Observation.s",
    "patient/*.rs (no patient in context)",
    "user/*.rs",
    "user/*.cruds",
    "user/CarePlan.cud",
    "user/CarePlan.read",
    "user/Practitioner.r user/Organization.rs",
    "system/*.rs",
    "system/*.cruds",
    "system/Observation.crs",
    "user/Observation.r patient/Observation.s",
    "openid fhirUser profile launch launch/patient offline_access online_access",
    "patient/Observation.sr",
    "patient/Observation.rs?date=2024",
    "*/*.cruds",
];

const INTERACTIONS: [&str; 8] = ["read", "vread", "history", "search", "type-history", "create", "update", "delete"];

/// Whether the scope lets a request pass. Nothing is there to be read or changed: what passes is 404, 400 or 412.
async fn passes(session: &Session<'_>, kind: &str, interaction: &str) -> bool {
    let get = |path: String| session.request(Method::GET, &path);
    let request = match interaction {
        "read" => get(format!("{kind}/absent")),
        "vread" => get(format!("{kind}/absent/_history/1")),
        "history" => get(format!("{kind}/absent/_history")),
        "search" => get(format!("{kind}?_id=absent")),
        "type-history" => get(format!("{kind}/_history")),
        "create" => json(session.request(Method::POST, kind), "{}"),
        "update" => json(session.request(Method::PUT, &format!("{kind}/absent")), "{}"),
        _ => session.request(Method::DELETE, &format!("{kind}/absent")),
    };
    let reply = send(request).await;
    assert!(reply.status.as_u16() < 500, "{kind} {interaction}: {}", reply.text);
    reply.status != 403
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_matrix_is_as_it_was_read() {
    let app = TestApp::start().await;
    let mut text = String::from(
        "What each form of scope opens (SMART App Launch 2.2 section 3): yes, or . for 403 before any row is looked at.\n\
         Whose rows, and which of them, is decided after that: by launch patient, care relationship, label and granular scope.\n\
         Made by tests/smart/matrix.rs; LCR_GENERATE=1 cargo test --test smart matrix writes it anew.\n",
    );
    let head: String = INTERACTIONS.iter().map(|name| format!(" {name}")).collect();
    for form in FORMS {
        let patient = (!form.contains("no patient")).then(|| "absent".to_owned());
        let claims = Claims {
            client: "matrix".into(),
            scope: form.split(" (").next().expect("a scope").to_owned(),
            role: "system".into(),
            user: Some("u".into()),
            patient,
            source: Some("matrix".into()),
            ..Claims::default()
        };
        let session = Session { app: &app, token: app.token(&claims).await };
        write!(text, "\n{form}\n{:20}{head}\n", "").expect("a string");
        for spec in resources::ALL {
            let mut line = format!("{:20}", spec.name);
            for interaction in INTERACTIONS {
                let mark = if passes(&session, spec.name, interaction).await { "yes" } else { "." };
                write!(line, " {mark:width$}", width = interaction.len()).expect("a string");
            }
            writeln!(text, "{}", line.trim_end()).expect("a string");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smart/scopes.txt");
    if std::env::var_os("LCR_GENERATE").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).expect("scopes.txt");
    assert!(kept == text, "the matrix differs from tests/smart/scopes.txt; it is now:\n{text}");
}
