//! `GET /openapi.json`: the OpenAPI document, open to anyone.

use std::fmt::Write;
use std::sync::OnceLock;

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use crate::openapi;

/// The document, or that the caller has it already.
pub async fn document(request: HttpRequest) -> HttpResponse {
    let known = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(','));
    let opaque = tag().trim_start_matches("W/");
    let unchanged = known.any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == opaque);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // It changes with the program alone: keep it, and ask whether it is still the one.
    response.insert_header((ETAG, tag())).insert_header((CACHE_CONTROL, "no-cache"));
    if unchanged { response.finish() } else { response.content_type("application/json").body(openapi::document()) }
}

/// Its tag: a weak one, since it leaves squeezed, too.
fn tag() -> &'static str {
    static TAG: OnceLock<String> = OnceLock::new();
    TAG.get_or_init(|| {
        let digest = Sha256::digest(openapi::document());
        digest.iter().take(16).fold("W/\"".to_owned(), |mut tag, byte| {
            // Writing to a String cannot fail.
            let _ = write!(tag, "{byte:02x}");
            tag
        }) + "\""
    })
}
