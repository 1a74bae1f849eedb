//! The audit trail as AuditEvent: for a privacy officer all of it, for a person who looked at them, for nobody else any of it.

use base64::Engine;
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::{REASON, done};
use crate::world::{FAR, NEAR, about, full, nhs, people, persona, put};

const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

async fn events(session: &Session<'_>, query: &str) -> Vec<Value> {
    session.all(&format!("AuditEvent?{query}")).await.into_iter().map(|(_, event)| event).collect()
}

fn code(concept: &Value) -> &str {
    concept["coding"][0]["code"].as_str().unwrap_or_default()
}

/// Type and code of each agent, and whether they asked.
fn agents(event: &Value) -> Vec<(String, bool)> {
    let all = event["agent"].as_array().expect("agents").iter();
    all.map(|agent| (code(&agent["type"]).to_owned(), agent["requestor"] == true)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_is_shaped_as_balp_has_it() {
    let app = full().await;
    let officer = persona(&app, "privacy-officer").await;
    let gp = persona(&app, "gp").await;
    let made = gp.post("CarePlan", about("CarePlan", "x", "near", NEAR)).await;
    let id = made.json()["id"].as_str().expect("id").to_owned();
    put(&gp, &about("CarePlan", &id, "near", NEAR)).await;
    gp.delete(&format!("CarePlan/{id}")).await;
    gp.get("Condition/near-Condition").await;
    gp.get("Condition/near-Condition/_history/1").await;
    gp.get("Condition?patient=near&code=38341003").await;
    let plan = |version: u8| format!("CarePlan/{id}/_history/{version}");
    for (subtype, profile, action, roles, what) in [
        ("create", "PatientCreate", "C", ["110153", "110152", "AUT"], Some(plan(1))),
        ("update", "PatientUpdate", "U", ["110153", "110152", "AUT"], Some(plan(2))),
        ("delete", "PatientDelete", "D", ["110150", "custodian", "AUT"], Some(plan(3))),
        ("read", "PatientRead", "R", ["110152", "110153", "IRCP"], Some("Condition/near-Condition".to_owned())),
        (
            "vread",
            "PatientRead",
            "R",
            ["110152", "110153", "IRCP"],
            Some("Condition/near-Condition/_history/1".to_owned()),
        ),
        ("search-type", "PatientQuery", "E", ["110153", "110152", "IRCP"], None),
    ] {
        let found = events(&officer, &format!("altid=gp&subtype={subtype}")).await;
        let [event] = &found[..] else { panic!("{subtype}: {found:#?}") };
        assert_eq!(event["meta"]["profile"], json!([format!("{BALP}{profile}")]), "{subtype}");
        assert_eq!((event["action"].as_str(), event["outcome"].as_str()), (Some(action), Some("0")), "{subtype}");
        assert_eq!(event["type"]["code"], "rest");
        let expected =
            roles.iter().map(|role| ((*role).to_owned(), matches!(*role, "AUT" | "IRCP"))).collect::<Vec<_>>();
        assert_eq!(agents(event), expected, "{subtype}");
        let user = &event["agent"][2];
        assert_eq!(user["who"]["identifier"], json!({"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "gp"}));
        assert_eq!(user["role"][0]["text"], "doctor");
        assert_eq!(user["role"][1]["coding"][0]["code"], "Y90001");
        assert_eq!(user["role"][2]["text"], "care relationship: referral", "why the GP could look");
        assert_eq!(code(&event["purposeOfEvent"][0]), "TREAT");
        assert_eq!(event["agent"][0]["who"]["identifier"]["value"], "sandbox-app");
        assert_eq!(event["agent"][0]["network"], json!({"address": "127.0.0.1", "type": "2"}));
        let entities = event["entity"].as_array().expect("entities");
        let of = |kind: &str| entities.iter().filter(|entity| entity["type"]["code"] == kind).collect::<Vec<_>>();
        assert_eq!((of("1").len(), of("2").len()), (1, 1), "one person and one thing: {entities:#?}");
        assert_eq!(of("1")[0]["what"]["reference"], "Patient/near");
        match &what {
            Some(what) => assert_eq!(of("2")[0]["what"]["reference"], json!(what), "{subtype}"),
            None => {
                let query = of("2")[0]["query"].as_str().expect("a query");
                let query = base64::engine::general_purpose::STANDARD.decode(query).expect("base64");
                assert_eq!(String::from_utf8_lossy(&query), "Condition?patient=near&code=38341003");
            }
        }
        assert!(entities.iter().any(|entity| entity["type"]["code"] == "XrequestId"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn denials_overrides_sign_ins_and_changes_of_access_are_events_too() {
    let app = people().await;
    let (officer, stranger) = (persona(&app, "privacy-officer").await, persona(&app, "stranger").await);
    let number = nhs(FAR);
    stranger.get("Patient/far").await;
    let said = [("nhs-number", number.as_str()), ("birth-date", "1950-05-05"), ("reason", REASON)];
    done(&stranger, "break-glass", &said).await;
    stranger.get("Patient/far").await;
    done(&officer, "protect", &[("nhs-number", &number), ("restricted", "true"), ("reason", REASON)]).await;
    let unknown = crate::common::Session { app: &app, token: "nobody's".to_owned() };
    assert_eq!(unknown.get("Patient/far").await.status, 401);
    for (query, kind, subtype, outcome, purpose, patients) in [
        ("altid=stranger&outcome=4", "rest", "read", "4", "TREAT", 0),
        ("altid=stranger&subtype=110127", "110113", "110127", "0", "BTG", 1),
        ("altid=stranger&subtype=read&outcome=0", "rest", "read", "0", "BTG", 1),
        ("subtype=110135", "110113", "110135", "0", "HCOMPL", 1),
        ("subtype=110132", "110113", "110132", "4", "TREAT", 0),
    ] {
        let found = events(&officer, query).await;
        let [event] = &found[..] else { panic!("{query}: {found:#?}") };
        assert_eq!(event["type"]["code"], kind, "{query}");
        assert_eq!(event["subtype"][0]["code"], subtype, "{query}");
        assert_eq!(event["outcome"], outcome, "{query}");
        assert_eq!(code(&event["purposeOfEvent"][0]), purpose, "{query}");
        let people = event["entity"].as_array().expect("entities").iter().filter(|e| e["type"]["code"] == "1").count();
        assert_eq!(people, patients, "{query}");
        let profiled = event["meta"].get("profile").is_some();
        assert_eq!(profiled, outcome == "0" && kind == "rest", "BALP's profiles are for what succeeded: {query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officer_finds_by_patient_agent_date_and_outcome() {
    let app = full().await;
    let (officer, gp) = (persona(&app, "privacy-officer").await, persona(&app, "gp").await);
    for path in ["Patient/near", "Condition/near-Condition", "Patient/far", "Observation?patient=near"] {
        gp.get(path).await;
    }
    let number = |n| format!("https://fhir.nhs.uk/Id/nhs-number|{}", nhs(n));
    let agent = "agent:identifier=https://fhir.nhs.uk/Id/sds-user-id|gp";
    for (query, expected) in [
        (format!("{agent}&patient=near"), 3),
        (format!("{agent}&patient=Patient/near&subtype=read"), 2),
        (format!("{agent}&patient:identifier={}", number(NEAR)), 3),
        (format!("{agent}&patient:identifier={}", number(FAR)), 0),
        (format!("{agent}&outcome=4"), 1),
        (format!("{agent}&entity=Condition/near-Condition"), 1),
        (format!("{agent}&agent-role=doctor"), 4),
        (format!("{agent}&agent-role=nurse"), 0),
        (format!("{agent}&action=R"), 3),
        (format!("{agent}&address=127.0"), 4),
        (format!("{agent}&date=ge2020"), 4),
        (format!("{agent}&date=lt2020"), 0),
        (format!("{agent}&type=rest&_sort=-date&_count=1"), 4),
        ("altid=nobody".to_owned(), 0),
    ] {
        assert_eq!(events(&officer, &query).await.len(), expected, "{query}");
    }
    let newest = officer.get(&format!("AuditEvent?{agent}&_sort=-date&_count=1")).await.json();
    let event = &newest["entry"][0]["resource"];
    let read = officer.get(&format!("AuditEvent/{}", event["id"].as_str().expect("id"))).await;
    assert_eq!((read.status.as_u16(), &read.json()), (200, event), "what is found can be read");
    // A look at the trail is a look, too.
    let looks = events(&officer, "altid=privacy-officer&type=110101&_count=500").await;
    assert!(looks.len() > 10, "{}", looks.len());
    for (query, status) in
        [("AuditEvent?nonsense=1", 400), ("AuditEvent/0-0-0", 404), ("AuditEvent?patient.identifier=x", 403)]
    {
        assert_eq!(officer.get(query).await.status, status, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_looked_at_them_and_nothing_of_others() {
    let app = full().await;
    let (gp, own) = (persona(&app, "gp").await, persona(&app, "patient").await);
    gp.get("Patient/near").await;
    gp.get(&format!(
        "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{},https://fhir.nhs.uk/Id/nhs-number|{}",
        nhs(NEAR),
        nhs(FAR)
    ))
    .await;
    gp.get("Patient/far").await;
    let seen = events(&own, "altid=gp").await;
    assert_eq!(seen.len(), 2, "{seen:#?}");
    for event in &seen {
        assert_eq!(event["agent"][2]["who"]["identifier"]["value"], "gp");
        assert!(event["recorded"].is_string() && code(&event["purposeOfEvent"][0]) == "TREAT");
        let text = event.to_string();
        for hidden in [nhs(FAR).as_str(), nhs(NEAR).as_str(), "query", "XrequestId"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        assert_eq!(event["meta"]["security"][0]["code"], "REDACTED", "it says that something is left out");
        let id = event["id"].as_str().expect("id");
        assert_eq!(own.get(&format!("AuditEvent/{id}")).await.json(), *event);
    }
    let officer = persona(&app, "privacy-officer").await;
    let others = events(&officer, "altid=gp&patient=far&_count=100").await;
    let refused = events(&officer, "outcome=4").await;
    for event in others.iter().chain(&refused) {
        let id = event["id"].as_str().expect("id");
        assert_eq!(own.get(&format!("AuditEvent/{id}")).await.status, 404, "not about them");
    }
    for name in ["gp", "nurse", "receptionist", "gp-system", "stranger"] {
        let other = persona(&app, name).await;
        assert_eq!(other.get("AuditEvent?patient=near").await.status, 403, "{name}");
        assert_eq!(other.get("AuditEvent/1-1-0").await.status, 403, "{name}");
    }
}

/// Every AuditEvent the service gives is one by R4's own rules.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_is_valid() {
    let app = full().await;
    let (gp, officer, own) =
        (persona(&app, "gp").await, persona(&app, "privacy-officer").await, persona(&app, "patient").await);
    for path in [
        "Patient/near",
        "Condition/_history",
        "_history",
        "Patient/near/$everything",
        "Patient/near/$summary",
        "Patient/near/Condition",
        "?_type=Condition",
        "Nonsense/1",
        "Patient?x=%00%FF\"<&",
    ] {
        gp.get(path).await;
    }
    gp.post("CarePlan", about("CarePlan", "x", "near", NEAR)).await;
    gp.post("", json!({"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "Patient/near"}}]})).await;
    let mut all = events(&officer, "_count=500").await;
    all.extend(events(&own, "_count=500").await);
    assert!(all.len() > 40, "{}", all.len());
    let mut kinds = std::collections::BTreeSet::new();
    for event in all {
        kinds.insert(event["subtype"][0]["code"].as_str().expect("a subtype").to_owned());
        let lcr_facade::fhir::json::Json::Object(object) =
            lcr_facade::fhir::json::Json::parse(event.to_string().as_bytes()).expect("JSON")
        else {
            panic!("an object")
        };
        let issues = lcr_facade::fhir::decode::check(&object);
        assert!(issues.is_empty(), "{issues:?}: {event:#}");
    }
    for kind in
        ["read", "history-type", "history-system", "operation", "search-type", "search-system", "create", "update"]
    {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
    let app: &TestApp = &app;
    let xml = crate::common::send(
        persona(app, "privacy-officer")
            .await
            .request(reqwest::Method::GET, "AuditEvent?_count=3")
            .header("Accept", "application/fhir+xml"),
    )
    .await;
    assert!(xml.status == 200 && xml.text.contains("<AuditEvent"), "{}", xml.text);
}
