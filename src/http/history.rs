//! history of an instance, of a type and of the whole record (R4 §3.1.0.16).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::call::spec;
use super::{Answer, Call};
use crate::access::{Grant, Interaction};
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::date::{self, to_instant};
use crate::fhir::json::Json;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::is_id;
use crate::resources;
use crate::search::cursor::Cursor;
use crate::search::query;
use crate::store::{HistoryPage, HistoryPlace, HistoryRange, HistoryTarget};

/// `GET /fhir/{Type}/{id}/_history`
pub async fn of_instance(call: Call, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    Ok(history(&call, Some(&kind), Some(id)).await?.response(&call, false))
}

/// `GET /fhir/{Type}/_history`
pub async fn of_type(call: Call, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(history(&call, Some(&path), None).await?.response(&call, false))
}

/// `GET /fhir/_history`: of every type that the caller may search.
pub async fn of_all(call: Call) -> Result<HttpResponse, Problem> {
    Ok(history(&call, None, None).await?.response(&call, false))
}

async fn history(call: &Call, kind: Option<&str>, id: Option<String>) -> Result<Answer, Problem> {
    let address = match (kind, &id) {
        (Some(kind), Some(id)) => format!("{kind}/{id}/_history"),
        (Some(kind), None) => format!("{kind}/_history"),
        (None, _) => "_history".to_owned(),
    };
    let row = call.audit("R", kind.unwrap_or_default(), &format!("{address}?{}", call.query));
    let result = look(call, kind, id, &address).await;
    let (page, body) = call.audited(row.clone(), result).await?;
    call.saw(row, page.versions.iter().map(|version| version.patient_id)).await?;
    Ok(Answer::ok(body))
}

/// The grants under which a history is read: of one type, or of every type the caller may search.
fn grants(call: &Call, kind: Option<&str>, instance: bool) -> Result<Vec<Grant>, Problem> {
    let needed = if instance { Interaction::Read } else { Interaction::Search };
    if let Some(kind) = kind {
        return Ok(vec![call.grant(spec(kind)?, needed)?]);
    }
    let mut granted: Vec<Grant> = Vec::new();
    let mut denied = None;
    for spec in resources::ALL {
        match call.grant(spec, needed) {
            Ok(grant) => granted.push(grant),
            Err(problem) => denied = Some(problem),
        }
    }
    // With no type at all, the reason for the last one stands for all.
    if granted.is_empty() { Err(denied.unwrap_or_else(Problem::not_found)) } else { Ok(granted) }
}

/// What a history's query asks for.
struct Asked {
    range: HistoryRange,
    used: Vec<(String, String)>,
    sealed: Option<String>,
}

fn asked(call: &Call) -> Result<Asked, Problem> {
    let limits = call.state.config.limits;
    let range = HistoryRange { count: limits.page, since: None, at: None };
    let mut asked = Asked { range, used: Vec::new(), sealed: None };
    let pairs = query::pairs(&call.query).map_err(|issue| Problem::of(StatusCode::BAD_REQUEST, vec![issue]))?;
    for (name, value) in pairs {
        let bad = |words: &str| Err(Problem::bad_request(IssueType::Value, words).at(&format!("http.{name}")));
        match name.as_str() {
            "_count" => match query::number(&value) {
                Some(n) if n > 0 => asked.range.count = n.min(limits.most_page),
                _ => return bad("_count is not a number of versions, 1 or more"),
            },
            "_since" => match date::parse_search(&value) {
                Some(span) => asked.range.since = Some(span.lo),
                None => return bad("_since is not an instant: YYYY-MM-DDThh:mm:ssZ"),
            },
            "_at" => match date::parse_search(&value) {
                Some(span) => asked.range.at = Some(span),
                None => return bad("_at is not a date or a time: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ"),
            },
            "_format" | "_pretty" => {}
            "_cursor" => {
                asked.sealed = Some(value);
                continue;
            }
            _ => return bad("history takes _count, _since and _at"),
        }
        asked.used.push((name, value));
    }
    Ok(asked)
}

async fn look(
    call: &Call,
    kind: Option<&str>,
    id: Option<String>,
    address: &str,
) -> Result<(HistoryPage, String), Problem> {
    let grants = grants(call, kind, id.is_some())?;
    if id.as_deref().is_some_and(|id| !is_id(id)) {
        return Err(Problem::not_found());
    }
    let Asked { range, used, sealed } = asked(call)?;
    let claims = call.caller.claims();
    let (user, patient) = (claims.user.as_deref().unwrap_or_default(), claims.patient.as_deref().unwrap_or_default());
    // What changes no row may change from page to page.
    let bound: Vec<_> = used.iter().filter(|(name, _)| name != "_format" && name != "_pretty").cloned().collect();
    let bound = format!("{}\n{user}\n{patient}\n{address}?{}", claims.client, query::encode(&bound));
    let after = sealed.map(|text| place(call, &text, &bound)).transpose()?;
    let instance = id.is_some();
    let target = HistoryTarget::new(grants, id, range, after).ok_or_else(Problem::not_found)?;
    let page = call.state.store.history(&target).await?;
    if instance && page.total == 0 && range.since.is_none() && range.at.is_none() {
        return Err(Problem::not_found());
    }
    let url = |cursor: Option<String>| {
        let mut pairs = used.clone();
        pairs.extend(cursor.map(|text| ("_cursor".to_owned(), text)));
        let question = if pairs.is_empty() { String::new() } else { format!("?{}", query::encode(&pairs)) };
        format!("{}/{address}{question}", call.state.base)
    };
    let mut links = vec![("self", url(None))];
    if let Some(HistoryPlace { at, kind, id, version }) = &page.next {
        let keys = vec![at.clone(), kind.clone(), id.clone(), version.to_string()];
        links.push(("next", url(Some(call.state.key.seal(&Cursor { keys, back: false }, &bound)))));
    }
    let body = bundle(call, &page, &links);
    Ok((page, body))
}

/// Where a page link begins.
fn place(call: &Call, text: &str, bound: &str) -> Result<HistoryPlace, Problem> {
    let opened = call.state.key.open(text, bound).and_then(|cursor| match &cursor.keys[..] {
        [at, kind, id, version] => {
            Some(HistoryPlace { at: at.clone(), kind: kind.clone(), id: id.clone(), version: version.parse().ok()? })
        }
        _ => None,
    });
    let words = "this page link was not made for this caller and this history: start anew";
    opened.ok_or_else(|| Problem::bad_request(IssueType::Value, words).at("http._cursor"))
}

fn bundle(call: &Call, page: &HistoryPage, links: &[(&str, String)]) -> String {
    let mut writer = Writer::new("history", Some(page.total), links);
    for version in &page.versions {
        let own = format!("{}/{}", version.kind, version.id);
        let url = if version.method == "POST" { version.kind.clone() } else { own.clone() };
        let request = Json::object([("method", Json::string(version.method.clone())), ("url", Json::string(url))]);
        let status = match (version.method.as_str(), version.created) {
            ("DELETE", _) => "204 No Content",
            (_, true) => "201 Created",
            _ => "200 OK",
        };
        let response = Json::object([
            ("status", Json::string(status)),
            ("etag", Json::string(format!("W/\"{}\"", version.version))),
            ("lastModified", Json::string(to_instant(version.updated_at))),
        ]);
        let full_url = format!("{}/{own}", call.state.base);
        writer.exchange(Some(&full_url), version.resource.as_deref(), Some(&request), &response);
    }
    writer.finish()
}
