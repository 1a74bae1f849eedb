//! Every bound on a search is in the configuration, and is named where it is met.

use lcr_facade::config::{Config, RequestLimits};
use serde_json::json;

use crate::common::TestApp;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn each_bound_is_named() {
    let limits = RequestLimits {
        page: 2,
        most_page: 3,
        parameters: 5,
        values: 2,
        chain: 2,
        includes: 1,
        ..RequestLimits::default()
    };
    let app = TestApp::with(Config { limits, ..Config::default() }).await;
    let session = app.source("gp").await;
    put(&session, &patient("p")).await;
    for at in 0..5 {
        put(&session, &condition(&format!("c{at}"), json!({"text": "x"}))).await;
    }
    let bad = |path: &'static str, limit: &'static str, number: &'static str| (path, limit, number);
    for (path, limit, number) in [
        bad("Condition?code=a,b,c", "limits.values", "2"),
        bad("Condition?code:not=a,b,c", "limits.values", "2"),
        bad("Condition?code:text=a,b,c", "limits.values", "2"),
        bad("Condition?code:in=a,b,c", "limits.values", "2"),
        bad("Condition?code:below=a,b,c", "limits.values", "2"),
        bad("Condition?_profile:below=http://a,http://b,http://c", "limits.values", "2"),
        bad("Condition?_content=a,b,c", "limits.values", "2"),
        bad("Condition?identifier:of-type=a|b|c,a|b|d,a|b|e", "limits.values", "2"),
        bad("Condition?subject:identifier=a,b,c", "limits.values", "2"),
        bad("Condition?subject:Patient=a,b,c", "limits.values", "2"),
        bad("Condition?_id=a,b,c", "limits.values", "2"),
        bad("Condition?_id=a&_id=a&_id=a&_id=a&_id=a&_id=a", "limits.parameters", "5"),
        bad(
            "Condition?evidence-detail:Condition.evidence-detail:Condition.evidence-detail:Condition.code=a",
            "limits.chain",
            "2",
        ),
        bad(
            "Patient?_has:Condition:patient:_has:Condition:evidence-detail:_has:Condition:evidence-detail:code=a",
            "limits.chain",
            "2",
        ),
        bad("Patient?_id=p&_revinclude=Condition:patient", "limits.includes", "1"),
    ] {
        let reply = session.get(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        let said = reply.json()["issue"][0]["diagnostics"].as_str().expect("words").to_owned();
        assert!(said.contains(limit) && said.contains(number), "{path}: {said}");
    }
    // A page that is asked larger than any is cut, and says so: R4 lets a server return fewer.
    let reply = session.get("Condition?_count=100").await;
    assert_eq!(entries(&reply, "match").len(), 3);
    assert!(reply.text.contains("limits.most_page"), "{}", reply.text);
    assert!(reply.link("self").is_some_and(|link| link.contains("_count=3")));
    let reply = session.get("Condition?_count=3").await;
    assert!(!reply.text.contains("limits.most_page") && entries(&reply, "match").len() == 3, "{}", reply.text);
    assert_eq!(session.get("Condition").await.ids().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_is_exact() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    for at in 0..5 {
        put(&session, &condition(&format!("c{at}"), json!({"text": "x"}))).await;
    }
    for total in ["estimate", "accurate"] {
        assert_eq!(session.get(&format!("Condition?_total={total}&_count=1")).await.json()["total"], 5, "{total}");
    }
}

/// Whatever can be searched by sorts, or is refused by name with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_sorts_or_says_why_not() {
    let app = TestApp::start().await;
    let (session, officer) = (app.source("gp").await, app.persona("privacy-officer").await);
    put(&session, &patient("p")).await;
    let statement = crate::common::send(app.open(reqwest::Method::GET, "/fhir/metadata")).await.json();
    let (mut sorts, mut refusals) = (0, 0);
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        let kind = resource["type"].as_str().expect("type");
        // The trail is for who oversees the record.
        let session = if kind == "AuditEvent" { &officer } else { &session };
        for param in resource["searchParam"].as_array().expect("parameters") {
            let code = param["name"].as_str().expect("name");
            for sort in [code.to_owned(), format!("-{code}")] {
                let reply = session.get(&format!("{kind}?_sort={sort}")).await;
                let said = reply.json();
                match reply.status.as_u16() {
                    200 => sorts += 1,
                    400 => {
                        let words = said["issue"][0]["diagnostics"].as_str().expect("words");
                        assert!(words.contains(&format!("\"{code}\": ")), "{kind} {code}: {words}");
                        let odd = param["type"] == "composite"
                            || ["phonetic", "_text", "_content"].contains(&code)
                            || code.starts_with("combo-");
                        assert!(odd, "{kind}.{code} should sort: {words}");
                        refusals += 1;
                    }
                    other => panic!("{kind}?_sort={sort}: {other} {}", reply.text),
                }
            }
            let words = param["documentation"].as_str().expect("documentation");
            assert!(words.contains("Modifiers: :missing"), "{kind}.{code}: {words}");
        }
    }
    println!("{sorts} sorts, {refusals} refusals");
    assert!(sorts > 300 && refusals > 20);
    let documented = |kind: &str, code: &str| {
        let resources = statement["rest"][0]["resource"].as_array().expect("resources");
        let resource = resources.iter().find(|resource| resource["type"] == kind).expect("type");
        let param = resource["searchParam"]
            .as_array()
            .expect("list")
            .iter()
            .find(|param| param["name"] == code)
            .expect("parameter");
        param["documentation"].as_str().expect("words").split_once("Modifiers: ").expect("modifiers").1.to_owned()
    };
    for (kind, code, wanted) in [
        ("Condition", "code", ":missing, :not, :text, :in, :not-in, :above, :below"),
        ("Patient", "identifier", ":missing, :not, :text, :of-type"),
        ("Patient", "gender", ":missing, :not, :text, :in, :not-in, :above, :below"),
        ("Patient", "family", ":missing, :exact, :contains"),
        ("Patient", "_profile", ":missing, :above, :below"),
        ("Patient", "birthdate", ":missing"),
        ("Observation", "subject", ":missing, :identifier, :[type]"),
        ("Observation", "combo-code", ":missing, :not, :text, :in, :not-in, :above, :below"),
    ] {
        assert_eq!(documented(kind, code), wanted, "{kind}.{code}");
    }
}
