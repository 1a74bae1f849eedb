//! `:text` and `:of-type` (R4 §3.1.1.4.10).

use serde_json::json;

use crate::common::TestApp;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_codes_begin_so() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    let coded =
        |display: &str| json!({"coding": [{"system": "http://x", "code": "headache-code", "display": display}]});
    put(&session, &condition("display", coded("Headache (finding)"))).await;
    put(&session, &condition("text", json!({"text": "HEADÁCHE, severe"}))).await;
    put(&session, &condition("within", coded("Severe headache"))).await;
    put(&session, &condition("second", json!({"coding": [{"display": "x"}, {"display": "headaches"}], "text": "y"})))
        .await;
    put(&session, &condition("code", json!({"coding": [{"system": "http://x", "code": "headache"}]}))).await;
    let mut elsewhere = condition("elsewhere", coded("Migraine"));
    elsewhere["severity"] = json!({"text": "headache"});
    put(&session, &elsewhere).await;
    let all = ids(["display", "text", "second"]);
    for value in ["headache", "HEADACHE", "Héadache", "head"] {
        assert_eq!(found(&session, "Condition", &[("code:text", value)]).await, all, "{value}");
    }
    for (name, value, wanted) in [
        ("code:text", "severe", ids(["within"])),
        ("severity:text", "head", ids(["elsewhere"])),
        ("code:text", "migraine,headaches", ids(["elsewhere", "second"])),
        ("code:text", "headache\\, severe", ids(["text"])),
        ("code:text", "Headache (finding)", ids(["display"])),
        ("code:text", "%", ids([])),
        ("code:text", "headache_", ids([])),
    ] {
        assert_eq!(found(&session, "Condition", &[(name, value)]).await, wanted, "{name}={value}");
    }
    refused(&session, "Condition", &[("code:text", "")], &["empty"]).await;
    // In two places, and through a chain.
    put(&session, &patient("p")).await;
    let observation = json!({"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p"},
        "code": {"text": "panel"}, "component": [{"code": {"text": "Häemoglobin"}}]});
    put(&session, &observation).await;
    assert_eq!(found(&session, "Observation", &[("combo-code:text", "haem")]).await, ids(["o"]));
    assert_eq!(found(&session, "Observation", &[("code:text", "haem")]).await, ids([]));
    assert_eq!(
        found(&session, "Patient", &[("_has:Observation:subject:component-code:text", "haem")]).await,
        ids(["p"])
    );
    // A security label's and an identifier's.
    let mut labelled = patient("labelled");
    labelled["meta"] = json!({"tag": [{"system": "http://x", "code": "1", "display": "Follow up"}]});
    labelled["identifier"] =
        json!([{"type": {"text": "Medical record number", "coding": [{"display": "Not this"}]}, "value": "1"}]);
    put(&session, &labelled).await;
    for (name, value, wanted) in [
        ("_tag:text", "follow", ids(["labelled"])),
        ("identifier:text", "medical rec", ids(["labelled"])),
        ("identifier:text", "not this", ids([])),
    ] {
        assert_eq!(found(&session, "Patient", &[(name, value)]).await, wanted, "{name}={value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_text_says_so() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    let mut resource = patient("p");
    resource["gender"] = json!("male");
    resource["telecom"] = json!([{"system": "phone", "value": "1"}]);
    put(&session, &resource).await;
    for name in ["gender:text", "telecom:text"] {
        let reply = ask(&session, "Patient", &[(name, "male")]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(entries(&reply, "match"), ids([]));
        assert!(reply.text.contains("no text"), "{}", reply.text);
    }
    refused(&session, "Patient", &[("birthdate:text", "x")], &[":text", ":missing"]).await;
    refused(&session, "Patient", &[("name:text", "x")], &[":text", ":exact"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_by_their_type() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    let types = "http://terminology.hl7.org/CodeSystem/v2-0203";
    let identified = |id: &str, identifier: serde_json::Value| {
        let mut resource = patient(id);
        resource["identifier"] = json!([identifier]);
        resource
    };
    let typed =
        |code: &str, value: &str| json!({"type": {"coding": [{"system": types, "code": code}]}, "value": value});
    put(&session, &identified("mr", typed("MR", "446053"))).await;
    put(&session, &identified("dl", typed("DL", "446053"))).await;
    put(&session, &identified("two", json!({"type": {"coding": [{"system": "http://x", "code": "y"}, {"system": types, "code": "MR"}]}, "value": "446053"}))).await;
    put(&session, &identified("plain", json!({"system": types, "value": "446053"}))).await;
    put(&session, &identified("codeless", json!({"type": {"text": "MR"}, "value": "446053"}))).await;
    put(&session, &identified("other", typed("MR", "1"))).await;
    put(&session, &identified("odd", typed("MR", "a|b,c"))).await;
    let mr = |value: &str| format!("{types}|MR|{value}");
    for (value, wanted) in [
        (mr("446053"), ids(["mr", "two"])),
        (format!("{types}|DL|446053"), ids(["dl"])),
        (format!("{},{}", mr("1"), mr("446053")), ids(["mr", "two", "other"])),
        (mr("a\\|b\\,c"), ids(["odd"])),
        (mr("44605"), ids([])),
        ("http://x|y|446053".to_owned(), ids(["two"])),
    ] {
        assert_eq!(found(&session, "Patient", &[("identifier:of-type", &value)]).await, wanted, "{value}");
    }
    for value in ["446053", "MR|446053", "|MR|446053", "http://x||446053", "http://x|MR|", "||", "a|b|c|d", ""] {
        refused(&session, "Patient", &[("identifier:of-type", value)], &["identifier:of-type"]).await;
    }
    refused(&session, "Condition", &[("code:of-type", "a|b|c")], &[":of-type", ":in"]).await;
}
