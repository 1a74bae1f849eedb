//! How many instructions the hot functions take, counted by valgrind's callgrind, which counts the same on any machine. What takes
//! a twentieth more than `counts.txt` says fails; `make check` runs it, `LCR_GENERATE=1 cargo test --bench counts` keeps new counts.
//!
//! It judges the build that tests use, which is there already. With another compiler the counts are shown and not judged.

use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lcr_facade::access::{Caller, Grant, Interaction, Policies};
use lcr_facade::config::Config;
use lcr_facade::fhir::bundle::Writer;
use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::profile::{self, Strictness};
use lcr_facade::resources::{self, index, spec::ResourceSpec};
use lcr_facade::search::{Context, Search, cursor::CursorKey, query};
use lcr_facade::store::Plan;
use lcr_facade::{sandbox, smart};

/// Times that each is done, so that what is done once at the first use does not count.
const ROUNDS: usize = 20;

/// How much more may be taken, in percent.
const MORE: u64 = 5;

const BASE: &str = "http://127.0.0.1:8080/fhir";
const QUERY: &str = "patient=13c4dc1b-7947-4d74-9add-0ad316d0a6f3&category=laboratory&_sort=-date&_count=20";

/// What the functions work on.
struct Material {
    line: String,
    resource: Object,
    spec: &'static ResourceSpec,
    caller: Caller,
    key: CursorKey,
}

impl Material {
    fn new() -> Material {
        let record = std::fs::read_to_string(root().join("sandbox/record.ndjson")).expect("the sandbox's record");
        let line =
            record.lines().find(|line| line.contains("\"resourceType\":\"Observation\"")).expect("an Observation");
        let Ok(Json::Object(resource)) = Json::parse(line.as_bytes()) else { panic!("no resource: {line}") };
        Material {
            line: line.to_owned(),
            resource,
            spec: resources::find("Observation").expect("a type"),
            caller: smart::would_be(sandbox::persona("gp").expect("a persona"), &Policies::default()),
            key: CursorKey::new(vec![7; 32]),
        }
    }

    fn grant(&self) -> Grant {
        self.caller.grant(self.spec, Interaction::Search).expect("leave")
    }

    fn search(&self) -> Search {
        let limits = Config::default().search_limits();
        let context = Context { base: BASE, limits, key: &self.key, lenient: false, within: None, during: None };
        Search::read(self.grant(), &query::pairs(QUERY).expect("pairs"), &context).expect("a search")
    }
}

/// A name, and what is done under it.
type Work = (&'static str, fn(&Material));

/// What is counted. Each is called `ROUNDS` times.
const WORK: [Work; 8] = [
    ("token: from the header to its hash", |_| {
        let _ = black_box(smart::bearer(black_box(Some("Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))));
    }),
    ("grant: leave to search a type", |on| drop(black_box(on.grant()))),
    ("search: grant, query string to Search", |on| drop(black_box(on.search()))),
    ("plan: the same, to a statement", |on| drop(black_box(Plan::of(on.search())))),
    ("bundle: twenty resources copied", |on| {
        let mut writer = Writer::new("searchset", None, &[("self", BASE.to_owned())]);
        (0..20).for_each(|_| writer.found(BASE, &on.line));
        drop(black_box(writer.finish()));
    }),
    ("json: a resource read strictly", |on| drop(black_box(Json::parse(black_box(on.line.as_bytes()))))),
    ("check: a resource against R4 and profiles", |on| {
        drop(black_box(profile::check(black_box(&on.resource), Strictness::Enforce)));
    }),
    ("index: a resource to its columns", |on| drop(black_box(index::columns(on.spec, black_box(&on.resource), BASE)))),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Callgrind counts while this runs, and only then. It holds no closure: that would have this name in its own, and turn the counting off.
#[inline(never)]
fn counted(work: fn(&Material), on: &Material) {
    for _ in 0..ROUNDS {
        work(black_box(on));
    }
}

fn main() -> ExitCode {
    // Under callgrind this program is called with the place of one of them.
    if let Some(at) = std::env::args().nth(1).and_then(|text| text.parse::<usize>().ok()) {
        let (material, (_, work)) = (Material::new(), WORK[at]);
        work(&material);
        counted(work, &material);
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("counts: passed over, valgrind is not there (scripts/setup.sh check installs it)");
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        return if in_ci { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let version = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("--version").output();
    let version = String::from_utf8_lossy(&version.expect("rustc").stdout).trim().to_owned();
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    let path = root().join("benches/counts.txt");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let head = format!("{version}, {build}, {}", std::env::consts::ARCH);
    let judged = kept.lines().next() == Some(&head);
    let (mut now, mut grown) = (format!("{head}\n"), false);
    for (at, (name, _)) in WORK.iter().enumerate() {
        let count = count(at) / u64::try_from(ROUNDS).expect("rounds");
        writeln!(now, "{count:>10}  {name}").expect("text");
        let before = kept.lines().find_map(|line| line.strip_suffix(name)?.trim().parse::<u64>().ok());
        let more = before.is_some_and(|before| count * 100 > before * (100 + MORE));
        let than = before.map(|before| format!("{:+.1} %", (count as f64 / before as f64 - 1.0) * 100.0));
        println!("{count:>10}  {name}  {}{}", than.unwrap_or_default(), if more { "  MORE" } else { "" });
        grown |= more || before.is_none();
    }
    if std::env::var_os("LCR_GENERATE").is_some() {
        std::fs::write(&path, now).expect("written");
        return ExitCode::SUCCESS;
    }
    if !judged {
        println!(
            "counts: not judged, benches/counts.txt is of {}; this is {head}",
            kept.lines().next().unwrap_or("nothing")
        );
        return ExitCode::SUCCESS;
    }
    if grown {
        println!(
            "counts: more than {MORE} % above benches/counts.txt, or not in it; LCR_GENERATE=1 cargo test --bench counts keeps these"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The instructions of one of them.
fn count(at: usize) -> u64 {
    let me = std::env::current_exe().expect("own path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counts*counted*"])
        .arg(Path::new(&me))
        .arg(at.to_string())
        .output()
        .expect("valgrind");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = told.lines().find_map(|line| line.split("Collected : ").nth(1)?.trim().parse().ok());
    collected.unwrap_or_else(|| panic!("callgrind told no count: {told}"))
}
