//! Which format an answer has, by R4 §3.1.0.1.11 and RFC 9110 §12: Accept, `_format`, `_pretty`, refusals in it too.

use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::fhir::xml;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, send};
use crate::examples::{object, value};

const JSON: &str = "application/fhir+json; charset=utf-8; fhirVersion=4.0";
const XML: &str = "application/fhir+xml; charset=utf-8; fhirVersion=4.0";

/// An answer in XML as the JSON it stands for.
pub fn of_xml(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type"), XML, "{}", reply.text);
    assert!(reply.text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{}", reply.text);
    let read: Object = xml::to_json(reply.text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {}", reply.text));
    value(&read)
}

async fn fill(session: &Session<'_>) {
    for n in 0..3 {
        let patient = json!({"resourceType": "Patient", "id": format!("p{n}"), "name": [{"family": "Name", "given": ["a", "b"]}]});
        assert_eq!(session.put(&format!("Patient/p{n}"), patient).await.status, 201);
    }
    let seen = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"c & <d>"},
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">\n <b>x</b>  </div>"},
        "subject":{"reference":"Patient/p0"},"valueQuantity":{"value":1.50}}"#;
    assert_eq!(session.put("Observation/o", seen).await.status, 201);
}

async fn ask(session: &Session<'_>, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let url = format!("{}{path}", session.app.url);
    let request = session.request(method, &url);
    send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_that_is_asked_for_is_given() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    let both = "application/fhir+xml;q=0.4, application/fhir+json;q=0.5";
    let (xml, json) = ("application/fhir+xml", "application/fhir+json");
    let rows: &[(&str, &[&str], u16, &str)] = &[
        ("", &[], 200, JSON),
        ("", &["*/*"], 200, JSON),
        ("", &[xml], 200, XML),
        ("", &["application/xml"], 200, XML),
        ("", &["text/xml;charset=utf-8"], 200, XML),
        ("", &["application/fhir+xml; fhirVersion=4.0"], 200, XML),
        ("", &[both], 200, JSON),
        ("", &[json, xml], 200, JSON),
        ("", &["text/html", xml], 200, XML),
        ("", &["text/html"], 406, JSON),
        ("", &["application/fhir+xml; fhirVersion=5.0"], 406, JSON),
        ("_format=xml", &[], 200, XML),
        ("_format=xml", &[json], 200, XML),
        ("_format=xml", &["text/html"], 200, XML),
        ("_format=json", &[xml], 200, JSON),
        ("_format=", &[xml], 200, XML),
        ("_format=text/xml", &[], 200, XML),
        ("_format=application/xml", &[], 200, XML),
        ("_format=application/fhir%2Bxml", &[], 200, XML),
        ("_format=application/fhir+xml", &[], 200, XML),
        ("_format=application%2Ffhir+json", &[xml], 200, JSON),
        ("_format=application/json", &[xml], 200, JSON),
        ("_format=application/fhir%2Bxml;fhirVersion=4.0", &[], 200, XML),
        ("_format=application/fhir%2Bxml;fhirVersion=3.0", &[], 406, JSON),
        ("_format=html", &[xml], 406, JSON),
        ("_format=ttl", &[], 406, JSON),
        ("_format=*/*", &[], 406, JSON),
    ];
    let mut wrong = Vec::new();
    for (query, accept, status, kind) in rows {
        for path in ["/fhir/Patient/p1", "/fhir/Patient", "/fhir/Patient/p1/_history", "/fhir/metadata"] {
            let headers: Vec<(&str, &str)> = accept.iter().map(|value| ("Accept", *value)).collect();
            let reply = ask(&session, Method::GET, &format!("{path}?{query}"), &headers).await;
            if reply.status != *status || reply.header("content-type") != *kind {
                wrong.push(format!("{path}?{query} {accept:?}: {} {}", reply.status, reply.header("content-type")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_the_same_in_both_formats() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    let nobody = Session { app: &app, token: "nonsense".to_owned() };
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let rows = [
        (get.clone(), "/fhir/metadata", 200),
        (get.clone(), "/fhir/Observation/o", 200),
        (get.clone(), "/fhir/Observation/o?_summary=text", 200),
        (get.clone(), "/fhir/Observation/o/_history/1", 200),
        (get.clone(), "/fhir/Observation/o/_history", 200),
        (get.clone(), "/fhir/Observation/_history", 200),
        (get.clone(), "/fhir/Observation?_include=Observation:subject&_total=accurate", 200),
        (get.clone(), "/fhir/Observation?identifier=https://fhir.nhs.uk/Id/nhs-number|1", 200),
        (get.clone(), "/fhir/Patient?_count=0", 200),
        (get.clone(), "/fhir?_type=Patient,Observation", 200),
        (get.clone(), "/fhir/_history", 200),
        (get.clone(), "/fhir/Patient/p0/*", 200),
        (get.clone(), "/fhir/Patient/p0/Observation", 200),
        (get.clone(), "/fhir/Patient/p0/$everything", 200),
        (get.clone(), "/fhir/Patient/p0/$everything?_count=1", 200),
        (get.clone(), "/fhir/Patient/none/$everything", 404),
        (get.clone(), "/fhir/Patient?banana=1", 400),
        (get.clone(), "/fhir/Patient?name=%00", 400),
        (get.clone(), "/fhir/Patient/absent", 404),
        (get.clone(), "/fhir/Banana", 404),
        (get.clone(), "/fhir/Patient/a/b/c/d/e", 404),
        (get, "/nowhere", 404),
        (put.clone(), "/fhir/Patient", 405),
        (put, "/fhir/Patient/p1", 415),
        (post.clone(), "/fhir", 415),
        (post, "/fhir/Banana", 404),
    ];
    for (method, path, status) in rows {
        let [json, xml] = ["json", "xml"].map(|format| [("Accept", if format == "xml" { XML } else { JSON })]);
        let json = ask(&session, method.clone(), path, &json).await;
        let xml = ask(&session, method.clone(), path, &xml).await;
        assert_eq!((json.status.as_u16(), xml.status.as_u16()), (status, status), "{method} {path}: {}", xml.text);
        let wanted = value(&object(&json.text));
        assert_eq!(of_xml(&xml), wanted, "{method} {path}");
        for name in ["etag", "last-modified", "cache-control", "allow", "location"] {
            assert_eq!(json.header(name), xml.header(name), "{method} {path} {name}");
        }
    }
    let refused = ask(&nobody, Method::GET, "/fhir/Patient/p1?_format=xml", &[]).await;
    assert_eq!(refused.status, 401);
    assert_eq!(of_xml(&refused)["resourceType"], "OperationOutcome");
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    // What is no FHIR answer stays what it is.
    let live = ask(&session, Method::GET, "/health/live?_format=xml", &[("Accept", XML)]).await;
    assert_eq!((live.text.as_str(), live.header("content-type")), ("live\n", "text/plain"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pretty_answers_are_for_people() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    let plain = session.get("Observation/o").await;
    let pretty = session.get("Observation/o?_pretty=true").await;
    assert_eq!(pretty.json(), plain.json());
    assert_eq!(pretty.header("content-type"), JSON);
    assert!(pretty.text.contains("\n  \"status\": \"final\","), "{}", pretty.text);
    assert!(pretty.text.contains("\"value\": 1.50"), "{}", pretty.text);
    for path in ["Observation/o?_pretty=false", "Observation/o?_pretty=banana"] {
        assert_eq!(session.get(path).await.text, plain.text, "{path}");
    }
    let xml = session.get("Observation/o?_pretty=true&_format=xml").await;
    assert_eq!(of_xml(&xml), plain.json());
    assert!(xml.text.contains("\n  <status value=\"final\"/>\n"), "{}", xml.text);
    assert!(xml.text.contains(">\n <b>x</b>  </div>"), "the narrative is as it was: {}", xml.text);
    let refused = session.get("Observation/none?_pretty=true").await;
    assert!(refused.status == 404 && refused.text.contains("\n  \"issue\": ["), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_without_a_body_have_none_in_xml_too() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    let xml = ("Accept", XML);
    let got = ask(&session, Method::GET, "/fhir/Observation/o", &[xml, ("Accept-Encoding", "identity")]).await;
    let head = ask(&session, Method::HEAD, "/fhir/Observation/o", &[xml, ("Accept-Encoding", "identity")]).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), XML);
    assert_eq!(head.header("etag"), got.header("etag"));
    assert_eq!(head.header("content-length"), got.text.len().to_string());
    assert_eq!(got.header("content-length"), got.text.len().to_string());
    let known = ask(&session, Method::GET, "/fhir/Observation/o", &[xml, ("If-None-Match", "W/\"1\"")]).await;
    assert_eq!((known.status.as_u16(), known.text.as_str(), known.header("content-type")), (304, "", ""));
    assert_eq!(known.header("etag"), "W/\"1\"");
    let gone = ask(&session, Method::DELETE, "/fhir/Observation/o", &[xml]).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str(), gone.header("content-type")), (204, "", ""));
    let gone = ask(&session, Method::GET, "/fhir/Observation/o", &[xml]).await;
    assert_eq!((gone.status.as_u16(), of_xml(&gone)["issue"][0]["code"].clone()), (410, json!("deleted")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_a_search_names_a_format() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    for (query, form, accept, status, kind) in [
        ("", "family=name", XML, 200, XML),
        ("", "family=name&_format=xml", "*/*", 200, XML),
        ("", "_format=application%2Ffhir%2Bxml&family=name", JSON, 200, XML),
        ("", "_format=json", "text/html", 200, JSON),
        ("", "_format=xml", "text/html", 200, XML),
        ("?_format=xml", "family=name", JSON, 200, XML),
        ("", "family=name", "text/html", 406, JSON),
        ("", "_format=ttl", XML, 406, JSON),
        ("", "_format=xml&banana=1", JSON, 400, XML),
        ("", "_format=xml&name=%FF", JSON, 400, JSON),
    ] {
        let request = session.request(Method::POST, &format!("Patient/_search{query}")).header("Accept", accept);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
        let reply = send(request.body(form.to_owned())).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (status, kind), "{query} {form} {accept}");
        if kind == XML && status == 200 {
            let bundle = of_xml(&reply);
            assert_eq!(
                (&bundle["resourceType"], bundle["entry"].as_array().map(Vec::len)),
                (&json!("Bundle"), Some(3))
            );
        }
    }
    for path in ["_search?_type=Patient", "Patient/p0/*/_search"] {
        let request = session.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
        assert_eq!(of_xml(&send(request.body("_format=xml")).await)["type"], "searchset", "{path}");
    }
    let pretty =
        session.request(Method::POST, "Patient/_search").header("Content-Type", "application/x-www-form-urlencoded");
    assert!(send(pretty.body("_pretty=true")).await.text.starts_with("{\n  \""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_be_followed_in_another_format() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    for path in
        ["Patient?_count=1&_sort=_id", "Patient/_history?_count=1", "_history?_count=1", "?_type=Patient&_count=1"]
    {
        let first = session.get(&format!("{path}&_format=xml")).await;
        let links = of_xml(&first)["link"].as_array().cloned().expect("links");
        let next = links.iter().find(|link| link["relation"] == "next").expect("next");
        let next = next["url"].as_str().expect("URL");
        assert!(next.contains("_format=xml"), "{next}");
        assert_eq!(of_xml(&session.get(next).await)["entry"].as_array().map(Vec::len), Some(1));
        for changed in [
            next.replace("_format=xml", "_format=json"),
            next.replace("&_format=xml", ""),
            format!("{next}&_pretty=true"),
        ] {
            let reply = session.get(&changed).await;
            assert_eq!(reply.status, 200, "{changed}: {}", reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_names_the_formats_there_are() {
    let app = TestApp::start().await;
    let reply = send(app.open(Method::GET, "/fhir/metadata?_format=xml")).await;
    let formats = of_xml(&reply)["format"].clone();
    assert_eq!(formats, json!(["application/fhir+json", "json", "application/fhir+xml", "xml"]));
    for format in formats.as_array().expect("formats") {
        let name = format.as_str().expect("name").replace('+', "%2B");
        let reply = send(app.open(Method::GET, &format!("/fhir/metadata?_format={name}"))).await;
        assert_eq!(reply.status, 200, "{name}");
    }
    assert!(Json::parse(send(app.open(Method::GET, "/fhir/metadata")).await.text.as_bytes()).is_ok());
}
