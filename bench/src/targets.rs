//! The targets, each with what was measured and, where it is missed, why.

use crate::results::{Results, Scale, Side, median};

/// One target.
pub struct Target {
    /// Its name in bench/tried.md.
    pub key: &'static str,
    pub what: String,
    pub target: &'static str,
    /// What was measured, in words; none: it was not.
    pub figure: Option<String>,
    pub met: Option<bool>,
    /// Where a miss comes from, as far as the figures tell.
    pub cause: String,
}

/// Whether a figure has to be at least or at most this.
enum Bound {
    Least(f64),
    Most(f64),
}

use Bound::{Least, Most};

fn target(
    key: &'static str,
    what: &str,
    target: &'static str,
    value: f64,
    bound: Bound,
    digits: usize,
    cause: String,
) -> Target {
    let measured = value.is_finite();
    let met = match bound {
        Least(least) => value >= least,
        Most(most) => value <= most,
    };
    Target {
        key,
        what: what.to_owned(),
        target,
        figure: measured.then(|| format!("{value:.digits$}")),
        met: measured.then_some(met),
        cause: if measured && !met { cause } else { String::new() },
    }
}

/// All of them, as far as the run went.
pub fn all(results: &Results) -> Vec<Target> {
    let Some(first) = results.scales.first() else { return Vec::new() };
    let mut all = vec![view(first)];
    all.push(tail(first));
    all.push(round_trips(first));
    all.extend(moving(first));
    all.extend(costs(first));
    all.push(disk(first));
    for pair in results.scales.windows(2) {
        all.push(growth(&pair[0], &pair[1]));
    }
    if results.scales.len() == 1 {
        all.push(target(
            "growth",
            "per-view cost at 12,000 ÷ at 1,200 patients",
            "≤ 1.15",
            f64::NAN,
            Most(1.15),
            2,
            String::new(),
        ));
    }
    all.extend(process(first));
    all.push(heavy(first));
    all
}

fn view(scale: &Scale) -> Target {
    let side = &scale.view;
    let cause = format!(
        "a request takes {:.0} µs of CPU in the service and {:.0} µs in PostgreSQL; pgbench has {:.0} µs of both cores for one, its own work included; actix, out of memory, {:.0} µs",
        median(&side.cpu_service),
        median(&side.cpu_postgres),
        2e6 / median(&side.limit),
        2e6 / median(&side.memory),
    );
    target(
        "view",
        "view mix, closed loop, service ÷ pgbench with the same statements",
        "≥ 0.6",
        side.ratio(),
        Least(0.6),
        2,
        cause,
    )
}

fn tail(scale: &Scale) -> Target {
    let run = scale.open.first();
    let ratio = run.map_or(f64::NAN, |run| run.view.p99 / run.view.p50);
    let cause = run.map_or(String::new(), |run| {
        format!("p50 {:.1} ms, p99 {:.1} ms at {:.0} requests/s", run.view.p50 / 1e3, run.view.p99 / 1e3, run.asked)
    });
    target("tail", "p99 ÷ p50 at half of the highest rate", "≤ 5", ratio, Most(5.0), 1, cause)
}

fn round_trips(scale: &Scale) -> Target {
    let most = scale.recorded.iter().map(|(_, statements, _)| *statements).fold(f64::NAN, f64::max);
    let more = scale.recorded.iter().filter(|(_, statements, _)| *statements > 1.0);
    let more: Vec<String> = more.map(|(title, statements, _)| format!("{title} {statements:.1}")).collect();
    let cause = format!("statements beside the audit commit: {}", more.join(", "));
    let what = "round trips to PostgreSQL per read or search, audit included (the most of any kind)";
    target("round-trips", what, "1, or 2 with shared audit commits", most + 1.0, Most(2.0), 1, cause)
}

fn moving(scale: &Scale) -> Vec<Target> {
    let loading = &scale.loading;
    let import = loading.copy_in / loading.seconds;
    let cause = format!(
        "{:.0} rows/s against COPY's {:.0}; CPU-seconds: lcr {:.1}, PostgreSQL {:.1}, of {:.1} s by the clock",
        loading.rows as f64 / loading.seconds,
        loading.rows as f64 / loading.copy_in,
        loading.cpu,
        loading.cpu_postgres,
        loading.seconds,
    );
    let streamed = |key, what: &str, of: &Option<crate::results::Streamed>| {
        let ratio = of.as_ref().map_or(f64::NAN, |one| median(&one.copy) / median(&one.service));
        let cause = of.as_ref().map_or(String::new(), |one| {
            format!(
                "{:.0} MB/s against {:.0}",
                one.bytes / median(&one.service) / 1e6,
                one.bytes / median(&one.copy) / 1e6
            )
        });
        target(key, what, "≥ 0.6", ratio, Least(0.6), 2, cause)
    };
    vec![
        target(
            "import",
            "lcr import ÷ COPY of the same rows, indexes and history",
            "≥ 0.4",
            import,
            Least(0.4),
            2,
            cause,
        ),
        streamed("everything", "$everything ÷ COPY out", &scale.everything),
        streamed("export", "$export ÷ COPY out", &scale.export),
    ]
}

fn costs(scale: &Scale) -> Vec<Target> {
    let share = |step: usize| {
        let costs = scale.costs.as_ref()?;
        let micros = |at: usize| costs.steps.get(at).map(|(_, rates)| 1e6 / median(rates));
        Some((100.0 * (micros(step)? - micros(step - 1)?) / costs.request, micros(step)? - micros(step - 1)?))
    };
    [
        ("access", "cost of the access check, share of a request (%)", "≤ 5", 1, 5.0),
        ("audit", "cost of audit, share of a request (%)", "≤ 25", 4, 25.0),
        ("row-level-security", "cost of row-level security, share of a request (%)", "≤ 10", 2, 10.0),
    ]
    .map(|(key, what, words, step, most)| {
        let (percent, micros) = share(step).unwrap_or((f64::NAN, f64::NAN));
        let cause = format!(
            "{micros:.0} µs of the {:.0} µs between two answers",
            scale.costs.as_ref().map_or(f64::NAN, |c| c.request)
        );
        target(key, what, words, percent, Most(most), 1, cause)
    })
    .into()
}

fn disk(scale: &Scale) -> Target {
    let loading = &scale.loading;
    let cause = format!("{:.0} MB on disk for {:.0} MB of JSON", loading.disk as f64 / 1e6, loading.json as f64 / 1e6);
    target(
        "disk",
        "bytes on disk with indexes ÷ minified JSON (no history)",
        "≤ 1.6",
        loading.disk as f64 / loading.json as f64,
        Most(1.6),
        2,
        cause,
    )
}

/// CPU of a request, service and PostgreSQL together.
pub fn cpu(side: &Side) -> f64 {
    median(&side.cpu_service) + median(&side.cpu_postgres)
}

fn growth(small: &Scale, large: &Scale) -> Target {
    let what =
        format!("per-view cost at {} ÷ at {} patients (CPU of service and PostgreSQL)", large.patients, small.patients);
    let cause = format!("{:.0} µs a request against {:.0}", cpu(&large.view), cpu(&small.view));
    target("growth", &what, "≤ 1.15", cpu(&large.view) / cpu(&small.view), Most(1.15), 2, cause)
}

fn process(scale: &Scale) -> Vec<Target> {
    let memory = scale.memory.as_ref();
    let most = memory.map_or(f64::NAN, |memory| memory.most);
    let cause = memory.map_or(String::new(), |memory| {
        format!(
            "{:.0} MiB as it starts, {:.0} at the end of the load, {:.0} at the most",
            memory.idle, memory.loaded, memory.most
        )
    });
    vec![
        target(
            "memory",
            "memory of the service at 64 connections under load (MiB)",
            "≤ 48",
            most,
            Most(48.0),
            1,
            cause,
        ),
        target("ready", "ready after start (s)", "≤ 0.5", median(&scale.ready) / 1e3, Most(0.5), 3, String::new()),
    ]
}

fn heavy(scale: &Scale) -> Target {
    let (ratio, cause) = scale.heavy.as_ref().map_or((f64::NAN, String::new()), |heavy| {
        let (of_heavy, of_light) = (median(&heavy.heavy), median(&heavy.light));
        (of_heavy / of_light, format!("{of_heavy:.0} µs against {of_light:.0}"))
    });
    let what = format!(
        "a heavy patient ({} Observations), first page of results ÷ that of a light patient",
        scale.heavy.as_ref().map_or(50_000, |heavy| heavy.observations)
    );
    target("heavy", &what, "≤ 1.5", ratio, Most(1.5), 2, cause)
}
