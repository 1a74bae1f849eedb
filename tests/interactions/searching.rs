//! search: by GET and by POST, what the links say, how many.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};
use crate::support::*;

const FORM: &str = "application/x-www-form-urlencoded";

/// POST `_search` with parameters in the address and in the body.
async fn by_post(session: &Session<'_>, kind: &str, url: &str, form: &str, content_type: &str) -> Reply {
    let question = if url.is_empty() { String::new() } else { format!("?{url}") };
    let path = format!("{kind}/_search{question}");
    ask(header(session, Method::POST, &path, "Content-Type", content_type).body(form.to_owned())).await
}

/// The query of the self link, decoded, in order.
fn used(reply: &Reply) -> Vec<(String, String)> {
    let link = reply.link("self").expect("self");
    let url = reqwest::Url::parse(&link).expect("URL");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn people(session: &Session<'_>) {
    for (id, family, given, gender) in [
        ("p1", "Smith", "Ann", "female"),
        ("p2", "Smith", "Bob", "male"),
        ("p3", "Smythe", "Anna", "female"),
        ("p4", "Müller-Lüdenscheidt", "Zoë", "female"),
        ("p5", "O'Brien, jr", "A&B=C+D", "male"),
        ("p6", "Smith & Sons", "50%", "other"),
    ] {
        let body = json!({"resourceType": "Patient", "name": [{"family": family, "given": [given]}], "gender": gender});
        keep(session, id, body).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn post_finds_what_get_finds() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    people(&session).await;
    // What is asked in the address, what in the body, what it finds.
    for (url, form, wanted) in [
        ("", "family=smith&gender=female", &["p1"][..]),
        ("family=smith", "gender=female", &["p1"]),
        ("family=smith&gender=female", "", &["p1"]),
        ("given=ann", "given=anna", &["p3"]),
        ("", "given=ann&given=anna", &["p3"]),
        ("", "family=m%C3%BCller-l%C3%BCdenscheidt", &["p4"]),
        ("", "family=muller", &["p4"]),
        ("", "family=o%27brien%5C,+jr", &["p5"]),
        ("", "given=A%26B%3DC%2BD", &["p5"]),
        ("", "family=smith+%26+sons", &["p6"]),
        ("", "given=50%25", &["p6"]),
        ("", "family=smythe,smith%20%26%20sons", &["p3", "p6"]),
        ("_sort=-_id", "family=smith&_count=2", &["p6", "p2"]),
        ("", "", &["p1", "p2", "p3", "p4", "p5", "p6"]),
    ] {
        let case = format!("{url} + {form}");
        let both = [url, form].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        let got = get(&session, &format!("Patient?{both}")).await;
        assert_eq!(got.status, 200, "{case}: {}", got.text);
        let mut ids = got.ids();
        if !both.contains("_sort") {
            ids.sort();
        }
        assert_eq!(ids, wanted, "{case} by GET");
        for kind in [FORM, "application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED"] {
            let posted = by_post(&session, "Patient", url, form, kind).await;
            assert_eq!(posted.status, 200, "{case}: {}", posted.text);
            assert_eq!(posted.ids(), got.ids(), "{case} by POST");
            assert_eq!(posted.link("self"), got.link("self"), "{case}: self");
            assert_eq!(posted.link("next").is_some(), got.link("next").is_some(), "{case}: next");
        }
    }
    let next = by_post(&session, "Patient", "", "family=smith&_count=2", FORM).await.link("next").expect("next");
    assert_eq!(get(&session, &next).await.ids().len(), 1, "the next page of a POST is a GET");
    let wrong = by_post(&session, "Patient", "", "{}", "application/fhir+json").await;
    refused(&wrong, 415, "", "a form is a form");
    refused(&by_post(&session, "Patient", "", "name=%FF", FORM).await, 400, "", "not UTF-8");
    let bytes = header(&session, Method::POST, "Patient/_search", "Content-Type", FORM).body(vec![b'n', b'=', 0xFF]);
    refused(&ask(bytes).await, 400, "", "raw bytes that are not UTF-8");
    refused(&by_post(&session, "Banana", "", "name=x", FORM).await, 404, "", "no such type");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_self_link_shows_what_was_used_and_gives_the_same_again() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    people(&session).await;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (query, wanted) in [
        ("", vec![]),
        ("family=smith&_count=2&_sort=-_id", vec![pair("family", "smith"), pair("_count", "2"), pair("_sort", "-_id")]),
        ("given=ann&given=anna", vec![pair("given", "ann"), pair("given", "anna")]),
        ("given=A%26B%3DC%2BD", vec![pair("given", "A&B=C+D")]),
        ("family=o%27brien%5C%2C%20jr", vec![pair("family", r"o'brien\, jr")]),
        ("_total=accurate&gender=male", vec![pair("_total", "accurate"), pair("gender", "male")]),
        ("_count=1000000&gender=male", vec![pair("_count", "1000"), pair("gender", "male")]),
    ] {
        let reply = get(&session, &format!("Patient?{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        assert_eq!(used(&reply), wanted, "{query}");
        let link = reply.link("self").expect("self");
        assert!(link.starts_with(&format!("{}/Patient", app.base)), "{link}");
        // But for the words about what was asked and is not in the link.
        let entries = |reply: &Reply| -> Vec<Value> {
            let entries = reply.json()["entry"].as_array().cloned().unwrap_or_default();
            entries.into_iter().filter(|entry| entry["search"]["mode"] != "outcome").collect()
        };
        assert_eq!(entries(&get(&session, &link).await), entries(&reply), "{query}: self opened");
    }

    let strict = get(&session, "Patient?gender=male&colour=red").await;
    refused(&strict, 400, "http.colour", "an unknown parameter");
    for word in ["colour", "birthdate", "_lastUpdated", "handling=lenient"] {
        assert!(strict.text.contains(word), "{word} is not in {}", strict.text);
    }
    let lenient =
        ask(header(&session, Method::GET, "Patient?gender=male&colour=red", "Prefer", "handling=lenient")).await;
    assert_eq!(used(&lenient), vec![pair("gender", "male")], "what was passed over is not in self");
    assert_eq!(lenient.ids().len(), 2);
    let explicit = ask(header(&session, Method::GET, "Patient?colour=red", "Prefer", "handling=strict")).await;
    refused(&explicit, 400, "http.colour", "handling=strict");
}

#[tokio::test(flavor = "multi_thread")]
async fn count_and_total() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let entries = (0..25).map(|n| entry("POST", "Patient", Some(patient(&format!("Many{n}")))));
    transact(&session, entries.collect()).await;
    keep(&app.source("b").await, "hidden", patient("Many")).await;

    let default = get(&session, "Patient?family=many").await;
    assert_eq!(default.ids().len(), 20, "a page has 20 unless the caller says");
    assert!(default.json().get("total").is_none(), "no total unless asked for");
    // Query, rows on the page, total, whether there is a next page.
    for (query, rows, total, next) in [
        ("_total=accurate", 20, Some(25), true),
        ("_total=none", 20, None, true),
        ("_total=none&_count=25", 25, None, false),
        ("_count=24", 24, None, true),
        ("_count=26&_total=accurate", 25, Some(25), false),
        ("_count=1&_total=accurate", 1, Some(25), true),
        ("_count=0", 0, Some(25), false),
        ("_count=0&_total=accurate", 0, Some(25), false),
        ("_count=0&family=nobody", 0, Some(0), false),
        ("_total=accurate&family=nobody", 0, Some(0), false),
        ("family=nobody", 0, None, false),
    ] {
        let reply = get(&session, &format!("Patient?family=many&{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        let bundle = reply.json();
        assert_eq!((bundle["resourceType"].as_str(), bundle["type"].as_str()), (Some("Bundle"), Some("searchset")));
        assert_eq!(bundle["total"].as_u64(), total, "{query}: total");
        assert_eq!(reply.ids().len(), rows, "{query}: rows");
        assert_eq!(reply.link("next").is_some(), next, "{query}: next");
        assert_eq!(bundle.get("entry").is_some(), rows > 0, "{query}: no empty array");
        for found in bundle["entry"].as_array().into_iter().flatten() {
            let id = found["resource"]["id"].as_str().expect("id");
            assert_eq!(found["fullUrl"], format!("{}/Patient/{id}", app.base), "{query}");
            assert_eq!(found["search"]["mode"], "match", "{query}");
        }
    }
    let (mut next, mut pages) = (Some("Patient?family=many&_total=accurate&_count=7".to_owned()), 0);
    while let Some(url) = next {
        let reply = get(&session, &url).await;
        assert_eq!(reply.json()["total"], 25, "the total of the whole is on page {pages}");
        (next, pages) = (reply.link("next"), pages + 1);
    }
    assert_eq!(pages, 4);
    for query in [
        "_count=-1",
        "_count=x",
        "_count=",
        "_count=1.5",
        "_total=maybe",
        "_total=",
        "_sort=",
        "_sort=nothing",
        "_sort=-",
    ] {
        let place = format!("http.{}", query.split('=').next().expect("name"));
        refused(&get(&session, &format!("Patient?{query}")).await, 400, &place, query);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_shows_the_resource_as_read_does() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let odd = json!({"resourceType": "Observation", "status": "final", "code": {"text": "\u{1F600} \"\\/\u{2028}\t<é>"},
        "subject": {"reference": "Patient/p"}, "valueQuantity": {"value": 1.50}});
    let text = odd.to_string().replace("1.5}", "1.500}");
    let made = judged(session.post("Observation", text).await);
    assert!(made.text.contains("1.500"), "{}", made.text);
    let found = get(&session, "Observation?subject=Patient/p").await;
    let read = get(&session, &format!("Observation/{}", found.ids()[0])).await;
    assert_eq!(read.text, made.text);
    assert!(found.text.contains(&read.text), "{}", found.text);
}
