//! Takes out of an answer what two records may differ in: ids the service made, times of writing, and the seal of page links.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::{Duration, OffsetDateTime};

use crate::common::Reply;

/// The ids a twin has made, in the order in which they were shown.
#[derive(Default)]
pub struct Names(Mutex<HashMap<String, usize>>);

impl Names {
    fn of(&self, id: &str) -> String {
        let mut known = self.0.lock().expect("names");
        let next = known.len();
        format!("<id {}>", known.entry(id.to_owned()).or_insert(next))
    }
}

/// An answer as the caller of either twin must get it: status, headers, body.
pub fn answer(reply: &Reply, names: &Names) -> String {
    // Each answer's own; the length of a body is that of the body, and whether the connection stays open depends on how
    // much of a refused body was read. Bodies of 1 KiB and more vary by what the caller accepts, and a body just below it by how
    // many digits a moment in its links has.
    let own = ["date", "x-request-id", "content-length", "transfer-encoding", "connection", "vary"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).map(|(name, value)| {
        let value = match name.as_str() {
            "last-modified" => "<time>".to_owned(),
            _ => text(&String::from_utf8_lossy(value.as_bytes()), names),
        };
        format!("{name}: {value}\n")
    });
    // The order of headers is left to chance.
    let mut headers: Vec<String> = headers.collect();
    headers.sort_unstable();
    format!("{}\n{}\n{}", reply.status, headers.concat(), text(&reply.text, names))
}

/// A text with names in place of ids and times.
pub fn text(from: &str, names: &Names) -> String {
    let days = [0, 1].map(|days| (OffsetDateTime::now_utc() - Duration::days(days)).date().to_string());
    let mut text = String::with_capacity(from.len());
    let mut rest = from;
    while let Some(first) = rest.chars().next() {
        if let Some(id) = rest.get(..36).filter(|id| first.is_ascii_hexdigit() && is_uuid(id)) {
            text.push_str(&names.of(id));
            rest = &rest[36..];
        } else if days.iter().any(|day| rest.starts_with(day.as_str())) && rest[10..].starts_with(['T', ' ']) {
            let clock = &rest[11..];
            let is_clock = |c: char| c.is_ascii_digit() || ":.+-Z%AB".contains(c);
            rest = clock.trim_start_matches(is_clock);
            text.push_str("<time>");
        } else if let Some(sealed) = rest.strip_prefix("_cursor=") {
            let end = sealed.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).unwrap_or(sealed.len());
            text.push_str(&format!("_cursor=<{}>", cursor(&sealed[..end], names)));
            rest = &sealed[end..];
        } else if let Some(after) = rest.strip_prefix("Made by software on ") {
            text.push_str("Made by software on <time>");
            rest = after.find(" UTC").map_or(after, |at| &after[at..]);
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    text
}

/// What a cursor says to who looks into it; its seal is over times of the twin's own.
fn cursor(sealed: &str, names: &Names) -> String {
    let payload = sealed.split('.').next().unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    payload.map_or_else(|| sealed.to_owned(), |payload| text(&payload, names))
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// `Type/id` of what the service says it made under an id of its own.
pub fn made(reply: &Reply) -> Vec<String> {
    let location = reply.header("location").to_owned();
    let places = [location.as_str(), reply.text.as_str()];
    let made = places.into_iter().flat_map(|place| place.match_indices("/_history/1").map(move |(at, _)| &place[..at]));
    let mut made: Vec<String> = made
        .filter_map(|url| {
            let mut parts = url.rsplit('/');
            let (id, kind) = (parts.next()?, parts.next()?);
            is_whole_uuid(id).then(|| format!("{kind}/{id}"))
        })
        .collect();
    made.sort_unstable();
    made.dedup();
    made
}

fn is_whole_uuid(id: &str) -> bool {
    id.len() == 36 && is_uuid(id)
}
