//! The measurements that every kind of request has in common: the service and its limits, in turn, round by round.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::limit::{Script, Trail};
use crate::load::{self, Open, Target};
use crate::memory::Memory as Answering;
use crate::options::Options;
use crate::process::Service;
use crate::record::Record;
use crate::results::{Memory, OpenRun, Side, median};
use crate::statements::{self, Sent};
use crate::workload::{self, KINDS, Kind, Request, View};
use crate::{Failure, say};

/// Everything a measurement needs.
pub struct Bench<'a> {
    pub options: &'a Options,
    pub record: &'a Record,
    pub service: &'a Service,
    pub views: &'a [View],
    pub answers: BTreeMap<String, Vec<u8>>,
    /// What each request of the recorded views sent, view by view.
    pub sent: Vec<Vec<Sent>>,
    pub trail: Trail,
    pub owner: PgConnection,
}

impl<'a> Bench<'a> {
    /// Asks for everything once, and records what that sends.
    pub async fn prepare(
        options: &'a Options,
        record: &'a Record,
        service: &'a Service,
        views: &'a mut Vec<View>,
    ) -> Result<Bench<'a>, Failure> {
        let answers = workload::answers(service, views).await?;
        say("recording the statements that the service sends");
        let recorded: Vec<&View> = views.iter().take(options.recorded).collect();
        let all: Vec<&Request> = recorded.iter().flat_map(|view| view.requests.iter().chain(&view.others)).collect();
        let mut sent = statements::of_each(record, service, &all).await?.into_iter();
        let by_view = recorded.iter().map(|view| sent.by_ref().take(view.requests.len() + view.others.len()).collect());
        let by_view = by_view.collect();
        let file = load::requests(&record.folder, "view", views.iter().flat_map(|view| &view.requests))?;
        let mut asked = 0.0;
        let appends = statements::of_trail(record, || {
            asked = load::closed(&service.address, &file, options.connections, 2)?.requests;
            Ok(())
        })
        .await?;
        // A heap of them says no more than some.
        let requests = asked / appends.len().max(1) as f64;
        let every = appends.len().div_ceil(200).max(1);
        let appends = appends.into_iter().step_by(every).collect();
        let trail = Trail { appends, requests };
        let owner = record.connect().await?;
        Ok(Bench { options, record, service, views, answers, sent: by_view, trail, owner })
    }

    /// The view: its ten requests in their order, many users at a time.
    pub async fn view(&mut self, memory: &Answering) -> Result<Side, Failure> {
        let length = self.views.first().map_or(0, |view| view.requests.len());
        let rows: Vec<Vec<&Sent>> = self.sent.iter().map(|view| view.iter().take(length).collect()).collect();
        let script = Script::of(&mut self.owner, &self.record.folder, "view", &rows, Some(&self.trail)).await?;
        let requests: Vec<&Request> = self.views.iter().flat_map(|view| &view.requests).collect();
        let seconds = self.options.view_seconds;
        self.side("view", "the view", &requests, &script, seconds, memory)
    }

    /// One kind by itself; none where the workload has none of it.
    pub async fn kind(&mut self, name: &'static str, title: &str, memory: &Answering) -> Result<Option<Side>, Failure> {
        let sent: Vec<&Sent> = self.sent.iter().flatten().filter(|sent| sent.kind == name).collect();
        // Ten requests a run, so that what looking values up costs is shared.
        let rows: Vec<Vec<&Sent>> = sent.chunks_exact(10.min(sent.len().max(1))).map(<[_]>::to_vec).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let script = Script::of(&mut self.owner, &self.record.folder, name, &rows, Some(&self.trail)).await?;
        let all = self.views.iter().flat_map(|view| view.requests.iter().chain(&view.others));
        let requests: Vec<&Request> = all.filter(|request| request.kind == name).collect();
        let seconds = self.options.kind_seconds;
        Ok(Some(self.side(name, title, &requests, &script, seconds, memory)?))
    }

    /// Statements of each kind: without the audit trail's, and with.
    pub fn recorded(&self) -> Vec<(String, f64, f64)> {
        let of_kind = |name: &str| {
            let sent: Vec<&Sent> = self.sent.iter().flatten().filter(|sent| sent.kind == name).collect();
            let mean = |count: fn(&Sent) -> usize| {
                sent.iter().map(|sent| count(sent) as f64).sum::<f64>() / sent.len().max(1) as f64
            };
            (mean(|sent| sent.statements.len()), mean(|sent| sent.round_trips))
        };
        let all = KINDS.iter().map(|kind| (kind.title.to_owned(), of_kind(kind.name)));
        all.map(|(title, (statements, round_trips))| (title, statements, round_trips)).collect()
    }

    /// The kinds that are measured alone, or those that were asked for.
    pub async fn kinds(&mut self, memory: &Answering) -> Result<Vec<Side>, Failure> {
        let mut sides = Vec::new();
        let asked = &self.options.kinds;
        let wanted =
            |kind: &&Kind| asked.iter().any(|name| name == kind.name) || (self.options.everything && kind.alone);
        for Kind { name, title, .. } in KINDS.iter().filter(wanted) {
            say(title);
            sides.extend(self.kind(name, title, memory).await?);
        }
        Ok(sides)
    }

    /// Service, PostgreSQL and actix in turn, after a warm-up of each.
    fn side(
        &self,
        name: &str,
        title: &str,
        requests: &[&Request],
        script: &Script,
        seconds: u64,
        memory: &Answering,
    ) -> Result<Side, Failure> {
        let file = load::requests(&self.record.folder, name, requests.iter().copied())?;
        let clients = self.options.connections;
        let mut side = Side { name: name.to_owned(), title: title.to_owned(), ..Side::default() };
        load::closed(&self.service.address, &file, clients, seconds.div_ceil(3))?;
        let lookup = told(script.lookup(self.record, clients, seconds.div_ceil(2)));
        for round in 0..self.options.rounds {
            let (cpu, cpu_postgres) = (self.service.cpu(), self.record.cpu());
            let outcome = load::closed(&self.service.address, &file, clients, seconds)?;
            side.cpu_service.push((self.service.cpu() - cpu) * 1e6 / outcome.requests);
            side.cpu_postgres.push((self.record.cpu() - cpu_postgres) * 1e6 / outcome.requests);
            let limit = told(script.measure(self.record, clients, seconds));
            let rate = script.without(limit, lookup);
            side.limit.push(rate);
            side.limit_with_lookup.push(limit * script.requests as f64);
            if round == 0 || name == "view" {
                side.memory.push(load::closed(&memory.address, &file, clients, seconds.div_ceil(3))?.rate);
            }
            say(&format!("  {title}, round {}: {:.0} requests/s, limit {rate:.0}", round + 1, outcome.rate));
            side.service.push(outcome);
        }
        Ok(side)
    }

    /// The view at a set rate, with so many writes a second beside it.
    pub fn open(&self, title: &str, rate: f64, writes: Option<(f64, &[Write])>) -> Result<OpenRun, Failure> {
        let seconds = self.options.open_seconds;
        let begin = |name, targets: Vec<Target>, rate| {
            Open::begin(&self.record.folder, name, &self.service.address, &targets, rate, seconds)
        };
        let writing = match writes {
            Some((rate, writes)) => Some(begin("writes", writes.iter().map(Write::target).collect(), rate)?),
            None => None,
        };
        let requests = self.views.iter().flat_map(|view| &view.requests);
        let view = begin("open", requests.map(Target::get).collect(), rate)?.end()?;
        let writes = writing.map(Open::end).transpose()?;
        let failed = view.failed + writes.as_ref().map_or(0.0, |writes| writes.failed);
        say(&format!("  {title}: p50 {:.1} ms, p99 {:.1} ms, {failed:.0} failed", view.p50 / 1e3, view.p99 / 1e3));
        Ok(OpenRun { title: title.to_owned(), asked: rate, view, writes })
    }

    /// The view at half of the highest rate, alone and with writes beside it; and London's busiest minute.
    pub fn open_runs(&self, view: &Side, writes: &[Write]) -> Result<Vec<OpenRun>, Failure> {
        say("open loops");
        let half = highest(view) / 2.0;
        let some = |rate| Some((rate, writes));
        Ok(vec![
            self.open("half of the highest rate", half, None)?,
            self.open("the same, with 20 writes/s", half, some(20.0))?,
            self.open("the same, with 80 writes/s", half, some(80.0))?,
            self.open("London's busiest minute: 74 requests/s, 80 writes/s", 74.0, some(80.0))?,
        ])
    }

    /// Memory of a service of its own: as it starts, and after the view at 64 connections.
    pub fn memory(&self) -> Result<Memory, Failure> {
        say("memory at 64 connections");
        let service = Service::start(&self.record.url, &self.record.folder.join("serve-64.log"))?;
        let (idle, _) = service.memory();
        let file = load::requests(&self.record.folder, "view", self.views.iter().flat_map(|view| &view.requests))?;
        load::closed(&service.address, &file, 64, self.options.view_seconds)?;
        let (loaded, most) = service.memory();
        Ok(Memory { idle, loaded, most })
    }
}

/// A resource that is to be written.
pub struct Write {
    pub path: String,
    pub token: String,
    pub body: String,
}

impl Write {
    fn target(&self) -> Target<'_> {
        Target { method: "POST", path: &self.path, token: &self.token, body: Some(&self.body) }
    }
}

/// The figure; where there is none, that is said, and the run goes on without.
fn told(figure: Result<f64, Failure>) -> f64 {
    figure.unwrap_or_else(|error| {
        say(&format!("  {error}"));
        f64::NAN
    })
}

/// The highest rate of a closed loop, for open ones to be a part of.
pub fn highest(side: &Side) -> f64 {
    median(&side.rates())
}
