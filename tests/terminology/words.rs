//! `_text` and `_content`: words of the narrative, and of all text.

use serde_json::{Value, json};

use crate::common::TestApp;
use crate::support::*;

fn told(id: &str, div: &str, code: Value) -> Value {
    let mut resource = condition(id, code);
    if !div.is_empty() {
        resource["text"] =
            json!({"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{div}</div>")});
    }
    resource
}

#[tokio::test(flavor = "multi_thread")]
async fn words_phrases_alternatives_and_what_must_not_be_there() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    put(&session, &told("femur", "<p>Fracture of <b>left</b> fem<i>ur</i></p>", json!({"text": "Broken leg"}))).await;
    put(
        &session,
        &told(
            "none",
            "<p>No fracture</p><p>left ward</p>",
            json!({"coding": [{"code": "secretcode", "system": "http://secretsystem", "display": "Ward visit"}]}),
        ),
    )
    .await;
    let mut noted = told("noted", "", json!({"text": "Pressure 120/80"}));
    noted["note"] =
        json!([{"text": "Patient’s **mother** said: \"Fémur fracture\", see _report_", "authorString": "Dr O'Neil"}]);
    noted["contained"] = json!([{"resourceType": "Practitioner", "id": "c", "name": [{"text": "Zebedee"}]}]);
    noted["asserter"] = json!({"reference": "#c", "display": "Asserting"});
    noted["extension"] = json!([{"url": "http://secreturl", "valueString": "Extended"}]);
    put(&session, &noted).await;
    put(&session, &condition("codeless", json!({"coding": [{"system": "http://x", "code": "femur"}]}))).await;
    for (name, value, wanted) in [
        ("_text", "fracture", ids(["femur", "none"])),
        ("_text", "FRÁCTURE", ids(["femur", "none"])),
        ("_text", "fract", ids([])),
        ("_text", "fracture left", ids(["femur", "none"])),
        ("_text", "\"left femur\"", ids(["femur"])),
        ("_text", "\"fracture left\"", ids([])),
        ("_text", "fracture -no", ids(["femur"])),
        ("_text", "ward OR femur", ids(["femur", "none"])),
        ("_text", "broken", ids([])),
        ("_text", "div", ids([])),
        ("_text", "ward,broken", ids(["none"])),
        ("_text", "-fracture", ids(["noted", "codeless"])),
        ("_content", "fracture", ids(["femur", "none", "noted"])),
        ("_content", "broken", ids(["femur"])),
        ("_content", "\"no fracture\"", ids(["none"])),
        ("_content", "\"Ward visit\"", ids(["none"])),
        ("_content", "mother report", ids(["noted"])),
        ("_content", "120/80", ids(["noted"])),
        ("_content", "80/120", ids([])),
        ("_content", "o'neil", ids(["noted"])),
        ("_content", "zebedee extended asserting", ids(["noted"])),
        ("_content", "secretcode OR secretsystem OR secreturl OR p", ids([])),
        ("_content", "\"leg Fracture\"", ids([])),
        ("_content:missing", "true", ids(["codeless"])),
        ("_text:missing", "true", ids(["noted", "codeless"])),
        ("_text:missing", "false", ids(["femur", "none"])),
        ("_content", "' OR 1=1 --", ids([])),
        ("_content", "a:*", ids([])),
    ] {
        assert_eq!(found(&session, "Condition", &[(name, value)]).await, wanted, "{name}={value}");
    }
    for (name, value) in [("_text", ""), ("_content", "!"), ("_text", "OR"), ("_content", "a,"), ("_text", "\"\"")] {
        refused(&session, "Condition", &[(name, value)], &[name]).await;
    }
    refused(&session, "Condition", &[("_text:exact", "x")], &[":exact", ":missing"]).await;
    refused(&session, "Condition", &[("_sort", "_text")], &["_text", "words", "sortable are"]).await;
    // A version that says something else is found by that.
    put(&session, &told("femur", "<p>Healed</p>", json!({"text": "Leg"}))).await;
    assert_eq!(found(&session, "Condition", &[("_text", "healed")]).await, ids(["femur"]));
    assert_eq!(found(&session, "Condition", &[("_content", "broken")]).await, ids([]));
    put(&session, &patient("p")).await;
    assert_eq!(found(&session, "Patient", &[("_has:Condition:patient:_content", "healed")]).await, ids(["p"]));
    assert_eq!(
        found(&session, "Condition", &[("patient._content", "test"), ("_text", "healed")]).await,
        ids(["femur"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_of_words_goes_in() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    let many: String = (0..100_000).map(|n| format!("w{n} ")).collect();
    let same = "again ".repeat(150_000);
    let long = "x".repeat(300_000);
    for (id, text) in [("many", many), ("same", same), ("long", long)] {
        let mut resource = condition(id, json!({"text": "begins here"}));
        resource["note"] = json!([{"text": text}]);
        put(&session, &resource).await;
    }
    for (value, wanted) in [
        ("w0 \"w10 w11\"", ids(["many"])),
        ("again", ids(["same"])),
        ("begins", ids(["many", "same", "long"])),
        (&"x".repeat(150), ids(["long"])),
    ] {
        assert_eq!(found(&session, "Condition", &[("_content", value)]).await, wanted, "{}", &value[..4]);
    }
}
