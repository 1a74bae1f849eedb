//! What a resource costs on its way in, by type: reading the JSON, R4's rules, the profiles, the search columns, and the store, which
//! is a real PostgreSQL. Microseconds a resource; the median of all resources of the sandbox's record, and the tenth and ninetieth
//! percentile of the profiles' part. `make bench` runs it.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use common::TestApp;
use lcr_facade::access::Interaction;
use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::profile::{self, Strictness};
use lcr_facade::resources::{self, index};
use lcr_facade::smart;
use lcr_facade::store::{AuditRow, Change, Write};

/// Rounds over one resource, of which the quickest counts: what is slower was disturbed.
const ROUNDS: usize = 5;
/// The most resources of a type that are written.
const WRITES: usize = 150;

/// Microseconds of the quickest round.
fn quickest(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        work();
        best = best.min(began.elapsed().as_secs_f64() * 1e6);
    }
    best
}

/// The value below which this share of them is.
fn share(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get(((last as f64) * part).round() as usize).copied().unwrap_or_default()
}

fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(object)) => object,
        other => panic!("no resource: {other:?}"),
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let app = TestApp::start().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox");
    let files = ["staff.ndjson", "record.ndjson"].map(|name| folder.join(name));
    let report = app.import(&files, None).await;
    assert_eq!(report.refused(), 0, "{report}");
    let text: String = files.iter().map(|file| std::fs::read_to_string(file).expect("the record")).collect();
    println!(
        "{:<22}{:>6}{:>9}{:>9}{:>10}{:>16}{:>9}{:>10}{:>18}",
        "", "", "JSON", "R4", "profiles", "(10%..90%)", "columns", "store", "profiles/others"
    );
    for spec in resources::ALL.iter().filter(|spec| !spec.is_trail()) {
        let lines: Vec<&str> =
            text.lines().filter(|line| object(line).text("resourceType") == Some(spec.name)).collect();
        let (mut json, mut r4, mut profiles, mut columns, mut store) = (vec![], vec![], vec![], vec![], vec![]);
        for (at, line) in lines.iter().enumerate() {
            let resource = object(line);
            json.push(quickest(|| drop(black_box(Json::parse(black_box(line.as_bytes()))))));
            let rules = quickest(|| drop(black_box(profile::check(black_box(&resource), Strictness::Off))));
            let all = quickest(|| drop(black_box(profile::check(black_box(&resource), Strictness::Enforce))));
            r4.push(rules);
            profiles.push((all - rules).max(0.0));
            columns.push(quickest(|| drop(black_box(index::columns(spec, black_box(&resource), &app.base)))));
            if at < WRITES {
                store.push(written(&app, spec, resource).await);
            }
        }
        if lines.is_empty() {
            continue;
        }
        let middle = |values: &[f64]| share(values, 0.5);
        let others = middle(&json) + middle(&r4) + middle(&store);
        let spread = format!("({:.1}..{:.1})", share(&profiles, 0.1), share(&profiles, 0.9));
        println!(
            "{:<22}{:>6}{:>9.1}{:>9.1}{:>10.1}{spread:>16}{:>9.1}{:>10.0}{:>18.4}",
            spec.name,
            lines.len(),
            middle(&json),
            middle(&r4),
            middle(&profiles),
            middle(&columns),
            middle(&store),
            middle(&profiles) / others
        );
    }
}

/// Microseconds until one more version of the resource is committed, by the source that shared it.
async fn written(app: &TestApp, spec: &'static resources::spec::ResourceSpec, resource: Object) -> f64 {
    let source = resource.objects("meta").find_map(|meta| meta.text("source")).expect("a source").to_owned();
    let id = resource.text("id").expect("an id").to_owned();
    let grant = smart::operator("bench", &source).grant(spec, Interaction::Update).expect("leave");
    let change = Change::Update { resource, if_match: None, skip_same: false };
    let write = Write::new(grant, &id, change).expect("a write");
    let audit = AuditRow::of_operator("bench", "U", "", "");
    let began = Instant::now();
    let done = app.store.write(vec![write], &app.base, &audit).await;
    let took = began.elapsed().as_secs_f64() * 1e6;
    assert!(done.is_ok_and(|done| done[0].changed), "{}/{id}", spec.name);
    took
}
