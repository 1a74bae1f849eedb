//! transaction (R4 §3.1.0.11): a Bundle of changes, all of them or none. A batch goes on from here to `batch`.

use std::collections::{BTreeMap, HashSet};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::body::resource;
use super::call::{parse_version, rows_about};
use super::entry::{Entry, Look, Step, understand};
use super::search::Scope;
use super::task::{Content, Named, Task};
use super::write::answer;
use super::{Answer, Call, batch, read, search};
use crate::error::Problem;
use crate::fhir::bundle::{self, Writer};
use crate::fhir::decode;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::resources::{self, spec::ResourceSpec};
use crate::search::Search;
use crate::store::{Changes, NotWritten, Pending, Plan, Refusal, Write};

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
    distinct(&steps)?;
    let (mut changes, mut places, mut looks) = (Changes::default(), Vec::new(), Vec::new());
    for (at, Entry { full_url, step }) in steps.into_iter().enumerate() {
        match step {
            Step::Get(look) => looks.push((at, look)),
            Step::Change { spec, task, content } => {
                let write = prepare(call, spec, task, content, &mut changes.references);
                changes.writes.push(write.map_err(|problem| problem.at(&format!("Bundle.entry[{at}]")))?.at(full_url));
                places.push((at, spec));
            }
        }
    }
    let audit = call.audit("E", "Bundle", "transaction");
    let (mut pending, written) = match call.state.store.prepare(changes, &call.state.base, &audit).await {
        Ok(prepared) => prepared,
        Err(error) => {
            let at = match &error {
                NotWritten::Refused { at, .. } => places.get(*at).map(|(at, _)| format!("Bundle.entry[{at}]")),
                NotWritten::Store(_) => None,
            };
            let problem = Problem::from(error);
            return Err(match at {
                Some(at) => problem.at(&at),
                None => problem,
            });
        }
    };
    let mut answers: BTreeMap<usize, (Answer, bool)> = BTreeMap::new();
    for ((at, spec), written) in places.into_iter().zip(written) {
        answers.insert(at, (answer(&call.state.base, spec, written), true));
    }
    // Reads see what the transaction has written (R4 §3.1.0.11.1), and one that fails undoes it.
    for (at, look) in &looks {
        let answer = get_within(call, &mut pending, look).await;
        answers.insert(*at, (answer.map_err(|problem| problem.at(&format!("Bundle.entry[{at}]")))?, false));
    }
    pending.commit().await?;
    let mut writer = Writer::new("transaction-response", None, &[]);
    for (answer, is_write) in answers.into_values() {
        answer.write_entry(call, &mut writer, is_write);
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

/// Refuses a fullUrl that two entries have.
fn distinct(entries: &[Entry]) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for (at, entry) in entries.iter().enumerate() {
        let changes = matches!(entry.step, Step::Change { .. });
        if entry.full_url.as_ref().is_some_and(|url| changes && !seen.insert(url)) {
            let words = "two entries have this fullUrl: give each its own, since references name entries by it";
            let place = format!("Bundle.entry[{at}].fullUrl");
            return Err(Problem::bad_request(IssueType::Duplicate, words).at(&place));
        }
    }
    Ok(())
}

/// The write of an entry, and the searches for the conditional references in its resource.
fn prepare(
    call: &Call,
    spec: &'static ResourceSpec,
    task: Task,
    content: Content,
    references: &mut Vec<(String, Search)>,
) -> Result<Write, Problem> {
    let by_resource = matches!(content, Content::Resource(_));
    if let Content::Resource(resource) = &content {
        for text in bundle::conditional(resource) {
            if references.iter().all(|(known, _)| *known != text) {
                let search = refers(call, &text).map_err(|problem| problem.at("resource"))?;
                references.push((text, search));
            }
        }
    }
    let has_criteria = matches!(task.named, Named::Where(_));
    let permit =
        task.permit(call, spec).map_err(|problem| if has_criteria { problem.at("request") } else { problem })?;
    permit.write(call, content).map_err(|problem| if by_resource { problem.at("resource") } else { problem })
}

/// The search of a conditional reference. What this record does not keep, nothing matches.
fn refers(call: &Call, text: &str) -> Result<Search, Problem> {
    let (kind, criteria) = text.split_once('?').unwrap_or((text, ""));
    match resources::find(kind) {
        Some(spec) => call.criteria(spec, criteria),
        None => Err(Refusal::Reference { kind: kind.to_owned(), several: false }.into()),
    }
}

/// What a GET entry names.
enum Address<'a> {
    Search(Scope<'a>, &'a str),
    Read(&'a str, &'a str, Option<i32>),
}

fn address(url: &str) -> Result<Address<'_>, Problem> {
    let (path, text) = url.split_once('?').unwrap_or((url, ""));
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [""] => Ok(Address::Search(Scope { kind: None, within: None }, text)),
        [kind] => Ok(Address::Search(Scope { kind: Some(kind), within: None }, text)),
        ["Patient", patient, kind] if kind != "_history" => {
            Ok(Address::Search(search::compartment(patient, kind)?, text))
        }
        [_, _] | [_, _, "_history", _] if !text.is_empty() => {
            let words = "a read in a Bundle takes no parameters: search for it, or read it by itself";
            Err(Problem::bad_request(IssueType::NotSupported, words).at("request.url"))
        }
        [kind, id] => Ok(Address::Read(kind, id, None)),
        [kind, id, "_history", version] => Ok(Address::Read(kind, id, Some(parse_version(version).unwrap_or(0)))),
        _ => {
            let words = format!("\"{}\" is not a read or a search: Type/id or Type?…", shorten(url));
            Err(Problem::bad_request(IssueType::Value, words).at("request.url"))
        }
    }
}

/// The answer without what is not wanted of it.
fn shown(answer: Answer, look: &Look) -> Answer {
    let mut answer = answer.unless_known(look.if_none_match.as_deref(), look.if_modified_since);
    if look.head {
        answer.body = String::new();
    }
    answer
}

/// A read or search by itself, for a batch.
pub async fn get(call: &Call, look: &Look) -> Result<Answer, Problem> {
    let row = call.audit("E", "Bundle", &format!("batch: {}", look.url));
    let answer = match call.audited(row, address(&look.url)).await? {
        Address::Search(scope, text) => search::search_in(call, scope, text).await?,
        Address::Read(kind, id, version) => read::read(call, kind, id, version).await?,
    };
    Ok(shown(answer, look))
}

/// A read or search of what is there with the transaction's changes. Its audit row is committed with them.
async fn get_within(call: &Call, pending: &mut Pending, look: &Look) -> Result<Answer, Problem> {
    let (row, answer, people) = match address(&look.url)? {
        Address::Search(Scope { kind: None, .. }, _) => {
            let words = "a transaction searches one type at a time: say which, or send a batch";
            return Err(Problem::bad_request(IssueType::NotSupported, words).at("request.url"));
        }
        Address::Search(Scope { kind: Some(kind), within }, text) => {
            let plan = Plan::of(search::understand(call, kind, within, text)?);
            let page = pending.search(plan).await?;
            let people = search::seen(&page);
            (call.audit("E", kind, &look.url), Answer::ok(search::bundle(call, page)), people)
        }
        Address::Read(kind, id, version) => {
            let target = read::target(call, kind, id, version)?;
            let (answer, person) = read::answer(pending.read(&target).await?)?;
            (call.audit("R", kind, &look.url), answer, vec![person])
        }
    };
    pending.audited(&rows_about(row, people)).await?;
    Ok(shown(answer, look))
}
