//! Asks the service as somebody, and remembers which route each request took and for which column of the matrix.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{self, Reply, Session, send};
use crate::routes::declared;
use crate::rows::{BORN, Person};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Seen or done.
    Done,
    /// A Patient that is seen without what says where the person is, or an event without what was asked.
    Bare,
    /// 403.
    Refused,
    /// 404 or 410, or an answer without the row.
    Absent,
    /// Any other status.
    Odd(u16),
}

impl Mark {
    pub fn of(reply: &Reply) -> Mark {
        match reply.status.as_u16() {
            200..=299 => Mark::Done,
            403 => Mark::Refused,
            404 | 410 => Mark::Absent,
            status => Mark::Odd(status),
        }
    }

    /// Whether something was seen or done.
    pub fn is_done(self) -> bool {
        matches!(self, Mark::Done | Mark::Bare)
    }

    /// As the tables have it.
    pub fn text(self) -> String {
        match self {
            Mark::Done | Mark::Bare => "✓".to_owned(),
            Mark::Refused => "–".to_owned(),
            Mark::Absent => "·".to_owned(),
            Mark::Odd(status) => status.to_string(),
        }
    }
}

/// A request's body.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    None,
    Fhir(&'a Value),
    Patch(&'a Value),
    Form(&'a str),
    /// None, for an answer that comes later.
    Async,
}

/// Method, route and column of every request that was made.
#[derive(Default)]
pub struct Log(Mutex<BTreeSet<(String, String, &'static str)>>);

impl Log {
    pub fn rows(&self) -> BTreeSet<(String, String, &'static str)> {
        self.0.lock().expect("the log").clone()
    }

    fn note(&self, method: &Method, path: &str, column: &'static str) {
        let path = format!("/fhir{}", path.split('?').next().unwrap_or_default());
        let route = route(method.as_str(), &path).unwrap_or_else(|| panic!("no route is declared for {method} {path}"));
        self.0.lock().expect("the log").insert((method.to_string(), route, column));
    }
}

/// The first declared route that a request matches.
fn route(method: &str, path: &str) -> Option<String> {
    static DECLARED: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let found = DECLARED.get_or_init(declared).iter().find(|(known, route)| known == method && fits(route, path));
    found.map(|(_, route)| route.clone())
}

fn fits(route: &str, path: &str) -> bool {
    // The pattern of an operation's name has a slash of its own, in the brackets of what the name may not contain.
    let route = route.replace("[^/]*", "*");
    let fit = |part: &str, segment: &str| match (part.starts_with("{operation"), part.starts_with('{')) {
        (true, _) => segment.starts_with('$'),
        (false, true) => !segment.is_empty(),
        (false, false) => part == segment,
    };
    let (parts, segments): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    parts.len() == segments.len() && parts.iter().zip(segments).all(|(part, segment)| fit(part, segment))
}

/// Requests with one token.
pub struct Asker<'a> {
    pub session: Session<'a>,
    pub log: &'a Log,
}

impl Asker<'_> {
    /// Asks for `path`, which is what follows `/fhir` and begins with a slash or is empty, for a column of the matrix.
    pub async fn ask(&self, column: &'static str, method: Method, path: &str, body: Body<'_>) -> Reply {
        self.log.note(&method, path, column);
        let request = self.session.request(method, &format!("{}{path}", self.session.app.base));
        let reply = send(match body {
            Body::None => request,
            Body::Async => request.header("Prefer", "respond-async"),
            Body::Fhir(resource) => common::json(request, resource),
            Body::Patch(patch) => request.header("Content-Type", "application/json-patch+json").body(patch.to_string()),
            Body::Form(form) => {
                request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned())
            }
        })
        .await;
        // A service that fails has not decided anything.
        assert!(reply.status.as_u16() < 500, "{path}: {} {}", reply.status, reply.text);
        reply
    }

    pub async fn get(&self, column: &'static str, path: &str) -> Reply {
        self.ask(column, Method::GET, path, Body::None).await
    }

    /// All pages of a Bundle; where the first is refused, that answer alone.
    pub async fn pages(&self, column: &'static str, path: &str) -> Vec<Reply> {
        let mut pages = vec![self.get(column, path).await];
        while let Some(last) = pages.last().filter(|page| page.status == 200) {
            let Some(next) = last.link("next") else { break };
            let path = next.strip_prefix(&self.session.app.base).expect("a link of this service").to_owned();
            pages.push(self.get(column, &path).await);
        }
        pages
    }
}

/// The ids and texts of a Bundle's resources, deleted versions too.
pub fn entries(reply: &Reply) -> Vec<(String, Value)> {
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default().into_iter();
    let entries = entries.filter(|entry| entry["search"]["mode"] != "outcome");
    let id = |entry: &Value| Some(entry["fullUrl"].as_str()?.rsplit('/').next()?.to_owned());
    entries.filter_map(|entry| Some((id(&entry)?, entry["resource"].clone()))).collect()
}

/// Parameters of an operation.
pub fn parameters(pairs: &[(&str, &str)]) -> Value {
    let one = |(name, value): &(&str, &str)| json!({"name": name, "valueString": value});
    json!({"resourceType": "Parameters", "parameter": pairs.iter().map(one).collect::<Vec<_>>()})
}

/// Opens somebody's record by an operation.
pub async fn open(
    asker: &Asker<'_>,
    column: &'static str,
    operation: &str,
    person: &Person,
    more: &[(&str, &str)],
) -> Reply {
    let mut pairs = vec![
        ("nhs-number", person.number.as_str()),
        ("birth-date", BORN),
        ("reason", "a measurement of who may do this"),
    ];
    pairs.extend(more);
    asker.ask(column, Method::POST, &format!("/Patient/${operation}"), Body::Fhir(&parameters(&pairs))).await
}
