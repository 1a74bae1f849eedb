//! Resources to send, and what every answer has to be whatever it says.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::common::{Reply, Session, send};

/// The types this record keeps.
pub const TYPES: [&str; 6] =
    ["Patient", "Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "CarePlan"];

/// The types of those who give care.
pub const DIRECTORY: [&str; 3] = ["Practitioner", "PractitionerRole", "Organization"];

/// Codes of the test resources.
pub const CODES: &str = "http://example.org/codes";

/// The least a resource of this type needs, about this patient.
pub fn minimal(kind: &str, subject: &str) -> Value {
    let subject = json!({"reference": subject});
    let code = json!({"coding": [{"system": CODES, "code": "100"}]});
    match kind {
        "Patient" => json!({"resourceType": kind, "name": [{"family": "Test"}]}),
        "Condition" => json!({"resourceType": kind, "subject": subject, "code": code}),
        "Observation" => json!({"resourceType": kind, "status": "final", "code": code, "subject": subject}),
        "MedicationStatement" => {
            json!({"resourceType": kind, "status": "active", "medicationCodeableConcept": code, "subject": subject})
        }
        "AllergyIntolerance" => json!({"resourceType": kind, "patient": subject, "clinicalStatus": {"coding":
            [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}}),
        "CarePlan" => json!({"resourceType": kind, "status": "active", "intent": "plan", "subject": subject}),
        _ => panic!("{kind}"),
    }
}

/// A patient with this family name.
pub fn patient(family: &str) -> Value {
    json!({"resourceType": "Patient", "name": [{"family": family}]})
}

/// The same with members set.
pub fn with(mut resource: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("{members}") };
    resource.as_object_mut().expect("object").extend(members);
    resource
}

/// The same without what the server owns.
pub fn plain(resource: &Value) -> Value {
    let mut resource = resource.clone();
    let members = resource.as_object_mut().expect("object");
    members.shift_remove("id");
    members.shift_remove("meta");
    resource
}

/// The identifier by which a test finds its own rows.
pub fn marked(resource: Value, mark: &str) -> Value {
    with(resource, json!({"identifier": [{"system": "http://example.org/marks", "value": mark}]}))
}

/// A valid NHS number of the test range, one for each seed.
pub fn nhs_number(seed: u32) -> String {
    let valid = (0..).map(|n| format!("999{n:06}")).filter_map(|digits| {
        let sum: u32 = digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match 11 - sum % 11 {
            10 => None,
            11 => Some(format!("{digits}0")),
            check => Some(format!("{digits}{check}")),
        }
    });
    valid.skip(seed as usize).find(|number| number != "9999999999").expect("a number")
}

/// What is wrong with an answer whatever it says: a fault of the server's, a wrong media type, a refusal without words.
pub fn faults(reply: &Reply) -> Vec<String> {
    let status = reply.status.as_u16();
    let mut faults = Vec::new();
    if status >= 500 && status != 501 {
        faults.push("the server failed".to_owned());
    }
    if status == 204 && !reply.text.is_empty() {
        faults.push("204 has no body".to_owned());
    }
    if reply.text.is_empty() {
        if !reply.status.is_success() && status != 304 {
            faults.push("a refusal without a body".to_owned());
        }
        return faults;
    }
    // R4 §3.1.0.1.11, with its parameters.
    let kind = reply.header("content-type").to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    if parts.next() != Some("application/fhir+json") {
        faults.push(format!("Content-Type: {kind}"));
        return faults;
    }
    let parts: Vec<&str> = parts.collect();
    for part in ["charset=utf-8", "fhirversion=4.0"] {
        if !parts.contains(&part) {
            faults.push(format!("Content-Type: {kind} has no {part}"));
        }
    }
    let body = reply.json();
    if reply.status.is_success() {
        return faults;
    }
    let issues = body["issue"].as_array().cloned().unwrap_or_default();
    if body["resourceType"] != "OperationOutcome" || issues.is_empty() {
        faults.push("a refusal is an OperationOutcome with an issue".to_owned());
    }
    for issue in issues {
        let severe = issue["severity"] == "error" || issue["severity"] == "fatal";
        let words = issue["diagnostics"].as_str().is_some_and(|words| words.len() > 10);
        if !severe || !issue["code"].is_string() || !words {
            faults.push(format!("an issue that says too little: {issue}"));
        }
    }
    faults
}

/// The answer, which has none of the faults.
pub fn judged(reply: Reply) -> Reply {
    let faults = faults(&reply);
    assert!(faults.is_empty(), "{} {faults:?}: {}", reply.status, reply.text);
    reply
}

/// Sends and judges.
pub async fn ask(request: RequestBuilder) -> Reply {
    judged(send(request).await)
}

/// GET.
pub async fn get(session: &Session<'_>, path: &str) -> Reply {
    judged(session.get(path).await)
}

/// POST.
pub async fn post(session: &Session<'_>, path: &str, body: &Value) -> Reply {
    judged(session.post(path, body).await)
}

/// PUT.
pub async fn put(session: &Session<'_>, path: &str, body: &Value) -> Reply {
    judged(session.put(path, body).await)
}

/// PUT of a resource under an id, which has to go well.
pub async fn keep(session: &Session<'_>, id: &str, resource: Value) -> Reply {
    let path = format!("{}/{id}", resource["resourceType"].as_str().expect("type"));
    let reply = put(session, &path, &with(resource, json!({"id": id}))).await;
    assert!(reply.status.is_success(), "{path}: {}", reply.text);
    reply
}

/// DELETE.
pub async fn delete(session: &Session<'_>, path: &str) -> Reply {
    judged(session.delete(path).await)
}

/// POST of a transaction of these entries.
pub async fn transact(session: &Session<'_>, entries: Vec<Value>) -> Reply {
    judged(session.post("", transaction(entries)).await)
}

/// A transaction Bundle.
pub fn transaction(entries: Vec<Value>) -> Value {
    match entries.is_empty() {
        true => json!({"resourceType": "Bundle", "type": "transaction"}),
        false => json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
    }
}

/// An entry.
pub fn entry(method: &str, url: &str, resource: Option<Value>) -> Value {
    let entry = json!({"request": {"method": method, "url": url}});
    match resource {
        Some(resource) => with(entry, json!({"resource": resource})),
        None => entry,
    }
}

/// An entry that creates, under a fullUrl.
pub fn created(full_url: &str, resource: Value) -> Value {
    let kind = resource["resourceType"].as_str().expect("type").to_owned();
    with(entry("POST", &kind, Some(resource)), json!({"fullUrl": full_url}))
}

/// `Type/id` of each entry of a transaction's reply.
pub fn places(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let place = |entry: &Value| {
        let location = entry["response"]["location"].as_str()?.split("/_history/").next()?;
        location.rsplitn(3, '/').take(2).map(str::to_owned).reduce(|id, kind| format!("{kind}/{id}"))
    };
    entries.iter().map(|entry| place(entry).unwrap_or_default()).collect()
}

/// All requests at the same time; the answers in their order.
pub async fn at_once(requests: Vec<RequestBuilder>) -> Vec<Reply> {
    let tasks: Vec<_> = requests.into_iter().map(|request| tokio::spawn(send(request))).collect();
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(judged(task.await.expect("task")));
    }
    replies
}

/// A refusal with this status and, where one is named, a place that begins so.
pub fn refused(reply: &Reply, status: u16, place: &str, case: &str) {
    assert_eq!(reply.status, status, "{case}: {}", reply.text);
    let body = reply.json();
    let places: Vec<&str> =
        body["issue"].as_array().expect("issues").iter().filter_map(|i| i["expression"][0].as_str()).collect();
    assert!(place.is_empty() || places.iter().any(|p| p.starts_with(place)), "{case}: {places:?} name no {place}");
}

/// How many of a type carry the mark.
pub async fn count(session: &Session<'_>, kind: &str, mark: &str) -> u64 {
    let reply = get(session, &format!("{kind}?identifier={mark}&_count=0")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["total"].as_u64().expect("total")
}

/// The number in `W/"3"`.
pub fn version(etag: &str) -> u32 {
    let number = etag.strip_prefix("W/\"").and_then(|rest| rest.strip_suffix('"'));
    number.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("ETag: {etag}"))
}

/// The moment of an instant.
pub fn instant(value: &Value) -> OffsetDateTime {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no instant"));
    OffsetDateTime::parse(text, &Rfc3339).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The moment of an HTTP date (RFC 9110 §5.6.7).
pub fn http_date(text: &str) -> OffsetDateTime {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let moment = PrimitiveDateTime::parse(text, format).unwrap_or_else(|error| panic!("{text}: {error}")).assume_utc();
    assert_eq!(moment.format(format).expect("date"), text, "the weekday");
    moment
}

/// A request with one more header.
pub fn header(session: &Session<'_>, method: Method, path: &str, name: &str, value: &str) -> RequestBuilder {
    session.request(method, path).header(name, value)
}

/// A care relationship of a practitioner that holds now.
pub fn relationship(number: &str, practitioner: &str) -> lcr_facade::store::Relationship {
    lcr_facade::store::Relationship {
        nhs_number: number.to_owned(),
        holder_kind: "practitioner".to_owned(),
        holder: practitioner.to_owned(),
        basis: "caseload".to_owned(),
        valid_from: "2020-01-01T00:00:00Z".to_owned(),
        valid_to: None,
        source: "test".to_owned(),
        reason: "test".to_owned(),
    }
}
