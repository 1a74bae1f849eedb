//! search by GET and POST (R4 §3.1.1): of a type, of a Patient's compartment, and of several types at once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::Instrument;

use super::body::{body, media};
use super::call::{FORM, spec};
use super::format::Format;
use super::{Answer, Call, Unproven};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::is_id;
use crate::resources::spec::Compartment;
use crate::search::across::Across;
use crate::search::cursor::Cursor;
use crate::search::{Context, Search, query};
use crate::store::{AcrossPage, AcrossPlan, Page, Plan, Proved};

/// What is searched: a type or several, in the whole record or in a Patient's compartment.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub kind: Option<&'a str>,
    pub within: Option<&'a str>,
}

impl Scope<'_> {
    /// The path below the base URL.
    fn path(&self) -> String {
        match (self.within, self.kind) {
            (None, None) => String::new(),
            (None, Some(kind)) => format!("/{kind}"),
            (Some(patient), kind) => format!("/Patient/{patient}/{}", kind.unwrap_or("*")),
        }
    }
}

/// `GET /fhir/{Type}?…`
pub async fn get(call: Unproven, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    respond(call, Ok(of_type(&path)), None).await
}

/// `POST /fhir/{Type}/_search`: parameters in the body and in the URL count alike.
pub async fn post(
    call: Unproven,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    respond(call, Ok(of_type(&path)), Some((request, payload))).await
}

/// `GET /fhir?_type=…`
pub async fn get_all(call: Unproven) -> Result<HttpResponse, Problem> {
    respond(call, Ok(EVERYTHING), None).await
}

/// `POST /fhir/_search`
pub async fn post_all(call: Unproven, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    respond(call, Ok(EVERYTHING), Some((request, payload))).await
}

/// `GET /fhir/Patient/{id}/{Type}?…`, where the type may be `*`.
pub async fn get_within(call: Unproven, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    respond(call, compartment(&path.0, &path.1), None).await
}

/// `POST /fhir/Patient/{id}/{Type}/_search`
pub async fn post_within(
    call: Unproven,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    respond(call, compartment(&path.0, &path.1), Some((request, payload))).await
}

/// Searches, and answers once the caller is proved.
async fn respond(
    call: Unproven,
    scope: Result<Scope<'_>, Problem>,
    sent: Option<(HttpRequest, web::Payload)>,
) -> Result<HttpResponse, Problem> {
    let mut asked = None;
    let search = async |call: &Call| {
        let scope = scope?;
        let text = match sent {
            Some((request, mut payload)) => form(call, &request, &mut payload).await?,
            None => call.query.clone(),
        };
        let (_, text) = asked.insert((scope, text));
        find(call, scope, text).await
    };
    let (call, found) = call.proven(search).await?;
    match asked {
        Some((scope, text)) => Ok(told(&call, scope, &text, found).await?.response(&call, false)),
        // The address or the form could not be read.
        None => Err(found.err().unwrap_or_else(Problem::not_found)),
    }
}

/// Several types, in the whole record.
const EVERYTHING: Scope<'static> = Scope { kind: None, within: None };

/// A whole type.
fn of_type(kind: &str) -> Scope<'_> {
    Scope { kind: Some(kind), within: None }
}

/// The compartment and type of a path.
pub fn compartment<'a>(patient: &'a str, kind: &'a str) -> Result<Scope<'a>, Problem> {
    if !is_id(patient) {
        return Err(Problem::not_found());
    }
    let kind = (kind != "*").then_some(kind);
    if let Some(kind) = kind
        && spec(kind)?.compartment == Compartment::Nobody
    {
        let words = format!("{kind} is in no Patient's compartment: search /fhir/{kind}");
        return Err(Problem::new(StatusCode::NOT_FOUND, IssueType::NotSupported, words));
    }
    Ok(Scope { kind, within: Some(patient) })
}

/// The parameters of a form and of the URL it was posted to; the form may name the answer's format.
pub async fn form(call: &Call, request: &HttpRequest, payload: &mut web::Payload) -> Result<String, Problem> {
    let kind = media(call)?.name;
    if kind != FORM && !kind.is_empty() {
        let words = "send the parameters as Content-Type: application/x-www-form-urlencoded";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, IssueType::NotSupported, words));
    }
    let bytes = body(call, payload).await?;
    let form = String::from_utf8(bytes).map_err(|_| Problem::bad_request(IssueType::Value, "the form is not UTF-8"))?;
    let both = [call.query.as_str(), form.trim()];
    let both = both.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
    let format = Format::asked(&both, request.headers());
    format.set(request);
    format.offered()?;
    Ok(both)
}

/// What a search found.
enum Found {
    OfType(Box<Page>),
    Across(Box<AcrossPage>),
}

/// Searches for the GET entries of a batch.
pub async fn search_in(call: &Call, scope: Scope<'_>, text: &str) -> Result<Answer, Problem> {
    let found = find(call, scope, text).await.map(Proved::into_inner);
    told(call, scope, text, found).await
}

/// The answer to a search; it leaves when its audit rows are there.
async fn told(call: &Call, scope: Scope<'_>, text: &str, found: Result<Found, Problem>) -> Result<Answer, Problem> {
    let path = scope.path();
    let row = call.audit("E", scope.kind.unwrap_or_default(), &format!("{}?{text}", path.trim_start_matches('/')));
    let found = call.audited(row.clone(), found).await?;
    // An answer tells something of the people it was asked about, with or without rows.
    let people: Vec<i64> = match &found {
        Found::OfType(page) => seen(page),
        Found::Across(page) => {
            let rows = page.rows.iter().map(|(_, found)| found.patient_id);
            rows.chain(page.counted.iter().copied()).chain(page.asked.iter().copied()).collect()
        }
    };
    call.saw(row, people).await?;
    Ok(Answer::ok(match found {
        Found::OfType(page) => bundle(call, *page),
        Found::Across(page) => bundle_across(call, &path, *page),
    }))
}

async fn find(call: &Call, scope: Scope<'_>, text: &str) -> Result<Proved<Found>, Problem> {
    look(call, scope, text).instrument(tracing::debug_span!("search")).await
}

async fn look(call: &Call, scope: Scope<'_>, text: &str) -> Result<Proved<Found>, Problem> {
    let store = &call.state.store;
    if let Some(kind) = scope.kind {
        let plan = Plan::of(understand(call, kind, scope.within, text)?);
        return Ok(store.search(plan).await?.map(|page| Found::OfType(Box::new(page))));
    }
    let across = Across::read(&call.caller, &pairs(text)?, &context(call, scope.within)).map_err(refused)?;
    Ok(store.search_across(AcrossPlan::of(across)).await?.map(|page| Found::Across(Box::new(page))))
}

/// The search of a type that a query asks for, if the caller may run it and it can be read.
pub fn understand(call: &Call, kind: &str, within: Option<&str>, text: &str) -> Result<Search, Problem> {
    let grant = call.grant(spec(kind)?, Interaction::Search)?;
    Search::read(grant, &pairs(text)?, &context(call, within)).map_err(refused)
}

/// The parameters of a query.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    query::pairs(text).map_err(|issue| Problem::of(StatusCode::BAD_REQUEST, vec![issue]))
}

/// What reading a query of this call needs.
pub fn context<'a>(call: &'a Call, within: Option<&'a str>) -> Context<'a> {
    Context {
        base: &call.state.base,
        limits: call.state.config.search_limits(),
        key: &call.state.key,
        lenient: call.prefers("handling=lenient"),
        within,
        during: None,
    }
}

/// Whom a page shows, or was asked about.
pub fn seen(page: &Page) -> Vec<i64> {
    page.rows
        .iter()
        .map(|found| found.patient_id)
        .chain(page.included.iter().map(|more| more.patient_id))
        .chain(page.counted.iter().chain(&page.asked).copied())
        .collect()
}

/// 403 where a type that the search enters is not the caller's, else 400.
pub fn refused(issues: Vec<Issue>) -> Problem {
    let denied = issues.iter().any(|issue| issue.code == IssueType::Forbidden);
    Problem::of(if denied { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST }, issues)
}

/// The Bundle of a page.
pub fn bundle(call: &Call, page: Page) -> String {
    let kind = page.search.grant().spec().name;
    let base = &call.state.base;
    let path = Scope { kind: Some(kind), within: page.search.within() }.path();
    let query = |cursor: Option<&Cursor>| {
        let mut pairs = page.search.used().to_vec();
        pairs.extend(cursor.map(|cursor| ("_cursor".to_owned(), page.search.seal(&call.state.key, cursor))));
        query::encode(&pairs)
    };
    let places = [page.search.cursor(), page.previous.as_ref(), page.next.as_ref()];
    let mut writer = Writer::new("searchset", page.total, &links(call, &path, places, query));
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

fn bundle_across(call: &Call, path: &str, page: AcrossPage) -> String {
    let across = &page.across;
    let places = [across.cursor(), page.previous.as_ref(), page.next.as_ref()];
    let query = |cursor: Option<&Cursor>| across.query(&call.state.key, cursor);
    let mut writer = Writer::new("searchset", page.total, &links(call, path, places, query));
    for (place, found) in page.rows {
        let part = &across.parts()[place];
        let url = format!("{}/{}/{}", call.state.base, part.grant().spec().name, found.id);
        writer.found(&url, &part.subset().apply(found.resource));
    }
    writer.warnings(across.parts().iter().map(Search::warnings).find(|found| !found.is_empty()).unwrap_or_default());
    writer.finish()
}

/// The links of a page: itself, and those before and after it.
pub fn links(
    call: &Call,
    path: &str,
    [here, previous, next]: [Option<&Cursor>; 3],
    query: impl Fn(Option<&Cursor>) -> String,
) -> Vec<(&'static str, String)> {
    let url = |cursor| {
        let query = query(cursor);
        format!("{}{path}{}{query}", call.state.base, if query.is_empty() { "" } else { "?" })
    };
    let mut links = vec![("self", url(here))];
    links.extend(previous.map(|cursor| ("previous", url(Some(cursor)))));
    links.extend(next.map(|cursor| ("next", url(Some(cursor)))));
    links
}
