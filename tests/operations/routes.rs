//! Where operations are, by which methods, and what the CapabilityStatement says of them.

use reqwest::Method;
use serde_json::Value;

use crate::common::{TestApp, send};
use crate::support::{audited, refused};

/// Name, definition, types; none named: all.
const SERVED: [(&str, &str, &[&str]); 14] = [
    ("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything", &["Patient"]),
    ("lastn", "http://hl7.org/fhir/OperationDefinition/Observation-lastn", &["Observation"]),
    ("match", "http://hl7.org/fhir/OperationDefinition/Patient-match", &["Patient"]),
    ("summary", "http://hl7.org/fhir/uv/ips/OperationDefinition/summary", &["Patient"]),
    ("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate", &[]),
    ("break-glass", "https://lcr.example/fhir/OperationDefinition/Patient-break-glass", &["Patient"]),
    ("self-claim", "https://lcr.example/fhir/OperationDefinition/Patient-self-claim", &["Patient"]),
    ("relate", "https://lcr.example/fhir/OperationDefinition/Patient-relate", &["Patient"]),
    ("end-relationship", "https://lcr.example/fhir/OperationDefinition/Patient-end-relationship", &["Patient"]),
    ("relationships", "https://lcr.example/fhir/OperationDefinition/Patient-relationships", &["Patient"]),
    ("protect", "https://lcr.example/fhir/OperationDefinition/Patient-protect", &["Patient"]),
    ("access-alerts", "https://lcr.example/fhir/OperationDefinition/Patient-access-alerts", &["Patient"]),
    ("review", "https://lcr.example/fhir/OperationDefinition/Patient-review", &["Patient"]),
    ("export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export", &["Patient"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_names_what_is_served() {
    let app = TestApp::start().await;
    let statement = send(app.open(Method::GET, "/fhir/metadata")).await.json();
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        let operations = resource["operation"].as_array().cloned().unwrap_or_default();
        for (name, definition, kinds) in SERVED {
            let said: Vec<&Value> = operations.iter().filter(|operation| operation["name"] == name).collect();
            // The trail is read, and asked nothing else.
            let of_all = kinds.is_empty() && resource["type"] != "AuditEvent";
            let here = of_all || kinds.contains(&resource["type"].as_str().expect("type"));
            assert_eq!(said.len(), usize::from(here), "{name} of {}", resource["type"]);
            assert!(said.iter().all(|operation| operation["definition"] == definition), "{said:?}");
        }
        for operation in &operations {
            let name = operation["name"].as_str().expect("name");
            assert!(!name.starts_with('$'), "cpb-8: the name without the dollar sign");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_says_what_is() {
    let app = TestApp::start().await;
    let source = app.source("a").await;
    for (method, path, words) in [
        (Method::GET, "Patient/$banana", "Patient/$match"),
        (Method::POST, "Patient/$banana", "Patient/[id]/$summary"),
        (Method::GET, "Patient/1/$banana", "Patient/[id]/$summary"),
        (Method::GET, "Patient/$summary", "Patient/[id]/$summary"),
        (Method::POST, "Patient/1/$match", "Patient/$match"),
        (Method::GET, "Condition/$lastn", "Condition/$validate"),
        (Method::GET, "$banana", "Observation/$lastn"),
        (Method::POST, "$validate", "[type]/$validate"),
        (Method::POST, "Patient/$", "Patient/$match"),
        (Method::DELETE, "Patient/$banana", "Patient/$match"),
    ] {
        refused(&send(source.request(method, path)).await, 404, words);
    }
    refused(&source.get("Banana/$validate").await, 404, "Banana");
    for (method, path, allow) in [
        (Method::GET, "Patient/$match", "POST"),
        (Method::GET, "Patient/$validate", "POST"),
        (Method::GET, "Patient/1/$validate", "POST"),
        (Method::PUT, "Observation/$lastn", "GET, HEAD, POST"),
        (Method::DELETE, "Patient/1/$summary", "GET, HEAD, POST"),
    ] {
        let reply = send(source.request(method.clone(), path)).await;
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
        refused(&reply, 405, "is asked by");
    }
    for path in ["/fhir/Patient/1/$summary", "/fhir/Observation/$lastn", "/fhir/Patient/$banana", "/fhir/$banana"] {
        let reply = send(app.open(Method::GET, path)).await;
        assert_eq!(reply.status, 401, "{path}");
    }
    assert!(audited(&app, "banana").await.is_empty(), "nothing was asked of the record");
    let reply =
        send(source.request(Method::POST, "Observation/$lastn").header("Content-Type", "text/plain").body("x")).await;
    refused(&reply, 415, "application/fhir+json");
    let reply =
        send(source.request(Method::GET, "Observation/$lastn?patient=1&code=x").header("Accept", "text/html")).await;
    refused(&reply, 406, "json");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_asked_and_answered_in_xml_too() {
    let app = crate::world::full().await;
    let source = app.source(crate::world::GP_SOURCE).await;
    let xml = |path: &str, body: &str| {
        let request = source.request(Method::POST, path).header("Content-Type", "application/fhir+xml");
        send(request.header("Accept", "application/fhir+xml").body(body.to_owned()))
    };
    let parameters = |inner: &str| format!("<Parameters xmlns=\"http://hl7.org/fhir\">{inner}</Parameters>");
    let patient = "<Patient xmlns=\"http://hl7.org/fhir\"><name><family value=\"Attwood\"/><given value=\"Rowan\"/></name>\
                   <birthDate value=\"1950-05-05\"/></Patient>";
    let asked = parameters(&format!(
        "<parameter><name value=\"resource\"/><resource>{patient}</resource></parameter>\
        <parameter><name value=\"count\"/><valueInteger value=\"1\"/></parameter>"
    ));
    let lastn = parameters(
        "<parameter><name value=\"patient\"/><valueString value=\"near\"/></parameter>\
        <parameter><name value=\"code\"/><valueString value=\"38341003\"/></parameter>",
    );
    for (reply, words) in [
        (xml("Patient/$match", &asked).await, "<score value=\"0."),
        (xml("Patient/$match?count=1", patient).await, "<valueCode value=\"possible\"/>"),
        (xml("Patient/$validate", patient).await, "no issues"),
        (xml("Observation/$lastn", &lastn).await, "<id value=\"near-Observation\"/>"),
        (xml("Patient/near/$summary", "").await, "<code value=\"60591-5\"/>"),
        (source.get("Patient/near/$summary?_format=xml").await, "<code value=\"60591-5\"/>"),
        (source.get("Observation/$lastn?patient=near&code=38341003&_format=xml").await, "near-Observation"),
        (source.get("Patient/near/$everything?_format=xml").await, "near-Observation"),
    ] {
        assert_eq!(reply.status, 200, "{words}: {}", reply.text);
        assert!(reply.header("content-type").starts_with("application/fhir+xml"), "{}", reply.header("content-type"));
        assert!(reply.text.starts_with('<') && reply.text.contains(words), "{words} is not in {}", reply.text);
    }
    // A narrative is XHTML in XML as it is in JSON.
    let text = source.get("Patient/near/$summary?_format=xml").await.text;
    assert!(text.contains("<div xmlns=\"http://www.w3.org/1999/xhtml\"") && text.contains("<table"), "{text}");
    let by_form = crate::support::form(&source, "Observation/$lastn", "patient=near&code=38341003&_format=xml").await;
    assert!(by_form.text.starts_with('<'), "{}", by_form.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_asked_by_post_as_well() {
    let app = crate::world::full().await;
    let source = app.source(crate::world::GP_SOURCE).await;
    let by_get = source.get("Patient/near/$everything?_type=Observation").await;
    assert_eq!(by_get.ids(), ["near-Observation"]);
    for reply in [
        source.post("Patient/near/$everything", crate::support::parameters(&[("_type", "Observation")])).await,
        source.post("Patient/near/$everything?_type=Observation", "").await,
        crate::support::form(&source, "Patient/near/$everything", "_type=Observation").await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.ids()), (200, by_get.ids()), "{}", reply.text);
    }
    refused(
        &source.post("Patient/near/$everything", crate::support::parameters(&[("banana", "1")])).await,
        400,
        "$everything takes",
    );
}
