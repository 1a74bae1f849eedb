//! Where the time of one page of results goes, alone on the machine: the steps of the service one by one in this process, the
//! statement as pgbench sends it, the answer as actix gives it out of memory, and what is left of the whole.

use std::hint::black_box;
use std::time::Instant;

use lcr_facade::access::{Claims, Grant, Interaction, Policies};
use lcr_facade::config::Config;
use lcr_facade::fhir::bundle::Writer;
use lcr_facade::resources;
use lcr_facade::search::cursor::CursorKey;
use lcr_facade::search::{Context, Search, query};
use lcr_facade::smart;
use lcr_facade::store::Plan;

use crate::Failure;
use crate::limit::Script;
use crate::load;
use crate::measure::Bench;
use crate::memory::Memory;
use crate::say;
use crate::statements::Sent;
use crate::workload::Request;

/// The kind of request.
const KIND: &str = "results";
/// Times a step is done.
const TIMES: u32 = 2_000;

/// Each part and its microseconds.
pub async fn measure(bench: &mut Bench<'_>, memory: &Memory) -> Result<Vec<(String, f64)>, Failure> {
    say("where the time of one request goes");
    let requests: Vec<&Request> =
        bench.views.iter().flat_map(|view| &view.requests).filter(|request| request.kind == KIND).collect();
    let request = requests.first().ok_or("there is no such request")?;
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let spec = resources::kept("Observation").ok_or("there are no Observations")?;
    let claims = Claims {
        client: "bench".to_owned(),
        scope: "user/*.rs".to_owned(),
        role: "doctor".to_owned(),
        user: Some("bench".to_owned()),
        organisation: Some("Y90001".to_owned()),
        ..Claims::default()
    };
    let policies = Policies::default();
    let (limits, key) = (Config::default().search_limits(), CursorKey::new(vec![7; 32]));
    let base = bench.service.url("/fhir");
    let context = Context { base: &base, limits, key: &key, lenient: false, within: None, during: None };
    let grant = || -> Result<Grant, Failure> {
        let caller = smart::would_be(claims.clone(), &policies);
        Ok(caller.grant(spec, Interaction::Search).map_err(|_| "a doctor may search")?)
    };
    let search = || -> Result<Search, Failure> {
        let pairs = query::pairs(query).map_err(|_| "the query can be read")?;
        Ok(Search::read(grant()?, &pairs, &context).map_err(|_| "the search can be read")?)
    };
    let granted = micros(|| grant().map(drop))?;
    let read = micros(|| search().map(drop))?;
    let planned = micros(|| search().map(|search| drop(black_box(Plan::of(search)))))?;
    let answer: serde_json::Value =
        serde_json::from_slice(bench.answers.get(&request.path).ok_or("the request was answered")?)?;
    let rows: Vec<String> =
        answer["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].to_string()).collect();
    let copied = micros(|| {
        let mut writer = Writer::new("searchset", None, &[("self", base.clone())]);
        rows.iter().for_each(|row| writer.found(&base, row));
        drop(black_box(writer.finish()));
        Ok(())
    })?;
    let sent: Vec<Sent> = bench.sent.iter().flatten().filter(|sent| sent.kind == KIND).cloned().collect();
    let statement = |only: bool| -> Vec<Sent> {
        let of = |one: &Sent| {
            let kept = one.statements.iter().filter(|statement| statement.text.contains("observation") == only);
            Sent { statements: kept.cloned().collect(), ..one.clone() }
        };
        sent.iter().map(of).collect()
    };
    let mut waits = Vec::new();
    for (name, sent) in [("part-search", statement(true)), ("part-rest", statement(false))] {
        let rows: Vec<Vec<&Sent>> = sent.chunks_exact(10.min(sent.len())).map(|chunk| chunk.iter().collect()).collect();
        if sent.iter().all(|one| one.statements.is_empty()) {
            waits.push(0.0);
            continue;
        }
        let script = Script::of(&mut bench.owner, &bench.record.folder, name, &rows, None).await?;
        let (whole, lookup) = (script.measure(bench.record, 1, 2)?, script.lookup(bench.record, 1, 1)?);
        waits.push(1e6 / script.without(whole, lookup));
    }
    let file = load::requests(&bench.record.folder, "parts", requests.into_iter())?;
    let from_memory = load::closed(&memory.address, &file, 1, 2)?.mean;
    let whole = load::closed(&bench.service.address, &file, 1, 3)?.mean;
    let parts = [
        ("grant: the caller's, for the type", granted),
        ("parse: query to search", read - granted),
        ("plan: search to statement", planned - read),
        ("wait for PostgreSQL: the search (pgbench)", waits[0]),
        ("wait for PostgreSQL: other statements, such as the token's (pgbench)", waits[1]),
        ("copy: rows into the Bundle", copied),
        ("send: an answer as long, from memory, and wrk", from_memory),
    ];
    let known: f64 = parts.iter().map(|(_, micros)| micros).sum();
    let mut parts: Vec<(String, f64)> = parts.map(|(name, micros)| (name.to_owned(), micros)).into();
    parts.push(("left: the audit commit, the driver, middleware".to_owned(), whole - known));
    parts.push(("the whole".to_owned(), whole));
    Ok(parts)
}

/// Microseconds of one time, on average.
fn micros(mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    for _ in 0..TIMES / 10 {
        work()?;
    }
    let began = Instant::now();
    for _ in 0..TIMES {
        work()?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES))
}
