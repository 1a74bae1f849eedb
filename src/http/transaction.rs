//! transaction (R4 §3.1.0.11): a Bundle of changes, all of them or none. A batch goes on from here to `batch`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::body::resource;
use super::call::{parse_version, rows_about};
use super::entry::{Body, Entry, Step, understand};
use super::write::{answer, checked, same_id};
use super::{Answer, Call, batch, read, search};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::{Homes, Writer, resolve};
use crate::fhir::decode;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::resources::spec::ResourceSpec;
use crate::store::{Change, NotWritten, Pending, Plan, Refusal, Write};

/// `POST /fhir`
pub async fn transaction(call: Call, mut payload: web::Payload) -> Result<HttpResponse, Problem> {
    let row = call.audit("E", "Bundle", "transaction");
    let result = async {
        let bundle = resource(&call, &mut payload).await?;
        run(&call, bundle).await
    };
    let result = result.await;
    let text = call.audited(row, result).await?;
    Ok(Answer::ok(text).response(&call, false))
}

async fn run(call: &Call, mut bundle: Object) -> Result<String, Problem> {
    if bundle.text("resourceType") != Some("Bundle") {
        return Err(Problem::bad_request(IssueType::Invalid, "post a Bundle here, or a resource to /fhir/{Type}")
            .at("resourceType"));
    }
    let is_batch = match bundle.text("type") {
        Some("transaction") => false,
        Some("batch") => true,
        _ => {
            let words = "the Bundle's type must be transaction or batch";
            return Err(Problem::bad_request(IssueType::Value, words).at("Bundle.type"));
        }
    };
    let entries = entries(&mut bundle, call.state.config.limits.entries)?;
    if entries.is_empty() {
        call.saw(call.audit("E", "Bundle", "no entries"), []).await?;
    }
    if is_batch {
        return Ok(batch::run(call, entries).await);
    }
    let mut steps = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        steps.push(understand(entry).map_err(|problem| problem.at(&format!("Bundle.entry[{at}]")))?);
    }
    let homes = homes(&steps)?;
    let mut writes = Vec::new();
    let mut places = Vec::new();
    for (at, entry) in steps.iter_mut().enumerate() {
        if let Step::Write { spec, id, body } = &mut entry.step {
            let write = prepare(call, spec, id, body, entry.full_url.as_deref(), &homes);
            writes.push(write.map_err(|problem| problem.at(&format!("Bundle.entry[{at}]")))?);
            places.push((at, *spec));
        }
    }
    let audit = call.audit("E", "Bundle", "transaction");
    let (mut pending, written) = match call.state.store.prepare(writes, &call.state.base, &audit).await {
        Ok(prepared) => prepared,
        Err(NotWritten::Refused { at, refusal }) => {
            let at = places.get(at).map_or(0, |(at, _)| *at);
            return Err(Problem::from(refusal).at(&format!("Bundle.entry[{at}]")));
        }
        Err(error) => return Err(error.into()),
    };
    let mut answers: Vec<Option<Answer>> = steps.iter().map(|_| None).collect();
    for ((at, spec), written) in places.into_iter().zip(written) {
        answers[at] = Some(answer(&call.state.base, spec, written));
    }
    // Reads see what the transaction has written (R4 §3.1.0.11.1), and one that fails undoes it.
    for (at, entry) in steps.iter().enumerate() {
        if let Step::Get { url } = &entry.step {
            let answer = get_within(call, &mut pending, url).await;
            answers[at] = Some(answer.map_err(|problem| problem.at(&format!("Bundle.entry[{at}]")))?);
        }
    }
    pending.commit().await?;
    let shows = call.prefers("return=representation");
    let mut writer = Writer::new("transaction-response", None, &[]);
    for (answer, entry) in answers.into_iter().flatten().zip(&steps) {
        let shown = (shows || matches!(entry.step, Step::Get { .. })) && !answer.body.is_empty();
        let full_url =
            answer.location.as_deref().and_then(|url| url.split_once("/_history/")).map(|(url, _)| url.to_owned());
        writer.exchange(full_url.as_deref(), shown.then_some(answer.body.as_str()), None, &answer.entry());
    }
    Ok(writer.finish())
}

/// The entries of a Bundle, which is checked without them: they are checked one by one.
fn entries(bundle: &mut Object, most: usize) -> Result<Vec<Json>, Problem> {
    let entries = match bundle.remove("entry") {
        None => Vec::new(),
        Some(Json::Array(entries)) if !entries.is_empty() => entries,
        Some(other) => {
            bundle.set("entry", other);
            Vec::new()
        }
    };
    if entries.len() > most {
        let words = format!(
            "{} entries, more than the {most} this service takes in one Bundle (limits.entries)",
            entries.len()
        );
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, IssueType::TooCostly, words).at("Bundle.entry"));
    }
    let issues = decode::check(bundle);
    if issues.is_empty() { Ok(entries) } else { Err(Problem::of(StatusCode::BAD_REQUEST, issues)) }
}

/// Where each fullUrl ends up. The same identity or fullUrl twice fails the transaction.
fn homes(entries: &[Entry]) -> Result<Homes, Problem> {
    let mut homes = Homes::new();
    let mut seen = std::collections::HashSet::new();
    for (at, entry) in entries.iter().enumerate() {
        let Step::Write { spec, id, .. } = &entry.step else { continue };
        let home = format!("{}/{id}", spec.name);
        let place = format!("Bundle.entry[{at}]");
        if entry.full_url.as_ref().is_some_and(|url| homes.insert(url.clone(), home.clone()).is_some()) {
            let words = "two entries have this fullUrl: give each its own, since references name entries by it";
            return Err(Problem::bad_request(IssueType::Duplicate, words).at(&format!("{place}.fullUrl")));
        }
        if !seen.insert(home) {
            return Err(Problem::from(Refusal::Twice).at(&place));
        }
    }
    Ok(homes)
}

fn prepare(
    call: &Call,
    spec: &'static ResourceSpec,
    id: &str,
    body: &mut Body,
    full_url: Option<&str>,
    homes: &Homes,
) -> Result<Write, Problem> {
    let ready = |resource: &mut Object| {
        let resource = checked(spec, std::mem::take(resource)).map_err(|problem| problem.at("resource"))?;
        let mut resource = resource;
        resolve(&mut resource, full_url, homes);
        Ok::<Object, Problem>(resource)
    };
    let (interaction, change) = match body {
        Body::Create(resource) => (Interaction::Create, Change::Create(ready(resource)?)),
        Body::Update(resource, if_match) => {
            same_id(resource, id).map_err(|problem| problem.at("resource"))?;
            (Interaction::Update, Change::Update { resource: ready(resource)?, if_match: *if_match, skip_same: false })
        }
        Body::Delete(if_match) => (Interaction::Delete, Change::Delete { if_match: *if_match }),
    };
    Write::new(call.grant(spec, interaction)?, id, change).ok_or_else(Problem::not_found)
}

/// What a GET entry names.
enum Look<'a> {
    Search(&'a str, &'a str),
    Read(&'a str, &'a str, Option<i32>),
}

fn look(url: &str) -> Result<Look<'_>, Problem> {
    let (path, text) = url.split_once('?').unwrap_or((url, ""));
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [kind] => Ok(Look::Search(kind, text)),
        [_, _] | [_, _, "_history", _] if !text.is_empty() => {
            let words = "a read in a Bundle takes no parameters: search for it, or read it by itself";
            Err(Problem::bad_request(IssueType::NotSupported, words).at("request.url"))
        }
        [kind, id] => Ok(Look::Read(kind, id, None)),
        [kind, id, "_history", version] => Ok(Look::Read(kind, id, Some(parse_version(version).unwrap_or(0)))),
        _ => {
            let words = format!("\"{}\" is not a read or a search: Type/id or Type?…", shorten(url));
            Err(Problem::bad_request(IssueType::Value, words).at("request.url"))
        }
    }
}

/// A read or search by itself, for a batch.
pub async fn get(call: &Call, url: &str) -> Result<Answer, Problem> {
    match look(url)? {
        Look::Search(kind, text) => search::search(call, kind, text).await,
        Look::Read(kind, id, version) => read::read(call, kind, id, version).await,
    }
}

/// A read or search of what is there with the transaction's changes. Its audit row is committed with them.
async fn get_within(call: &Call, pending: &mut Pending, url: &str) -> Result<Answer, Problem> {
    let (row, answer, people) = match look(url)? {
        Look::Search(kind, text) => {
            let plan = Plan::of(search::understand(call, kind, text)?);
            let page = pending.search(plan).await?;
            let mut people = search::seen(&page);
            people.extend(pending.asked_about(&page.search).await?);
            (call.audit("E", kind, url), Answer::ok(search::bundle(call, page)), people)
        }
        Look::Read(kind, id, version) => {
            let target = read::target(call, kind, id, version)?;
            let (answer, person) = read::answer(pending.read(&target).await?)?;
            (call.audit("R", kind, url), answer, vec![person])
        }
    };
    pending.audited(&rows_about(row, people)).await?;
    Ok(answer)
}
