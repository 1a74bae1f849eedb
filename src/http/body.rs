//! Owns the way from a request's body to a resource: media type, content coding, size, and the format it is in.

use std::io::Read;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web;
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;

use super::Call;
use super::gate::{busy, waits};
use super::media::{Media, Syntax};
use crate::error::Problem;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::xml;

/// The resource in a body, JSON or XML as its Content-Type says; 415 for anything else.
pub async fn resource(call: &Call, payload: &mut web::Payload) -> Result<Object, Problem> {
    let syntax = syntax(call)?;
    parse(syntax, &body(call, payload).await?)
}

/// The resource in a body that may be empty.
pub async fn resource_if_any(call: &Call, payload: &mut web::Payload) -> Result<Option<Object>, Problem> {
    let bytes = body(call, payload).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    parse(syntax(call)?, &bytes).map(Some)
}

fn syntax(call: &Call) -> Result<Syntax, Problem> {
    let kind = media(call)?;
    kind.syntax().ok_or_else(|| {
        let words = if kind.is_r4() {
            "send the body as JSON or XML, with Content-Type: application/fhir+json or application/fhir+xml"
        } else {
            "this service takes R4 only: send the body with Content-Type: application/fhir+json; fhirVersion=4.0"
        };
        unsupported(words).at("http.Content-Type")
    })
}

fn parse(syntax: Syntax, bytes: &[u8]) -> Result<Object, Problem> {
    match syntax {
        Syntax::Json => from_json(bytes),
        Syntax::Xml => xml::to_json(bytes).map_err(|error| refused(error.message, &error.path)),
    }
}

/// The media type of a body, in UTF-8; none named is the empty one.
pub fn media(call: &Call) -> Result<Media, Problem> {
    let kind = Media::parse(call.header("content-type").unwrap_or_default());
    if kind.is_utf8() {
        return Ok(kind);
    }
    Err(unsupported("the body is in another character set than UTF-8: send UTF-8").at("http.Content-Type"))
}

/// The JSON object a body is.
pub fn from_json(bytes: &[u8]) -> Result<Object, Problem> {
    match Json::parse(bytes) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => {
            Err(Problem::bad_request(IssueType::Structure, "the body is JSON, but not an object: send one resource"))
        }
        Err(error) => Err(refused(error.message, &error.path)),
    }
}

fn refused(message: String, path: &str) -> Problem {
    Problem::of(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::Structure, message).at(path)])
}

fn unsupported(words: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, IssueType::NotSupported, words)
}

/// How a body may be squeezed.
enum Coding {
    Identity,
    Gzip,
    Brotli,
}

/// Reads a body, as it was before it was squeezed. The limit holds before and after. Who sends slowly keeps nobody from
/// working, and has so long.
pub async fn body(call: &Call, payload: &mut web::Payload) -> Result<Vec<u8>, Problem> {
    let limit = call.state.config.limits.body;
    if call.header("content-length").and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n > limit) {
        return Err(too_large(limit));
    }
    let coding = coding(call)?;
    let seconds = call.state.config.load.body_seconds;
    let sent = waits(call.turn(), Duration::from_secs(seconds), collected(payload, limit));
    let bytes = sent.await.map_err(busy)?.unwrap_or_else(|| Err(too_slow(seconds)))?;
    match coding {
        Coding::Identity => Ok(bytes),
        Coding::Gzip => unsqueezed(MultiGzDecoder::new(&bytes[..]), limit),
        Coding::Brotli => unsqueezed(brotli::Decompressor::new(&bytes[..], 4096), limit),
    }
}

/// What is sent, up to the limit.
async fn collected(payload: &mut web::Payload, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request(IssueType::Structure, "the body ended before its time"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_slow(seconds: u64) -> Problem {
    let words = format!("the body was not there within {seconds} seconds (load.body_seconds): send less at a time");
    Problem::new(StatusCode::REQUEST_TIMEOUT, IssueType::Timeout, words)
}

fn coding(call: &Call) -> Result<Coding, Problem> {
    let named: Vec<String> = call
        .headers("content-encoding")
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| coding != "identity")
        .collect();
    match named.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Coding::Identity),
        ["gzip" | "x-gzip"] => Ok(Coding::Gzip),
        ["br"] => Ok(Coding::Brotli),
        _ => {
            let words = "send the body as it is, or with one Content-Encoding, gzip or br";
            Err(unsupported(words).at("http.Content-Encoding"))
        }
    }
}

/// No more is made of a squeezed body than the limit, whatever it would become.
fn unsqueezed(reader: impl Read, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut bytes).map_err(|_| {
        let words = "the body is not what its Content-Encoding says: it cannot be read to its end";
        Problem::bad_request(IssueType::Structure, words).at("http.Content-Encoding")
    })?;
    if bytes.len() > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

fn too_large(limit: usize) -> Problem {
    let words = format!(
        "the body is larger than {limit} bytes, the most this service takes (limits.body): send less at a time"
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, IssueType::TooLong, words)
}
