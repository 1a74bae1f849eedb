//! Hostile input where a caller can put text: nothing is shown, nothing breaks, nothing is lost.

use lcr_facade::access::Claims;
use reqwest::Method;

use crate::common::{Reply, Session, TestApp, json, send};
use crate::world::{NEAR, TYPES, about, claims, full, persona, session};

/// Texts that break out of a careless statement.
const SQL: &[&str] = &[
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE audit; --",
    "\" OR \"\"=\"",
    "') OR ('1'='1",
    "1; SELECT pg_sleep(5)",
    "$1",
    "$1::text) OR true --",
    "near'||'",
    "\\' OR 1=1 --",
    "near\\",
    "{}",
    "%' OR '%'='",
    "_",
    "%",
    "*",
    ".*",
    "NULL",
    "true",
    "near/*",
    "*/ OR 1=1 /*",
    "\u{2019} OR 1=1",
    "'::text OR true",
    "{near,far}",
    "{\"a\":1}",
    "ARRAY['near']",
    "far\u{0301}",
];

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// No 5xx, nothing of the hidden patient, nothing of the database in the words.
pub fn harmless(reply: &Reply, case: &str) {
    // 501 says that a header is not served.
    assert!(reply.status.as_u16() < 500 || reply.status == 501, "{case}: {} {}", reply.status, reply.text);
    // Links and outcomes may repeat what was asked; resources may not be there.
    for word in [
        "\"id\":\"far",
        "\"id\":\"gone",
        "\"id\":\"veil",
        "Patient/far\"",
        "syntax error",
        "SQLSTATE",
        "care_relationship",
    ] {
        assert!(!reply.text.contains(word), "{case}: the answer holds {word}: {}", reply.text);
    }
}

/// What is stored is still there, and no more is seen than before.
pub async fn intact(app: &TestApp) {
    let gp = persona(app, "gp").await;
    for kind in TYPES {
        let expected = if kind == "Patient" { 2 } else { 1 };
        assert_eq!(gp.get(&format!("{kind}?_count=0")).await.json()["total"], expected, "{kind}");
    }
}

async fn finds_nothing(session: &Session<'_>, path: &str) {
    let reply = session.get(path).await;
    harmless(&reply, path);
    assert!(reply.status != 200 || reply.ids().is_empty(), "{path}: {}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_a_path_is_an_id_and_nothing_else() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for text in SQL.iter().map(|text| encoded(text)) {
        for path in [
            format!("Condition/{text}"),
            format!("Condition/{text}/_history"),
            format!("Condition/near-Condition/_history/{text}"),
            text.clone(),
            format!("{text}/near"),
            format!("{text}/_history"),
            format!("{text}/near/_history/1"),
            format!("Condition/_history?_since={text}"),
            format!("Condition/_history?_count={text}"),
            format!("Condition/_history?{text}=1"),
        ] {
            let reply = gp.get(&path).await;
            harmless(&reply, &path);
            assert!(reply.status == 400 || reply.status == 404, "{path}: {} {}", reply.status, reply.text);
        }
        let row = format!("CarePlan/{text}");
        harmless(&gp.delete(&row).await, &row);
        harmless(&gp.put(&row, about("CarePlan", "near-CarePlan", "near", NEAR)).await, &row);
    }
    intact(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_a_query_is_a_value_and_nothing_else() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for spec in lcr_facade::resources::ALL {
        let codes = spec.all_params().filter(|param| param.offered()).map(|param| param.code);
        for (at, code) in codes.enumerate() {
            for text in SQL.iter().skip(at % 7).step_by(7).map(|text| encoded(text)) {
                let reply = gp.get(&format!("{}?{code}={text}", spec.name)).await;
                harmless(&reply, &format!("{}?{code}={text}", spec.name));
            }
        }
        for text in SQL.iter().map(|text| encoded(text)) {
            for path in [
                "_sort={}",
                "_sort=_id,{}",
                "_count={}",
                "_total={}",
                "_cursor={}",
                "{}=1",
                "{}",
                "code:{}=1",
                "_id={}",
            ] {
                finds_nothing(&gp, &format!("{}?{}", spec.name, path.replace("{}", &text))).await;
            }
            for pair in [
                "code=a%24{}",
                "identifier=a%7C{}",
                "identifier={}%7Ca",
                "value-quantity=5.5%7C{}%7C{}",
                "subject=Patient/{}",
            ] {
                finds_nothing(&gp, &format!("{}?{}", spec.name, pair.replace("{}", &text))).await;
            }
        }
    }
    for odd in [
        "Observation?value-quantity=1e999999",
        "Observation?value-quantity=-1e-999999",
        "Observation?value-quantity=NaN",
        "Observation?value-quantity=Infinity",
        "Observation?date=0000",
        "Observation?date=99999",
        "Observation?date=infinity",
        "Observation?date=9999-12-31T23:59:59Z",
        "Observation?date=ap9999",
        "Observation?_lastUpdated=ap0001",
        "Observation?_count=99999999999999999999",
        "Observation?_count=9223372036854775807",
        "Observation/near-Observation/_history/99999999999",
        "Observation/near-Observation/_history/-1",
    ] {
        harmless(&gp.get(odd).await, odd);
    }
    intact(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_a_header_is_nothing_else() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let plain: Vec<&&str> = SQL.iter().filter(|text| text.is_ascii()).collect();
    for header in [
        "If-Match",
        "If-None-Match",
        "If-None-Exist",
        "Prefer",
        "Accept",
        "X-Request-Id",
        "X-Forwarded-For",
        "Content-Type",
        "Host",
    ] {
        for text in &plain {
            for method in [Method::GET, Method::PUT] {
                let request = gp.request(method.clone(), "CarePlan/near-CarePlan").header(header, **text);
                let reply = send(request.body(about("CarePlan", "far-CarePlan", "near", NEAR).to_string())).await;
                harmless(&reply, &format!("{method} with {header}: {text}"));
            }
        }
    }
    intact(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_a_token_is_a_claim_and_nothing_else() {
    let app = full().await;
    for text in SQL {
        let text = (*text).to_owned();
        let gp = claims("gp");
        let patient_scope = "patient/*.rs".to_owned();
        for (name, claims) in [
            ("user", Claims { user: Some(text.clone()), organisation: None, ..gp.clone() }),
            ("organisation", Claims { organisation: Some(text.clone()), user: None, ..gp.clone() }),
            ("team", Claims { teams: vec![text.clone()], user: None, organisation: None, ..gp.clone() }),
            ("patient", Claims { patient: Some(text.clone()), scope: patient_scope, ..claims("patient") }),
            ("role", Claims { role: text.clone(), ..gp.clone() }),
            ("scope", Claims { scope: text.clone(), ..gp.clone() }),
            ("source", Claims { source: Some(text.clone()), organisation: None, ..claims("gp-system") }),
        ] {
            let session = session(&app, &claims).await;
            for path in
                ["Condition?_count=100", "Condition/_history", "Condition/near-Condition", "Condition/far-Condition"]
            {
                let reply = session.get(path).await;
                let case = format!("{name} {text:?}: {path}");
                harmless(&reply, &case);
                assert!(reply.status != 200 || reply.ids().is_empty(), "{case}: {}", reply.text);
            }
        }
        // A client's name is nothing but a name: it neither breaks the audit trail nor changes what is seen.
        let named = session(&app, &Claims { client: text.clone(), ..gp }).await;
        let page = named.get("Patient?_count=1").await;
        assert_eq!(page.status, 200, "client {text:?}: {}", page.text);
        assert_eq!(named.get(&page.link("next").expect("next")).await.status, 200, "client {text:?}");
    }
    intact(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_in_a_resource_is_text() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for text in SQL {
        let mut plan = about("CarePlan", "x", "near", NEAR);
        plan["title"] = (*text).into();
        plan["identifier"] = serde_json::json!([{"system": text, "value": text}]);
        let made = send(json(gp.request(Method::POST, "CarePlan"), &plan)).await;
        harmless(&made, text);
        if made.status == 201 {
            let kept = gp.get(&format!("CarePlan/{}", made.json()["id"].as_str().expect("id"))).await.json();
            assert_eq!(kept["title"], *text);
        } else {
            assert_eq!(made.status, 400, "{text}: {}", made.text);
        }
    }
    let elsewhere = app.source(crate::world::ELSEWHERE).await;
    assert_eq!(elsewhere.get("CarePlan/far-CarePlan").await.json()["meta"]["versionId"], "1");
}
