//! Owns the headers that every answer has: what browsers may do with it, which is nothing, unless it says otherwise itself.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// For whoever opens an answer in a browser: it runs nothing, loads nothing, and stands in nobody's frame.
const CLOSED: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Puts in what is missing. Under https, browsers are told to come that way for a year.
pub fn guard(headers: &mut HeaderMap, https: bool) {
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CLOSED));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    if https {
        missing(headers, STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    missing(headers, CACHE_CONTROL, "no-store");
    missing(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    missing(headers, REFERRER_POLICY, "no-referrer");
}

fn missing(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
