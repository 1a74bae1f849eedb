//! Codes of the configuration make what has them more confidential than its source said.

use lcr_facade::access::Confidentiality;
use lcr_facade::access::sensitive::SensitiveCodes;
use lcr_facade::config::Config;
use serde_json::json;

use crate::common::TestApp;
use crate::world::{GP_SOURCE, NEAR, about, labelled, patient, persona, put, relate};

fn config() -> Config {
    let list = |label, code: &str| SensitiveCodes { label, codes: vec![code.to_owned()] };
    let sensitive = vec![
        list(Confidentiality::Restricted, "http://snomed.info/sct|86406008"),
        list(Confidentiality::VeryRestricted, "http://snomed.info/sct|424144002"),
    ];
    Config { sensitive, ..Config::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_code_hides_from_roles_below_its_label() {
    let app = TestApp::with(config()).await;
    let source = app.source(GP_SOURCE).await;
    put(&source, &patient("near", NEAR)).await;
    for holder in ["nurse", "gp"] {
        relate(&app, NEAR, "practitioner", holder).await;
    }
    let coded = |id: &str, code: &str| {
        let mut condition = about("Condition", id, "near", NEAR);
        condition["code"]["coding"] = json!([{"system": "http://snomed.info/sct", "code": "38341003"}, {"system": "http://snomed.info/sct", "code": code}]);
        condition
    };
    let mut valued = about("Observation", "valued", "near", NEAR);
    valued["valueCodeableConcept"] = json!({"coding": [{"system": "http://snomed.info/sct", "code": "86406008"}]});
    valued.as_object_mut().expect("object").remove("valueQuantity");
    put(&source, &valued).await;
    put(&source, &coded("plain", "73211009")).await;
    put(&source, &coded("restricted", "86406008")).await;
    put(&source, &coded("sealed", "424144002")).await;
    put(&source, &labelled(coded("said", "86406008"), "V")).await;
    let other = json!([{"system": "http://example.org", "code": "86406008"}]);
    let mut elsewhere = about("Condition", "elsewhere", "near", NEAR);
    elsewhere["code"]["coding"] = other;
    put(&source, &elsewhere).await;
    for (name, sees) in
        [("nurse", ["plain", "elsewhere"].as_slice()), ("gp", &["plain", "elsewhere", "restricted", "valued"])]
    {
        let user = persona(&app, name).await;
        for (kind, id) in [
            ("Condition", "plain"),
            ("Condition", "restricted"),
            ("Condition", "sealed"),
            ("Condition", "said"),
            ("Condition", "elsewhere"),
            ("Observation", "valued"),
        ] {
            let status = user.get(&format!("{kind}/{id}")).await.status;
            assert_eq!(status, if sees.contains(&id) { 200 } else { 404 }, "{name} {kind}/{id}");
            let past = user.get(&format!("{kind}/{id}/_history/1")).await.status;
            assert_eq!(past, status, "{name} {kind}/{id}, its past");
        }
    }
    // A deletion hides as much as what it covers.
    source.delete("Condition/restricted").await;
    assert_eq!(persona(&app, "nurse").await.get("Condition/restricted").await.status, 404);
    assert_eq!(persona(&app, "gp").await.get("Condition/restricted").await.status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_grows_reaches_old_rows_when_they_are_indexed_again() {
    let app = TestApp::start().await;
    let source = app.source(GP_SOURCE).await;
    put(&source, &patient("near", NEAR)).await;
    relate(&app, NEAR, "practitioner", "nurse").await;
    put(&source, &about("Condition", "old", "near", NEAR)).await;
    let nurse = persona(&app, "nurse").await;
    assert_eq!(nurse.get("Condition/old").await.status, 200);
    let list = SensitiveCodes {
        label: Confidentiality::Restricted,
        codes: vec!["http://snomed.info/sct|38341003".to_owned()],
    };
    let config = Config { sensitive: vec![list], ..Config::default() };
    let store = app.store.clone().labelling(config.sensitive_codes());
    let spec = lcr_facade::resources::find("Condition").expect("Condition");
    store.reindex(spec, &app.base, true, &mut |_| ()).await.expect("indexed again");
    for path in ["Condition/old", "Condition/old/_history/1"] {
        assert_eq!(nurse.get(path).await.status, 404, "{path}");
    }
}
