//! What an import does with code systems and value sets: counts, refusals with reasons, and all that HL7 and the UK publish.

use serde_json::{Value, json};

use crate::common::{TestApp, shared};
use crate::support::*;

fn with(mut resource: Value, members: Value) -> Value {
    resource.as_object_mut().expect("object").extend(members.as_object().expect("members").clone());
    resource
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let system = |id: &str, members: Value| {
        with(
            json!({"resourceType": "CodeSystem", "id": id, "url": format!("http://example.org/{id}"), "status": "active", "content": "complete"}),
            members,
        )
    };
    let part = json!([{"code": "a", "concept": [{"code": "b"}]}]);
    imported(
        &app,
        &[
            animals(),
            system("part", json!({"content": "fragment", "concept": part})),
            system("ward", json!({"hierarchyMeaning": "part-of", "concept": part})),
        ],
    )
    .await;
    let include = |part: Value| json!({"include": [part]});
    let isa = json!([{"property": "concept", "op": "is-a", "value": "a"}]);
    let looped = |id: &str, other: &str| value_set(id, include(json!({"valueSet": [format!("{SETS}/{other}")]})));
    for (resources, reason) in [
        (
            vec![value_set("a", include(json!({"system": "http://snomed.info/sct", "filter": isa})))],
            "http://snomed.info/sct, which is not known here",
        ),
        (
            vec![value_set("a", include(json!({"system": "http://loinc.org"})))],
            "http://loinc.org, which is not known here",
        ),
        (
            vec![value_set("a", include(json!({"valueSet": ["http://example.org/none"]})))],
            "http://example.org/none, which is not known here",
        ),
        (vec![value_set("a", include(json!({"system": "http://example.org/part"})))], "only a part is known"),
        (
            vec![value_set("a", include(json!({"system": "http://example.org/ward", "filter": isa})))],
            "hierarchy says something else",
        ),
        (vec![value_set("a", include(json!({"system": ANIMALS, "version": "2"})))], "version 2"),
        (
            vec![value_set(
                "a",
                include(json!({"system": ANIMALS, "filter": [{"property": "code", "op": "regex", "value": "c.*"}]})),
            )],
            "regex",
        ),
        (
            vec![value_set(
                "a",
                include(json!({"system": ANIMALS, "filter": [{"property": "legs", "op": "=", "value": "6"}]})),
            )],
            "leaves no code",
        ),
        (vec![looped("a", "b"), looped("b", "a")], "takes in itself"),
        (
            vec![json!({"resourceType": "ValueSet", "id": "a", "url": "http://example.org/a", "status": "active"})],
            "neither compose.include nor",
        ),
        (
            vec![
                json!({"resourceType": "ValueSet", "id": "a", "status": "active", "compose": include(json!({"system": ANIMALS}))}),
            ],
            "no url",
        ),
        (vec![system("a", json!({"content": "not-present"}))], "not-present"),
        (vec![system("a", json!({"content": "supplement", "supplements": ANIMALS}))], "supplement"),
        (
            vec![system("a", json!({"concept": [{"code": "x"}, {"code": "y", "concept": [{"code": "x"}]}]}))],
            "x is there twice",
        ),
        (
            vec![system(
                "a",
                json!({"concept": [{"code": "x", "property": [{"code": "parent", "valueCode": "y"}]}, {"code": "y", "property": [{"code": "parent", "valueCode": "x"}]}]}),
            )],
            "below itself",
        ),
        (vec![system("a", json!({"concept": {"code": "x"}}))], "concept"),
        (vec![system("a", json!({"concepts": []}))], "concepts"),
    ] {
        let report = import(&app, &resources).await;
        assert_eq!(report.refused(), resources.len(), "{resources:?}: {report}");
        assert!(report.refusals()[0].1.contains(reason), "{reason}: {report}");
        assert_eq!(report.totals(), (0, 0, 0));
    }
    let session = app.source("vet").await;
    refused(&session, "Condition", &[("code:in", &format!("{SETS}/a"))], &[SETS]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expansion_stands_in_for_what_cannot_be_followed() {
    let app = TestApp::start().await;
    let snomed = "http://snomed.info/sct";
    let compose =
        json!({"include": [{"system": snomed, "filter": [{"property": "concept", "op": "is-a", "value": "1"}]}]});
    let expansion = |total: u32| json!({"timestamp": "2024-01-01", "total": total, "contains": [{"system": snomed, "abstract": true, "code": "1", "contains": [{"system": snomed, "code": "2"}]}]});
    imported(&app, &[with(value_set("snomed", compose.clone()), json!({"expansion": expansion(2)}))]).await;
    let report = import(&app, &[with(value_set("cut", compose), json!({"expansion": expansion(900)}))]).await;
    assert!(report.refusals()[0].1.contains(snomed), "{report}");
    let session = app.source("gp").await;
    for code in ["1", "2"] {
        put(&session, &condition(code, json!({"coding": [{"system": snomed, "code": code}]}))).await;
    }
    assert_eq!(found(&session, "Condition", &[("code:in", "ValueSet/snomed")]).await, ids(["2"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_of_any_kind_may_bring_terminology() {
    let app = TestApp::start().await;
    let entry = |resource: Value| json!({"fullUrl": format!("urn:uuid:{}", uuid::Uuid::new_v4()), "resource": resource, "request": {"method": "POST", "url": "x"}});
    let bundle = |kind: &str, entries: Vec<Value>| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let set = value_set("all", json!({"include": [{"system": ANIMALS}]}));
    let report = imported(
        &app,
        &[bundle("collection", vec![entry(set)]), bundle("transaction", vec![entry(animals()), entry(patient("p"))])],
    )
    .await;
    assert_eq!((report.count("CodeSystem"), report.count("ValueSet"), report.count("Patient")), (1, 1, 1), "{report}");
    let session = app.source("vet").await;
    put(&session, &condition("dog", animal("dog"))).await;
    assert_eq!(found(&session, "Condition", &[("code:in", "ValueSet/all")]).await, ids(["dog"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_system_sent_again_says_what_is_below_what_from_now_on() {
    let app = TestApp::start().await;
    imported(&app, &[animals()]).await;
    let session = app.source("vet").await;
    for code in ["dog", "bird", "fish"] {
        put(&session, &condition(code, animal(code))).await;
    }
    let below = [("code:below", "http://example.org/animals|pet")];
    assert_eq!(found(&session, "Condition", &below).await, ids(["dog"]));
    let concepts = json!([{"code": "pet", "concept": [{"code": "fish"}, {"code": "bird"}]}]);
    let report = imported(&app, &[with(animals(), json!({"concept": concepts}))]).await;
    assert_eq!(report.totals(), (0, 1, 0));
    assert_eq!(found(&session, "Condition", &below).await, ids(["bird", "fish"]));
    refused(&session, "Condition", &[("code:below", "http://example.org/animals|dog")], &["dog"]).await;
}

/// What HL7 and the UK publish: most of it is kept, and what is refused needs what nobody here has.
#[tokio::test(flavor = "multi_thread")]
async fn published_terminology_is_kept() {
    let Some(shared) = shared() else { return };
    let app = TestApp::start().await;
    let paths = ["hl7-r4/CodeSystem.ndjson", "hl7-r4/ValueSet.ndjson", "ukcore/codesystems", "ukcore/valuesets"];
    let paths: Vec<_> = paths.iter().map(|path| shared.join("spec").join(path)).collect();
    let report = app.import(&paths, None).await;
    println!("{} refused", report.refused());
    assert!(report.count("CodeSystem") > 1_100, "{} code systems", report.count("CodeSystem"));
    assert!(report.count("ValueSet") > 1_200, "{} value sets", report.count("ValueSet"));
    let known = [
        "is not known here",
        "is not one that can be followed",
        "only a part is known",
        "it brings no concepts",
        "leaves no code",
        "which is known here in version",
        "is not a code",
    ];
    let odd: Vec<_> =
        report.refusals().iter().filter(|(_, reason)| !known.iter().any(|words| reason.contains(words))).collect();
    assert!(odd.is_empty(), "{odd:#?}");
    // A hierarchy deeper than two.
    let session = app.source("gp").await;
    let system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    for code in ["FAMMEMB", "MTH", "NMTH", "BILL"] {
        put(&session, &condition(code, json!({"coding": [{"system": system, "code": code}]}))).await;
    }
    let below = format!("{system}|FAMMEMB");
    assert_eq!(found(&session, "Condition", &[("code:below", &below)]).await, ids(["FAMMEMB", "MTH", "NMTH"]));
    let family = "http://terminology.hl7.org/ValueSet/v3-FamilyMember";
    assert_eq!(found(&session, "Condition", &[("code:in", family)]).await, ids(["FAMMEMB", "MTH", "NMTH"]));
}
