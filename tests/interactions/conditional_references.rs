//! Conditional references within a transaction (R4 §3.1.0.11.2), and conditions of its entries: every one resolved within
//! the transaction, or none of it done.

use lcr_facade::access::Claims;
use serde_json::{Value, json};

use crate::common::{self, Session, TestApp};
use crate::support::*;

fn practitioner(mark: &str) -> Value {
    marked(json!({"resourceType": "Practitioner"}), mark)
}

/// An Observation about this, performed by that.
fn observed(subject: &str, performer: &str) -> Value {
    with(minimal("Observation", subject), json!({"performer": [{"reference": performer}]}))
}

async fn stored(session: &Session<'_>, place: &str) -> Value {
    get(session, place).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_stored_as_what_they_match() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "p", marked(patient("There"), "p-mark")).await;
    keep(&session, "dr", practitioner("dr-mark")).await;
    // Something there, something of the same transaction, and the same reference in two resources.
    let entries = vec![
        entry(
            "POST",
            "Observation",
            Some(observed("Patient?identifier=p-mark", "Practitioner?identifier=http://example.org/marks|dr-mark")),
        ),
        entry("POST", "Observation", Some(observed("Patient?identifier=new-mark", "Practitioner?identifier=new-dr"))),
        entry("POST", "Observation", Some(observed("Patient?identifier=new-mark&family=fresh", "Practitioner/dr"))),
        entry("PUT", "Practitioner/new-dr", Some(with(practitioner("new-dr"), json!({"id": "new-dr"})))),
        entry("POST", "Patient", Some(marked(patient("Fresh"), "new-mark"))),
    ];
    let reply = transact(&session, entries).await;
    let places = places(&reply);
    for (at, subject, performer) in [
        (0, "Patient/p", "Practitioner/dr"),
        (1, places[4].as_str(), "Practitioner/new-dr"),
        (2, &places[4], "Practitioner/dr"),
    ] {
        let resource = stored(&session, &places[at]).await;
        assert_eq!(resource["subject"]["reference"], subject, "entry {at}");
        assert_eq!(resource["performer"][0]["reference"], performer, "entry {at}");
    }
    // They are rows of that patient, found by it.
    assert_eq!(get(&session, "Observation?patient=p").await.ids().len(), 1);
    let fresh = places[4].trim_start_matches("Patient/");
    assert_eq!(get(&session, &format!("Observation?patient={fresh}")).await.ids().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_matches_none_or_several_undoes_all() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for id in ["one", "two"] {
        keep(&session, id, marked(patient("Twin"), "twin")).await;
    }
    keep(&app.source("b").await, "foreign", marked(patient("Foreign"), "foreign")).await;
    for (reference, status) in [
        ("Patient?identifier=nobody", 412),
        ("Patient?identifier=twin", 412),
        // Another source's patient is as nobody.
        ("Patient?identifier=foreign", 412),
        // The second of this name comes with the transaction.
        ("Patient?family=new", 412),
        ("Location?identifier=x", 412),
        ("Patient?", 412),
        ("Patient?colour=red", 400),
        ("Patient?identifier=twin&_count=1", 400),
    ] {
        let entries = vec![
            entry("POST", "Patient", Some(marked(patient("New"), "undone"))),
            entry("POST", "Patient", Some(marked(patient("New"), "undone"))),
            entry("POST", "Observation", Some(marked(observed(reference, "Practitioner/x"), "undone"))),
        ];
        refused(&transact(&session, entries).await, status, "Bundle.entry[2]", reference);
        let wanted = (count(&session, "Patient", "undone").await, count(&session, "Observation", "undone").await);
        assert_eq!(wanted, (0, 0), "{reference}");
    }
    let claims = Claims { scope: "system/Observation.cruds".to_owned(), ..common::source_claims("a") };
    let narrow = Session { app: &app, token: app.token(&claims).await };
    let entries = vec![entry("POST", "Observation", Some(observed("Patient?identifier=twin", "Practitioner/x")))];
    refused(&transact(&narrow, entries).await, 403, "Bundle.entry[0]", "without the letter s for Patient");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_may_wait_for_each_other() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let chain = |n: usize| {
        let next = json!([{"reference": format!("Observation?identifier=link-{}", n + 1)}]);
        let own = marked(minimal("Observation", "Patient/x"), &format!("link-{n}"));
        entry("POST", "Observation", Some(if n < 4 { with(own, json!({"hasMember": next})) } else { own }))
    };
    let places = places(&transact(&session, (0..=4).map(chain).collect()).await);
    for n in 0..4 {
        let resource = stored(&session, &places[n]).await;
        assert_eq!(resource["hasMember"][0]["reference"], places[n + 1].as_str(), "{n}");
    }
    // In a circle nobody is first.
    let circle = |own: &str, other: &str| {
        let members = json!({"hasMember": [{"reference": format!("Observation?identifier={other}")}]});
        entry("POST", "Observation", Some(with(marked(minimal("Observation", "Patient/x"), own), members)))
    };
    refused(
        &transact(&session, vec![circle("c1", "c2"), circle("c2", "c1")]).await,
        412,
        "Bundle.entry[0]",
        "a circle",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_refer_to_what_a_condition_found() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "known", marked(patient("Known"), "known")).await;
    let urn = |n: u32| format!("urn:uuid:7c1e0d0e-5c1c-4c43-8a57-6a3a5ad9a00{n}");
    let conditional = |n: u32, mark: &str| {
        let mut entry = created(&urn(n), marked(patient("Sent"), mark));
        entry["request"]["ifNoneExist"] = json!(format!("identifier={mark}"));
        entry
    };
    let updated =
        with(entry("PUT", "Practitioner?identifier=doctor", Some(practitioner("doctor"))), json!({"fullUrl": urn(3)}));
    let entries = vec![
        entry("POST", "Observation", Some(observed(&urn(1), &urn(3)))),
        conditional(1, "known"),
        conditional(2, "unknown"),
        entry("POST", "Observation", Some(observed(&urn(2), &urn(3)))),
        updated,
    ];
    let reply = transact(&session, entries.clone()).await;
    let first = places(&reply);
    let statuses = |reply: &common::Reply| -> Vec<String> {
        let bundle = reply.json();
        let entries = bundle["entry"].as_array().expect("entries");
        entries.iter().map(|e| e["response"]["status"].as_str().expect("status")[..3].to_owned()).collect()
    };
    assert_eq!(statuses(&reply), ["201", "200", "201", "201", "201"]);
    assert_eq!(first[1], "Patient/known");
    for (at, patient) in [(0, "Patient/known"), (3, first[2].as_str())] {
        let resource = stored(&session, &first[at]).await;
        assert_eq!(resource["subject"]["reference"], patient, "entry {at}");
        assert_eq!(resource["performer"][0]["reference"], first[4].as_str(), "entry {at}");
    }
    assert_eq!(get(&session, "Patient/known").await.json()["name"][0]["family"], "Known", "left as it was");
    // Again: the people are the same, only the observations are new.
    let reply = transact(&session, entries).await;
    assert_eq!(statuses(&reply), ["201", "200", "200", "201", "200"]);
    let second = places(&reply);
    assert_eq!((&second[1], &second[2], &second[4]), (&first[1], &first[2], &first[4]));
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_of_one_transaction_are_judged_in_r4s_order_and_never_about_one_resource_twice() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "old", marked(patient("Old"), "x")).await;
    let unless = |criteria: &str, resource: Value| {
        let mut entry = entry("POST", "Patient", Some(resource));
        entry["request"]["ifNoneExist"] = json!(criteria);
        entry
    };
    // A delete comes first wherever it stands, so nothing matches any more.
    let replaced =
        vec![unless("identifier=x", marked(patient("New"), "x")), entry("DELETE", "Patient?identifier=x", None)];
    let reply = transact(&session, replaced).await;
    assert_eq!(reply.json()["entry"][0]["response"]["status"], "201 Created", "{}", reply.text);
    assert_eq!(get(&session, "Patient/old").await.status, 410);
    let own = get(&session, "Patient?identifier=x").await.ids().remove(0);

    let put = |url: &str, resource: Value| entry("PUT", url, Some(resource));
    let patch = |url: &str| {
        entry(
            "PATCH",
            url,
            Some(json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Patient"},
            {"name": "name", "valueString": "active"}, {"name": "value", "valueBoolean": true}]}]})),
        )
    };
    let by_id = |id: &str| put(&format!("Patient/{id}"), with(marked(patient("Same"), "x"), json!({"id": id})));
    for (case, entries) in [
        (
            "the same criteria twice, of what is not there",
            vec![unless("identifier=y", marked(patient("A"), "y")), unless("identifier=y", marked(patient("B"), "y"))],
        ),
        (
            "different criteria of the same, not there",
            vec![unless("identifier=y", marked(patient("A"), "y")), unless("family=a", marked(patient("B"), "y"))],
        ),
        (
            "a create and an update of what it makes",
            vec![
                entry("POST", "Patient", Some(marked(patient("A"), "y"))),
                put("Patient?identifier=y", marked(patient("B"), "y")),
            ],
        ),
        (
            "two creates that find the same",
            vec![unless("identifier=x", marked(patient("A"), "x")), unless("family=new", marked(patient("B"), "x"))],
        ),
        (
            "a create that finds what is updated by id",
            vec![unless("identifier=x", marked(patient("A"), "x")), by_id(&own)],
        ),
        (
            "an update of a match and one by id",
            vec![put("Patient?identifier=x", marked(patient("A"), "x")), by_id(&own)],
        ),
        (
            "two deletes of one match",
            vec![entry("DELETE", "Patient?identifier=x", None), entry("DELETE", "Patient?family=new", None)],
        ),
        (
            "a delete by id and one of a match",
            vec![entry("DELETE", &format!("Patient/{own}"), None), entry("DELETE", "Patient?identifier=x", None)],
        ),
        ("a patch of a match and one by id", vec![patch("Patient?identifier=x"), patch(&format!("Patient/{own}"))]),
        ("a delete and an update of it by id", vec![entry("DELETE", "Patient?identifier=x", None), by_id(&own)]),
    ] {
        let reply = transact(&session, entries).await;
        assert_eq!(reply.status, 400, "{case}: {}", reply.text);
        assert_eq!(reply.json()["issue"][0]["code"], "duplicate", "{case}: {}", reply.text);
        assert_eq!((count(&session, "Patient", "x").await, count(&session, "Patient", "y").await), (1, 0), "{case}");
    }
    // Each by itself, in a batch.
    let reply = post(
        &session,
        "",
        &with(
            transaction(vec![
                unless("identifier=z", marked(patient("A"), "z")),
                unless("identifier=z", marked(patient("B"), "z")),
                patch("Patient?identifier=z"),
                put("Patient?identifier=z", marked(patient("C"), "z")),
                entry("DELETE", "Patient?identifier=z", None),
                entry("DELETE", "Patient?identifier=z", None),
                patch("Patient?identifier=z"),
            ]),
            json!({"type": "batch"}),
        ),
    )
    .await;
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().expect("entries");
    let got: Vec<&str> = entries.iter().map(|e| &e["response"]["status"].as_str().expect("status")[..3]).collect();
    assert_eq!(got, ["201", "200", "200", "200", "204", "204", "404"], "{}", reply.text);
}
