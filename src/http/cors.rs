//! Owns which pages of other origins may read answers (CORS): discovery is for all; the FHIR API and the token endpoint are
//! for the origins that clients registered.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::State;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "Authorization, Content-Type, Accept, If-Match, If-None-Match, If-Modified-Since, If-None-Exist, Prefer, \
                       X-Request-Id, X-Requested-With";
const EXPOSED: &str =
    "ETag, Location, Content-Location, Last-Modified, X-Request-Id, WWW-Authenticate, Retry-After, Allow";

/// What everybody may read.
const OPEN: [&str; 6] = [
    "/openapi.json",
    "/fhir/metadata",
    "/fhir/.well-known/smart-configuration",
    "/.well-known/openid-configuration",
    "/oauth/jwks.json",
    "/oauth/smart-style.json",
];

/// What pages of registered origins may read, beside `/fhir`.
const REGISTERED: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

/// Answers preflights, and lets pages read the answers that are for them.
pub async fn cors<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let path = request.path();
    let open = OPEN.contains(&path);
    let ours = open || REGISTERED.contains(&path) || path == "/fhir" || path.starts_with("/fhir/");
    if !ours {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let allowed = if open { Some(HeaderValue::from_static("*")) } else { registered(&request, origin).await };
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if preflight {
        let mut response =
            if allowed.is_some() { HttpResponse::NoContent() } else { HttpResponse::Forbidden() }.finish();
        permit(response.headers_mut(), allowed);
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        return Ok(request.into_response(response).map_into_right_body());
    }
    let mut response = next.call(request).await?.map_into_left_body();
    permit(response.headers_mut(), allowed);
    Ok(response)
}

/// The origin, if a client has registered it. When that cannot be looked up, nobody has.
async fn registered(request: &ServiceRequest, origin: HeaderValue) -> Option<HeaderValue> {
    let state = request.app_data::<web::Data<State>>()?;
    let text = origin.to_str().ok().filter(|text| text.len() <= 300)?;
    let known = state.store.knows_origin(text).await.unwrap_or(false);
    known.then_some(origin)
}

/// Lets every page read an answer.
pub fn open(headers: &mut HeaderMap) {
    permit(headers, Some(HeaderValue::from_static("*")));
}

fn permit(headers: &mut HeaderMap, allowed: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
