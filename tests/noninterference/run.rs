//! Runs personas through their requests, shrinks what tells the twins apart, and counts what was asked.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use super::end::end;
use super::judge::{Told, judge, restore};
use super::recipe::Recipe;
use super::request::{Request, request};
use super::strategy::recipe;
use super::tables::Tables;
use super::twins::{Cast, Twins};

/// After how many changes the record is put back.
const CHANGES: usize = 25;

/// How long a request is made smaller, in milliseconds.
const SHRINKING: u32 = 30_000;

/// What a run depends on.
fn setting(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect(name))
}

/// Lets each persona ask; fails with the smallest request that told the twins apart.
pub fn all(cast: Cast, personas: &[&'static str]) {
    let runtime = Runtime::new().expect("a runtime");
    let mut twins = runtime.block_on(Twins::new(cast, personas[0]));
    let mut failures = Vec::new();
    for persona in personas {
        runtime.block_on(twins.meet(persona));
        let run = Run::new(&runtime, cast, persona, twins);
        if let Err(failure) = run.requests() {
            failures.push(failure);
        }
        println!("{}", run.counted());
        twins = run.twins.into_inner();
        if !failures.is_empty() {
            let told_apart = std::mem::replace(&mut twins, runtime.block_on(Twins::new(cast, persona)));
            runtime.block_on(end(told_apart));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// One persona's requests.
struct Run<'a> {
    runtime: &'a Runtime,
    cast: Cast,
    persona: &'static str,
    tables: Tables,
    twins: RefCell<Twins>,
    failed: Cell<bool>,
    /// How many requests there were of each kind, how many succeeded, how many showed a resource.
    counts: RefCell<BTreeMap<&'static str, [usize; 3]>>,
    pages: Cell<usize>,
    /// The changes that were made so far.
    changes: RefCell<Vec<Request>>,
}

impl<'a> Run<'a> {
    fn new(runtime: &'a Runtime, cast: Cast, persona: &'static str, twins: Twins) -> Run<'a> {
        Run {
            runtime,
            cast,
            persona,
            tables: Tables::of(cast, persona),
            twins: RefCell::new(twins),
            failed: Cell::new(false),
            counts: RefCell::default(),
            pages: Cell::new(0),
            changes: RefCell::default(),
        }
    }

    fn requests(&self) -> Result<(), String> {
        let cases = setting("LCR_CASES", 400);
        let seed = setting("LCR_SEED", 1);
        let config = Config {
            cases,
            max_shrink_iters: 400,
            max_shrink_time: SHRINKING,
            failure_persistence: None,
            ..Config::default()
        };
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&seed.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.persona.bytes().chain([0; 8]).take(8).collect::<Vec<u8>>());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let outcome = TestRunner::new_with_rng(config, rng)
            .run(&recipe(), |recipe| self.one(&recipe).map_err(TestCaseError::fail));
        match outcome {
            Ok(()) => self.sensible(),
            Err(TestError::Abort(why)) => Err(format!("{}: {why}", self.persona)),
            Err(TestError::Fail(why, least)) => Err(self.told(&least, why.message())),
        }
    }

    /// One request, to both twins.
    fn one(&self, recipe: &Recipe) -> Result<(), String> {
        let request = request(&self.tables, recipe);
        let outcome = self.runtime.block_on(judge(&self.twins.borrow(), &request));
        if self.failed.get() {
            // It shrinks now: what a change did to one of the twins alone must not be seen again.
            if outcome.is_err() && request.changes {
                self.renew();
            }
            return outcome.map(drop);
        }
        match outcome {
            Err(why) => {
                self.failed.set(true);
                if request.changes {
                    self.renew();
                }
                Err(why)
            }
            Ok(told) => {
                self.count(&request, told);
                if told.succeeded && request.changes {
                    self.changes.borrow_mut().push(request);
                    if self.changes.borrow().len().is_multiple_of(CHANGES) {
                        let back = self.runtime.block_on(restore(&self.twins.borrow()));
                        self.failed.set(back.is_err());
                        return back;
                    }
                }
                Ok(())
            }
        }
    }

    fn renew(&self) {
        let twins = self.runtime.block_on(Twins::new(self.cast, self.persona));
        self.runtime.block_on(end(self.twins.replace(twins)));
    }

    fn count(&self, request: &Request, told: Told) {
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(request.kind).or_default();
        count[0] += 1;
        count[1] += usize::from(told.succeeded);
        count[2] += usize::from(told.showed);
        self.pages.set(self.pages.get() + told.pages);
    }

    /// What there is to say of the request that told the twins apart.
    fn told(&self, least: &Recipe, why: &str) -> String {
        let request = request(&self.tables, least);
        let changes = self.changes.borrow();
        let recent: Vec<String> = changes
            .iter()
            .rev()
            .take(5)
            .map(|change| format!("  {}", change.to_string().replace('\n', "\n  ")))
            .collect();
        format!(
            "{} can tell the twins apart:\n\n{request}\n\n{why}\n\nThe changes before it, newest first, in case it needs one:\n{}",
            self.persona,
            recent.join("\n")
        )
    }

    fn sum(&self) -> [usize; 3] {
        self.counts.borrow().values().fold([0; 3], |sum, count| [0, 1, 2].map(|at| sum[at] + count[at]))
    }

    /// Nonsense alone would tell nobody anything.
    fn sensible(&self) -> Result<(), String> {
        let [asked, succeeded, showed] = self.sum();
        // Who is involved in nobody's care sees those who give it.
        let (least, least_shown) = match self.persona {
            "stranger" | "privacy-officer" | "lab-feed" | "ambulance" | "nhs-111" => (35, 10),
            "receptionist" | "health-assistant" => (30, 10),
            _ => (50, 25),
        };
        if succeeded * 100 >= asked * least && showed * 100 >= asked * least_shown {
            return Ok(());
        }
        Err(format!("{}: of {asked} requests {succeeded} succeeded and {showed} showed anything", self.persona))
    }

    fn counted(&self) -> String {
        let [asked, succeeded, showed] = self.sum();
        let counts = self.counts.borrow();
        let each =
            counts.iter().map(|(kind, [asked, succeeded, showed])| format!("{kind} {asked}/{succeeded}/{showed}"));
        format!(
            "{}: {asked} requests, {} answers, {succeeded} succeeded, {showed} showed resources; {}",
            self.persona,
            self.pages.get(),
            each.collect::<Vec<_>>().join(", ")
        )
    }
}
