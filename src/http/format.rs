//! Owns the format of answers: which one a request asks for, found out once, and the turn from JSON into it at the very
//! end. Everything before makes JSON; an answer that stays so is neither read nor copied here.

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};

use super::media::{self, Syntax};
use super::{FHIR_JSON, FHIR_XML, squeeze};
use crate::error::Problem;
use crate::fhir::json::Json;
use crate::fhir::outcome::IssueType;
use crate::fhir::{pretty, xml};
use crate::search::query;

/// Smaller bodies leave as they are: squeezing them costs more than sending them.
const WORTH_SQUEEZING: u64 = 1024;

/// How the caller wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// None: in no format there is; what is to be said of that is said in JSON.
    syntax: Option<Syntax>,
    pretty: bool,
}

impl Format {
    const PLAIN: Format = Format { syntax: Some(Syntax::Json), pretty: false };

    /// By `_format`, or else by Accept (R4 §3.1.0.1.11).
    pub fn asked(query: &str, headers: &HeaderMap) -> Format {
        let mut accept = headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok());
        let accept = || match (accept.next(), accept.next()) {
            (None, _) => Some(Syntax::Json),
            (Some(only), None) => media::accepted(only),
            (Some(first), Some(second)) => {
                media::accepted(&[first, second].into_iter().chain(accept).collect::<Vec<_>>().join(","))
            }
        };
        if query.is_empty() {
            return Format { syntax: accept(), pretty: false };
        }
        // A query that cannot be read is refused by who needs it.
        let pairs = query::pairs(query).unwrap_or_default();
        let first = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let syntax = match first("_format").filter(|format| !format.is_empty()) {
            Some(format) => media::named(format),
            None => accept(),
        };
        Format { syntax, pretty: first("_pretty") == Some("true") }
    }

    /// What this request asked for.
    pub fn of(request: &HttpRequest) -> Format {
        request.extensions().get::<Format>().copied().unwrap_or(Format::PLAIN)
    }

    /// Makes it the format of this request's answer.
    pub fn set(self, request: &HttpRequest) {
        request.extensions_mut().insert(self);
    }

    /// 406 where the caller takes neither format.
    pub fn offered(self) -> Result<(), Problem> {
        if self.syntax.is_some() {
            return Ok(());
        }
        let words = "this service answers in application/fhir+json and application/fhir+xml, \
                     of fhirVersion 4.0: ask for one of them in Accept or _format";
        Err(Problem::new(StatusCode::NOT_ACCEPTABLE, IssueType::NotSupported, words))
    }

    /// An answer in this format.
    fn show(self, json: &[u8]) -> Result<String, Problem> {
        let value = Json::parse_answer(json).map_err(|error| {
            tracing::error!(%error, "an answer is not JSON");
            not_shown()
        })?;
        match (self.syntax, value) {
            (Some(Syntax::Xml), Json::Object(resource)) => Ok(xml::from_json(&resource, self.pretty)),
            (Some(Syntax::Xml), _) => Err(not_shown()),
            (_, value) => Ok(pretty::json(&value)),
        }
    }
}

/// Finds out the format, and gives every FHIR answer in it, refusals too.
pub async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let format = Format::asked(request.query_string(), request.headers());
    if format != Format::PLAIN {
        request.extensions_mut().insert(format);
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let format = Format::of(response.request());
    let is_fhir = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == FHIR_JSON.as_bytes());
    let mut response = match format.syntax {
        Some(Syntax::Xml) if is_fhir => shown(response, format).await,
        _ if is_fhir && format.pretty => shown(response, format).await,
        _ => response,
    };
    match response.response().body().size() {
        BodySize::Sized(size) if size < WORTH_SQUEEZING => {
            // Says so to what squeezes; `without_identity` takes the word out again.
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
            Ok(response)
        }
        BodySize::Sized(_) if !response.headers().contains_key(CONTENT_ENCODING) => {
            Ok(squeeze::squeezed(response).await)
        }
        _ => Ok(response),
    }
}

/// A header that says nothing is not sent (RFC 9110 §8.4.1).
pub fn without_identity(headers: &mut HeaderMap) {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        headers.remove(CONTENT_ENCODING);
    }
}

/// The answer in another format; where that cannot be, why, in that format too if it can.
async fn shown(response: ServiceResponse<BoxBody>, format: Format) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let text = match to_bytes(body).await {
        Ok(bytes) => format.show(&bytes),
        // A stream that broke off: nothing has left yet, so the reason can be told.
        Err(error) => Err(error.downcast::<Problem>().map_or_else(|_| not_shown(), |problem| *problem)),
    };
    let (response, text) = match text {
        Ok(text) => (response, text),
        Err(problem) => {
            let (response, body) = problem.error_response().into_parts();
            match to_bytes(body).await.map(|bytes| format.show(&bytes)) {
                Ok(Ok(text)) => (response, text),
                _ => return ServiceResponse::new(request, not_shown().error_response()),
            }
        }
    };
    let mut response = response.set_body(BoxBody::new(text));
    if format.syntax == Some(Syntax::Xml) {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_XML));
    }
    ServiceResponse::new(request, response)
}

fn not_shown() -> Problem {
    let words = "the answer cannot be shown in this format: ask for application/fhir+json";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, IssueType::Exception, words)
}
