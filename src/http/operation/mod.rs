//! Operations (R4 §3.2) over HTTP: one file per operation. Which there are says the table in `operations`.

mod everything;
mod export;
mod input;
mod lastn;
mod matching;
mod overrides;
mod protect;
mod relate;
mod reply;
mod review;
mod summary;
mod validate;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use super::call::spec;
use super::{Answer, Call};
use crate::access::Permission;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::operations::{ALL, Operation, Run};
use crate::resources::spec::ResourceSpec;
use input::Body;

/// The methods that ask it.
fn methods(operation: &Operation) -> &'static str {
    if operation.by_get { "GET, HEAD, POST" } else { "POST" }
}

/// `/fhir/{Type}/$name`
pub async fn on_type(
    call: Call,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, name) = path.into_inner();
    ask(call, request, (&kind, None, &name), payload).await
}

/// `/fhir/{Type}/{id}/$name`
pub async fn on_instance(
    call: Call,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, id, name) = path.into_inner();
    ask(call, request, (&kind, Some(&id), &name), payload).await
}

/// `/fhir/$name`
pub async fn on_system(
    call: Call,
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let plain = path.strip_prefix('$').unwrap_or(&path);
    let found = ALL.iter().find(|operation| operation.on_system.is_some() && operation.name == plain);
    let operation = found.ok_or_else(|| unknown(&path, None))?;
    let method = request.method().clone();
    match Body::asked(operation, request, payload) {
        Some(body) => export::run(&call, false, body).await,
        None => Ok(wrong_method(operation, &method)),
    }
}

async fn ask(
    call: Call,
    request: HttpRequest,
    (kind, id, name): (&str, Option<&str>, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let spec = spec(kind)?;
    let plain = name.strip_prefix('$').unwrap_or(name);
    let found = ALL.iter().find(|operation| {
        let here = if id.is_some() { operation.on_instance } else { operation.on_type };
        here && operation.name == plain && operation.is_for(spec.name)
    });
    let Some(operation) = found else { return Err(unknown(name, Some(spec))) };
    let method = request.method().clone();
    let Some(body) = Body::asked(operation, request, payload) else { return Ok(wrong_method(operation, &method)) };
    let answer: Answer = match operation.run {
        // Its answer is a stream, which takes the call along.
        Run::Everything => return everything::everything(call, id, body).await,
        // It has a status of its own.
        Run::Export => return export::run(&call, true, body).await,
        Run::Lastn => lastn::run(&call, spec, body).await?,
        Run::Match => matching::run(&call, spec, body).await?,
        Run::Validate => validate::run(&call, spec, id, body).await?,
        Run::Summary => summary::run(&call, spec, id.unwrap_or_default(), body).await?,
        Run::BreakGlass => overrides::run(&call, Permission::BreakGlass, operation.name, body).await?,
        Run::SelfClaim => overrides::run(&call, Permission::SelfClaim, operation.name, body).await?,
        Run::Relate => relate::relate(&call, body).await?,
        Run::EndRelationship => relate::end(&call, body).await?,
        Run::Relationships => relate::list(&call, body).await?,
        Run::Protect => protect::run(&call, body).await?,
        Run::AccessAlerts => review::list(&call, body).await?,
        Run::Review => review::review(&call, body).await?,
    };
    Ok(answer.response(&call, false))
}

impl Body {
    /// What comes with a request for an operation; none where its method does not ask it.
    fn asked(operation: &Operation, request: HttpRequest, payload: web::Payload) -> Option<Body> {
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        let may = request.method() == Method::POST || read && operation.by_get;
        may.then(|| Body { request, payload: (!read).then_some(payload) })
    }
}

fn wrong_method(operation: &Operation, method: &Method) -> HttpResponse {
    let words = format!("${} is asked by {}, not by {method}", operation.name, methods(operation));
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, IssueType::NotSupported, words);
    let mut response = problem.error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods(operation)));
    response
}

/// 404 with the operations there are.
fn unknown(name: &str, at: Option<&'static ResourceSpec>) -> Problem {
    let forms =
        ALL.iter().filter(|operation| at.is_none_or(|spec| operation.is_for(spec.name))).flat_map(|operation| {
            let kind = match (at, operation.kinds) {
                (Some(spec), _) => spec.name,
                (None, [one]) => one,
                (None, _) => "[type]",
            };
            let of_type = operation.on_type.then(|| format!("{kind}/${}", operation.name));
            let of_one = operation.on_instance.then(|| format!("{kind}/[id]/${}", operation.name));
            let of_all = operation.on_system.filter(|_| at.is_none()).map(|_| format!("${}", operation.name));
            of_all.into_iter().chain(of_type).chain(of_one)
        });
    let forms: Vec<String> = forms.collect();
    let words = format!("there is no operation {} at this address; there are {}", shorten(name), forms.join(", "));
    Problem::new(StatusCode::NOT_FOUND, IssueType::NotSupported, words)
}
