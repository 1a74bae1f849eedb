//! search by GET and POST (R4 §3.1.1).

use actix_web::{HttpResponse, web};

use super::call::spec;
use super::{Answer, Call, body};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::outcome::{Issue, IssueType};
use crate::search::cursor::Cursor;
use crate::search::{Context, Search, query};
use crate::store::{Page, Plan};
use actix_web::http::StatusCode;

/// `GET /fhir/{Type}?…`
pub async fn get(call: Call, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(search(&call, &path, &call.query).await?.response(&call, false))
}

/// `POST /fhir/{Type}/_search`: parameters in the body and in the URL count alike.
pub async fn post(call: Call, path: web::Path<String>, mut payload: web::Payload) -> Result<HttpResponse, Problem> {
    let kind = call
        .header("content-type")
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if kind != "application/x-www-form-urlencoded" && !kind.is_empty() {
        let words = "send the parameters as Content-Type: application/x-www-form-urlencoded";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, IssueType::NotSupported, words));
    }
    let bytes = body(&call, &mut payload).await?;
    let form = String::from_utf8(bytes).map_err(|_| Problem::bad_request(IssueType::Value, "the form is not UTF-8"))?;
    let both =
        [call.query.as_str(), form.trim()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
    Ok(search(&call, &path, &both).await?.response(&call, false))
}

/// Searches for any caller of this module: the routes and the GET entries of a transaction.
pub async fn search(call: &Call, kind: &str, text: &str) -> Result<Answer, Problem> {
    let row = call.audit("E", kind, &format!("{kind}?{text}"));
    let result = find(call, kind, text).await;
    let page = call.audited(row.clone(), result).await?;
    let mut people = seen(&page);
    // An answer tells something of the people it was asked about, with or without rows.
    people.extend(call.state.store.asked_about(&page.search, page.rows.len()).await?);
    call.saw(row, people).await?;
    Ok(Answer::ok(bundle(call, page)))
}

async fn find(call: &Call, kind: &str, text: &str) -> Result<Page, Problem> {
    Ok(call.state.store.search(Plan::of(understand(call, kind, text)?)).await?)
}

/// The search that a query asks for, if the caller may run it and it can be read.
pub fn understand(call: &Call, kind: &str, text: &str) -> Result<Search, Problem> {
    let grant = call.grant(spec(kind)?, Interaction::Search)?;
    let pairs = query::pairs(text).map_err(|issue| Problem::of(StatusCode::BAD_REQUEST, vec![issue]))?;
    let context = Context {
        base: &call.state.base,
        limits: call.state.config.search_limits(),
        key: &call.state.key,
        lenient: call.prefers("handling=lenient"),
    };
    Search::read(grant, &pairs, &context).map_err(refused)
}

/// Whom a page shows.
pub fn seen(page: &Page) -> Vec<i64> {
    page.rows
        .iter()
        .map(|found| found.patient_id)
        .chain(page.included.iter().map(|more| more.patient_id))
        .chain(page.counted.iter().copied())
        .collect()
}

/// 403 where a type that the search enters is not the caller's, else 400.
fn refused(issues: Vec<Issue>) -> Problem {
    let denied = issues.iter().any(|issue| issue.code == IssueType::Forbidden);
    Problem::of(if denied { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST }, issues)
}

pub fn bundle(call: &Call, page: Page) -> String {
    let kind = page.search.grant().spec().name;
    let base = &call.state.base;
    let url = |cursor: Option<&Cursor>| {
        let mut pairs = page.search.used().to_vec();
        if let Some(cursor) = cursor {
            pairs.push(("_cursor".to_owned(), page.search.seal(&call.state.key, cursor)));
        }
        if pairs.is_empty() { format!("{base}/{kind}") } else { format!("{base}/{kind}?{}", query::encode(&pairs)) }
    };
    let mut links = vec![("self", url(page.search.cursor()))];
    links.extend(page.previous.iter().map(|cursor| ("previous", url(Some(cursor)))));
    links.extend(page.next.iter().map(|cursor| ("next", url(Some(cursor)))));
    let mut writer = Writer::new("searchset", page.total, &links);
    for found in page.rows {
        let resource = page.search.subset().apply(found.resource);
        writer.found(&format!("{base}/{kind}/{}", found.id), &resource);
    }
    for included in page.included {
        let resource = page.search.subset().apply(included.resource);
        writer.included(&format!("{base}/{}/{}", included.kind, included.id), &resource);
    }
    writer.warnings(page.search.warnings());
    writer.finish()
}
