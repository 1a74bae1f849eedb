//! What becomes of each row when a persona does each thing that can be done to it.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;

use crate::ask::{Asker, Body, Mark, entries};
use crate::common::{Reply, Session};
use crate::rows::{Case, LABELS, Label, Row, about_somebody, example, is_bare, is_trail, kinds};
use crate::world::{Who, World};

/// The interactions of R4's REST API, in the order of the columns.
pub const READS: [&str; 5] = ["read", "vread", "search", "history-instance", "history-type"];
pub const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];

/// Everything of one persona: by type and column what became of each case.
#[derive(Default)]
pub struct Cells {
    pub marks: BTreeMap<(&'static str, &'static str), BTreeMap<Case, Mark>>,
    /// Where two ways of asking the same differ, or an answer and what it did.
    pub differences: Vec<String>,
}

impl Cells {
    /// What became of a case.
    pub fn mark(&self, kind: &str, column: &str, case: Case) -> Option<Mark> {
        let found = self.marks.iter().find(|((known, of), _)| *known == kind && *of == column);
        found.and_then(|(_, cases)| cases.get(&case).copied())
    }

    fn set(&mut self, row: &Row, column: &'static str, mark: Mark) {
        self.marks.entry((row.kind, column)).or_default().insert(row.case, mark);
    }

    pub fn expect(&mut self, holds: bool, words: impl FnOnce() -> String) {
        if !holds {
            self.differences.push(words());
        }
    }
}

/// A persona's rows of a type, with who looks at them: a patient looks at their own record alone.
pub async fn groups<'a>(world: &'a World, who: &Who, kind: &str) -> Vec<(Asker<'a>, Vec<Row>)> {
    let mut groups: BTreeMap<Option<String>, Vec<Row>> = BTreeMap::new();
    for row in world.rows_of(who, kind) {
        let own = who.claims.patient.is_some() && kind == "Patient" && row.case.near;
        groups.entry(own.then(|| row.about.id.clone())).or_default().push(row);
    }
    let mut askers = Vec::new();
    for (launch, rows) in groups {
        askers.push((world.asker(who, launch.as_deref()).await, rows));
    }
    askers
}

/// The mark of an answer that shows a row.
fn shown(row: &Row, reply: &Reply, inner: impl FnOnce() -> Option<String>) -> Mark {
    match Mark::of(reply) {
        Mark::Done => match inner() {
            None => Mark::Absent,
            Some(text) if is_bare(row.kind, &text) => Mark::Bare,
            Some(_) => Mark::Done,
        },
        other => other,
    }
}

/// Whether a row is in a Bundle, and how.
fn listed(row: &Row, pages: &[Reply]) -> Mark {
    let inner = || {
        let all = pages.iter().flat_map(entries);
        all.into_iter().find(|(id, _)| *id == row.id).map(|(_, resource)| resource.to_string())
    };
    shown(row, &pages[0], inner)
}

/// Reads, in all ways, the rows of these types.
pub async fn reads(world: &World, who: &Who, cells: &mut Cells, trail: bool) {
    for kind in kinds().into_iter().filter(|kind| is_trail(kind) == trail) {
        for (asker, rows) in groups(world, who, kind).await {
            for row in &rows {
                look(&asker, who, row, cells).await;
            }
            let pages = asker.pages("history-type", &format!("/{kind}/_history?_count=1000")).await;
            rows.iter().for_each(|row| cells.set(row, "history-type", listed(row, &pages)));
            search(&asker, who, world, &rows, cells).await;
        }
    }
}

/// Reads one row.
async fn look(asker: &Asker<'_>, who: &Who, row: &Row, cells: &mut Cells) {
    let at = format!("/{}", row.address());
    let whole = |reply: &Reply| Some(reply.text.clone());
    let read = asker.get("read", &at).await;
    cells.set(row, "read", shown(row, &read, || whole(&read)));
    let head = asker.ask("read", Method::HEAD, &at, Body::None).await;
    cells.expect(head.status == read.status, || {
        format!("{}: HEAD {at} is {}, GET {}", who.name, head.status, read.status)
    });
    let version = asker.get("vread", &format!("{at}/_history/1")).await;
    cells.set(row, "vread", shown(row, &version, || whole(&version)));
    let history = asker.get("history-instance", &format!("{at}/_history")).await;
    cells.set(row, "history-instance", listed(row, &[history]));
}

/// Searches for the rows in every way there is, which all have to find the same.
async fn search(asker: &Asker<'_>, who: &Who, world: &World, rows: &[Row], cells: &mut Cells) {
    let kind = rows[0].kind;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let query = format!("_id={}&_count=1000&_total=accurate", ids.join(","));
    let found = asker.get("search", &format!("/{kind}?{query}")).await;
    let seen = names(&found);
    for row in rows {
        cells.set(row, "search", listed(row, std::slice::from_ref(&found)));
    }
    let total = (found.status == 200).then(|| found.json()["total"].as_u64());
    cells.expect(total.is_none_or(|total| total == Some(seen.len() as u64)), || {
        format!("{}: a search of {kind} counts {total:?} and shows {}", who.name, seen.len())
    });
    let head = asker.ask("search", Method::HEAD, &format!("/{kind}?{query}"), Body::None).await;
    cells.expect(head.status == found.status, || format!("{}: HEAD {kind} is {}", who.name, head.status));
    let several = format!("_type={kind}&{query}");
    let mut others = vec![(
        "its form".to_owned(),
        asker.ask("search", Method::POST, &format!("/{kind}/_search"), Body::Form(&query)).await,
    )];
    for base in ["", "/"] {
        others.push((format!("that of several at {base:?}"), asker.get("search", &format!("{base}?{several}")).await));
    }
    let form = asker.ask("search", Method::POST, "/_search", Body::Form(&several)).await;
    others.push(("the form of several".to_owned(), form));
    for (name, reply) in &others {
        // The trail is searched by itself, and in no other way.
        let alone = is_trail(kind) && name.contains("several") && reply.status == 400;
        let same = alone || Mark::of(reply) == Mark::of(&found) && names(reply) == seen;
        cells.expect(same, || {
            format!("{}: the search of {kind} and {name} differ: {} {}", who.name, found.status, reply.status)
        });
    }
    for person in [&world.near, &world.far] {
        let here = rows.iter().filter(|row| about_somebody(kind) && row.about.id == person.id);
        let here: BTreeSet<&String> = here.map(|row| &row.id).filter(|id| seen.contains(*id)).collect();
        let at = format!("/Patient/{}/{kind}", person.id);
        let replies = [
            asker.get("search", &format!("{at}?{query}")).await,
            asker.ask("search", Method::POST, &format!("{at}/_search"), Body::Form(&query)).await,
        ];
        for reply in &replies {
            let got = names(reply);
            cells.expect(got.iter().collect::<BTreeSet<_>>() == here || is_trail(kind) && got.is_subset(&seen), || {
                format!("{}: {kind} in the compartment of {} shows {got:?}, not {here:?}", who.name, person.id)
            });
        }
        let head = asker.ask("search", Method::HEAD, &format!("{at}?{query}"), Body::None).await;
        cells.expect(head.status == replies[0].status, || format!("{}: HEAD {at} is {}", who.name, head.status));
    }
}

/// The ids that a Bundle shows.
pub fn names(reply: &Reply) -> BTreeSet<String> {
    if reply.status == 200 { entries(reply).into_iter().map(|(id, _)| id).collect() } else { BTreeSet::new() }
}

/// Creates of every type, in every label.
pub async fn creates(world: &World, who: &Who, cells: &mut Cells) {
    let asker = world.asker(who, None).await;
    for kind in kinds() {
        for label in if is_trail(kind) { &LABELS[..1] } else { &LABELS[..] } {
            create(&asker, world, (kind, true, *label), cells).await;
        }
        if about_somebody(kind) {
            create(&asker, world, (kind, false, Label::N), cells).await;
        }
    }
}

/// Changes of every row.
pub async fn changes(world: &World, who: &Who, cells: &mut Cells) {
    for kind in kinds() {
        for (asker, rows) in groups(world, who, kind).await {
            for row in &rows {
                change(&asker, world, who, row, cells).await;
            }
        }
    }
}

async fn create(asker: &Asker<'_>, world: &World, (kind, near, label): (&'static str, bool, Label), cells: &mut Cells) {
    let about = match (kind, near) {
        ("Patient", _) => world.person("new"),
        (_, true) => world.near.clone(),
        (_, false) => world.far.clone(),
    };
    let resource = example(kind, "new", &about, label);
    let reply = asker.ask("create", Method::POST, &format!("/{kind}"), Body::Fhir(&resource)).await;
    let case = Case { own: false, near, label };
    cells.marks.entry((kind, "create")).or_default().insert(case, Mark::of(&reply));
}

/// Every change of a row, by criteria and by its id, which have to come to the same; the deletions last.
async fn change(asker: &Asker<'_>, world: &World, who: &Who, row: &Row, cells: &mut Cells) {
    let (by_id, by_criteria) = (format!("/{}", row.address()), format!("/{}?_id={}", row.kind, row.id));
    let patch = json!([{"op": "add", "path": "/language", "value": "en"}]);
    let resource = row.resource();
    let steps: [(&'static str, Method, Body<'_>); 3] = [
        ("patch", Method::PATCH, Body::Patch(&patch)),
        ("update", Method::PUT, Body::Fhir(&resource)),
        ("delete", Method::DELETE, Body::None),
    ];
    let owner = world.owner(&row.source).await;
    let mut known = version(&owner, row).await;
    for (column, method, body) in steps {
        let found = asker.ask(column, method.clone(), &by_criteria, body).await;
        let changed = found.status.is_success() && moved(&owner, row, &mut known).await;
        if column == "delete" && changed {
            world.put(&row.source, vec![resource.clone()]).await;
            known = version(&owner, row).await;
        }
        let reply = asker.ask(column, method, &by_id, body).await;
        let mark = Mark::of(&reply);
        let moved = mark.is_done() && moved(&owner, row, &mut known).await;
        cells.expect(mark.is_done() == moved && changed == moved, || {
            format!(
                "{}: {column} of {}: {}, changed {moved}; by criteria {}, changed {changed}",
                who.name, row.id, reply.status, found.status
            )
        });
        cells.set(row, column, mark);
    }
    let last = version(&owner, row).await;
    cells.expect(last == known, || format!("{}: a refused change of {} made it {last:?}", who.name, row.id));
}

/// Whether a row has another version than the one known, which it is from then on.
async fn moved(owner: &Session<'_>, row: &Row, known: &mut Option<String>) -> bool {
    let now = version(owner, row).await;
    std::mem::replace(known, now) != *known
}

/// The version of a row, as its source sees it; none where it is deleted.
async fn version(owner: &Session<'_>, row: &Row) -> Option<String> {
    if is_trail(row.kind) {
        return None;
    }
    let reply = owner.get(&row.address()).await;
    if reply.status == 200 { reply.json()["meta"]["versionId"].as_str().map(str::to_owned) } else { None }
}
