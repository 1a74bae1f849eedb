//! What is sent as XML is kept as the JSON it stands for; what XML can do that FHIR has no use for is refused.

use lcr_facade::fhir::json::Json;
use lcr_facade::fhir::xml;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, send, shared};
use crate::examples::{difference, object, resources, value, with_plain_narratives};
use crate::negotiation::of_xml;

const NAMESPACE: &str = "xmlns=\"http://hl7.org/fhir\"";

async fn put(session: &Session<'_>, kind: &str, path: &str, body: impl Into<Vec<u8>>) -> Reply {
    send(session.request(Method::PUT, path).header("Content-Type", kind).body(body.into())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_in_xml_is_kept_to_the_digit() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let body = format!(
        "<Observation {NAMESPACE}><id value=\"o\"/><text><status value=\"generated\"/>\
         <div xmlns=\"http://www.w3.org/1999/xhtml\">\n <p>a  &amp; b</p>\t</div></text><status value=\"final\"/>\
         <code><text value=\"c&#10;d\"/></code><valueQuantity><value value=\"1.500\"/></valueQuantity></Observation>"
    );
    for (at, kind) in [
        "application/fhir+xml",
        "application/xml",
        "text/xml",
        "application/fhir+xml; charset=UTF-8",
        "application/fhir+xml;fhirVersion=4.0",
        "Application/FHIR+XML; charset=\"utf-8\"; fhirVersion=\"4.0\"",
    ]
    .into_iter()
    .enumerate()
    {
        let reply = put(&session, kind, "Observation/o", body.clone()).await;
        assert_eq!(reply.status, if at == 0 { 201 } else { 200 }, "{kind}: {}", reply.text);
        assert!(reply.text.contains("\"value\":1.500"), "{}", reply.text);
    }
    let stored = session.get("Observation/o").await;
    let stored = stored.json();
    assert_eq!(stored["text"]["div"], "<div xmlns=\"http://www.w3.org/1999/xhtml\">\n <p>a  &amp; b</p>\t</div>");
    assert_eq!(
        (&stored["code"]["text"], stored["valueQuantity"]["value"].to_string()),
        (&json!("c\nd"), "1.500".to_owned())
    );

    let created =
        session.request(Method::POST, "Patient").header("Content-Type", "text/xml").header("Accept", "text/xml");
    let created = send(created.body(format!("<Patient {NAMESPACE}><active value=\"true\"/></Patient>"))).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(of_xml(&created)["active"], true);
    assert!(created.header("location").contains("/Patient/"));
    let outcome =
        session.request(Method::POST, "Patient").header("Content-Type", "text/xml").header("Accept", "text/xml");
    let outcome = outcome.header("Prefer", "return=OperationOutcome");
    let outcome = send(outcome.body(format!("<Patient {NAMESPACE}><active value=\"true\"/></Patient>"))).await;
    assert_eq!((outcome.status.as_u16(), &of_xml(&outcome)["resourceType"]), (201, &json!("OperationOutcome")));
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_in_xml_are_done() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let bundle = |kind: &str, url: &str| {
        format!(
            "<Bundle {NAMESPACE}><type value=\"{kind}\"/><entry><fullUrl value=\"urn:uuid:7c1b6d4e-0d6a-4b0e-9a3d-1d1f5e1c0b0a\"/>\
             <resource><Patient><name><family value=\"Bundled\"/></name></Patient></resource>\
             <request><method value=\"POST\"/><url value=\"Patient\"/></request></entry>\
             <entry><request><method value=\"GET\"/><url value=\"{url}\"/></request></entry></Bundle>"
        )
    };
    for (kind, url, statuses) in [
        ("transaction", "Patient?family=bundled", ["201 Created", "200 OK"]),
        ("batch", "Patient/none", ["201 Created", "404 Not Found"]),
    ] {
        let request = session.request(Method::POST, "").header("Content-Type", "application/fhir+xml");
        let reply = send(request.header("Accept", "application/fhir+xml").body(bundle(kind, url))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let answer = of_xml(&reply);
        assert_eq!(answer["type"], format!("{kind}-response"));
        let found: Vec<&Value> =
            answer["entry"].as_array().expect("entries").iter().map(|e| &e["response"]["status"]).collect();
        assert_eq!(found, statuses, "{answer}");
    }
    assert_eq!(session.get("Patient?family=bundled").await.ids().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_xml_body_is_said() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let inside = |inside: &str| format!("<Patient {NAMESPACE}><id value=\"p\"/>{inside}</Patient>").into_bytes();
    let many = |n: usize, part: &str| (0..n).map(|i| part.replace('#', &i.to_string())).collect::<String>();
    let lol: String = (1..30).map(|n| format!("<!ENTITY a{n} \"&a{};&a{};\">", n - 1, n - 1)).collect();
    let xml = "application/fhir+xml";
    let rows: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("no XML", xml, b"{\"resourceType\":\"Patient\",\"id\":\"p\"}".to_vec(), 400, ""),
        ("nothing", xml, Vec::new(), 400, ""),
        (
            "not UTF-8",
            xml,
            inside("<language value=\"\u{e9}\"/>").iter().filter(|b| **b != 0xc3).copied().collect(),
            400,
            "",
        ),
        ("UTF-16", xml, inside("").iter().flat_map(|b| [*b, 0]).collect(), 400, ""),
        (
            "another encoding",
            xml,
            [b"<?xml version=\"1.0\" encoding=\"latin1\"?>".to_vec(), inside("")].concat(),
            400,
            "",
        ),
        (
            "an external entity",
            xml,
            [b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>".to_vec(), inside("<language value=\"&b;\"/>")]
                .concat(),
            400,
            "",
        ),
        (
            "billion laughs",
            xml,
            [format!("<!DOCTYPE a [<!ENTITY a0 \"lol\">{lol}]>").into_bytes(), inside("<language value=\"&a29;\"/>")]
                .concat(),
            400,
            "",
        ),
        (
            "namespaces without end",
            xml,
            format!(
                "<Patient {NAMESPACE}{}>{}</Patient>",
                many(50_000, " xmlns:n#='#'"),
                many(200_000, "<name xmlns:a='#'/>")
            )
            .into_bytes(),
            400,
            "",
        ),
        ("attributes without end", xml, inside(&format!("<active{}/>", many(500_000, " a#=''"))), 400, ""),
        ("CDATA without end", xml, inside(&many(500_000, "<![CDATA[a]]>")), 400, ""),
        (
            "a narrative of CDATA",
            xml,
            inside(&format!(
                "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div></text>",
                many(500_000, "<![CDATA[a]]>")
            )),
            400,
            "",
        ),
        ("elements without end", xml, inside(&"<name>".repeat(1_000_000)), 400, ""),
        (
            "an element R4 does not know",
            xml,
            inside("<name><banana value=\"1\"/></name>"),
            400,
            "Patient.name[0].banana",
        ),
        ("an empty element", xml, inside("<name/>"), 400, "Patient.name[0]"),
        ("no resource type", xml, format!("<Banana {NAMESPACE}/>").into_bytes(), 400, ""),
        ("a code R4 does not know", xml, inside("<gender value=\"x\"/>"), 400, "Patient.gender"),
        ("a value that is empty", xml, inside("<gender value=\"\"/>"), 400, "Patient.gender"),
        (
            "a narrative that runs",
            xml,
            inside(
                "<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\"><script>1</script></div></text>",
            ),
            400,
            "Patient.text.div",
        ),
        (
            "another type",
            xml,
            format!("<Basic {NAMESPACE}><id value=\"p\"/></Basic>").into_bytes(),
            400,
            "resourceType",
        ),
        ("another id", xml, format!("<Patient {NAMESPACE}><id value=\"q\"/></Patient>").into_bytes(), 400, "id"),
        ("another character set", "application/fhir+xml; charset=iso-8859-1", inside(""), 415, "http.Content-Type"),
        (
            "another character set of JSON",
            "application/fhir+json; charset=utf-16",
            b"{}".to_vec(),
            415,
            "http.Content-Type",
        ),
        ("STU3", "application/fhir+xml; fhirVersion=3.0", inside(""), 415, "http.Content-Type"),
        ("R5", "application/fhir+json; fhirVersion=5.0", b"{}".to_vec(), 415, "http.Content-Type"),
        ("turtle", "application/fhir+turtle", inside(""), 415, "http.Content-Type"),
    ];
    for (case, kind, body, status, place) in rows {
        let start = std::time::Instant::now();
        let reply = put(&session, kind, "Patient/p", body).await;
        assert_eq!(reply.status, status, "{case}: {}", reply.text);
        assert!(start.elapsed().as_secs() < 30, "{case} took {:?}", start.elapsed());
        let outcome = reply.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{case}");
        let issue = &outcome["issue"][0];
        assert!(
            issue["diagnostics"].as_str().is_some_and(|words| words.len() > 10 && !words.contains("root:")),
            "{case}: {issue}"
        );
        assert!(place.is_empty() || issue["expression"][0] == place, "{case}: {issue}");
    }
    assert_eq!(session.get("Patient/p").await.status, 404, "nothing came of all this");
}

/// The same for JSON: a narrative is XML wherever it comes from.
#[tokio::test(flavor = "multi_thread")]
async fn a_narrative_made_to_keep_a_parser_busy_is_refused() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let many = |n: usize, part: &str| (0..n).map(|i| part.replace('#', &i.to_string())).collect::<String>();
    for div in [
        format!("<div{}>{}</div>", many(50_000, " xmlns:n#='#'"), many(200_000, "<p xmlns:a='#'/>")),
        format!("<div{}>a</div>", many(500_000, " a#=''")),
        format!("<div>{}</div>", many(500_000, "<![CDATA[a]]>")),
        format!("<div>{}a{}</div>", "<b>".repeat(500_000), "</b>".repeat(500_000)),
    ] {
        let start = std::time::Instant::now();
        let reply = session
            .post("Patient", json!({"resourceType": "Patient", "text": {"status": "generated", "div": div}}))
            .await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }
}

/// The same without what the server owns.
fn without_meta(mut resource: Value) -> Value {
    resource.as_object_mut().expect("object").shift_remove("meta");
    resource
}

/// What the record keeps of the published examples is shown in XML exactly, and XML put back changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn examples_go_over_the_wire_and_back() {
    if shared().is_none() {
        return;
    }
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let mut count = 0;
    for (name, text) in resources("json") {
        let resource = object(&text);
        let kind = resource.text("resourceType").unwrap_or_default().to_owned();
        if !["Condition", "Observation", "AllergyIntolerance", "MedicationStatement", "CarePlan"]
            .contains(&kind.as_str())
        {
            continue;
        }
        let mut resource = resource;
        let id = format!("e{count}");
        let path = format!("{kind}/{id}");
        resource.set("id", Json::string(id));
        let sent = xml::from_json(&resource, false);
        let reply = put(&session, "application/fhir+xml", &path, sent).await;
        if reply.status != 201 {
            continue;
        }
        let stored = value(&object(&session.get(&path).await.text));
        let shown = session.get(&format!("{path}?_format=xml")).await;
        assert_eq!(of_xml(&shown), stored, "{name}");
        let again = put(&session, "application/fhir+xml", &path, shown.text).await;
        assert_eq!(again.status, 200, "{name}: {}", again.text);
        let mut wanted = value(&resource);
        with_plain_narratives(&mut wanted);
        for found in [stored, again.json()] {
            assert_eq!(difference(&name, &without_meta(wanted.clone()), &without_meta(found)), None);
        }
        count += 1;
    }
    println!("{count} examples went in and out as XML");
    assert!(count > 100, "{count}");
}
