//! `:in` and `:not-in` (R4 §3.1.1.4.10), and how value sets are expanded.

use serde_json::{Value, json};

use crate::common::TestApp;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn composed_of_lists_filters_other_sets_and_exclusions() {
    let app = TestApp::start().await;
    let filter = |property: &str, op: &str, value: &str| json!({"include": [{"system": ANIMALS, "filter": [{"property": property, "op": op, "value": value}]}]});
    let is = |set: &str| format!("{SETS}/{set}");
    let sets = [
        value_set(
            "listed",
            json!({"include": [{"system": ANIMALS, "concept": [{"code": "cat"}, {"code": "bird"}]}, {"system": "http://snomed.info/sct", "concept": [{"code": "1"}]}]}),
        ),
        value_set("whole", json!({"include": [{"system": ANIMALS}]})),
        value_set("isa", filter("concept", "is-a", "mammal")),
        value_set("below", filter("concept", "descendent-of", "mammal")),
        value_set("four", filter("legs", "=", "4")),
        value_set("few", filter("concept", "in", "cat,pet")),
        value_set("nota", filter("concept", "is-not-a", "mammal")),
        // Value sets that come before those they take in.
        value_set("both", json!({"include": [{"valueSet": [is("zeta"), is("isa")]}]})),
        value_set(
            "less",
            json!({"include": [{"system": ANIMALS}], "exclude": [{"valueSet": [is("below")]}, {"system": ANIMALS, "concept": [{"code": "animal"}]}]}),
        ),
        value_set("zeta", json!({"include": [{"system": ANIMALS, "concept": [{"code": "dog"}, {"code": "bird"}]}]})),
    ];
    let all: Vec<Value> = sets.into_iter().chain([animals()]).collect();
    let report = imported(&app, &all).await;
    assert_eq!((report.count("CodeSystem"), report.count("ValueSet")), (1, 10));
    assert_eq!(report.totals(), (11, 0, 0));
    assert_eq!(imported(&app, &all).await.totals(), (0, 0, 11), "a second time changes nothing");
    let session = app.source("vet").await;
    for code in ["animal", "mammal", "cat", "dog", "puppy", "bird", "pet"] {
        put(&session, &condition(code, animal(code))).await;
    }
    put(&session, &condition("snomed", json!({"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}))).await;
    put(&session, &condition("wrong", json!({"coding": [{"code": "cat"}, {"system": "http://x", "code": "cat"}]})))
        .await;
    put(
        &session,
        &condition(
            "mixed",
            json!({"coding": [{"system": "http://x", "code": "1"}, {"system": ANIMALS, "code": "cat"}]}),
        ),
    )
    .await;
    let mut uncoded = condition("uncoded", json!({"text": "cat"}));
    put(&session, &uncoded).await;
    uncoded["id"] = json!("codeless");
    uncoded.as_object_mut().expect("object").remove("code");
    put(&session, &uncoded).await;
    let everything = found(&session, "Condition", &[]).await;
    assert_eq!(everything.len(), 12);
    for (set, wanted) in [
        ("listed", ids(["cat", "bird", "snomed", "mixed"])),
        ("whole", ids(["animal", "mammal", "cat", "dog", "puppy", "bird", "pet", "mixed"])),
        ("isa", ids(["mammal", "cat", "dog", "puppy", "mixed"])),
        ("below", ids(["cat", "dog", "puppy", "mixed"])),
        ("four", ids(["cat", "dog", "mixed"])),
        ("few", ids(["cat", "pet", "mixed"])),
        ("nota", ids(["animal", "bird", "pet"])),
        ("both", ids(["dog"])),
        ("less", ids(["mammal", "bird", "pet"])),
        ("zeta", ids(["dog", "bird"])),
    ] {
        for name in
            [is(set), format!("ValueSet/{set}"), format!("{}/ValueSet/{set}", app.base), format!("{}|7", is(set))]
        {
            assert_eq!(found(&session, "Condition", &[("code:in", &name)]).await, wanted, "in {name}");
            // What has a code of the set is out, whatever else it has; what has no code is not in the set.
            let rest = everything.difference(&wanted).cloned().collect();
            assert_eq!(found(&session, "Condition", &[("code:not-in", &name)]).await, rest, "not in {name}");
        }
    }
    let two = format!("{},{}", is("both"), is("four"));
    assert_eq!(found(&session, "Condition", &[("code:in", &two)]).await, ids(["cat", "dog", "mixed"]));
    let again = [("code:in", is("isa")), ("code:not-in", is("zeta"))];
    let again: Vec<(&str, &str)> = again.iter().map(|(name, set)| (*name, set.as_str())).collect();
    assert_eq!(found(&session, "Condition", &again).await, ids(["mammal", "cat", "puppy", "mixed"]));
    let old = format!("{}|6", is("isa"));
    refused(&session, "Condition", &[("code:in", &old)], &["version 7", &old]).await;
    let unknown = "http://snomed.info/sct?fhir_vs=isa/126851005";
    for name in ["code:in", "code:not-in"] {
        refused(&session, "Condition", &[(name, unknown)], &[unknown]).await;
        refused(&session, "Condition", &[(name, "ValueSet/nowhere")], &["ValueSet/nowhere"]).await;
        refused(&session, "Condition", &[(name, "")], &["empty"]).await;
    }
    // A value set that is sent again says what is in it from now on.
    imported(&app, &[value_set("zeta", json!({"include": [{"system": ANIMALS, "concept": [{"code": "pet"}]}]}))]).await;
    assert_eq!(found(&session, "Condition", &[("code:in", &is("zeta"))]).await, ids(["pet"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_sets_and_bare_codes() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    for gender in ["male", "female", "unknown"] {
        let mut resource = patient(gender);
        resource["gender"] = json!(gender);
        put(&session, &resource).await;
    }
    put(&session, &patient("none")).await;
    imported(&app, &[value_set("mf", json!({"include": [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}, {"code": "female"}]},
        {"system": "http://x", "concept": [{"code": "unknown"}]}]}))])
    .await;
    let (own, r4) = (format!("{SETS}/mf"), "http://hl7.org/fhir/ValueSet/administrative-gender");
    assert_eq!(found(&session, "Patient", &[("gender:in", &own)]).await, ids(["male", "female"]));
    assert_eq!(found(&session, "Patient", &[("gender:not-in", &own)]).await, ids(["unknown", "none"]));
    for name in [r4, "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1", "ValueSet/administrative-gender"] {
        assert_eq!(
            found(&session, "Patient", &[("gender:in", name)]).await,
            ids(["male", "female", "unknown"]),
            "{name}"
        );
    }
    let observation = |id: &str, code: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": animal("cat"),
        "dataAbsentReason": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}]}})
    };
    put(&session, &observation("asked", "asked-declined")).await;
    put(&session, &observation("odd", "no-such-code")).await;
    let set = "http://hl7.org/fhir/ValueSet/data-absent-reason";
    assert_eq!(found(&session, "Observation", &[("data-absent-reason:in", set)]).await, ids(["asked"]));
    assert_eq!(found(&session, "Observation", &[("combo-data-absent-reason:not-in", set)]).await, ids(["odd"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn across_types_and_within_a_compartment() {
    let app = TestApp::start().await;
    imported(
        &app,
        &[animals(), value_set("pets", json!({"include": [{"system": ANIMALS, "concept": [{"code": "cat"}]}]}))],
    )
    .await;
    let session = app.source("vet").await;
    put(&session, &patient("p")).await;
    put(&session, &condition("cat", animal("cat"))).await;
    put(&session, &condition("dog", animal("dog"))).await;
    let observation = json!({"resourceType": "Observation", "id": "purr", "status": "final", "code": {"coding": animal("cat")["coding"], "text": "Purring"},
        "subject": {"reference": "Patient/p"}});
    put(&session, &observation).await;
    for (path, wanted) in [
        ("?_type=Condition,Observation&code:in=ValueSet/pets", ids(["cat", "purr"])),
        ("?_type=Condition,Observation&code:below=http://example.org/animals|mammal", ids(["cat", "dog", "purr"])),
        ("?_type=Condition,Observation,Patient&_content=purring%20OR%20test", ids(["p", "purr"])),
        ("Patient/p/Observation?code:text=purr", ids(["purr"])),
        ("Patient/p/*?_content=purring", ids(["purr"])),
    ] {
        let reply = session.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        assert_eq!(reply.ids().into_iter().collect::<std::collections::BTreeSet<_>>(), wanted, "{path}");
    }
    for path in [
        "?_type=Condition,Observation&code:in=http://nowhere",
        "Patient/p/Condition?code:in=http://nowhere",
        "?_type=Condition&code:below=http://nowhere|1",
    ] {
        let reply = session.get(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert!(reply.text.contains("http://nowhere"), "{}", reply.text);
    }
    // The entry of a batch that names what is not known fails by itself; what it names is said there too.
    let entry = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry("Condition?code:in=http://nowhere"), entry("Condition?code:in=ValueSet/pets")]});
    let answer = session.post("", batch).await.json();
    let statuses: Vec<&str> =
        answer["entry"].as_array().expect("entries").iter().filter_map(|e| e["response"]["status"].as_str()).collect();
    assert!(statuses[0].starts_with("400") && statuses[1].starts_with("200"), "{answer}");
    assert!(answer["entry"][0].to_string().contains("http://nowhere"));
}

/// Criteria that name what is not known find nothing, and must not be taken for criteria that nothing meets.
#[tokio::test(flavor = "multi_thread")]
async fn criteria_of_conditional_writes_are_sure_of_it_too() {
    let app = TestApp::start().await;
    imported(
        &app,
        &[animals(), value_set("pets", json!({"include": [{"system": ANIMALS, "concept": [{"code": "cat"}]}]}))],
    )
    .await;
    let session = app.source("vet").await;
    put(&session, &condition("cat", animal("cat"))).await;
    let create = |criteria: &'static str| {
        let request = session.request(reqwest::Method::POST, "Condition").header("If-None-Exist", criteria);
        crate::common::send(crate::common::json(request, condition("new", animal("cat"))))
    };
    let unknown = create("code:in=http://nowhere").await;
    assert_eq!(unknown.status, 400, "{}", unknown.text);
    assert!(unknown.text.contains("http://nowhere"), "{}", unknown.text);
    assert_eq!(create("code:in=ValueSet/pets").await.status, 200, "there is one");
    let update = session.put("Condition?code:below=http://nowhere%7C1", condition("cat", animal("dog"))).await;
    assert_eq!(update.status, 400, "{}", update.text);
    assert_eq!(session.delete("Condition?code:not-in=http://nowhere").await.status, 400);
    let entry = json!({"resource": condition("new", animal("cat")), "request": {"method": "POST", "url": "Condition", "ifNoneExist": "code:in=http://nowhere"}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    assert_eq!(session.post("", bundle).await.status, 400);
    assert_eq!(found(&session, "Condition", &[]).await, ids(["cat"]));
}
