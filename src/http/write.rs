//! create, update, patch and delete (R4 §3.1.0.4 to §3.1.0.8), by id and by criteria.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use uuid::Uuid;

use super::body::{body, media, resource};
use super::call::spec;
use super::patch as patches;
use super::task::{Content, Named, Task, Verb};
use super::{Answer, Call, wrong_method};
use crate::error::Problem;
use crate::fhir::json::Object;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::{is_id, shorten};
use crate::patch::FORMATS;
use crate::profile;
use crate::resources::spec::ResourceSpec;
use crate::store::Written;

/// `POST /fhir/{Type}`
pub async fn create(call: Call, path: web::Path<String>, mut payload: web::Payload) -> Result<HttpResponse, Problem> {
    let kind = path.into_inner();
    let criteria = call.only("If-None-Exist").map(|text| text.map(str::to_owned));
    let criteria = call.audited(call.audit("C", &kind, &kind), criteria).await?;
    let named = criteria.map_or(Named::New, Named::Where);
    asked(call, kind, Verb::Create, named, async |call| resource(call, &mut payload).await.map(Content::Resource)).await
}

/// `PUT /fhir/{Type}/{id}`
pub async fn update(
    call: Call,
    path: web::Path<(String, String)>,
    mut payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    asked(call, kind, Verb::Update, Named::Id(id), async |call| {
        resource(call, &mut payload).await.map(Content::Resource)
    })
    .await
}

/// `PATCH /fhir/{Type}/{id}`
pub async fn patch(
    call: Call,
    path: web::Path<(String, String)>,
    mut payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    asked(call, kind, Verb::Patch, Named::Id(id), async |call| patch_body(call, &mut payload).await).await
}

/// `DELETE /fhir/{Type}/{id}`
pub async fn delete(call: Call, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    asked(call, kind, Verb::Delete, Named::Id(id), async |_| Ok(Content::Nothing)).await
}

/// `PUT`, `PATCH` and `DELETE /fhir/{Type}?…`, of the one resource that matches.
pub async fn of_match(
    request: HttpRequest,
    call: Call,
    path: web::Path<String>,
    mut payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, named) = (path.into_inner(), Named::Where(call.query.clone()));
    match *request.method() {
        _ if call.query.is_empty() => wrong_method(request).await,
        Method::PUT => {
            asked(call, kind, Verb::Update, named, async |call| {
                resource(call, &mut payload).await.map(Content::Resource)
            })
            .await
        }
        Method::PATCH => asked(call, kind, Verb::Patch, named, async |call| patch_body(call, &mut payload).await).await,
        Method::DELETE => asked(call, kind, Verb::Delete, named, async |_| Ok(Content::Nothing)).await,
        _ => wrong_method(request).await,
    }
}

/// The version that the headers ask for. A condition this service does not judge must not be passed over: the caller
/// relies on it.
fn if_match(call: &Call, verb: Verb) -> Result<Option<i32>, Problem> {
    let refused = match verb {
        Verb::Create => [
            ("If-Match", "If-Match: a create makes a new resource, which has no version to match; leave it out"),
            ("If-None-Match", "If-None-Match is for reads; to create only what is not there, send If-None-Exist"),
        ],
        _ => [
            ("If-None-Exist", "If-None-Exist is for POST; leave it out"),
            ("If-None-Match", "If-None-Match is for reads; leave it out, or send If-Match"),
        ],
    };
    for (name, words) in refused {
        if call.only(name)?.is_some() {
            return Err(Problem::bad_request(IssueType::NotSupported, words).at(&format!("http.{name}")));
        }
    }
    call.if_match()
}

/// Does what a request asks for, and answers.
async fn asked(
    call: Call,
    kind: String,
    verb: Verb,
    named: Named,
    content: impl AsyncFnOnce(&Call) -> Result<Content, Problem>,
) -> Result<HttpResponse, Problem> {
    // Who has no leave is told so before anything else is said of the request.
    let condition = if_match(&call, verb);
    let task = Task { verb, named, if_match: condition.as_ref().ok().copied().flatten() };
    let content = async || {
        condition?;
        content(&call).await
    };
    match change(&call, &kind, task, content).await {
        Ok(answer) => Ok(answer.response(&call, true)),
        // RFC 5789 §3.1.
        Err(problem) if verb == Verb::Patch && problem.status == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let mut response = problem.error_response();
            let formats = HeaderValue::from_str(&FORMATS.join(", "));
            formats.into_iter().for_each(|formats| {
                drop(response.headers_mut().insert(HeaderName::from_static("accept-patch"), formats))
            });
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

/// Makes one change. `content` is asked only when the caller has leave for it.
pub async fn change(
    call: &Call,
    kind: &str,
    task: Task,
    content: impl AsyncFnOnce() -> Result<Content, Problem>,
) -> Result<Answer, Problem> {
    let (action, query) = task.audited(kind);
    let row = call.audit(action, kind, &query);
    let result = async {
        let spec = spec(kind)?;
        let permit = task.permit(call, spec)?;
        let write = permit.write(call, content().await?)?;
        let written = call.state.store.write(vec![write], &call.state.base, &row).await?;
        written.into_iter().next().map(|written| answer(&call.state.base, spec, written)).ok_or_else(Problem::not_found)
    };
    let result = result.await;
    call.audited(row.clone(), result).await
}

/// The answer to a change: 201 when it made the resource, 204 when it took it out.
pub fn answer(base: &str, spec: &ResourceSpec, written: Written) -> Answer {
    let gone = written.resource.is_empty();
    Answer {
        status: match (gone, written.created) {
            (true, _) => StatusCode::NO_CONTENT,
            (_, true) => StatusCode::CREATED,
            _ => StatusCode::OK,
        },
        version: Some(written.version).filter(|_| !written.id.is_empty()),
        updated_at: (!gone).then_some(written.updated_at),
        location: (!gone).then(|| format!("{base}/{}/{}/_history/{}", spec.name, written.id, written.version)),
        body: written.resource,
    }
}

/// An id of the server's choice; by time, so that new rows are neighbours in every index.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The patch in a body.
async fn patch_body(call: &Call, payload: &mut web::Payload) -> Result<Content, Problem> {
    let kind = media(call)?.name;
    patches::is_known(&kind)?;
    patches::read(&kind, &body(call, payload).await?).map(Content::Patch)
}

/// The resource, if it is of this type and nothing is wrong with it: 400 for structure, 422 for rules.
pub fn checked(spec: &ResourceSpec, resource: Object) -> Result<Object, Problem> {
    match resource.text("resourceType") {
        Some(name) if name != spec.name => {
            let words = format!("this is a {}, but the address is for {}", shorten(name), spec.name);
            return Err(Problem::bad_request(IssueType::Invalid, words).at("resourceType"));
        }
        _ => {}
    }
    let issues = profile::check(&resource);
    if issues.is_empty() {
        return Ok(resource);
    }
    let rules = issues.iter().all(|issue| matches!(issue.code, IssueType::Invariant | IssueType::BusinessRule));
    let status = if rules { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
    Err(Problem::of(status, issues))
}

/// An update's resource has the id of its address.
pub fn same_id(resource: &Object, id: &str) -> Result<(), Problem> {
    if !is_id(id) {
        let words = format!("\"{}\" is not an id: 1 to 64 letters, digits, '-' or '.'", shorten(id));
        return Err(Problem::bad_request(IssueType::Value, words).at("id"));
    }
    match resource.text("id") {
        Some(own) if own == id => Ok(()),
        Some(own) => {
            let words =
                format!("the resource's id is {}, but the address says {id}: they must be the same", shorten(own));
            Err(Problem::bad_request(IssueType::Invalid, words).at("id"))
        }
        None => {
            let words = format!("an update's resource needs its id: put \"id\": \"{id}\" into it");
            Err(Problem::bad_request(IssueType::Required, words).at("id"))
        }
    }
}
