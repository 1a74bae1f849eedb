//! create, update and delete (R4 §3.1.0.4 to §3.1.0.8).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use uuid::Uuid;

use super::body::resource;
use super::call::spec;
use super::{Answer, Call};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::json::Object;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::{is_id, shorten};
use crate::profile;
use crate::resources::spec::ResourceSpec;
use crate::store::{AuditRow, Change, Write, Written};

/// `POST /fhir/{Type}`
pub async fn create(call: Call, path: web::Path<String>, mut payload: web::Payload) -> Result<HttpResponse, Problem> {
    let body = async || {
        no_conditions(&call, &["if-none-exist", "if-match", "if-none-match"])?;
        resource(&call, &mut payload).await
    };
    let answer = create_one(&call, &path, body).await?;
    Ok(answer.response(&call, true))
}

/// `PUT /fhir/{Type}/{id}`
pub async fn update(
    call: Call,
    path: web::Path<(String, String)>,
    mut payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    let row = call.audit("U", &kind, &format!("{kind}/{id}"));
    let if_match = call.audited(row, call.if_match()).await?;
    let body = async || {
        no_conditions(&call, &["if-none-exist", "if-none-match"])?;
        resource(&call, &mut payload).await
    };
    let answer = update_one(&call, &kind, &id, if_match, body).await?;
    Ok(answer.response(&call, true))
}

/// `DELETE /fhir/{Type}/{id}`
pub async fn delete(call: Call, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    let row = call.audit("D", &kind, &format!("{kind}/{id}"));
    let if_match = call.audited(row, call.if_match()).await?;
    Ok(delete_one(&call, &kind, &id, if_match).await?.response(&call, true))
}

/// Creates what `body` gives, which is asked only when the caller may create.
pub async fn create_one(
    call: &Call,
    kind: &str,
    body: impl AsyncFnOnce() -> Result<Object, Problem>,
) -> Result<Answer, Problem> {
    let row = call.audit("C", kind, kind);
    let result = async {
        let spec = spec(kind)?;
        let grant = call.grant(spec, Interaction::Create)?;
        let resource = checked(spec, body().await?)?;
        let write = Write::new(grant, &new_id(), Change::Create(resource)).ok_or_else(Problem::not_found)?;
        one(call, write, spec, &row).await
    };
    let result = result.await;
    call.audited(row.clone(), result).await
}

/// Puts what `body` gives under this id.
pub async fn update_one(
    call: &Call,
    kind: &str,
    id: &str,
    if_match: Option<i32>,
    body: impl AsyncFnOnce() -> Result<Object, Problem>,
) -> Result<Answer, Problem> {
    let row = call.audit("U", kind, &format!("{kind}/{id}"));
    let result = async {
        let spec = spec(kind)?;
        let grant = call.grant(spec, Interaction::Update)?;
        let resource = checked(spec, body().await?)?;
        same_id(&resource, id)?;
        let change = Change::Update { resource, if_match, skip_same: false };
        let write = Write::new(grant, id, change).ok_or_else(Problem::not_found)?;
        one(call, write, spec, &row).await
    };
    let result = result.await;
    call.audited(row.clone(), result).await
}

/// Takes a resource out of the record; its history stays.
pub async fn delete_one(call: &Call, kind: &str, id: &str, if_match: Option<i32>) -> Result<Answer, Problem> {
    let row = call.audit("D", kind, &format!("{kind}/{id}"));
    let result = async {
        let spec = spec(kind)?;
        let grant = call.grant(spec, Interaction::Delete)?;
        if !is_id(id) {
            return Err(Problem::not_found());
        }
        let write = Write::new(grant, id, Change::Delete { if_match }).ok_or_else(Problem::not_found)?;
        one(call, write, spec, &row).await
    };
    let result = result.await;
    call.audited(row.clone(), result).await
}

async fn one(call: &Call, write: Write, spec: &'static ResourceSpec, row: &AuditRow) -> Result<Answer, Problem> {
    let written = call.state.store.write(vec![write], &call.state.base, row).await?;
    written.into_iter().next().map(|written| answer(&call.state.base, spec, written)).ok_or_else(Problem::not_found)
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
        version: Some(written.version),
        updated_at: (!gone).then_some(written.updated_at),
        location: (!gone).then(|| format!("{base}/{}/{}/_history/{}", spec.name, written.id, written.version)),
        body: written.resource,
    }
}

/// An id of the server's choice; by time, so that new rows are neighbours in every index.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
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

/// A condition this service does not judge must not be passed over: the caller relies on it.
fn no_conditions(call: &Call, names: &[&str]) -> Result<(), Problem> {
    for name in names {
        if call.header(name).is_some() {
            let words = format!("the header {name} is not supported on this interaction: leave it out");
            return Err(
                Problem::new(StatusCode::NOT_IMPLEMENTED, IssueType::NotSupported, words).at(&format!("http.{name}"))
            );
        }
    }
    Ok(())
}
