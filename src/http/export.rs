//! Owns an export under way (HL7 Bulk Data Access): how far it is, its end, and its files. A file is the search of its type, read
//! while it is sent: what the caller may see is decided anew for each piece, by the token as it is then, and whoever is in a piece
//! has their audit row before it leaves. No file is kept.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::http::header::{EXPIRES, RETRY_AFTER};
use actix_web::{HttpResponse, web};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::Call;
use super::ahead::{self, Step};
use super::answer::http_date;
use super::search::{context, pairs, refused};
use crate::access::{Grant, Interaction, Permission, Reach};
use crate::error::Problem;
use crate::fhir::date;
use crate::fhir::json::Json;
use crate::fhir::outcome::IssueType;
use crate::fhir::subset::Subset;
use crate::resources::{self, spec::ResourceSpec};
use crate::search::Search;
use crate::search::cursor::Cursor;
use crate::store::{AuditRow, Export};

/// Rows of a piece.
const PIECE: usize = 1000;

/// So many people are remembered as having their audit row for this file; when there are more, some get another.
const REMEMBERED: usize = 1 << 17;

const FHIR_NDJSON: &str = "application/fhir+ndjson";

/// `GET /fhir/$export/{id}`: how far it is, and in the end which files there are.
pub async fn status(call: Call, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = call.audit("R", "Patient", &format!("$export/{path}"));
    let result = find(&call, &path).await;
    let job = call.audited(row.clone(), result).await?;
    call.saw(row, []).await?;
    if !job.ready {
        let mut response = HttpResponse::Accepted();
        response.insert_header(("X-Progress", "waiting for what was being written when the export began"));
        return Ok(response.insert_header((RETRY_AFTER, "1")).finish());
    }
    let text = |text: &str| Json::string(text);
    let files = job.queries.keys().map(|kind| {
        let url = format!("{}/$export/{path}/{kind}.ndjson", call.state.base);
        Json::object([("type", text(kind)), ("url", text(&url))])
    });
    let manifest = Json::object([
        ("transactionTime", Json::String(date::to_instant(job.asked_at))),
        ("request", text(&job.request)),
        ("requiresAccessToken", Json::Bool(true)),
        ("output", Json::Array(files.collect())),
        ("error", Json::Array(Vec::new())),
    ]);
    let mut response = HttpResponse::Ok();
    response.insert_header((EXPIRES, http_date(job.expires_at))).content_type("application/json");
    Ok(response.body(manifest.to_string()))
}

/// `DELETE /fhir/$export/{id}`: it is over, and files that are being sent break off.
pub async fn cancel(call: Call, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = call.audit("D", "Patient", &format!("$export/{path}"));
    let result = end(&call, &path).await;
    call.audited(row.clone(), result).await?;
    call.saw(row, []).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn end(call: &Call, id: &str) -> Result<(), Problem> {
    let leave = call.caller.leave(Permission::Export)?;
    let id = Uuid::parse_str(id).map_err(|_| Problem::not_found())?;
    if call.state.store.end_export(&leave, id).await? { Ok(()) } else { Err(Problem::not_found()) }
}

/// `GET /fhir/$export/{id}/{Type}.ndjson`
pub async fn file(call: Call, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let kind = name.strip_suffix(".ndjson").unwrap_or_default();
    let spec = resources::kept(kind);
    let row = call.audit("E", spec.map_or("Patient", |spec| spec.name), &format!("$export/{id}/{name}"));
    let result = open(&call, &id, spec).await;
    let (spec, query, permit) = call.audited(row.clone(), result).await?;
    let row = AuditRow { query: format!("{}?{query}", row.query), ..row };
    let file = File { call, id, spec, row, seen: HashSet::new(), from: None, _permit: permit };
    Ok(HttpResponse::Ok().content_type(FHIR_NDJSON).streaming(Box::pin(ahead::body(file, File::step))))
}

async fn open(
    call: &Call,
    id: &str,
    spec: Option<&'static ResourceSpec>,
) -> Result<(&'static ResourceSpec, String, OwnedSemaphorePermit), Problem> {
    let job = find(call, id).await?;
    let query = spec.and_then(|spec| Some((spec, job.queries.get(spec.name)?.clone()))).filter(|_| job.ready);
    let (spec, query) = query.ok_or_else(Problem::not_found)?;
    search(call, spec, &query, job.of_people)?;
    let permit = call.state.files.clone().try_acquire_owned().map_err(|_| {
        let most = call.state.config.limits.export_files;
        let words =
            format!("{most} files are being sent, the most at once (limits.export_files): fetch it a little later");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, IssueType::Throttled, words)
    })?;
    Ok((spec, query, permit))
}

/// The caller's own job of this id.
async fn find(call: &Call, id: &str) -> Result<Export, Problem> {
    let leave = call.caller.leave(Permission::Export)?;
    let id = Uuid::parse_str(id).map_err(|_| Problem::not_found())?;
    call.state.store.find_export(&leave, id).await?.ok_or_else(Problem::not_found)
}

/// The grant to search a type as a backend service; what is opened for a user is not exported.
pub fn grant(call: &Call, spec: &'static ResourceSpec) -> Result<Grant, Problem> {
    let grant = call.grant(spec, Interaction::Search)?;
    if matches!(grant.reach(), Reach::Source { .. }) {
        return Ok(grant);
    }
    let words = format!("only system/ scopes allow an export: ask for system/{}.s", spec.name);
    Err(Problem::new(StatusCode::FORBIDDEN, IssueType::Forbidden, words))
}

/// The search that a file of this type is.
pub fn search(call: &Call, spec: &'static ResourceSpec, query: &str, of_people: bool) -> Result<Search, Problem> {
    let search = Search::read(grant(call, spec)?, &pairs(query)?, &context(call, None)).map_err(refused)?;
    let search = search.in_pages_of(PIECE);
    Ok(if of_people { search.of_somebody() } else { search })
}

/// A file on its way.
struct File {
    call: Call,
    id: String,
    spec: &'static ResourceSpec,
    row: AuditRow,
    /// Who has their audit row.
    seen: HashSet<i64>,
    /// Where the next piece begins.
    from: Option<Cursor>,
    _permit: OwnedSemaphorePermit,
}

impl File {
    /// Between two pieces others have its turn: a slow reader keeps nobody from working.
    async fn step(mut self) -> Step<File> {
        let watch = self.call.state.store.watch();
        let came = match self.call.work().await {
            Ok(()) => self.piece().await,
            Err(busy) => Err(busy),
        };
        watch.done();
        self.call.rest();
        match came {
            Ok((text, next)) => {
                self.from = next;
                let more = self.from.is_some();
                (Ok(text.into()), more.then_some(self))
            }
            Err(problem) => (Err(problem), None),
        }
    }

    /// The next lines, and where those behind them begin. Token, job and grant are looked at anew.
    async fn piece(&mut self) -> Result<(String, Option<Cursor>), Problem> {
        self.call.renew().await?;
        let job = find(&self.call, &self.id).await?;
        let query = job.queries.get(self.spec.name).ok_or_else(Problem::not_found)?;
        let mut search = search(&self.call, self.spec, query, job.of_people)?;
        if let Some(cursor) = &self.from {
            search = search.from(cursor.clone());
        }
        let subset = search.subset().clone();
        let (mut text, mut people) = (String::new(), Vec::new());
        let rest = self.call.state.store.pass(search, |row| {
            if row.patient_id != 0 && !self.seen.contains(&row.patient_id) {
                people.push(row.patient_id);
            }
            match subset {
                Subset::All => text.push_str(row.resource),
                _ => text.push_str(&subset.apply(row.resource.to_owned())),
            }
            text.push('\n');
        });
        let rest = rest.await?;
        if self.seen.len() > REMEMBERED {
            self.seen.clear();
        }
        people.retain(|person| self.seen.insert(*person));
        // A file of which nothing is about anybody has its row, too.
        if !people.is_empty() || self.from.is_none() {
            let row = AuditRow { at: date::now(), ..self.row.clone() };
            self.call.saw(row, people).await?;
        }
        Ok((text, rest.and_then(|search| search.cursor().cloned())))
    }
}
