//! Owns one entry of a transaction or batch: whether R4 knows it, and what it asks for.

use actix_web::http::StatusCode;

use super::call::{parse_etag, spec};
use super::write::new_id;
use crate::error::Problem;
use crate::fhir::decode;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::{is_id, shorten};
use crate::resources::spec::ResourceSpec;

/// One entry, understood.
pub struct Entry {
    pub full_url: Option<String>,
    pub step: Step,
}

/// What an entry asks for.
pub enum Step {
    Write { spec: &'static ResourceSpec, id: String, body: Body },
    Get { url: String },
}

/// What is to be written; a version where the entry has an ifMatch.
pub enum Body {
    Create(Object),
    Update(Object, Option<i32>),
    Delete(Option<i32>),
}

/// Whether an entry, without its resource, is one that R4 knows.
fn check_entry(entry: &Object) -> Result<(), Problem> {
    let Some(request) = entry.objects("request").next() else {
        let words = "an entry of a transaction or batch needs a request with method and url";
        return Err(Problem::bad_request(IssueType::Required, words).at("request"));
    };
    let method = request.text("method").unwrap_or_default();
    if !["GET", "POST", "PUT", "DELETE"].contains(&method) {
        let words = format!("the method \"{}\" is not one of GET, POST, PUT, DELETE", shorten(method));
        return Err(Problem::bad_request(IssueType::CodeInvalid, words).at("request.method"));
    }
    let bundle = Json::object([
        ("resourceType", Json::string("Bundle")),
        ("type", Json::string("batch")),
        ("entry", Json::Array(vec![Json::Object(entry.clone())])),
    ]);
    let mut issues = bundle.as_object().map(decode::check).unwrap_or_default();
    if issues.is_empty() {
        return Ok(());
    }
    for issue in &mut issues {
        let place = issue.expression.take().unwrap_or_default();
        let inner = place.trim_start_matches("Bundle.entry[0]").trim_start_matches('.');
        issue.expression = Some(inner.to_owned()).filter(|inner| !inner.is_empty());
    }
    Err(Problem::of(StatusCode::BAD_REQUEST, issues))
}

/// Takes an entry apart; what it asks for has to be something this service does.
pub fn understand(entry: Json) -> Result<Entry, Problem> {
    let Json::Object(mut entry) = entry else {
        return Err(Problem::bad_request(IssueType::Structure, "an entry is an object"));
    };
    let resource = entry.remove("resource");
    check_entry(&entry)?;
    let full_url = entry.text("fullUrl").map(str::to_owned);
    let Some(Json::Object(request)) = entry.remove("request") else {
        return Err(Problem::bad_request(IssueType::Required, "an entry needs a request").at("request"));
    };
    for condition in ["ifNoneMatch", "ifModifiedSince", "ifNoneExist"] {
        if request.get(condition).is_some() {
            let words = format!("{condition} is not supported yet: leave it out");
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, IssueType::NotSupported, words)
                .at(&format!("request.{condition}")));
        }
    }
    let if_match = request.text("ifMatch").map(|tag| parse_etag(tag).map_err(|problem| problem.at("request.ifMatch")));
    let if_match = if_match.transpose()?;
    let method = request.text("method").unwrap_or_default();
    let url = request.text("url").unwrap_or_default();
    if method == "GET" {
        return Ok(Entry { full_url, step: Step::Get { url: url.to_owned() } });
    }
    if url.contains('?') {
        let words = "a conditional url is not supported yet: name the resource by its id";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, IssueType::NotSupported, words).at("request.url"));
    }
    let mut path = url.split('/');
    let spec = spec(path.next().unwrap_or_default()).map_err(|problem| problem.at("request.url"))?;
    let id = path.next();
    let bad_url = |words: &str| {
        Err(Problem::bad_request(IssueType::Value, format!("\"{}\" {words}", shorten(url))).at("request.url"))
    };
    if path.next().is_some() || id.is_some_and(|id| !is_id(id)) {
        return bad_url("is not Type or Type/id");
    }
    let with_resource = |resource: Option<Json>| match resource {
        Some(Json::Object(resource)) => Ok(resource),
        _ => Err(Problem::bad_request(IssueType::Required, "this entry needs its resource").at("resource")),
    };
    let (id, body) = match (method, id) {
        ("POST", None) => (new_id(), Body::Create(with_resource(resource)?)),
        ("POST", Some(_)) => return bad_url("names an id, but POST lets the server choose: use PUT"),
        ("PUT", Some(id)) => (id.to_owned(), Body::Update(with_resource(resource)?, if_match)),
        ("DELETE", Some(id)) => (id.to_owned(), Body::Delete(if_match)),
        ("PUT" | "DELETE", None) => return bad_url("needs an id: Type/id"),
        _ => {
            let words = format!("\"{}\" is not one of GET, POST, PUT, DELETE", shorten(method));
            return Err(Problem::bad_request(IssueType::CodeInvalid, words).at("request.method"));
        }
    };
    Ok(Entry { full_url, step: Step::Write { spec, id, body } })
}
