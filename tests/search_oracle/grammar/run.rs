//! Runs random queries. `LCR_GRAMMAR_CASES` says how many, `LCR_GRAMMAR_SEED` which; the same seed gives the same.

use super::super::examples::spec;
use super::super::oracle::Oracle;
use super::super::query::ask::Ask;
use super::super::query::check::{Seen, check};
use super::super::query::terminology::Terminology;
use super::super::query::world::{Limits, World};
use super::super::service::{served, wide};
use super::corpus::{DOCTOR, SOURCES, corpus, load, refer, terminology};
use super::recipe::recipe;
use super::render::render;
use super::tables::Tables;
use crate::common::{Session, TestApp, skipped};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// Failures after which a run gives up.
const FAILURES: usize = 8;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// A service with the corpus, and what each caller sees of it.
pub struct Stage {
    pub app: TestApp,
    pub tokens: Vec<String>,
    pub seen: Vec<Vec<Value>>,
    pub terminology: Terminology,
    pub oracle: Oracle,
}

impl Stage {
    pub async fn set() -> Stage {
        let app = wide().await;
        let corpus = corpus();
        let terminology = terminology(&corpus);
        load(&app, &corpus, &terminology).await;
        refer(&app, &corpus).await;
        let (mut tokens, mut seen) = (Vec::new(), Vec::new());
        for session in [app.source(SOURCES[0]).await, app.source(SOURCES[1]).await, app.persona(DOCTOR).await] {
            seen.push(served(&session).await);
            tokens.push(session.token);
        }
        println!("{:?} resources", seen.iter().map(Vec::len).collect::<Vec<_>>());
        let mut oracle = Oracle::load(&spec());
        oracle.base = app.base.clone();
        Stage { app, tokens, seen, terminology, oracle }
    }

    /// One world for each caller.
    pub fn worlds(&self) -> Vec<World<'_>> {
        let limits = Limits { chain: 3, values: 200, parameters: 100 };
        self.seen.iter().map(|seen| World::new(&self.oracle, &self.terminology, limits, seen)).collect()
    }

    pub fn session(&self, caller: usize) -> Session<'_> {
        Session { app: &self.app, token: self.tokens[caller].clone() }
    }
}

/// So many cases from one seed: what failed, and how often what was seen.
fn run(stage: &Stage, seed: u64, cases: u64) -> (Vec<String>, BTreeMap<Seen, u64>) {
    let handle = tokio::runtime::Handle::current();
    let worlds = stage.worlds();
    let tables: Vec<Tables> = worlds.iter().map(Tables::of).collect();
    let asked = |caller: u8| usize::from(caller) % worlds.len();
    let judge = |ask: &Ask, caller: usize| handle.block_on(check(&stage.session(caller), &worlds[caller], ask));
    let seen: RefCell<BTreeMap<Seen, u64>> = RefCell::default();
    let count = || seen.borrow().values().sum::<u64>();
    let mut failures = Vec::new();
    let mut turn = 0;
    while count() < cases && failures.len() < FAILURES {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&u64::to_le_bytes(turn));
        turn += 1;
        let config = Config {
            cases: u32::try_from(cases - count()).expect("a number of cases"),
            failure_persistence: None,
            max_shrink_iters: 400,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let outcome = runner.run(&recipe(), |recipe| {
            let caller = asked(recipe.caller);
            let ask = render(&recipe, &tables[caller]);
            match judge(&ask, caller) {
                Ok(shown) => *seen.borrow_mut().entry(shown).or_default() += 1,
                Err(fault) => return Err(TestCaseError::fail(fault)),
            }
            Ok(())
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(_, least)) => {
                let caller = asked(least.caller);
                let ask = render(&least, &tables[caller]);
                let fault = judge(&ask, caller).err().unwrap_or("it does not fail each time".into());
                let fault: String = fault.chars().take(600).collect();
                failures.push(format!("(\"…\", {caller}, {ask}),\n        // {fault}"));
            }
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
    }
    (failures, seen.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn random_queries_agree_with_the_oracle() {
    if skipped() {
        return;
    }
    let (seed, cases) = (number("LCR_GRAMMAR_SEED", 20_240_601), number("LCR_GRAMMAR_CASES", 6000));
    println!("LCR_GRAMMAR_SEED={seed} LCR_GRAMMAR_CASES={cases}");
    let stage = Arc::new(Stage::set().await);
    let begun = Instant::now();
    let half = |turn: u64| {
        let stage = Arc::clone(&stage);
        tokio::task::spawn_blocking(move || run(&stage, seed + turn, cases / 2))
    };
    let (mut failures, mut seen) = (BTreeSet::new(), BTreeMap::<Seen, u64>::new());
    for half in [half(0), half(1)] {
        let (more, counted) = half.await.expect("a run");
        failures.extend(more);
        counted.into_iter().for_each(|(shown, n)| *seen.entry(shown).or_default() += n);
    }
    let total: u64 = seen.values().sum();
    let of = |fits: fn(&Seen) -> bool| seen.iter().filter(|(s, _)| fits(s)).map(|(_, n)| n).sum::<u64>();
    println!(
        "{total} queries in {:?}: {} refused, {} find something, {} bring something along, {} where R4 leaves something open",
        begun.elapsed(),
        of(|s| s.refused),
        of(|s| s.found),
        of(|s| s.included),
        of(|s| s.open),
    );
    println!("{:.0} a second", total as f64 / begun.elapsed().as_secs_f64());
    failures.iter().for_each(|failure| println!("        {failure}"));
    assert!(failures.is_empty(), "{} queries are answered wrongly; keep them in regressions.rs", failures.len());
    assert!(of(|s| s.found) * 5 > total, "too few queries find anything");
}
