//! Attacks on a restricted person by searching: what is not shown finds nobody, sorts nobody and is missed by nobody.

use lcr_facade::access::Claims;
use serde_json::json;

use crate::common::{Session, TestApp};
use crate::kit::{as_absent, finds, outcome_at, refused, restricted};
use crate::world::{GP_SOURCE, HOSPITAL_SOURCE, NEAR, claims, patient, persona, put, relate, session};

/// Those who may see the person: staff, the system of the practice and that of another organisation.
async fn askers(app: &TestApp) -> Vec<Session<'_>> {
    let hospital = Claims {
        source: Some(HOSPITAL_SOURCE.to_owned()),
        organisation: Some("Y9R01".to_owned()),
        ..claims("gp-system")
    };
    vec![persona(app, "gp").await, persona(app, "nurse").await, session(app, &hospital).await]
}

/// Parameters by which the person would be found, each with what they have and what nobody has.
const FINDERS: [(&str, &str, &str); 26] = [
    ("address", "ZZ9", "QQ9"),
    ("address", "hidden%20lane", "nobody%20lane"),
    ("address:contains", "idden", "xdden"),
    ("address:exact", "Secreton", "Nowhereo"),
    ("address-postalcode", "ZZ9%209ZZ", "QQ9%209QQ"),
    ("address-city", "secreton", "nowhereo"),
    ("address-state", "veilshire", "nothshire"),
    ("address-country", "gbr", "xyz"),
    ("address-use", "home", "work"),
    ("phone", "07700%20900123", "07700%20900999"),
    ("email", "secret@example.org", "nobody@example.org"),
    ("telecom", "07700%20900123", "07700%20900999"),
    ("telecom", "phone%7C07700%20900123", "phone%7C07700%20900999"),
    ("general-practitioner", "Organization/practice", "Organization/practicx"),
    ("general-practitioner", "Practitioner/their-gp", "Practitioner/other-gp"),
    ("general-practitioner:Organization", "practice", "practicx"),
    ("organization", "Organization/keeper", "Organization/nobody"),
    ("_content", "secreton", "nowherex"),
    ("_content", "hidden", "nobody"),
    ("_text", "hidden", "nobody"),
    ("_text", "lane", "road"),
    ("_source", "https://lcr.example/source/Y90001", "https://lcr.example/source/Y99999"),
    ("general-practitioner:Organization.name", "practice", "practicx"),
    ("general-practitioner:Practitioner.family", "okafor", "nobody"),
    ("organization.name", "keeper", "nobody"),
    ("_has:Condition:patient:subject:Patient.address-city", "secreton", "nowhereo"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_is_found_by_what_is_not_shown() {
    let app = restricted().await;
    for session in askers(&app).await {
        for (name, known, unknown) in FINDERS {
            let path = format!("Patient?{name}=@&_total=accurate");
            finds(&as_absent(&session, &path, known, unknown).await, &[], Some(0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_practices_own_search_gives_a_restricted_patient_away() {
    let app = restricted().await;
    // Its users and its system search what others search; only a look at the row itself shows it whole.
    let system = persona(&app, "gp-system").await;
    for (name, known, unknown) in FINDERS {
        let path = format!("Patient?{name}=@&_total=accurate");
        finds(&as_absent(&system, &path, known, unknown).await, &[], Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_is_found_by_missing_what_is_not_shown() {
    let app = restricted().await;
    for session in askers(&app).await {
        for name in [
            "address",
            "address-city",
            "address-country",
            "address-postalcode",
            "address-state",
            "address-use",
            "phone",
            "email",
            "telecom",
            "general-practitioner",
            "organization",
            "_source",
        ] {
            finds(&session.get(&format!("Patient?{name}:missing=false&_total=accurate")).await, &[], Some(0));
            finds(&session.get(&format!("Patient?{name}:missing=true&_total=accurate")).await, &["near"], Some(1));
        }
        for (name, value) in [("phone", "07700%20900123"), ("address-use", "home"), ("email", "secret@example.org")] {
            finds(&session.get(&format!("Patient?{name}:not={value}&_total=accurate")).await, &["near"], Some(1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_tells_where_a_restricted_patient_lives() {
    let app = restricted().await;
    // Somebody whose every value comes before theirs.
    let gp = app.source(GP_SOURCE).await;
    let mut other = patient("other", 3);
    other["address"] =
        json!([{"line": ["1 A"], "city": "Aa", "state": "Aa", "postalCode": "AA1 1AA", "country": "AAA"}]);
    other["telecom"] = json!([{"system": "phone", "value": "0"}, {"system": "email", "value": "a"}]);
    other["generalPractitioner"] = json!([{"reference": "Organization/a"}]);
    other["managingOrganization"] = json!({"reference": "Organization/a"});
    put(&gp, &other).await;
    relate(&app, 3, "organisation", "Y90001").await;
    let gp = persona(&app, "gp").await;
    for name in [
        "address",
        "address-city",
        "address-postalcode",
        "address-state",
        "address-country",
        "phone",
        "email",
        "telecom",
        "general-practitioner",
        "organization",
    ] {
        // What has no value comes first, and last in the other direction.
        let upwards = gp.get(&format!("Patient?_sort={name},_id")).await.ids();
        let downwards = gp.get(&format!("Patient?_sort=-{name},_id")).await.ids();
        assert_eq!(
            (upwards, downwards),
            (vec!["near".into(), "other".into()], vec!["other".into(), "near".to_owned()]),
            "{name}"
        );
    }
    // Nor does the place where a page ends say it.
    let link = gp.get("Patient?_sort=address-postalcode&_count=1").await.link("next").expect("a next page");
    use base64::Engine;
    let payload = link.split("_cursor=").nth(1).and_then(|cursor| cursor.split('.').next()).expect("a cursor");
    let keys = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    assert!(!String::from_utf8_lossy(&keys).to_lowercase().contains("zz9"), "{}", String::from_utf8_lossy(&keys));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_asks_where_a_restricted_patient_lives() {
    let app = restricted().await;
    let gp = persona(&app, "gp").await;
    for (name, known, unknown) in FINDERS.into_iter().filter(|finder| !finder.0.starts_with("_has")) {
        for from in ["Observation?patient.", "Condition?subject:Patient."] {
            let path = format!("{from}{name}=@&_total=accurate");
            finds(&as_absent(&gp, &path, known, unknown).await, &[], Some(0));
        }
    }
    let path = "Observation?patient.address-postalcode:missing=false&_total=accurate";
    finds(&gp.get(path).await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_asked_whose_practice_it_is() {
    let app = restricted().await;
    for session in askers(&app).await {
        for path in [
            "Organization?_has:Patient:general-practitioner:_id=near&_total=accurate".to_owned(),
            "Organization?_has:Patient:organization:family=attwood&_total=accurate".to_owned(),
            "Practitioner?_has:Patient:general-practitioner:_id=near&_total=accurate".to_owned(),
            format!(
                "Organization?_has:Patient:general-practitioner:identifier={}&_total=accurate",
                crate::world::nhs(NEAR)
            ),
        ] {
            finds(&session.get(&path).await, &[], Some(0));
        }
        let path = "Organization?_id=practice&_revinclude=Patient:general-practitioner&_total=accurate";
        finds(&session.get(path).await, &["practice"], Some(1));
        let path = "Organization?_id=keeper&_revinclude=*&_total=accurate";
        finds(&session.get(path).await, &["keeper"], Some(1));
        let path = "Practitioner?_id=their-gp&_revinclude=Patient:*&_total=accurate";
        finds(&session.get(path).await, &["their-gp"], Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_of_a_write_ask_where_a_restricted_patient_lives() {
    let app = restricted().await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    for postcode in ["ZZ9 9ZZ", "QQ9 9QQ"] {
        let mut plan = crate::world::about("CarePlan", "x", "near", NEAR);
        plan["subject"]["reference"] = json!(format!("Patient?address-postalcode={postcode}"));
        let entry = json!({"resource": plan, "request": {"method": "POST", "url": "CarePlan"}});
        for session in askers(&app).await.into_iter().chain([persona(&app, "gp-system").await]) {
            let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
            let reply = session.post("", bundle).await;
            let words = "a conditional reference to Patient matches nothing: it has to match one";
            refused(&reply, 412, &outcome_at("not-found", "RESOURCE_NOT_FOUND", words, "Bundle.entry[0]"));
        }
        let patient = patient("x", 30);
        let request = crate::common::json(hospital.request(reqwest::Method::POST, "Patient"), &patient);
        let made = crate::common::send(request.header("If-None-Exist", format!("address-postalcode={postcode}"))).await;
        assert_eq!(made.status, 201, "{postcode}: {}", made.text);
    }
}
