//! Asks the service, and compares its answer with what it has to be.

use super::ask::Ask;
use super::include::along;
use super::order::misplaced;
use super::shape::fault;
use super::truth::Truth;
use super::verdict::{Verdict, verdict};
use super::world::{World, name};
use crate::common::{Reply, Session, send};
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// At most so many pages are turned.
const PAGES: usize = 12;

/// What an answer showed, for the report of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub refused: bool,
    pub found: bool,
    pub included: bool,
    /// R4 left something open.
    pub open: bool,
}

/// What is wrong with the service's answer, or what it showed.
pub async fn check(session: &Session<'_>, world: &World<'_>, ask: &Ask) -> Result<Seen, String> {
    let verdict = verdict(world, ask);
    let mut reply = first(session, ask).await;
    let open = verdict.fair == Truth::Open || verdict.matches.values().any(|t| *t == Truth::Open);
    if let Some(seen) = refusal(&verdict, &reply)? {
        return Ok(Seen { open, ..seen });
    }
    if verdict.page.doubtful {
        return Ok(Seen { open, ..Seen::default() });
    }
    let mut answer = Answer::default();
    for turned in 0.. {
        let bundle: Value = serde_json::from_str(&reply.text).map_err(|e| format!("{e}: {}", reply.text))?;
        answer.page(world, &verdict, &bundle)?;
        let Some(next) = reply.link("next") else { break };
        if turned == PAGES || verdict.page.only_counts() {
            if verdict.page.only_counts() {
                return Err("a page that only counts has a next page".into());
            }
            answer.partial = true;
            break;
        }
        reply = session.get(&next).await;
        if reply.status != 200 {
            return Err(format!("the next page: {} {}", reply.status, reply.text));
        }
    }
    answer.whole(world, &verdict)?;
    Ok(Seen { refused: false, found: !answer.matches.is_empty(), included: answer.included, open })
}

async fn first(session: &Session<'_>, ask: &Ask) -> Reply {
    if !ask.post {
        return send(session.request(Method::GET, &ask.path).query(&ask.params)).await;
    }
    let path = if ask.path.is_empty() { "_search".to_string() } else { format!("{}/_search", ask.path) };
    send(session.request(Method::POST, &path).form(&ask.params)).await
}

/// Judges the status; a refusal that is due ends the matter.
fn refusal(verdict: &Verdict<'_>, reply: &Reply) -> Result<Option<Seen>, String> {
    let status = reply.status.as_u16();
    let body: Value =
        serde_json::from_str(&reply.text).map_err(|e| format!("{status}, no JSON ({e}): {}", reply.text))?;
    if status == 200 {
        let bundle = body["resourceType"] == "Bundle" && body["type"] == "searchset";
        if !bundle {
            return Err(format!("200, but no searchset: {}", reply.text));
        }
        return if verdict.fair == Truth::No { Err("200, but this cannot mean anything".into()) } else { Ok(None) };
    }
    let issues = body["issue"].as_array().cloned().unwrap_or_default();
    let explained =
        issues.iter().any(|i| i["severity"] == "error" && !i["diagnostics"].as_str().unwrap_or("").is_empty());
    if body["resourceType"] != "OperationOutcome" || !explained {
        return Err(format!("{status} without an OperationOutcome that says why: {}", reply.text));
    }
    if status != 400 && !(status == 404 && verdict.nowhere) {
        return Err(format!("{status}: {}", reply.text));
    }
    if verdict.fair == Truth::Yes {
        return Err(format!("refused, but R4 has it: {status} {}", reply.text));
    }
    Ok(Some(Seen { refused: true, ..Seen::default() }))
}

/// What was shown over all pages.
#[derive(Default)]
struct Answer {
    matches: Vec<String>,
    included: bool,
    totals: BTreeSet<u64>,
    partial: bool,
}

impl Answer {
    fn page(&mut self, world: &World<'_>, verdict: &Verdict<'_>, bundle: &Value) -> Result<(), String> {
        self.totals.extend(bundle["total"].as_u64());
        let links = bundle["link"].as_array().cloned().unwrap_or_default();
        if !links.iter().any(|link| link["relation"] == "self") {
            return Err("no self link".into());
        }
        let mut included: BTreeSet<String> = BTreeSet::new();
        let mut matched: BTreeSet<String> = BTreeSet::new();
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let resource = &entry["resource"];
            let own = name(resource);
            let is_match = match entry["search"]["mode"].as_str() {
                Some("match") => true,
                Some("include") => false,
                Some("outcome") => continue,
                other => return Err(format!("{own} has the search mode {other:?}")),
            };
            if entry["fullUrl"] != format!("{}/{own}", world.oracle.base) {
                return Err(format!("{own} has the fullUrl {}", entry["fullUrl"]));
            }
            let fresh = if is_match { matched.insert(own.clone()) } else { included.insert(own.clone()) };
            if !fresh || is_match && self.matches.contains(&own) {
                return Err(format!("{own} is there twice"));
            }
            let Some((ty, at)) = world.find(&own) else { return Err(format!("{own} is not this caller's to see")) };
            if let Some(fault) = fault(&world.oracle.definitions, &verdict.page, world.of(ty)[at], resource, is_match) {
                return Err(format!("{own}: {fault}"));
            }
            if is_match {
                self.matches.push(own);
            }
        }
        if verdict.page.count.is_some_and(|count| matched.len() > count) {
            return Err(format!("{} matches on a page of {:?}", matched.len(), verdict.page.count));
        }
        if let Some(both) = included.intersection(&matched).next() {
            return Err(format!("{both} matches and comes along on one page"));
        }
        self.included |= !included.is_empty();
        let due = along(world, &verdict.rules, &matched);
        settle(&due, &included).map_err(|fault| format!("what comes along: {fault}"))
    }

    fn whole(&self, world: &World<'_>, verdict: &Verdict<'_>) -> Result<(), String> {
        let found: BTreeSet<String> = self.matches.iter().cloned().collect();
        let page = &verdict.page;
        if page.only_counts() {
            if !found.is_empty() {
                return Err("a count shows resources".into());
            }
        } else if self.partial {
            let extra: Vec<_> = found.iter().filter(|name| !verdict.matches.contains_key(*name)).take(3).collect();
            if !extra.is_empty() {
                return Err(format!("too many {extra:?}"));
            }
        } else {
            settle(&verdict.matches, &found)?;
        }
        if let Some(fault) = misplaced(world, &self.matches, &page.sort) {
            return Err(fault);
        }
        let asked = page.only_counts() || matches!(page.total, Some("accurate"));
        let least = verdict.matches.values().filter(|t| **t == Truth::Yes).count() as u64;
        let most = verdict.matches.len() as u64;
        match self.totals.iter().collect::<Vec<_>>()[..] {
            [] if asked => Err("no total".into()),
            [] => Ok(()),
            [total] if (least..=most).contains(total) => {
                let exact = self.partial || page.only_counts() || *total == found.len() as u64;
                if exact { Ok(()) } else { Err(format!("total {total} of {}", found.len())) }
            }
            ref totals => Err(format!("total {totals:?}, of {least} to {most}")),
        }
    }
}

/// Compares, and names only what differs.
fn settle(due: &BTreeMap<String, Truth>, found: &BTreeSet<String>) -> Result<(), String> {
    let missing: Vec<_> =
        due.iter().filter(|(n, t)| **t == Truth::Yes && !found.contains(*n)).map(|(n, _)| n).collect();
    let extra: Vec<_> = found.iter().filter(|name| !due.contains_key(*name)).collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    let some = |names: &[&String]| names.iter().take(3).map(|n| n.to_string()).collect::<Vec<_>>();
    Err(format!("missing {} {:?}, too many {} {:?}", missing.len(), some(&missing), extra.len(), some(&extra)))
}
