//! `lcr-bench`: how fast the service is, beside the limit of what PostgreSQL and actix can do with the same rows, in one run on
//! one machine. `make bench` runs it; bench/README.md says what is measured and how.

// It looks at the database that it measures, as its owner.
#![allow(clippy::disallowed_types)]

mod bulk;
mod copy;
mod costs;
mod heavy;
mod limit;
mod load;
mod measure;
mod memory;
mod options;
mod parts;
mod plot;
mod process;
mod record;
mod report;
mod results;
mod statements;
mod targets;
mod workload;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use measure::Bench;
use memory::Memory;
use options::{Arguments, Options};
use process::Service;
use record::Record;
use results::Scale;

/// What a run ends with: words for standard error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Tells whoever waits what goes on.
pub fn say(words: &str) {
    eprintln!("bench: {words}");
}

fn main() -> ExitCode {
    let options = Options::of(Arguments::parse());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(&options)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    let began = Instant::now();
    let mut results = report::begin(options)?;
    for (at, patients) in options.patients.iter().enumerate() {
        let scale = scale(options, *patients, at == 0).await?;
        results.scales.push(scale);
    }
    results.seconds = began.elapsed().as_secs_f64();
    report::write(options, &results)?;
    say(&format!("done after {:.0} s: {}", results.seconds, options.report.join("REPORT.md").display()));
    Ok(())
}

/// Measures with so many patients: everything, or the view alone.
async fn scale(options: &Options, patients: u32, first: bool) -> Result<Scale, Failure> {
    let record = Record::of(options, patients).await?;
    let mut scale = Scale { patients, loading: record.loading.clone(), ..Scale::default() };
    let log = record.folder.join("serve.log");
    for _ in 0..if first && options.everything { 5 } else { 1 } {
        scale.ready.push(Service::start(&record.url, &log)?.ready_after * 1e3);
    }
    let service = Service::start(&record.url, &log)?;
    let (mut views, heavy) = workload::draw(&record, options.views(patients)).await?;
    scale.view_requests = views.iter().map(|view| view.requests.len() as f64).sum::<f64>() / views.len() as f64;
    let mut bench = Bench::prepare(options, &record, &service, &mut views).await?;
    let memory = Memory::start(bench.answers.clone())?;
    say("the view");
    scale.view = bench.view(&memory).await?;
    scale.recorded = bench.recorded();
    if first {
        scale.kinds = bench.kinds(&memory).await?;
    }
    if first && options.everything {
        match parts::measure(&mut bench, &memory).await {
            Ok(parts) => scale.parts = parts,
            Err(error) => scale.missing.push(format!("the parts of a request: {error}")),
        }
    }
    drop(memory);
    if first && options.everything {
        rest(&mut bench, &mut scale, heavy.as_ref()).await?;
    }
    Ok(scale)
}

/// What is measured once: what of it cannot be is told, and the rest goes on.
async fn rest(bench: &mut Bench<'_>, scale: &mut Scale, heavy: Option<&workload::View>) -> Result<(), Failure> {
    let (options, record, views) = (bench.options, bench.record, bench.views);
    let mut missing = std::mem::take(&mut scale.missing);
    let mut note = |what: &str, error: Failure| {
        say(&format!("{what}: {error}"));
        missing.push(format!("{what}: {error}"));
    };
    if let Some(side) = scale.kinds.iter().find(|side| side.name == costs::KIND) {
        match costs::measure(bench, side).await {
            Ok(costs) => scale.costs = Some(costs),
            Err(error) => note("costs", error),
        }
    }
    match heavy::measure(options, bench.service, heavy, views).await {
        Ok(measured) => scale.heavy = Some(measured),
        Err(error) => note("the heavy patient", error),
    }
    match bulk::everything(options, bench.service, &mut bench.owner, views).await {
        Ok(streamed) => scale.everything = Some(streamed),
        Err(error) => note("$everything", error),
    }
    match bulk::export(options, record, bench.service, &mut bench.owner).await {
        Ok(streamed) => scale.export = Some(streamed),
        Err(error) => note("$export", error),
    }
    match bench.memory() {
        Ok(memory) => scale.memory = Some(memory),
        Err(error) => note("memory", error),
    }
    // What writes comes last: the rows that it adds are in nobody's way then.
    let writes = bulk::writes(record, 5_000).await?;
    match bench.open_runs(&scale.view, &writes) {
        Ok(runs) => scale.open = runs,
        Err(error) => note("open loops", error),
    }
    match bulk::transactions(options, record, bench.service, &writes).await {
        Ok(measured) => scale.transaction = Some(measured),
        Err(error) => note("transactions", error),
    }
    scale.missing = missing;
    Ok(())
}
