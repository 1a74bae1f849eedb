//! The report: results.json as it is, REPORT.md and its plots for people.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::options::Options;
use crate::plot::{Series, bars, number};
use crate::process::run;
use crate::results::{Results, Scale, Side, median, spread};
use crate::targets::{self, Target};
use crate::{Failure, load};

const SERVICE: &str = "#005eb8";
const LIMIT: &str = "#768692";
const MEMORY: &str = "#c8d2d9";

/// A run's results before anything was measured.
pub fn begin(options: &Options) -> Result<Results, Failure> {
    let mut results = Results {
        run: options.name.to_owned(),
        when: OffsetDateTime::now_utc().format(&Rfc3339)?.chars().take(16).collect(),
        connections: options.connections,
        rounds: options.rounds,
        ..Results::default()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    results.machine.insert("processor", format!("{cores} × {}", model.trim_start_matches([' ', '\t', ':'])));
    let said =
        |program: &str, words: &[&str]| run(Command::new(program).args(words)).unwrap_or_default().trim().to_owned();
    results.machine.insert("commit", said("git", &["describe", "--always", "--dirty"]));
    results.machine.insert("rustc", said("rustc", &["--version"]));
    results.machine.insert("pgbench", said("pgbench", &["--version"]));
    let vegeta = if load::vegeta().is_some() { "there" } else { "not there: no open loops" };
    results.machine.insert("vegeta", vegeta.to_owned());
    Ok(results)
}

/// Writes what was measured.
pub fn write(options: &Options, results: &Results) -> Result<(), Failure> {
    let folder = &options.report;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("results.json"), serde_json::to_string_pretty(results)? + "\n")?;
    let mut out = head(results);
    out.push_str(&targets_table(&targets::all(results)));
    for scale in &results.scales {
        out.push_str(&scale_section(scale));
        for (name, plot) in plots(scale) {
            let file = format!("{name}-{}.svg", scale.patients);
            fs::write(folder.join(&file), plot)?;
            let _ = writeln!(out, "![{name}]({file})\n");
        }
    }
    fs::write(folder.join("REPORT.md"), out)?;
    Ok(())
}

fn head(results: &Results) -> String {
    let machine: Vec<String> = results.machine.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!(
        "# How fast it is\n\nMade by `{}` on {} UTC in {:.0} s; [what is measured and how](README.md), [the raw numbers](results.json).\n\
         Medians of {} rounds, service and limits in turn within each; ± is how far the farthest round lies from the median.\n\n{}\n\n",
        results.run,
        results.when,
        results.seconds,
        results.rounds,
        machine.join(" · ")
    )
}

fn targets_table(targets: &[Target]) -> String {
    let tried = fs::read_to_string("bench/tried.md").unwrap_or_default();
    let mut out = "## Targets\n\n| what | target | measured | met | cause of a miss, and what was tried |\n|---|---|---|---|---|\n".to_owned();
    for target in targets {
        let met = match target.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "not measured",
        };
        let mut cause = target.cause.clone();
        if target.met == Some(false)
            && let Some(text) = noted(&tried, target.key)
        {
            let _ = write!(cause, "{}{text}", if cause.is_empty() { "" } else { ". " });
        }
        let figure = target.figure.as_deref().unwrap_or("–");
        let _ = writeln!(out, "| {} | {} | {figure} | {met} | {cause} |", target.what, target.target);
    }
    out.push('\n');
    out
}

/// What bench/tried.md says under the heading of this target, in one line.
fn noted(tried: &str, key: &str) -> Option<String> {
    let (_, section) = tried.split_once(&format!("\n## {key}\n"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let words: Vec<&str> = section.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn plus_minus(values: &[f64]) -> String {
    match values.is_empty() {
        true => "–".to_owned(),
        false => format!("{} ± {:.0} %", number(median(values)), 100.0 * spread(values)),
    }
}

fn scale_section(scale: &Scale) -> String {
    let mut out = format!("## {} patients\n\n", number(f64::from(scale.patients)));
    out.push_str(
        "Requests a second in a closed loop: the service; pgbench with the statements that the service sent (its limit of PostgreSQL); \
         actix with the same bytes from memory (its limit of HTTP). CPU in microseconds a request.\n\n\
         | request | service | pgbench | ÷ | from memory | ÷ | p50 ms | p99 ms | bytes | CPU service | CPU PostgreSQL |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for side in std::iter::once(&scale.view).chain(&scale.kinds) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.2} | {} | {:.2} | {:.1} | {:.1} | {} | {} | {} |",
            side.title,
            plus_minus(&side.rates()),
            plus_minus(&side.limit),
            side.ratio(),
            number(median(&side.memory)),
            side.memory_ratio(),
            side.middle(|outcome| outcome.p50) / 1e3,
            side.middle(|outcome| outcome.p99) / 1e3,
            number(side.middle(|outcome| outcome.bytes)),
            number(median(&side.cpu_service)),
            number(median(&side.cpu_postgres)),
        );
    }
    let failed: f64 =
        std::iter::once(&scale.view).chain(&scale.kinds).flat_map(|side| &side.service).map(|o| o.failed).sum();
    let _ = writeln!(
        out,
        "\nA view is {:.1} requests on average. Requests that failed: {failed:.0}.\n",
        scale.view_requests
    );
    out.push_str("Statements of a request that is sent by itself, without the audit trail's and with it:\n\n| request | statements | with audit |\n|---|---|---|\n");
    for (title, statements, round_trips) in &scale.recorded {
        let _ = writeln!(out, "| {title} | {statements:.2} | {round_trips:.2} |");
    }
    out.push('\n');
    open(&mut out, scale);
    costs(&mut out, scale);
    moving(&mut out, scale);
    if !scale.parts.is_empty() {
        out.push_str("Where the time of one page of results goes, alone on the machine, in microseconds:\n\n| part | µs |\n|---|---|\n");
        for (part, micros) in &scale.parts {
            let _ = writeln!(out, "| {part} | {} |", number(*micros));
        }
        out.push('\n');
    }
    for missing in &scale.missing {
        let _ = writeln!(out, "Not measured: {missing}\n");
    }
    out
}

fn open(out: &mut String, scale: &Scale) {
    if scale.open.is_empty() {
        return;
    }
    out.push_str(
        "Open loop (requests come at their rate whatever the answers do; times in ms):\n\n\
         | | requests/s | p50 | p90 | p99 | most | failed | writes/s | p50 | p99 | failed |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for run in &scale.open {
        let ms = |micros: f64| number(micros / 1e3);
        let view = &run.view;
        let _ = write!(
            out,
            "| {} | {} | {} | {} | {} | {} | {:.0} ",
            run.title,
            number(run.asked),
            ms(view.p50),
            ms(view.p90),
            ms(view.p99),
            ms(view.max),
            view.failed
        );
        let _ = match &run.writes {
            Some(writes) => writeln!(
                out,
                "| {} | {} | {} | {:.0} |",
                number(writes.rate),
                ms(writes.p50),
                ms(writes.p99),
                writes.failed
            ),
            None => writeln!(out, "| – | – | – | – |"),
        };
    }
    out.push('\n');
}

fn costs(out: &mut String, scale: &Scale) {
    let Some(costs) = &scale.costs else { return };
    out.push_str(
        "What protects a page of results, by pgbench with the statement taken apart (the share is of the time between two answers of the service):\n\n\
         | statement | requests/s | µs more | share of a request |\n|---|---|---|---|\n",
    );
    let mut before = None;
    for (title, rates) in &costs.steps {
        let micros = 1e6 / median(rates);
        let more = before.map_or("–".to_owned(), |before: f64| format!("{:.1}", micros - before));
        let share = before
            .map_or("–".to_owned(), |before: f64| format!("{:.1} %", 100.0 * (micros - before) / costs.request));
        let _ = writeln!(out, "| {title} | {} | {more} | {share} |", plus_minus(rates));
        before = Some(micros);
    }
    out.push('\n');
}

fn moving(out: &mut String, scale: &Scale) {
    let loading = &scale.loading;
    let mega = |bytes: f64| number(bytes / 1e6);
    let _ = writeln!(
        out,
        "Loading {} rows, {} MB of JSON: `lcr import` {:.1} s ({} rows/s; CPU-seconds: lcr {:.1}, PostgreSQL {:.1}), COPY into the same tables with \
         their indexes and histories {:.1} s. On disk: {} MB with indexes, and {} MB of histories.\n",
        number(loading.rows as f64),
        mega(loading.json as f64),
        loading.seconds,
        number(loading.rows as f64 / loading.seconds),
        loading.cpu,
        loading.cpu_postgres,
        loading.copy_in,
        mega(loading.disk as f64),
        mega(loading.history as f64),
    );
    for (name, streamed) in [("`$everything`, patient by patient", &scale.everything), ("`$export`", &scale.export)] {
        if let Some(streamed) = streamed {
            let _ = writeln!(
                out,
                "{name}: {} rows in {} s; COPY out of as much in {} s.\n",
                number(streamed.rows),
                plus_minus(&streamed.service),
                plus_minus(&streamed.copy)
            );
        }
    }
    if let Some(transaction) = &scale.transaction {
        let _ = writeln!(
            out,
            "Transactions of {}: {} rows/s, one after the other; COPY {} rows/s ({:.2}).\n",
            transaction.entries,
            plus_minus(&transaction.service),
            number(transaction.copy),
            median(&transaction.service) / transaction.copy
        );
    }
    if let Some(heavy) = &scale.heavy {
        let _ = writeln!(
            out,
            "First page of results, one request at a time: {} µs for the patient with {} Observations more, {} µs for others.\n",
            plus_minus(&heavy.heavy),
            number(heavy.observations as f64),
            plus_minus(&heavy.light)
        );
    }
    if let Some(memory) = &scale.memory {
        let _ = writeln!(
            out,
            "Memory: {:.1} MiB as it starts, {:.1} MiB after the view at 64 connections, {:.1} MiB at the most. Ready after {} ms.\n",
            memory.idle,
            memory.loaded,
            memory.most,
            plus_minus(&scale.ready)
        );
    }
}

fn plots(scale: &Scale) -> Vec<(&'static str, String)> {
    let sides: Vec<&Side> = std::iter::once(&scale.view).chain(&scale.kinds).collect();
    let rows: Vec<&str> = sides.iter().map(|side| side.title.as_str()).collect();
    let of = |name, colour, value: &dyn Fn(&Side) -> f64| Series {
        name,
        colour,
        values: sides.iter().map(|side| value(side)).collect(),
    };
    let rates = [
        of("the service", SERVICE, &|side| median(&side.rates())),
        of("pgbench, same statements", LIMIT, &|side| median(&side.limit)),
        of("actix from memory", MEMORY, &|side| median(&side.memory)),
    ];
    let cpu = [
        of("the service", SERVICE, &|side| median(&side.cpu_service)),
        of("PostgreSQL", LIMIT, &|side| median(&side.cpu_postgres)),
    ];
    let mut plots = vec![
        ("rates", bars("Requests a second, closed loop", "", &rows, &rates)),
        ("cpu", bars("CPU of a request, microseconds", "", &rows, &cpu)),
    ];
    if !scale.open.is_empty() {
        let rows: Vec<&str> = scale.open.iter().map(|run| run.title.as_str()).collect();
        let of = |name, colour, value: &dyn Fn(&load::Outcome) -> f64| Series {
            name,
            colour,
            values: scale.open.iter().map(|run| value(&run.view) / 1e3).collect(),
        };
        let times = [of("p50", SERVICE, &|o| o.p50), of("p90", LIMIT, &|o| o.p90), of("p99", MEMORY, &|o| o.p99)];
        plots.push(("latency", bars("Latency in an open loop, milliseconds", " ms", &rows, &times)));
    }
    plots
}
