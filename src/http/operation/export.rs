//! `$export` (HL7 Bulk Data Access): what is asked for becomes a search of each type, kept as a job. The files are read when they
//! are fetched, in `http/export`.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LOCATION;
use uuid::Uuid;

use super::super::export::{grant, search};
use super::super::{Call, FHIR_JSON};
use super::input::{Body, Input};
use crate::access::Permission;
use crate::error::Problem;
use crate::fhir::date;
use crate::fhir::outcome::{Issue, IssueType, outcome};
use crate::fhir::primitive::{is_id, shorten};
use crate::operations::NDJSON;
use crate::resources::spec::{Compartment, ResourceSpec};
use crate::resources::{self};
use crate::search::query;
use crate::store::NewExport;

/// How long a job may be fetched, in seconds.
const LIFE: i64 = 24 * 60 * 60;

/// What a `_typeFilter` cannot ask for: it narrows a type, and neither orders nor shapes what comes of it.
const NO_FILTER: [&str; 10] =
    ["_sort", "_count", "_total", "_summary", "_elements", "_include", "_revinclude", "_format", "_pretty", "_cursor"];

/// Begins an export of the whole record, or of people's records alone.
pub async fn run(call: &Call, of_people: bool, body: Body) -> Result<HttpResponse, Problem> {
    let path = if of_people { "Patient/$export" } else { "$export" };
    let row = call.audit("E", "Patient", &format!("{path}?{}", call.query));
    let result = begin(call, of_people, path, body).await;
    let id = call.audited(row.clone(), result).await?;
    call.saw(row, []).await?;
    let place = format!("{}/$export/{id}", call.state.base);
    let words = format!("the export has begun: ask {place} how far it is");
    let begun = Issue { severity: "information", ..Issue::error(IssueType::Informational, words) };
    let mut response = HttpResponse::Accepted();
    response.insert_header((CONTENT_LOCATION, place)).content_type(FHIR_JSON);
    Ok(response.body(outcome(&[begun]).to_string()))
}

async fn begin(call: &Call, of_people: bool, path: &str, body: Body) -> Result<Uuid, Problem> {
    let leave = call.caller.leave(Permission::Export)?;
    if !call.prefers("respond-async") {
        let words = "an export is not answered at once: send Prefer: respond-async";
        return Err(Problem::bad_request(IssueType::Required, words).at("http.Prefer"));
    }
    let posted = body.payload.is_some();
    let input = body.read(call).await?;
    // The time comes first: all that is written by then has begun before the job does.
    let asked_at = date::now();
    let queries = asked(call, of_people, posted, input)?;
    let query = if call.query.is_empty() { String::new() } else { format!("?{}", call.query) };
    let request = format!("{}/{path}{query}", call.state.base);
    let job = NewExport { id: Uuid::new_v4(), request, queries, of_people, asked_at, seconds: LIFE };
    let most = call.state.config.limits.exports;
    if !call.state.store.begin_export(&leave, &job, i64::from(most)).await? {
        let words = format!(
            "this client has {most} exports, the most it may have at once (limits.exports): DELETE those that are done with"
        );
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, IssueType::Throttled, words));
    }
    Ok(job.id)
}

/// A search of each type; each is one that the caller may run, now.
fn asked(call: &Call, of_people: bool, posted: bool, input: Input) -> Result<BTreeMap<String, String>, Problem> {
    let lenient = call.prefers("handling=lenient");
    let bad = |name: &str, words: String| {
        Problem::bad_request(IssueType::Value, format!("{name}: {words}")).at(&format!("http.{name}"))
    };
    let (mut kinds, mut patients) = (Vec::new(), Vec::new());
    let (mut common, mut elements, mut filters) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (name, value) in &input.values {
        match name.as_str() {
            "_type" => kinds.extend(value.split(',').map(str::to_owned)),
            "_since" => match date::parse_search(value) {
                Some(_) => common.push(("_lastUpdated", format!("ge{value}"))),
                None => return Err(bad(name, "this is not an instant, YYYY-MM-DDThh:mm:ssZ".to_owned())),
            },
            // A + in an address is a space by the time it gets here.
            "_outputFormat" if NDJSON.contains(&value.replace(' ', "+").as_str()) => {}
            "_outputFormat" => {
                return Err(bad(name, format!("\"{}\" is not one of {}", shorten(value), NDJSON.join(", "))));
            }
            "_elements" => elements.extend(value.split(',').map(|name| name.trim().to_owned())),
            "_typeFilter" => {
                let Some((kind, query)) = value.split_once('?') else {
                    return Err(bad(name, format!("\"{}\" is not Type?parameter=value", shorten(value))));
                };
                let pairs = query::pairs(query).map_err(|issue| Problem::of(StatusCode::BAD_REQUEST, vec![issue]))?;
                let plain = |name: &str| name.split(':').next().is_some_and(|name| NO_FILTER.contains(&name));
                if let Some((inner, _)) = pairs.iter().find(|(name, _)| plain(name)) {
                    return Err(bad(name, format!("{} does not narrow what is found: leave it out", shorten(inner))));
                }
                if filters.insert(kind.to_owned(), pairs).is_some() {
                    return Err(bad(name, format!("there are two of {}: begin an export for each", shorten(kind))));
                }
            }
            "patient" if of_people && posted => {
                let id = value.strip_prefix("Patient/").unwrap_or(value);
                if !is_id(id) {
                    return Err(bad(name, format!("\"{}\" is not a reference, Patient/[id]", shorten(value))));
                }
                patients.push(id.to_owned());
            }
            "_format" | "_pretty" => {}
            _ if lenient => {}
            _ => {
                let words = format!(
                    "$export has no parameter \"{}\" here; it has _type, _since, _outputFormat, _elements, _typeFilter and, of \
                     Patient by POST, patient",
                    shorten(name)
                );
                return Err(Problem::bad_request(IssueType::NotSupported, words).at(&format!("http.{}", shorten(name))));
            }
        }
    }
    let mut queries = BTreeMap::new();
    for spec in specs(call, of_people, &kinds, lenient)? {
        let mut pairs: Vec<(String, String)> = filters.remove(spec.name).unwrap_or_default();
        pairs.extend(common.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        if !patients.is_empty() {
            let name = if spec.is_person() { "_id" } else { "patient" };
            pairs.push((name.to_owned(), patients.join(",")));
        }
        let own = format!("{}.", spec.name);
        let named = elements.iter().filter_map(|name| match name.contains('.') {
            true => name.strip_prefix(&own),
            false => Some(name.as_str()),
        });
        let named = named.collect::<Vec<&str>>().join(",");
        if !named.is_empty() {
            pairs.push(("_elements".to_owned(), named));
        }
        let query = query::encode(&pairs);
        search(call, spec, &query, of_people)?;
        queries.insert(spec.name.to_owned(), query);
    }
    match filters.keys().next() {
        Some(kind) if !lenient => {
            Err(bad("_typeFilter", format!("{} is not among the types of this export", shorten(kind))))
        }
        _ => Ok(queries),
    }
}

/// The types: those named, each of which the caller has to have leave for; else all that the caller has leave for.
fn specs(call: &Call, of_people: bool, named: &[String], lenient: bool) -> Result<Vec<&'static ResourceSpec>, Problem> {
    let here = |spec: &&'static ResourceSpec| !of_people || spec.compartment != Compartment::Nobody;
    let all = || resources::ALL.iter().copied().filter(here);
    let mut found = Vec::new();
    for name in named {
        match all().find(|spec| spec.name == name) {
            Some(spec) => {
                grant(call, spec)?;
                found.push(spec);
            }
            None if lenient => {}
            None => {
                let known: Vec<&str> = all().map(|spec| spec.name).collect();
                let words =
                    format!("_type: there is no \"{}\" to export here; there are {}", shorten(name), known.join(", "));
                return Err(Problem::bad_request(IssueType::Value, words).at("http._type"));
            }
        }
    }
    if named.is_empty() {
        found.extend(all().filter(|spec| grant(call, spec).is_ok()));
    }
    if found.is_empty() {
        let words = "the token's scopes allow no search of any type to export: ask for a scope such as system/*.rs";
        return Err(Problem::new(StatusCode::FORBIDDEN, IssueType::Forbidden, words));
    }
    Ok(found)
}
