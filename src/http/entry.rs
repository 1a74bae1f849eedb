//! Owns one entry of a transaction or batch: whether R4 knows it, and what it asks for.

use actix_web::http::StatusCode;
use time::OffsetDateTime;

use super::call::{parse_etag, spec};
use super::patch;
use super::task::{Content, Named, Task, Verb};
use crate::error::Problem;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::{is_id, shorten};
use crate::fhir::{date, decode};
use crate::resources::spec::ResourceSpec;

/// One entry, understood.
pub struct Entry {
    pub full_url: Option<String>,
    pub step: Step,
}

/// What an entry asks for.
pub enum Step {
    Change { spec: &'static ResourceSpec, task: Task, content: Content },
    Get(Look),
}

/// A read or search, and what the caller has already.
pub struct Look {
    pub url: String,
    /// Whether only the head of the answer is wanted.
    pub head: bool,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<OffsetDateTime>,
}

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Whether an entry, without its resource, is one that R4 knows.
fn check_entry(entry: &Object) -> Result<(), Problem> {
    let Some(request) = entry.objects("request").next() else {
        let words = "an entry of a transaction or batch needs a request with method and url";
        return Err(Problem::bad_request(IssueType::Required, words).at("request"));
    };
    let method = request.text("method").unwrap_or_default();
    if !METHODS.contains(&method) {
        let words = format!("the method \"{}\" is not one of {}", shorten(method), METHODS.join(", "));
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
    let method = request.text("method").unwrap_or_default();
    let url = request.text("url").unwrap_or_default();
    let known: &[&str] = match method {
        "GET" | "HEAD" => &["ifNoneMatch", "ifModifiedSince"],
        "POST" => &["ifNoneExist"],
        _ => &["ifMatch"],
    };
    for condition in ["ifNoneMatch", "ifModifiedSince", "ifNoneExist", "ifMatch"] {
        if request.get(condition).is_some() && !known.contains(&condition) {
            let words = format!("{condition} is not for {method}, which takes {}: leave it out", known.join(" and "));
            return Err(Problem::bad_request(IssueType::NotSupported, words).at(&format!("request.{condition}")));
        }
    }
    if matches!(method, "GET" | "HEAD") {
        return look(&request, method, url).map(|look| Entry { full_url, step: Step::Get(look) });
    }
    let if_match = request.text("ifMatch").map(|tag| parse_etag(tag).map_err(|problem| problem.at("request.ifMatch")));
    let if_match = if_match.transpose()?;
    let (path, criteria) =
        url.split_once('?').map_or((url, None), |(path, criteria)| (path, Some(criteria.to_owned())));
    let mut path = path.split('/');
    let spec = spec(path.next().unwrap_or_default()).map_err(|problem| problem.at("request.url"))?;
    let id = path.next().map(str::to_owned);
    let bad_url = |words: &str| {
        Err(Problem::bad_request(IssueType::Value, format!("\"{}\" {words}", shorten(url))).at("request.url"))
    };
    if path.next().is_some() || id.as_ref().is_some_and(|id| !is_id(id)) {
        return bad_url("is not Type, Type/id or Type?criteria");
    }
    let if_none_exist = request.text("ifNoneExist").map(str::to_owned);
    let (verb, named) = match (method, id, criteria) {
        ("POST", None, None) => (Verb::Create, if_none_exist.map_or(Named::New, Named::Where)),
        ("POST", None, Some(_)) => return bad_url("has criteria, but a create has them in ifNoneExist"),
        ("POST", Some(_), _) => return bad_url("names an id, but POST lets the server choose: use PUT"),
        (_, Some(_), Some(_)) => return bad_url("has an id and criteria: name the resource by one of them"),
        (method, Some(id), None) => (verb(method), Named::Id(id)),
        (method, None, Some(criteria)) => (verb(method), Named::Where(criteria)),
        (_, None, None) => return bad_url("needs an id or criteria: Type/id or Type?criteria"),
    };
    let content = content(verb, resource)?;
    Ok(Entry { full_url, step: Step::Change { spec, task: Task { verb, named, if_match }, content } })
}

fn verb(method: &str) -> Verb {
    match method {
        "PUT" => Verb::Update,
        "PATCH" => Verb::Patch,
        _ => Verb::Delete,
    }
}

/// What an entry's resource is for its verb.
fn content(verb: Verb, resource: Option<Json>) -> Result<Content, Problem> {
    match (verb, resource) {
        (Verb::Delete, _) => Ok(Content::Nothing),
        (Verb::Patch, Some(Json::Object(resource))) => {
            patch::of_resource(&resource).map(Content::Patch).map_err(|problem| problem.at("resource"))
        }
        (_, Some(Json::Object(resource))) => Ok(Content::Resource(resource)),
        _ => Err(Problem::bad_request(IssueType::Required, "this entry needs its resource").at("resource")),
    }
}

fn look(request: &Object, method: &str, url: &str) -> Result<Look, Problem> {
    let since = request.text("ifModifiedSince").map(|text| {
        date::parse_date_time(text).map(|span| span.lo).ok_or_else(|| {
            Problem::bad_request(IssueType::Value, "ifModifiedSince is not an instant").at("request.ifModifiedSince")
        })
    });
    let look = Look {
        url: url.to_owned(),
        head: method == "HEAD",
        if_none_match: request.text("ifNoneMatch").map(str::to_owned),
        if_modified_since: since.transpose()?,
    };
    let is_search = !url.split('?').next().unwrap_or_default().contains('/');
    if is_search && (look.if_none_match.is_some() || look.if_modified_since.is_some()) {
        let words = "a search has no version: ifNoneMatch and ifModifiedSince are for reads";
        return Err(Problem::bad_request(IssueType::NotSupported, words).at("request"));
    }
    Ok(look)
}
