//! read and vread (R4 §3.1.0.2, §3.1.0.3).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use time::OffsetDateTime;

use super::answer::parse_http_date;
use super::call::{parse_version, spec};
use super::{Answer, Call, Unproven, query_value};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::is_id;
use crate::fhir::subset::Subset;
use crate::store::{Proved, Read, Target};

/// `GET /fhir/{Type}/{id}`
pub async fn current(call: Unproven, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    show(call, &kind, &id, None).await
}

/// `GET /fhir/{Type}/{id}/_history/{version}`
pub async fn version(call: Unproven, path: web::Path<(String, String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id, version) = path.into_inner();
    // What is no version number names no version.
    show(call, &kind, &id, Some(parse_version(&version).unwrap_or(0))).await
}

/// Reads, shows as much as is asked for, and nothing where the caller has it already (R4 §3.1.0.1.2).
async fn show(call: Unproven, kind: &str, id: &str, version: Option<i32>) -> Result<HttpResponse, Problem> {
    let mut subset = None;
    let look = async |call: &Call| {
        subset = Some(self::subset(call, kind)?);
        look(call, kind, id, version).await
    };
    let (call, looked) = call.proven(look).await?;
    let answer = match subset {
        Some(_) => told(&call, kind, id, version, looked).await?,
        None => {
            let row = call.audit("R", kind, &format!("{kind}/{id}?{}", call.query));
            answer(call.audited(row, looked).await?)?.0
        }
    };
    let tags = call.header("if-none-match");
    // RFC 9110 §13.2.2: the date counts where there is no tag. It knows no fraction of a second.
    let since = call.header("if-modified-since").and_then(parse_http_date).filter(|_| tags.is_none());
    let mut answer = answer.unless_known(tags, since.map(|since| since + time::Duration::milliseconds(999)));
    answer.body = subset.unwrap_or(Subset::All).apply(answer.body);
    Ok(answer.response(&call, false))
}

impl Answer {
    /// 304 where If-None-Match names this version, or else it was not written after this moment.
    pub fn unless_known(mut self, tags: Option<&str>, since: Option<OffsetDateTime>) -> Answer {
        let current = self.version.map(|version| format!("\"{version}\"")).unwrap_or_default();
        let known = match (tags, since) {
            (Some(tags), _) => {
                tags.split(',').any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == current)
            }
            (None, Some(since)) => self.updated_at.is_some_and(|at| at <= since),
            (None, None) => false,
        };
        if known {
            self.status = StatusCode::NOT_MODIFIED;
            self.body = String::new();
        }
        self
    }
}

/// `_summary` and `_elements` of a read.
fn subset(call: &Call, kind: &str) -> Result<Subset, Problem> {
    spec(kind)?;
    let bad = |name: &str, words: String| {
        Problem::bad_request(IssueType::Value, format!("{name}: {words}")).at(&format!("http.{name}"))
    };
    if let Some(value) = query_value(&call.query, "_elements") {
        return Subset::of_elements(kind, &value).map_err(|words| bad("_elements", words));
    }
    match query_value(&call.query, "_summary").as_deref().map(Subset::of_summary) {
        None => Ok(Subset::All),
        Some(Ok(Some(subset))) => Ok(subset),
        Some(Ok(None)) => Err(bad("_summary", "count is for searches".to_owned())),
        Some(Err(words)) => Err(bad("_summary", words)),
    }
}

/// Reads for the GET entries of a batch.
pub async fn read(call: &Call, kind: &str, id: &str, version: Option<i32>) -> Result<Answer, Problem> {
    let looked = look(call, kind, id, version).await.map(Proved::into_inner);
    told(call, kind, id, version, looked).await
}

async fn look(call: &Call, kind: &str, id: &str, version: Option<i32>) -> Result<Proved<Read>, Problem> {
    let target = target(call, kind, id, version)?;
    Ok(call.state.store.read(&target).await?)
}

/// The answer to a look, once its audit row is there.
async fn told(
    call: &Call,
    kind: &str,
    id: &str,
    version: Option<i32>,
    looked: Result<Read, Problem>,
) -> Result<Answer, Problem> {
    let what = format!("{kind}/{id}{}", version.map(|v| format!("/_history/{v}")).unwrap_or_default());
    let row = call.audit("R", kind, &what).of(&what);
    let (answer, patient) = call.audited(row.clone(), looked.and_then(answer)).await?;
    call.saw(row, [patient]).await?;
    Ok(answer)
}

/// What to look at, if the caller may and it can be there.
pub fn target(call: &Call, kind: &str, id: &str, version: Option<i32>) -> Result<Target, Problem> {
    let grant = call.grant(spec(kind)?, Interaction::Read)?;
    // What cannot be an id names nothing.
    if !is_id(id) {
        return Err(Problem::not_found());
    }
    Target::new(grant, id, version).ok_or_else(Problem::not_found)
}

/// What a look answers, and whom it shows.
pub fn answer(read: Read) -> Result<(Answer, i64), Problem> {
    match read {
        Read::Found { patient_id, version, updated_at, resource } => {
            let answer = Answer { version: Some(version), updated_at: Some(updated_at), ..Answer::ok(resource) };
            Ok((answer, patient_id))
        }
        Read::Deleted { patient_id, version } => {
            let words = format!("the resource was deleted; its history, up to version {version}, can still be read");
            let gone = Problem::new(StatusCode::GONE, IssueType::Deleted, words);
            Err(Problem { about: vec![patient_id], ..gone })
        }
        Read::Absent => Err(Problem::not_found()),
    }
}
