//! `Observation/$lastn` by R4's definition: groups, ties, what it needs, how it is asked.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Session, TestApp, send};
use crate::support::{audited, form, parameters, person, refused};
use crate::world::{NEAR, about, labelled, patient, people, persona, put, relate};

const SYSTEM: &str = "http://example.org/codes";

/// An Observation with these codes (a text where there is no `|`), at this time.
pub fn observation(id: &str, codes: &[&str], at: &str) -> Value {
    let codings: Vec<Value> = codes
        .iter()
        .filter(|code| code.contains('|'))
        .map(|code| {
            let (system, code) = code.split_once('|').expect("a bar");
            if system.is_empty() { json!({"code": code}) } else { json!({"system": system, "code": code}) }
        })
        .collect();
    let mut code = json!({});
    if !codings.is_empty() {
        code["coding"] = json!(codings);
    }
    if let Some(text) = codes.iter().find(|code| !code.contains('|')) {
        code["text"] = json!(text);
    }
    let mut observation = json!({"resourceType": "Observation", "id": id, "status": "final", "code": code,
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "subject": {"reference": "Patient/near"}});
    if !at.is_empty() {
        observation["effectiveDateTime"] = json!(at);
    }
    observation
}

/// The patient `near` of one source, with these Observations.
async fn with<'a>(app: &'a TestApp, observations: &[Value]) -> Session<'a> {
    let source = app.source("lab").await;
    put(&source, &patient("near", NEAR)).await;
    for observation in observations {
        put(&source, observation).await;
    }
    source
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_group_as_the_definition_says() {
    // The definition's own table, and what follows from it: the codes of the rows, newest first, and those that are shown.
    for (name, rows, shown) in [
        ("three codes", vec![vec!["s|a"], vec!["s|b"], vec!["s|c"]], vec![0, 1, 2]),
        ("one translated", vec![vec!["s|a"], vec!["s|b"], vec!["s|a", "s|c"]], vec![0, 1]),
        ("linked by a third", vec![vec!["s|a"], vec!["s|b"], vec!["s|a", "s|b"]], vec![0]),
        (
            "linked over three",
            vec![vec!["s|a"], vec!["s|d"], vec!["s|a", "s|b"], vec!["s|c", "s|b"], vec!["s|d", "s|c"]],
            vec![0],
        ),
        ("texts", vec![vec!["textM"], vec!["Text"], vec!["t e x t"], vec!["Text"]], vec![0, 1, 2]),
        ("a text and a code of the same letters", vec![vec!["a"], vec!["|a"], vec!["s|a"]], vec![0, 1, 2]),
        ("the same code of another system", vec![vec!["s|a"], vec!["t|a"]], vec![0, 1]),
        ("a code without a system is another", vec![vec!["|a"], vec!["s|a"], vec!["|a"]], vec![0, 1]),
        (
            "a coding counts, not the text beside it",
            vec![vec!["s|a", "words"], vec!["s|b", "words"], vec!["words"]],
            vec![0, 1, 2],
        ),
        ("bars within", vec![vec!["s|a|b"], vec!["s|a"], vec!["s|a|b"]], vec![0, 1]),
    ] {
        let app = TestApp::start().await;
        let rows: Vec<Value> = rows
            .iter()
            .enumerate()
            .map(|(at, codes)| observation(&format!("o{at}"), codes, &format!("2024-01-{:02}", 28 - at)))
            .collect();
        let source = with(&app, &rows).await;
        let reply = source.get("Observation/$lastn?patient=near&category=laboratory").await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text);
        let wanted: Vec<String> = shown.iter().map(|at| format!("o{at}")).collect();
        assert_eq!(reply.ids(), wanted, "{name}");
        assert_eq!(reply.json()["total"], wanted.len(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn max_ties_times_and_status() {
    let app = TestApp::start().await;
    let mut wrong = observation("wrong", &["s|x"], "2024-06-01");
    wrong["status"] = json!("entered-in-error");
    let mut period = observation("period", &["s|p"], "");
    period["effectivePeriod"] = json!({"start": "2024-02-01", "end": "2024-12-01"});
    let source = with(
        &app,
        &[
            observation("a1", &["s|a"], "2024-01-01"),
            observation("a2", &["s|a"], "2024-01-02"),
            observation("a3", &["s|a"], "2024-01-03T08:00:00Z"),
            observation("a3tie", &["s|a"], "2024-01-03T09:00:00+01:00"),
            observation("b-undated", &["s|b"], ""),
            observation("b-undated-too", &["s|b"], ""),
            observation("b1", &["s|b"], "2020"),
            observation("c-undated", &["s|c"], ""),
            observation("c-undated-later", &["s|c"], ""),
            wrong,
            observation("x-before", &["s|x"], "2024-05-01"),
            period,
            observation("p-later", &["s|p"], "2024-03-01"),
        ],
    )
    .await;
    for (query, wanted) in [
        // Both of a tie are given; undated rows are behind dated ones and no tie; of undated ones alone the last written counts.
        ("code=s|a", vec!["a3", "a3tie"]),
        ("code=s|a&max=2", vec!["a3", "a3tie"]),
        ("code=s|a&max=3", vec!["a3", "a3tie", "a2"]),
        ("code=s|a&max=2147483647", vec!["a3", "a3tie", "a2", "a1"]),
        ("code=s|a&date=lt2024-01-03", vec!["a2"]),
        ("code=s|b", vec!["b1"]),
        ("code=s|b&max=2", vec!["b1", "b-undated-too"]),
        ("code=s|c", vec!["c-undated-later"]),
        // The definition gives what was entered in error unless the status is asked for.
        ("code=s|x", vec!["wrong"]),
        ("code=s|x&status=final", vec!["x-before"]),
        ("code=s|x&status:not=entered-in-error", vec!["x-before"]),
        // A period counts from its start, as in a search that sorts by date.
        ("code=s|p", vec!["p-later"]),
        ("category=laboratory&_id=a1,b1", vec!["a1", "b1"]),
        ("code=s|none", vec![]),
        ("code=s|a,s|b", vec!["a3", "a3tie", "b1"]),
    ] {
        let reply = source.get(&format!("Observation/$lastn?subject=Patient/near&{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        assert_eq!(reply.ids(), wanted, "{query}");
        let bundle = reply.json();
        assert_eq!((&bundle["type"], &bundle["total"]), (&json!("searchset"), &json!(wanted.len())), "{query}");
        assert!(reply.link("self").is_some_and(|url| url.contains("$lastn?subject=")), "{query}: {}", reply.text);
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            assert_eq!(entry["search"]["mode"], "match", "{query}");
            assert_eq!(
                entry["fullUrl"],
                format!("{}/Observation/{}", app.base, entry["resource"]["id"].as_str().unwrap_or(""))
            );
        }
    }
    let count = source.get("Observation/$lastn?patient=near&category=laboratory&_summary=count").await.json();
    assert_eq!((count["total"].as_u64(), count.get("entry")), (Some(6), None));
    let cut = source.get("Observation/$lastn?patient=near&code=s|b&_elements=status").await;
    assert!(cut.text.contains("SUBSETTED") && !cut.text.contains("effectiveDateTime\""), "{}", cut.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_ask_gives_the_same() {
    let app = TestApp::start().await;
    let source = with(
        &app,
        &[
            observation("a1", &["s|a"], "2024-01-01"),
            observation("a2", &["s|a"], "2024-01-02"),
            observation("a3", &["s|a"], "2024-01-03"),
        ],
    )
    .await;
    let asked = source.get("Observation/$lastn?patient=near&category=laboratory&max=2").await;
    assert_eq!(asked.ids(), ["a3", "a2"]);
    let plain = [("patient", "near"), ("category", "laboratory"), ("max", "2")];
    let typed = json!({"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueReference": {"reference": "Patient/near"}}, {"name": "category", "valueCode": "laboratory"},
        {"name": "max", "valuePositiveInt": 2}]});
    for reply in [
        source.post("Observation/$lastn", parameters(&plain)).await,
        source.post("Observation/$lastn", typed).await,
        source.post("Observation/$lastn?max=2", parameters(&plain[..2])).await,
        form(&source, "Observation/$lastn", "patient=near&category=laboratory&max=2").await,
        form(&source, "Observation/$lastn?patient=near", "category=laboratory&max=2").await,
        source.get("Observation/%24lastn?patient=near&category=laboratory&max=2").await,
        source.get("Observation/$lastn?patient=near&category=laboratory&max=2&_format=json").await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.ids()), (200, asked.ids()), "{}", reply.text);
    }
    let head = send(source.request(Method::HEAD, "Observation/$lastn?patient=near&category=laboratory")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_cannot_answer_it_says() {
    let app = TestApp::start().await;
    let source = with(&app, &[observation("a1", &["s|a"], "2024-01-01")]).await;
    for (query, words) in [
        ("", "http.patient"),
        ("category=laboratory", "http.patient"),
        ("patient:missing=false&category=laboratory", "http.patient"),
        ("patient=near", "http.category"),
        ("patient=near&status=final", "http.category"),
        ("patient=near&category:missing=false", "http.category"),
        ("patient=near&category=laboratory&max=0", "http.max"),
        ("patient=near&category=laboratory&max=-1", "http.max"),
        ("patient=near&category=laboratory&max=many", "http.max"),
        ("patient=near&category=laboratory&max=1&max=2", "http.max"),
        ("patient=near&category=laboratory&_sort=date", "http._sort"),
        ("patient=near&category=laboratory&_count=3", "http._count"),
        ("patient=near&category=laboratory&_include=Observation:patient", "http._include"),
        ("patient=near&category=laboratory&banana=1", "banana"),
        ("patient=near&category=laboratory&date=yesterday", "http.date"),
        ("patient=near&code:in=http://example.org/none", "http://example.org/none"),
    ] {
        refused(&source.get(&format!("Observation/$lastn?{query}")).await, 400, words);
    }
    for (body, status, words) in [
        ("{", 400, "JSON"),
        (r#"{"resourceType":"Parameters","parameter":[{"name":"max"}]}"#, 400, "Parameters.parameter"),
        (
            r#"{"resourceType":"Parameters","parameter":[{"name":"patient","valueString":"near","banana":1}]}"#,
            400,
            "banana",
        ),
        (
            r#"{"resourceType":"Parameters","parameter":[{"name":"code","valueCoding":{"code":"a"}}]}"#,
            400,
            "Parameters.parameter[0]",
        ),
    ] {
        refused(&source.post("Observation/$lastn", body).await, status, words);
    }
    for allowed in [
        "code-value-quantity=http://example.org/codes|a$gt5",
        "combo-code=s|a",
        "component-code=s|a",
        "code:not=s|b&category=laboratory",
    ] {
        let reply = source.get(&format!("Observation/$lastn?patient=near&{allowed}")).await;
        assert_eq!(reply.status, 200, "{allowed}: {}", reply.text);
    }
    let chained = source
        .get("Observation/$lastn?patient.identifier=https://fhir.nhs.uk/Id/nhs-number|0&category=laboratory")
        .await;
    assert_eq!((chained.status.as_u16(), chained.ids().len()), (200, 0), "{}", chained.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_out_of_sight_or_out_of_the_question_link_nothing() {
    let app = people().await;
    let gp = app.source(crate::world::GP_SOURCE).await;
    put(&gp, &observation("a", &["s|a"], "2024-01-02")).await;
    put(&gp, &observation("b", &["s|b"], "2024-01-01")).await;
    put(&gp, &labelled(observation("veiled", &["s|a", "s|b"], "2024-01-03"), "V")).await;
    let nurse = persona(&app, "nurse").await;
    let query = "Observation/$lastn?patient=near&category=laboratory";
    assert_eq!(nurse.get(query).await.ids(), ["a", "b"], "a hidden row joins no groups");
    assert_eq!(gp.get(query).await.ids(), ["veiled"], "its own source sees it, and the groups it joins");
    assert_eq!(
        gp.get(&format!("{query}&date=lt2024-01-03")).await.ids(),
        ["a", "b"],
        "what is not asked for joins no groups"
    );
    // A person's Patient of another source is the same person; another person is not.
    let other = app.source(crate::world::LAB_SOURCE).await;
    put(&other, &patient("near-too", NEAR)).await;
    let mut late = observation("late", &["s|a"], "2024-02-01");
    late["subject"] = json!({"reference": "Patient/near-too"});
    put(&other, &late).await;
    assert_eq!(nurse.get("Observation/$lastn?patient=near,near-too&category=laboratory").await.ids(), ["late", "b"]);
    // Nobody out of reach is in the answer, nor told from one who is not there.
    let far = nurse.get("Observation/$lastn?patient=far&category=laboratory").await;
    let absent = nurse.get("Observation/$lastn?patient=abs&category=laboratory").await;
    assert_eq!(far.text.replace("far", "abs"), absent.text);
    assert_eq!(absent.json()["total"], 0);
    refused(&persona(&app, "social-worker").await.get(query).await, 403, "social-worker");
    let near = person(&app, "near").await;
    let seen = audited(&app, "$lastn?patient=near&category=laboratory").await;
    assert!(seen.contains(&(Some(near), 0)) && seen.contains(&(None, 4)), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_full_of_chained_codes_holds_nothing_up() {
    let app = TestApp::start().await;
    let source = with(&app, &[]).await;
    let chain = |count: usize| {
        let entries: Vec<Value> = (0..count)
            .map(|n| {
                let (own, next) = (format!("{SYSTEM}|{n}"), format!("{SYSTEM}|{}", n + 1));
                let body = observation(&format!("c{n}"), &[&own, &next], "2024-01-01T00:00:00Z");
                json!({"resource": body, "request": {"method": "PUT", "url": format!("Observation/c{n}")}})
            })
            .collect();
        json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    };
    let (query, one) = (
        "Observation/$lastn?patient=near&category=laboratory",
        observation("newest", &[&format!("{SYSTEM}|100")], "2024-06-01"),
    );
    assert_eq!(source.post("", chain(200)).await.status, 200);
    put(&source, &one).await;
    assert_eq!(source.get(query).await.ids(), ["newest"], "200 codes, each linked to the next, are one group");
    assert_eq!(source.post("", chain(500)).await.status, 200);
    refused(&source.get(query).await, 400, "too-costly");
    assert_eq!(
        source.get(&format!("{query}&code={SYSTEM}|7")).await.ids(),
        ["c6", "c7"],
        "a tie of the two that have the code"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patients_own_launch_reaches_no_other() {
    let app = people().await;
    put(&app.source(crate::world::ELSEWHERE).await, &about("Observation", "far-o", "far", 2)).await;
    relate(&app, NEAR, "practitioner", "patient").await;
    let own = persona(&app, "patient").await;
    let reply = own.get("Observation/$lastn?patient=far&code=38341003").await;
    assert_eq!((reply.status.as_u16(), reply.ids().len()), (200, 0), "{}", reply.text);
}
