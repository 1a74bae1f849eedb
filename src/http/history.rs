//! history of an instance and of a type (R4 §3.1.0.16).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::call::spec;
use super::{Answer, Call};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::date::{self, to_instant};
use crate::fhir::json::Json;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::is_id;
use crate::search::cursor::Cursor;
use crate::search::query;
use crate::store::{HistoryPage, HistoryTarget};

/// `GET /fhir/{Type}/{id}/_history`
pub async fn of_instance(call: Call, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    Ok(history(&call, &kind, Some(id)).await?.response(&call, false))
}

/// `GET /fhir/{Type}/_history`
pub async fn of_type(call: Call, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(history(&call, &path, None).await?.response(&call, false))
}

async fn history(call: &Call, kind: &str, id: Option<String>) -> Result<Answer, Problem> {
    let address = match &id {
        Some(id) => format!("{kind}/{id}/_history"),
        None => format!("{kind}/_history"),
    };
    let row = call.audit("R", kind, &format!("{address}?{}", call.query));
    let result = look(call, kind, id, &address).await;
    let (page, body) = call.audited(row.clone(), result).await?;
    call.saw(row, page.versions.iter().map(|version| version.patient_id)).await?;
    Ok(Answer::ok(body))
}

async fn look(call: &Call, kind: &str, id: Option<String>, address: &str) -> Result<(HistoryPage, String), Problem> {
    let needed = if id.is_some() { Interaction::Read } else { Interaction::Search };
    let grant = call.grant(spec(kind)?, needed)?;
    if id.as_deref().is_some_and(|id| !is_id(id)) {
        return Err(Problem::not_found());
    }
    let claims = call.caller.claims();
    let limits = call.state.config.limits;
    let (mut count, mut since, mut used, mut sealed) = (limits.page, None, Vec::new(), None);
    let pairs = query::pairs(&call.query).map_err(|issue| Problem::of(StatusCode::BAD_REQUEST, vec![issue]))?;
    for (name, value) in pairs {
        let bad = |words: &str| Err(Problem::bad_request(IssueType::Value, words).at(&format!("http.{name}")));
        match name.as_str() {
            "_count" => match value.parse::<usize>() {
                Ok(n) if n > 0 => count = n.min(limits.most_page),
                _ => return bad("_count is not a number of versions, 1 or more"),
            },
            "_since" => match date::parse_search(&value) {
                Some(span) => since = Some(span.lo),
                None => return bad("_since is not an instant: YYYY-MM-DDThh:mm:ssZ"),
            },
            "_format" | "_pretty" => {}
            "_cursor" => {
                sealed = Some(value);
                continue;
            }
            _ => return bad("history takes _count and _since"),
        }
        used.push((name, value));
    }
    let bound = format!(
        "{}\n{}\n{address}?{}",
        claims.client,
        claims.user.as_deref().unwrap_or_default(),
        query::encode(&used)
    );
    let after = match sealed {
        None => None,
        Some(text) => {
            let cursor = call.state.key.open(&text, &bound).and_then(|cursor| match &cursor.keys[..] {
                [at, id, version] => Some((at.clone(), id.clone(), version.parse().ok()?)),
                _ => None,
            });
            let words = "this page link was not made for this caller and this history: start anew";
            Some(cursor.ok_or_else(|| Problem::bad_request(IssueType::Value, words).at("http._cursor"))?)
        }
    };
    let instance = id.is_some();
    let target = HistoryTarget::new(grant, id, count, since, after).ok_or_else(Problem::not_found)?;
    let page = call.state.store.history(&target).await?;
    if instance && page.total == 0 && since.is_none() {
        return Err(Problem::not_found());
    }
    let url = |cursor: Option<String>| {
        let mut pairs = used.clone();
        pairs.extend(cursor.map(|text| ("_cursor".to_owned(), text)));
        let question = if pairs.is_empty() { String::new() } else { format!("?{}", query::encode(&pairs)) };
        format!("{}/{address}{question}", call.state.base)
    };
    let mut links = vec![("self", url(None))];
    if let Some((at, id, version)) = &page.next {
        let cursor = Cursor { keys: vec![at.clone(), id.clone(), version.to_string()], back: false };
        links.push(("next", url(Some(call.state.key.seal(&cursor, &bound)))));
    }
    let body = bundle(call, kind, &page, &links);
    Ok((page, body))
}

fn bundle(call: &Call, kind: &str, page: &HistoryPage, links: &[(&str, String)]) -> String {
    let mut writer = Writer::new("history", Some(page.total), links);
    for version in &page.versions {
        let url = if version.method == "POST" { kind.to_owned() } else { format!("{kind}/{}", version.id) };
        let request = Json::object([("method", Json::string(version.method.clone())), ("url", Json::string(url))]);
        let status = match (version.method.as_str(), version.version) {
            ("DELETE", _) => "204 No Content",
            (_, 1) => "201 Created",
            _ => "200 OK",
        };
        let response = Json::object([
            ("status", Json::string(status)),
            ("etag", Json::string(format!("W/\"{}\"", version.version))),
            ("lastModified", Json::string(to_instant(version.updated_at))),
        ]);
        let full_url = format!("{}/{kind}/{}", call.state.base, version.id);
        writer.exchange(Some(&full_url), version.resource.as_deref(), Some(&request), &response);
    }
    writer.finish()
}
