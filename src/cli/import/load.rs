//! From checked documents to writes: single resources are written many at a time, a transaction Bundle by itself.

use std::collections::HashSet;

use super::check::{Checked, Checker, Item, UNNAMED, identity, words};
use super::report::Report;
use super::terminology::{self, Waiting};
use crate::access::{Caller, Interaction};
use crate::cli::Failure;
use crate::config::Config;
use crate::error::Problem;
use crate::fhir::bundle::{self, Homes, resolve};
use crate::fhir::json::{Json, Object};
use crate::resources::{self, spec::ResourceSpec};
use crate::search::cursor::CursorKey;
use crate::search::{Context, Search};
use crate::smart;
use crate::store::{AuditRow, Change, Changes, NotWritten, Store, Write, Written};

/// Single resources written in one transaction.
const BATCH: usize = 500;

/// Single resources that wait for others of their source to be written with.
const WAITING: usize = 16 * BATCH;

/// Takes checked documents and writes them.
pub struct Loader<'a> {
    store: &'a Store,
    checker: &'a Checker,
    base: &'a str,
    /// Reading criteria asks for one; no cursor is made with it.
    key: CursorKey,
    pub report: Report,
    waiting: Vec<Item>,
    /// What waits, by type and id.
    names: HashSet<(&'static str, String)>,
    terminology: Waiting,
}

impl<'a> Loader<'a> {
    /// A loader for one import.
    pub fn new(store: &'a Store, checker: &'a Checker, base: &'a str) -> Loader<'a> {
        Loader {
            store,
            checker,
            base,
            key: CursorKey::new(Vec::new()),
            report: Report::default(),
            waiting: Vec::new(),
            names: HashSet::new(),
            terminology: Waiting::default(),
        }
    }

    /// Takes one document.
    pub async fn take(&mut self, document: Checked) -> Result<(), Failure> {
        match document {
            Checked::Item(item) => {
                let name = (item.spec.name, item.id.clone());
                // Two of one identity in a batch are two versions: the first goes before the second comes.
                if self.waiting.len() >= WAITING || self.names.contains(&name) {
                    self.flush().await?;
                }
                self.names.insert(name);
                self.waiting.push(item);
            }
            Checked::Other { place, kind, document } if kind != "Bundle" => {
                self.terminology.take(self.store, &mut self.report, &place, document).await?;
            }
            Checked::Other { place, document, .. } if document.text("type") == Some("transaction") => {
                self.flush().await?;
                self.transaction(&place, document).await?;
            }
            Checked::Other { place, document, .. } => self.collection(&place, document).await?,
            Checked::Passed(kind) => self.report.pass(&kind),
            Checked::Refused { place, reason } => self.report.refuse(&place, &reason),
        }
        Ok(())
    }

    /// Takes the terminology out of a Bundle that asks for nothing; what else is in it is not shared by it.
    async fn collection(&mut self, place: &str, bundle: Object) -> Result<(), Failure> {
        let mut taken = false;
        for (at, entry) in bundle.objects("entry").enumerate() {
            let resource = entry.objects("resource").next();
            let is_term = |r: &&Object| r.text("resourceType").is_some_and(|kind| terminology::KINDS.contains(&kind));
            if let Some(resource) = resource.filter(is_term) {
                taken = true;
                let place = format!("{place} entry {at}");
                self.terminology.take(self.store, &mut self.report, &place, resource.clone()).await?;
            }
        }
        if !taken {
            self.report.pass("Bundle");
        }
        Ok(())
    }

    /// Writes what waits, and expands the value sets that came.
    pub async fn finish(&mut self) -> Result<(), Failure> {
        self.flush().await?;
        self.terminology.finish(self.store, &mut self.report).await
    }

    /// Writes what waits.
    async fn flush(&mut self) -> Result<(), Failure> {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.names.clear();
        // Patients first, whoever shares them: the rows about them find their person made.
        waiting.sort_by(|a, b| (!a.spec.is_person(), &a.source).cmp(&(!b.spec.is_person(), &b.source)));
        let mut waiting = waiting.into_iter().peekable();
        let mut batch: Vec<Item> = Vec::new();
        while let Some(item) = waiting.next() {
            let goes_on = waiting
                .peek()
                .is_some_and(|next| next.source == item.source && next.spec.is_person() == item.spec.is_person());
            batch.push(item);
            if !goes_on || batch.len() == BATCH {
                self.write_each(std::mem::take(&mut batch)).await?;
            }
        }
        Ok(())
    }

    /// Writes a batch of one source; one that is refused is reported and the rest tried again.
    async fn write_each(&mut self, mut items: Vec<Item>) -> Result<(), Failure> {
        while !items.is_empty() {
            match self.write(&items, false).await? {
                Ok(()) => return Ok(()),
                Err((at, reason)) => {
                    let refused = items.remove(at);
                    self.report.refuse(&refused.place, &reason);
                }
            }
        }
        Ok(())
    }

    /// A transaction Bundle: its kept entries all together, or none of them.
    async fn transaction(&mut self, place: &str, mut bundle: Object) -> Result<(), Failure> {
        let Some(Json::Array(entries)) = bundle.remove("entry") else { return Ok(()) };
        let mut kept: Vec<(String, Option<String>, &'static ResourceSpec, String, Object)> = Vec::new();
        let mut homes = Homes::new();
        for (at, entry) in entries.into_iter().enumerate() {
            let refused = |reason: &str| format!("the whole transaction, for entry {at}: {reason}");
            let Json::Object(mut entry) = entry else {
                self.report.refuse(place, &refused("it is no object"));
                return Ok(());
            };
            let full_url = entry.text("fullUrl").map(str::to_owned);
            let target = match asked_id(&entry) {
                Ok(target) => target,
                Err(reason) => {
                    self.report.refuse(place, &refused(&reason));
                    return Ok(());
                }
            };
            let Some(Json::Object(resource)) = entry.remove("resource") else {
                self.report.refuse(place, &refused("it has no resource"));
                return Ok(());
            };
            let kind = resource.text("resourceType").unwrap_or("no resourceType").to_owned();
            if terminology::KINDS.contains(&kind.as_str()) {
                let place = format!("{place} entry {at}");
                self.terminology.take(self.store, &mut self.report, &place, resource).await?;
                continue;
            }
            let Some(spec) = resources::kept(&kind) else {
                self.report.pass(&kind);
                continue;
            };
            let id = target.unwrap_or_else(|| identity(&resource, full_url.as_deref()));
            if let Some(url) = &full_url {
                homes.insert(url.clone(), format!("{kind}/{id}"));
            }
            kept.push((format!("{place} entry {at}"), full_url, spec, id, resource));
        }
        let mut items = Vec::new();
        for (entry_place, full_url, spec, id, mut resource) in kept {
            resolve(&mut resource, full_url.as_deref(), &homes);
            match self.checker.item(&entry_place, spec, id, resource) {
                Ok(item) => items.push(item),
                Err(reason) => {
                    self.report.refuse(
                        place,
                        &format!("the whole transaction, for {}: {reason}", &entry_place[place.len() + 1..]),
                    );
                    return Ok(());
                }
            }
        }
        // All of a transaction comes from one sender; the first resource that names its source speaks for all.
        let source = items.iter().map(|item| item.source.clone()).find(|name| name != UNNAMED);
        for item in &mut items {
            item.source = source.clone().unwrap_or_else(|| UNNAMED.to_owned());
        }
        if let Err((at, reason)) = self.write(&items, true).await? {
            let entry = items.get(at).map_or("", |item| &item.place[place.len() + 1..]);
            self.report.refuse(place, &format!("the whole transaction, for {entry}: {reason}"));
        }
        Ok(())
    }

    /// Writes items of one source in one transaction. The inner error: which one was refused, and why. In a transaction
    /// Bundle a conditional reference becomes one to the resource it matches; files come in any order, so one that
    /// matches nothing yet stays as it is.
    async fn write(&mut self, items: &[Item], is_bundle: bool) -> Result<Result<(), (usize, String)>, Failure> {
        let Some(first) = items.first() else { return Ok(Ok(())) };
        let caller = smart::operator("lcr import", &first.source);
        let mut changes = Changes { lenient: true, ..Changes::default() };
        for item in items {
            if is_bundle {
                self.refer(&caller, &item.resource, &mut changes.references);
            }
            let grant = caller.grant(item.spec, Interaction::Update)?;
            let change = Change::Update { resource: item.resource.clone(), if_match: None, skip_same: true };
            changes.writes.push(Write::new(grant, &item.id, change).ok_or("an import may not write")?);
        }
        match self.store.write(changes, self.base, &audit(&first.place)).await {
            Ok(written) => {
                let tally = |(item, written): (&Item, Written)| {
                    self.report.keep(item.spec.name, written.created, written.changed);
                    self.report.mark(&item.marks);
                };
                items.iter().zip(written).for_each(tally);
                Ok(Ok(()))
            }
            Err(NotWritten::Refused { at, refusal, .. }) => Ok(Err((at, words(&Problem::from(refusal).issues)))),
            Err(NotWritten::Store(error)) => Err(error.into()),
        }
    }
}

impl Loader<'_> {
    /// The searches of a resource's conditional references to what this record keeps.
    fn refer(&self, caller: &Caller, resource: &Object, references: &mut Vec<(String, Search)>) {
        let context = Context {
            base: self.base,
            limits: Config::default().search_limits(),
            key: &self.key,
            lenient: false,
            within: None,
            during: None,
        };
        for text in bundle::conditional(resource) {
            let Some((kind, criteria)) = text.split_once('?') else { continue };
            let grant = resources::kept(kind).and_then(|spec| caller.grant(spec, Interaction::Search).ok());
            let search = grant.and_then(|grant| Search::criteria(grant, criteria, &context).ok());
            if let Some(search) = search.filter(|_| references.iter().all(|(known, _)| *known != text)) {
                references.push((text, search));
            }
        }
    }
}

/// The id an entry's request asks for, if it names one. An import can create and replace, nothing else.
fn asked_id(entry: &Object) -> Result<Option<String>, String> {
    let Some(request) = entry.objects("request").next() else { return Ok(None) };
    let (method, url) = (request.text("method").unwrap_or_default(), request.text("url").unwrap_or_default());
    if url.contains('?') || request.get("ifNoneExist").is_some() {
        return Err(format!(
            "its request is conditional ({method} {url}), which an import does not do: name the resource by its id"
        ));
    }
    match method {
        "POST" => Ok(None),
        "PUT" => match (url.split_once('/'), entry.objects("resource").next().and_then(|r| r.text("resourceType"))) {
            (Some((kind, id)), Some(own)) if kind == own => Ok(Some(id.to_owned())),
            _ => Err(format!("its url is {url}, which does not name the resource it brings")),
        },
        _ => Err(format!("its request is {method}: an import takes POST and PUT")),
    }
}

/// The audit row of an import: an operator's doing, about the patients it writes.
fn audit(place: &str) -> AuditRow {
    AuditRow::of_operator("lcr import", "U", "", place)
}
