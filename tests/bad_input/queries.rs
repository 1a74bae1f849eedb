//! Searches and histories that cannot be answered as they were asked, by GET and by POST.

use reqwest::Method;

use super::table::{Judge, Row};
use crate::common::{TestApp, send};

type Query = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

/// Type, query, issue code, place, words. The status of all is 400.
#[rustfmt::skip]
const QUERIES: &[Query] = &[
    // Parameters.
    ("Patient", "banana=1", "not-supported", "http.banana", &["banana", "birthdate", "identifier", "_id", "_count", "_sort"]),
    ("Observation", "banana=1", "not-supported", "http.banana", &["banana", "code-value-quantity", "patient"]),
    ("Patient", "Name=a", "not-supported", "http.Name", &["Name"]),
    ("Patient", "=a", "not-supported", "", &[]),
    ("Patient", "banana", "not-supported", "http.banana", &["banana"]),
    ("Patient", "name=a&banana=1&cherry=2", "not-supported", "http.banana", &["banana"]),
    ("Patient", "name=a&banana=1&cherry=2", "not-supported", "http.cherry", &["cherry"]),
    ("Patient", "code=a", "not-supported", "http.code", &["code", "Patient"]),
    ("Observation", "-value-text=a", "not-supported", "http.-value-text", &[]),
    ("Patient", "b%C3%A4nana=1", "not-supported", "http.bänana", &["bänana"]),
    ("Patient", "name:banana=a", "", "http.name:banana", &["banana", "name"]),
    ("Patient", "name:=a", "", "http.name:", &["modifier"]),
    ("Patient", "birthdate:exact=2020", "", "http.birthdate:exact", &["exact", "birthdate"]),
    ("Observation", "value-quantity:text=1", "", "http.value-quantity:text", &["text"]),
    // Results.
    ("Patient", "_count=-1", "value", "http._count", &["-1", "number"]),
    ("Patient", "_count=x", "value", "http._count", &["x", "number"]),
    ("Patient", "_count=", "value", "http._count", &["number"]),
    ("Patient", "_count=1.5", "value", "http._count", &["1.5"]),
    ("Patient", "_count=1e2", "value", "http._count", &["1e2"]),
    ("Patient", "_count=%D9%A3", "value", "http._count", &[]),
    ("Patient", "_total=all", "value", "http._total", &["all", "accurate"]),
    ("Patient", "_total=", "value", "http._total", &["accurate"]),
    ("Patient", "_sort=banana", "", "http._sort", &["banana", "birthdate"]),
    ("Patient", "_sort=name,banana", "", "http._sort", &["banana"]),
    ("Patient", "_sort=--name", "", "http._sort", &["-name"]),
    ("Patient", "_sort=", "", "http._sort", &["sortable"]),
    ("Patient", "_sort=name,,birthdate", "", "http._sort", &["sortable"]),
    ("Patient", "_sort=phonetic", "", "http._sort", &["phonetic"]),
    ("Observation", "_sort=code-value-quantity", "", "http._sort", &["code-value-quantity"]),
    ("Observation", "_sort=-combo-code", "", "http._sort", &["combo-code"]),
    ("Observation", "_sort=-value-text", "", "http._sort", &["value-text"]),
    ("Patient", "_cursor=x", "value", "http._cursor", &["page"]),
    ("Patient", "_cursor=", "value", "http._cursor", &["page"]),
    ("Patient", "_cursor=e30.AAAAAAAAAAAAAAAAAAAAAA", "value", "http._cursor", &["page"]),
    // Empty values.
    ("Patient", "name=", "value", "http.name", &["empty"]),
    ("Patient", "name", "value", "http.name", &["empty"]),
    ("Patient", "name=a,", "value", "http.name", &["empty"]),
    ("Patient", "name=,a", "value", "http.name", &["empty"]),
    ("Patient", "identifier=", "value", "http.identifier", &["empty"]),
    ("Patient", "birthdate=", "value", "http.birthdate", &["empty"]),
    ("Patient", "_id=", "value", "http._id", &["empty"]),
    ("Observation", "patient=", "value", "http.patient", &["empty"]),
    ("Observation", "value-quantity=,", "value", "http.value-quantity", &["empty"]),
    ("Observation", "code-value-quantity=", "value", "http.code-value-quantity", &["empty"]),
    // Dates.
    ("Patient", "birthdate=xx2020", "value", "http.birthdate", &["xx2020", "YYYY", "ge"]),
    ("Patient", "birthdate=2020-13-45", "value", "http.birthdate", &["2020-13-45"]),
    ("Patient", "birthdate=2023-02-29", "value", "http.birthdate", &["2023-02-29"]),
    ("Patient", "birthdate=ge", "value", "http.birthdate", &["ge"]),
    ("Patient", "birthdate=gele2020", "value", "http.birthdate", &["gele2020"]),
    ("Patient", "birthdate=GE2020", "value", "http.birthdate", &["GE2020"]),
    ("Patient", "birthdate=%3E2020", "value", "http.birthdate", &[">2020"]),
    ("Patient", "birthdate=today", "value", "http.birthdate", &["today"]),
    ("Patient", "birthdate=01/02/2020", "value", "http.birthdate", &["01/02/2020"]),
    ("Patient", "birthdate=2020,banana", "value", "http.birthdate", &["banana"]),
    ("Patient", "birthdate=20200101", "value", "http.birthdate", &["20200101"]),
    ("Patient", "birthdate=2020-01-01T25:00", "value", "http.birthdate", &["25:00"]),
    ("Patient", "birthdate=2020-01-01T10", "value", "http.birthdate", &["T10"]),
    ("Patient", "birthdate=2020T10:00", "value", "http.birthdate", &["2020T10:00"]),
    ("Patient", "birthdate=2020-01-01T10:00:00%2B99:00", "value", "http.birthdate", &["99:00"]),
    ("Patient", "birthdate=2020%00", "value", "", &["NUL"]),
    ("Patient", "_lastUpdated=yesterday", "value", "http._lastUpdated", &["yesterday"]),
    ("Observation", "date=0000", "value", "http.date", &["0000"]),
    ("Observation", "value-date=12:00", "value", "http.value-date", &["12:00"]),
    // Quantities.
    ("Observation", "value-quantity=mg", "value", "http.value-quantity", &["mg", "number"]),
    ("Observation", "value-quantity=|http://unitsofmeasure.org|mg", "value", "http.value-quantity", &["number"]),
    ("Observation", "value-quantity=gt|http://unitsofmeasure.org|mg", "value", "http.value-quantity", &["number"]),
    ("Observation", "value-quantity=gt", "value", "http.value-quantity", &["number"]),
    ("Observation", "value-quantity=5 mg", "value", "http.value-quantity", &["5 mg"]),
    ("Observation", "value-quantity=5|mg", "value", "http.value-quantity", &["number||code"]),
    ("Observation", "value-quantity=5|a|b|c", "value", "http.value-quantity", &["number||code"]),
    ("Observation", "value-quantity=xx5", "value", "http.value-quantity", &["xx5"]),
    ("Observation", "value-quantity=5..4", "value", "http.value-quantity", &["5..4"]),
    ("Observation", "value-quantity=5.", "value", "http.value-quantity", &["5."]),
    ("Observation", "value-quantity=1.2.3", "value", "http.value-quantity", &["1.2.3"]),
    ("Observation", "value-quantity=0x10", "value", "http.value-quantity", &["0x10"]),
    ("Observation", "value-quantity=1e", "value", "http.value-quantity", &["1e"]),
    ("Observation", "value-quantity=1e999999999", "value", "http.value-quantity", &["1e999999999"]),
    ("Observation", "value-quantity=NaN", "value", "http.value-quantity", &["NaN"]),
    ("Observation", "value-quantity=--1", "value", "http.value-quantity", &["--1"]),
    ("Observation", "component-value-quantity=five", "value", "http.component-value-quantity", &["five"]),
    ("Observation", "combo-value-quantity=five", "value", "http.combo-value-quantity", &["five"]),
    // Composites.
    ("Observation", "code-value-quantity=8480-6", "value", "http.code-value-quantity", &["8480-6", "$"]),
    ("Observation", "code-value-quantity=8480-6$5$6", "value", "http.code-value-quantity", &["$"]),
    ("Observation", "code-value-quantity=8480-6$", "value", "http.code-value-quantity", &["empty"]),
    ("Observation", "code-value-quantity=$5", "value", "http.code-value-quantity", &["empty"]),
    ("Observation", "code-value-quantity=8480-6$high", "value", "http.code-value-quantity", &["high"]),
    ("Observation", "code-value-quantity=8480-6\\$5", "value", "http.code-value-quantity", &["$"]),
    ("Observation", "code-value-date=8480-6$xx2020", "value", "http.code-value-date", &["xx2020"]),
    ("Observation", "component-code-value-quantity=a$b", "value", "http.component-code-value-quantity", &["b"]),
    ("Observation", "combo-code-value-quantity=a", "value", "http.combo-code-value-quantity", &["$"]),
    // References.
    ("Observation", "patient=Patient/", "value", "http.patient", &["Patient/"]),
    ("Observation", "patient=Banana/1", "value", "http.patient", &["Banana/1"]),
    ("Observation", "patient=Patient/a b", "value", "http.patient", &["reference"]),
    ("Observation", "subject=/", "value", "http.subject", &["reference"]),
    ("Observation", "subject=../../etc/passwd", "value", "http.subject", &["reference"]),
    ("Patient", "phonetic=123", "value", "http.phonetic", &["123"]),
    // Bytes.
    ("Patient", "name=%00", "value", "", &["NUL"]),
    ("Patient", "name=a%00b", "value", "", &["NUL"]),
    ("Patient", "na%00me=a", "value", "", &["NUL"]),
    ("Patient", "name=%ff", "value", "", &["UTF-8"]),
    ("Patient", "name=%C3", "value", "", &["UTF-8"]),
    ("Patient", "name=%ED%A0%80", "value", "", &["UTF-8"]),
    ("Patient", "name=%C0%AF", "value", "", &["UTF-8"]),
    ("Patient", "%ff=a", "value", "", &["UTF-8"]),
];

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, query, code, expression, words) in QUERIES {
        let get = Row::new(Method::GET, &format!("{kind}?{query}"), 400, code, expression, words).named("search");
        rows.push(get);
        let mut post = Row::new(Method::POST, &format!("{kind}/_search"), 400, code, expression, words);
        post.body = Some(query.replace(' ', "+").into_bytes());
        rows.push(
            post.header("Content-Type", "application/x-www-form-urlencoded").named(format!("search for {query}")),
        );
    }
    let form = |body: Vec<u8>, status, code, words: &[&'static str]| {
        let row = Row::new(Method::POST, "Patient/_search", status, code, "", words);
        Row { body: Some(body), ..row }.header("Content-Type", "application/x-www-form-urlencoded")
    };
    rows.extend([
        form(b"name=a\0b".to_vec(), 400, "value", &["NUL"]).named("a raw NUL in a form"),
        form(b"name=\xff".to_vec(), 400, "value", &["UTF-8"]).named("a raw byte in a form"),
        form(b"name=a".to_vec(), 415, "", &["application/x-www-form-urlencoded"])
            .header("Content-Type", "application/fhir+json")
            .named("a form that says it is JSON"),
        form(vec![b'a'; 20 << 20], 413, "too-long", &["larger"]).named("a form of 20 MB"),
        form(b"banana=1".to_vec(), 400, "not-supported", &["banana"])
            .header("Prefer", "handling=strict")
            .named("strict handling"),
        form(b"birthdate=xx2020".to_vec(), 400, "value", &["xx2020"])
            .header("Prefer", "handling=lenient")
            .named("lenient is not for values"),
    ]);
    let many = vec!["name=a"; 10_000].join("&");
    // A URL has a limit of its own, so the parameters are short and fewer.
    let short = vec!["_id=a"; 8_000].join("&");
    rows.push(form(many.into_bytes(), 400, "too-costly", &["10000", "100"]).named("10 000 parameters in a form"));
    rows.push(
        Row::new(Method::GET, &format!("Patient?{short}"), 400, "too-costly", "", &["8000", "100"])
            .named("8,000 parameters"),
    );
    let values = vec!["a"; 10_000].join(",");
    rows.push(
        Row::new(Method::GET, &format!("Patient?name={values}"), 400, "value", "http.name", &["10000", "200"])
            .named("10 000 alternatives"),
    );
    for (query, words) in [
        ("Patient/_history?_count=-1", &["_count"][..]),
        ("Patient/_history?_count=x", &["_count"]),
        ("Patient/_history?_since=yesterday", &["_since"]),
        ("Patient/_history?_since=", &["_since"]),
        ("Patient/_history?banana=1", &["_count", "_since"]),
        ("Patient/_history?_since=%00", &["NUL"]),
        ("Patient/kept/_history?_since=%ff", &["UTF-8"]),
        ("Patient/kept/_history?banana=1", &["_count", "_since"]),
        ("Patient/kept/_history?_cursor=x", &["page"]),
    ] {
        rows.push(Row::new(Method::GET, query, 400, "", "", words).named("history"));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_cannot_be_read_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(rows()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lenient_handling_passes_unknown_parameters_over_and_says_what_was_used() {
    let app = TestApp::start().await;
    let judge = Judge::start(&app).await;
    for prefer in [
        "handling=lenient",
        "respond-async, handling=lenient",
        "return=minimal; handling=lenient",
        "HANDLING=lenient",
        "handling=\"lenient\"",
    ] {
        for get in [true, false] {
            let query = "banana=1&active%3Abanana=2&_count=5&identifier=9434765919&cherry=";
            let query = query.replace("&active%3Abanana=2", "");
            let request = match get {
                true => judge.session.request(Method::GET, &format!("Patient?{query}")),
                false => judge
                    .session
                    .request(Method::POST, "Patient/_search")
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body(query),
            };
            let reply = send(request.header("Prefer", prefer)).await;
            assert_eq!(reply.status, 200, "{prefer}: {}", reply.text);
            let link = reply.link("self").expect("self");
            assert!(!link.contains("banana") && !link.contains("cherry"), "{prefer}: {link}");
            assert!(link.contains("identifier=9434765919") && link.contains("_count=5"), "{prefer}: {link}");
            assert_eq!(reply.ids(), ["kept"], "{prefer}");
        }
    }
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_a_bad_nhs_number_finds_nobody_and_warns() {
    let app = TestApp::start().await;
    let judge = Judge::start(&app).await;
    for number in ["9434765918", "943476591", "943 476 5919", "1111111111", "x", "9434765919x"] {
        let query = format!("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{number}&_total=accurate");
        let bundle = judge.session.get(&query).await;
        assert_eq!(bundle.status, 200, "{number}: {}", bundle.text);
        let bundle = bundle.json();
        assert_eq!((bundle["resourceType"].as_str(), bundle["total"].as_i64()), (Some("Bundle"), Some(0)), "{number}");
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        assert_eq!(entries.len(), 1, "{number}: {bundle}");
        assert_eq!(entries[0]["search"]["mode"], "outcome", "{number}");
        let issue = &entries[0]["resource"]["issue"][0];
        assert_eq!(
            (&entries[0]["resource"]["resourceType"], &issue["severity"]),
            (&"OperationOutcome".into(), &"warning".into()),
            "{number}"
        );
        assert!(issue["diagnostics"].as_str().is_some_and(|words| words.contains("NHS number")), "{number}: {issue}");
    }
    // The good one is found, also beside a bad one.
    let both = "https://fhir.nhs.uk/Id/nhs-number|9434765918,https://fhir.nhs.uk/Id/nhs-number|9434765919";
    let found = judge.session.get(&format!("Patient?identifier={both}")).await;
    assert_eq!(found.ids(), ["kept"]);
    assert!(found.text.contains("warning"), "{}", found.text);
    judge.finish().await;
}
