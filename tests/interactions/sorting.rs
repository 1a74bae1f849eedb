//! `_sort` (R4 §3.1.1.5.1): several keys, either way, missing and repeated values.

use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::*;

async fn order(session: &Session<'_>, path: &str) -> String {
    let reply = get(session, path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.ids().join(" ")
}

fn observation(code: &str, date: Option<&str>, value: Option<&str>, status: &str) -> Value {
    let mut body = with(
        minimal("Observation", "Patient/p"),
        json!({"status": status, "code": {"coding": [{"system": CODES, "code": code}]}}),
    );
    if let Some(date) = date {
        body["effectiveDateTime"] = json!(date);
    }
    if let Some(value) = value {
        body["valueQuantity"] = json!({"value": value.parse::<serde_json::Number>().expect("number"), "unit": "mg"});
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn several_keys_either_way_and_missing_values() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    // Not in the order of any key.
    for (id, body) in [
        ("d", observation("200", None, Some("20"), "final")),
        ("b", observation("100", Some("2021-01-01"), Some("1.5"), "final")),
        ("f", observation("300", Some("2018"), Some("1e3"), "final")),
        ("a", observation("100", Some("2020-01-01T10:00:00+01:00"), Some("5.0"), "final")),
        ("e", observation("300", Some("2021-01-01"), None, "amended")),
        ("c", observation("200", Some("2019-06"), Some("-3"), "amended")),
    ] {
        keep(&session, id, body).await;
    }
    // What has no value sorts as if it were below every value.
    for (sort, wanted) in [
        ("_id", "a b c d e f"),
        ("-_id", "f e d c b a"),
        ("date,code", "d f c a b e"),
        ("date,-code", "d f c a e b"),
        ("-date,code", "b e a c f d"),
        ("-date,-code", "e b a c f d"),
        ("code,date", "a b d c f e"),
        ("code,-date", "b a c d e f"),
        ("-code,date", "f e d c a b"),
        ("-code,-date", "e f c d b a"),
        ("value-quantity", "e c b a d f"),
        ("-value-quantity", "f d a b c e"),
        ("status,-value-quantity", "c e f d a b"),
        ("-status,value-quantity,_id", "b a d f e c"),
        ("status,code,date", "c e a b d f"),
        ("code,_id", "a b c d e f"),
        ("code,-_id", "b a d c f e"),
    ] {
        assert_eq!(order(&session, &format!("Observation?_sort={sort}")).await, wanted, "_sort={sort}");
    }
    for (sort, ascending) in [("_lastUpdated", true), ("-_lastUpdated", false)] {
        let reply = get(&session, &format!("Observation?_sort={sort}")).await;
        let bundle = reply.json();
        let times: Vec<_> = bundle["entry"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|e| instant(&e["resource"]["meta"]["lastUpdated"]))
            .collect();
        assert!(times.is_sorted_by(|a, b| if ascending { a <= b } else { a >= b }), "_sort={sort}: {times:?}");
        assert_eq!(times.len(), 6);
    }
    for sort in ["code-value-quantity", "colour", "date,colour", "date,", ",", "--date", "date,,code"] {
        refused(&get(&session, &format!("Observation?_sort={sort}")).await, 400, "http._sort", sort);
    }
}

/// Of several values, the one that comes first in the order asked for counts.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_values_the_first_in_the_order_counts() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let named = |given: &[&str]| json!({"resourceType": "Patient", "name": [{"given": given}]});
    let active = |periods: &[&str]| {
        let activity = |start: &&str| json!({"detail": {"status": "scheduled", "scheduledPeriod": {"start": start, "end": start}}});
        let activities: Vec<Value> = periods.iter().map(activity).collect();
        with(minimal("CarePlan", "Patient/p"), json!({"activity": activities}))
    };
    let parts = |values: &[u32]| {
        let component =
            |value: &u32| json!({"code": {"text": "part"}, "valueQuantity": {"value": value, "unit": "mg"}});
        let components: Vec<Value> = values.iter().map(component).collect();
        with(minimal("Observation", "Patient/p"), json!({"component": components}))
    };
    for (id, body) in [
        ("wide", named(&["Mia", "Adam", "Zoe"])),
        ("narrow", named(&["Mary"])),
        ("wide", active(&["2022-05-01", "2020-01-01", "2024-01-01"])),
        ("narrow", active(&["2022-06-01"])),
        ("wide", parts(&[40, 1, 100])),
        ("narrow", parts(&[50])),
    ] {
        keep(&session, id, body).await;
    }
    for (kind, key) in
        [("Patient", "given"), ("CarePlan", "activity-date"), ("Observation", "component-value-quantity")]
    {
        // The wide one has both the lowest and the highest value, so it leads either way.
        assert_eq!(order(&session, &format!("{kind}?_sort={key}")).await, "wide narrow", "_sort={key}");
        assert_eq!(order(&session, &format!("{kind}?_sort=-{key}")).await, "wide narrow", "_sort=-{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strings_sort_without_case_and_accents() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for (id, family) in [("4", "zed"), ("1", "adams"), ("3", "Brown"), ("2", "Álvarez"), ("0", "AARON")] {
        keep(&session, id, patient(family)).await;
    }
    assert_eq!(order(&session, "Patient?_sort=family").await, "0 1 2 3 4");
    assert_eq!(order(&session, "Patient?_sort=-family").await, "4 3 2 1 0");
}
