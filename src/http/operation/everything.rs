//! `Patient/$everything` (R4 §8.1.15.1): a Patient's compartment and the professionals it refers to, as a stream, or in
//! pages where the caller says how large.

use std::collections::{BTreeSet, HashSet, VecDeque};

use actix_web::HttpResponse;

use super::super::ahead::{self, Step};
use super::super::search::{context, links, refused};
use super::super::{Answer, Call, FHIR_JSON, read};
use super::input::Body;
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::date::{self, EARLIEST, LATEST, Span};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::fhir::reference::{self, Reference};
use crate::resources::spec::Compartment;
use crate::resources::{self};
use crate::search::across::Across;
use crate::search::cursor::Cursor;
use crate::search::{Context, Search, query};
use crate::store::{AcrossPlan, AuditRow, Plan};

/// Rows that one statement of a stream brings: no connection is held between two, and no more is held in memory.
const CHUNK: usize = 500;

/// How often what was referred to is asked what it refers to: a role, its practitioner and organisation, and those above it.
const ROUNDS: usize = 8;

/// What is asked for.
struct Asked {
    /// The search of the compartment.
    pairs: Vec<(String, String)>,
    /// When the care was given.
    during: Option<Span>,
    /// The types of professionals that come along.
    along: Vec<&'static str>,
    paged: bool,
}

/// Answers a call about this Patient, or the one in whose context the caller was launched.
pub async fn everything(call: Call, id: Option<&str>, body: Body) -> Result<HttpResponse, Problem> {
    let pairs = body.read(&call).await?.values;
    let patient = match id {
        Some(id) => id.to_owned(),
        None => {
            let launched = call.caller.claims().patient.clone().ok_or_else(|| {
                let words =
                    "no patient was chosen at the launch: ask for one by id, GET [base]/Patient/[id]/$everything";
                Problem::bad_request(IssueType::Required, words)
            });
            call.audited(call.audit("E", "Patient", "Patient/$everything"), launched).await?
        }
    };
    let patient = patient.as_str();
    let row = call.audit("E", "Patient", &format!("Patient/{patient}/$everything?{}", query::encode(&pairs)));
    let result = begin(&call, patient, &pairs).await;
    let (asked, across, person) = call.audited(row.clone(), result).await?;
    call.saw(row.clone(), [person]).await?;
    let seen = HashSet::from([person]);
    if asked.paged {
        return page(&call, row, seen, patient, &pairs, asked, across).await;
    }
    let path = format!("/Patient/{patient}/$everything");
    let links = links(&call, &path, [None; 3], |_| query::encode(&pairs));
    let parts = across.into_parts().into_iter().map(|part| part.in_pages_of(CHUNK)).collect();
    let along = Along::new(asked.along);
    let walk = Walk { writer: Writer::new("searchset", None, &links), row, seen, parts, along, rounds: 0, call };
    Ok(HttpResponse::Ok().content_type(FHIR_JSON).streaming(Box::pin(ahead::body(walk, Walk::step))))
}

/// Finds the Patient, and reads what is asked for.
async fn begin(call: &Call, patient: &str, pairs: &[(String, String)]) -> Result<(Asked, Across, i64), Problem> {
    let target = read::target(call, "Patient", patient, None)?;
    let asked = asked(pairs)?;
    let context = Context { within: Some(patient), during: asked.during, ..context(call, None) };
    let across = Across::read(&call.caller, &asked.pairs, &context).map_err(refused)?;
    let (_, person) = read::answer(call.state.store.read(&target).await?.into_inner())?;
    Ok((asked, across, person))
}

fn asked(pairs: &[(String, String)]) -> Result<Asked, Problem> {
    let directory = resources::ALL.iter().filter(|spec| spec.compartment == Compartment::Nobody);
    let directory: Vec<&'static str> = directory.map(|spec| spec.name).collect();
    let mut asked = Asked { pairs: Vec::new(), during: None, along: directory.clone(), paged: false };
    let mut during = Span { lo: EARLIEST, hi: LATEST };
    let mut types: Vec<&str> = Vec::new();
    for (name, value) in pairs {
        let bad =
            |words: &str| Err(Problem::bad_request(IssueType::Value, words).at(&format!("http.{}", shorten(name))));
        let moment = date::parse_search(value);
        match (name.as_str(), moment) {
            ("start", Some(span)) => during.lo = span.lo,
            ("end", Some(span)) => during.hi = span.hi,
            ("start" | "end", None) => return bad("this is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
            ("_since", Some(_)) => asked.pairs.push(("_lastUpdated".to_owned(), format!("ge{value}"))),
            ("_since", None) => return bad("_since is not an instant: YYYY-MM-DDThh:mm:ssZ"),
            ("_type", _) => types.extend(value.split(',')),
            ("_count", _) => {
                asked.paged = true;
                asked.pairs.push((name.clone(), value.clone()));
            }
            ("_cursor", _) => asked.pairs.push((name.clone(), value.clone())),
            ("_format" | "_pretty", _) => {}
            _ => return bad("$everything takes start, end, _since, _type and _count"),
        }
    }
    if (during.lo, during.hi) != (EARLIEST, LATEST) {
        asked.during = Some(during);
    }
    if !types.is_empty() {
        asked.along.retain(|kind| types.contains(kind));
        types.retain(|kind| !directory.contains(kind));
        if types.is_empty() {
            let words = "_type names only professionals and organisations, which come along with what refers to them: name \
                         that type too";
            return Err(Problem::bad_request(IssueType::Value, words).at("http._type"));
        }
        asked.pairs.push(("_type".to_owned(), types.join(",")));
    }
    Ok(asked)
}

/// One page, with the professionals that its rows refer to.
async fn page(
    call: &Call,
    row: AuditRow,
    mut seen: HashSet<i64>,
    patient: &str,
    pairs: &[(String, String)],
    asked: Asked,
    across: Across,
) -> Result<HttpResponse, Problem> {
    let page = call.state.store.search_across(AcrossPlan::of(across)).await?.into_inner();
    let people = page.rows.iter().map(|(_, found)| found.patient_id).chain(page.counted.iter().copied());
    record(call, &row, &mut seen, people).await?;
    let plain: Vec<(String, String)> = pairs.iter().filter(|(name, _)| name != "_cursor").cloned().collect();
    let query = |cursor: Option<&Cursor>| {
        let sealed = cursor.map(|cursor| ("_cursor".to_owned(), page.across.seal(&call.state.key, cursor)));
        query::encode(&plain.iter().cloned().chain(sealed).collect::<Vec<_>>())
    };
    let places = [page.across.cursor(), page.previous.as_ref(), page.next.as_ref()];
    let path = format!("/Patient/{patient}/$everything");
    let mut writer = Writer::new("searchset", page.total, &links(call, &path, places, query));
    let mut along = Along::new(asked.along);
    for (place, found) in page.rows {
        along.note(&found.resource, &call.state.base);
        let kind = page.across.parts()[place].grant().spec().name;
        writer.found(&format!("{}/{kind}/{}", call.state.base, found.id), &found.resource);
    }
    for _ in 0..ROUNDS {
        if !along.fetch(call, &mut writer).await? {
            break;
        }
    }
    Ok(Answer::ok(writer.finish()).response(call, false))
}

/// An audit row for each person who was not yet seen.
async fn record(
    call: &Call,
    row: &AuditRow,
    seen: &mut HashSet<i64>,
    people: impl Iterator<Item = i64>,
) -> Result<(), Problem> {
    let new: Vec<i64> = people.filter(|person| *person != 0 && seen.insert(*person)).collect();
    if new.is_empty() { Ok(()) } else { call.saw(row.clone(), new).await }
}

/// The way through a compartment, a chunk at a time.
struct Walk {
    call: Call,
    writer: Writer,
    row: AuditRow,
    /// Who has their audit row.
    seen: HashSet<i64>,
    /// The types whose rows are still to come; the first may have begun.
    parts: VecDeque<Search>,
    along: Along,
    rounds: usize,
}

impl Walk {
    /// The next piece of the body, and the rest of the way. A failure ends the connection before the Bundle's end, so that
    /// nobody takes a part for the whole.
    /// Between two pieces others have its turn: a slow reader keeps nobody from working.
    async fn step(mut self) -> Step<Walk> {
        let watch = self.call.state.store.watch();
        let came = match self.call.work().await {
            Ok(()) => self.advance().await,
            Err(busy) => Err(busy),
        };
        watch.done();
        self.call.rest();
        match came {
            Err(problem) => (Err(problem), None),
            Ok(true) => (Ok(self.writer.take().into()), Some(self)),
            Ok(false) => (Ok(self.writer.finish().into()), None),
        }
    }

    /// Whether there is more to come.
    async fn advance(&mut self) -> Result<bool, Problem> {
        let Some(part) = self.parts.pop_front() else {
            self.rounds += 1;
            return Ok(self.rounds <= ROUNDS && self.along.fetch(&self.call, &mut self.writer).await?);
        };
        let base = &self.call.state.base;
        let place = format!("{base}/{}/", part.grant().spec().name);
        let mut people = Vec::new();
        let rest = self.call.state.store.pass(part, |row| {
            if people.last() != Some(&row.patient_id) {
                people.push(row.patient_id);
            }
            self.along.note(row.resource, base);
            self.writer.found(&[place.as_str(), row.id].concat(), row.resource);
        });
        let rest = rest.await?;
        // Rows that name the patient as one who took part are in another's record: that person's trail says so before they leave.
        record(&self.call, &self.row, &mut self.seen, people.into_iter()).await?;
        if let Some(rest) = rest {
            self.parts.push_front(rest);
        }
        Ok(true)
    }
}

/// The professionals and organisations that come along.
struct Along {
    kinds: Vec<&'static str>,
    waiting: BTreeSet<(&'static str, String)>,
    known: HashSet<(&'static str, String)>,
}

impl Along {
    fn new(kinds: Vec<&'static str>) -> Along {
        Along { kinds, waiting: BTreeSet::new(), known: HashSet::new() }
    }

    /// Notes whom a stored resource refers to.
    fn note(&mut self, resource: &str, base: &str) {
        for text in reference::within(resource) {
            let Reference::Local { kind, id } = reference::parse(&text, base) else { continue };
            let Some(kind) = self.kinds.iter().copied().find(|known| *known == kind) else { continue };
            if self.known.insert((kind, id.to_owned())) {
                self.waiting.insert((kind, id.to_owned()));
            }
        }
    }

    /// Brings those noted, as far as the caller may see them. Whether there were any.
    async fn fetch(&mut self, call: &Call, writer: &mut Writer) -> Result<bool, Problem> {
        let waiting = std::mem::take(&mut self.waiting);
        for kind in self.kinds.clone() {
            let ids: Vec<&str> = waiting.iter().filter(|(k, _)| *k == kind).map(|(_, id)| id.as_str()).collect();
            let Some(spec) = resources::find(kind) else { continue };
            let Ok(grant) = call.grant(spec, Interaction::Search) else { continue };
            let context = context(call, None);
            for some in ids.chunks(context.limits.values.min(context.limits.most_page).max(1)) {
                let pairs = [("_id", some.join(",")), ("_count", some.len().to_string())];
                let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
                let search = Search::read(grant.clone(), &pairs, &context).map_err(refused)?;
                for found in call.state.store.search(Plan::of(search)).await?.into_inner().rows {
                    self.note(&found.resource, context.base);
                    writer.included(&format!("{}/{kind}/{}", context.base, found.id), &found.resource);
                }
            }
        }
        Ok(!waiting.is_empty())
    }
}
