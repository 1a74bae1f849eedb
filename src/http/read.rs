//! read and vread (R4 §3.1.0.2, §3.1.0.3).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::call::spec;
use super::{Answer, Call};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::is_id;
use crate::store::{Read, Target};

/// `GET /fhir/{Type}/{id}`
pub async fn current(call: Call, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    Ok(read(&call, &kind, &id, None).await?.response(&call, false))
}

/// `GET /fhir/{Type}/{id}/_history/{version}`
pub async fn version(call: Call, path: web::Path<(String, String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id, version) = path.into_inner();
    // What is no version number names no version.
    let version = version.parse().unwrap_or(0);
    Ok(read(&call, &kind, &id, Some(version)).await?.response(&call, false))
}

/// Reads for any caller of this module: the routes and the GET entries of a transaction.
pub async fn read(call: &Call, kind: &str, id: &str, version: Option<i32>) -> Result<Answer, Problem> {
    let row =
        call.audit("R", kind, &format!("{kind}/{id}{}", version.map(|v| format!("/_history/{v}")).unwrap_or_default()));
    let result = look(call, kind, id, version).await;
    let (answer, patient) = call.audited(row.clone(), result).await?;
    call.saw(row, [patient]).await?;
    Ok(answer)
}

async fn look(call: &Call, kind: &str, id: &str, version: Option<i32>) -> Result<(Answer, i64), Problem> {
    let grant = call.grant(spec(kind)?, Interaction::Read)?;
    // What cannot be an id names nothing.
    if !is_id(id) {
        return Err(Problem::not_found());
    }
    let target = Target::new(grant, id, version).ok_or_else(Problem::not_found)?;
    match call.state.store.read(&target).await? {
        Read::Found { patient_id, version, updated_at, resource } => {
            let answer = Answer { version: Some(version), updated_at: Some(updated_at), ..Answer::ok(resource) };
            Ok((answer, patient_id))
        }
        Read::Deleted { version, .. } => {
            let words = format!("the resource was deleted; its history, up to version {version}, can still be read");
            Err(Problem::new(StatusCode::GONE, IssueType::Deleted, words))
        }
        Read::Absent => Err(Problem::not_found()),
    }
}
