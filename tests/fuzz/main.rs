//! The fuzz targets, briefly: every seed, then seeds changed at random, ten thousand for each target, without coverage. `make fuzz`
//! is the long run with it. Another LCR_FUZZ_SEED gives other changes; LCR_FUZZ_ROUNDS more of them.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use targets::{TARGETS, Target};

/// An input that takes longer is one that holds a worker up, even in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// What formats are made of: changes put these in beside plain bytes.
const WORDS: [&str; 44] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "1e309",
    "-0",
    "0.00",
    "\\u0000",
    "\\ud800",
    "<",
    ">",
    "/>",
    "&#0;",
    "<!DOCTYPE x>",
    "<![CDATA[",
    "xmlns=\"",
    "&amp;",
    "=",
    "&",
    "%00",
    "%",
    "$",
    "|",
    "\\,",
    "_has:",
    ":missing=",
    ".",
    "..",
    "~1",
    "resourceType",
    "(",
    ")",
    "where(",
    " or ",
    "9999-12-31T23:59:60Z",
    "0000",
    "é",
    "\u{1f600}",
    "zqj",
];

/// A generator of numbers that is the same everywhere (SplitMix64): a failure can be had again.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is more than 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound as u64)).unwrap_or_default()
    }
}

/// The same bytes with some things changed.
fn changed(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(bytes.len() + 1);
        match numbers.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 => {
                let word = WORDS[numbers.below(WORDS.len())];
                bytes.splice(at..at, word.bytes());
            }
            2 => {
                let end = (at + 1 + numbers.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            // A piece of another, or the same again.
            3 => {
                let other = &seeds[numbers.below(seeds.len())];
                let from = numbers.below(other.len() + 1);
                let to = (from + numbers.below(64)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            4 => bytes.insert(at, u8::try_from(numbers.below(256)).unwrap_or_default()),
            _ => {
                let piece: Vec<u8> = bytes[at..(at + 12).min(bytes.len())].to_vec();
                for _ in 0..numbers.below(40) {
                    bytes.splice(at..at, piece.iter().copied());
                }
            }
        }
    }
    bytes.truncate(8192);
    bytes
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut paths: Vec<_> =
        fs::read_dir(&folder).expect("its seeds").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("a seed")).collect();
    // The profiles' examples are seeds too.
    if name == "json" {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles/examples/good");
        let mut paths: Vec<_> =
            fs::read_dir(&examples).expect("examples").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        seeds.extend(paths.iter().map(|path| fs::read(path).expect("an example")));
    }
    seeds
}

fn number_of(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Runs one input; what is wrong with it.
fn fault(run: fn(&[u8]), bytes: &[u8]) -> Option<String> {
    let began = Instant::now();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(bytes))) {
        let words = panic.downcast_ref::<String>().cloned();
        return Some(words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default());
    }
    (began.elapsed() > PATIENCE).then(|| format!("it took {:?}", began.elapsed()))
}

fn fuzz((name, run): Target) {
    let (seeds, mut numbers) = (seeds(name), Numbers(number_of("LCR_FUZZ_SEED", 1)));
    let rounds = number_of("LCR_FUZZ_ROUNDS", 10_000);
    let changed = (0..rounds).map(|_| changed(&seeds, &mut numbers));
    for bytes in seeds.iter().cloned().chain(changed.collect::<Vec<_>>()) {
        if let Some(words) = fault(run, &bytes) {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
            fs::write(&folder, &bytes).expect("what failed is kept");
            panic!("{name}: {words}\nthe input is in {}", folder.display());
        }
    }
}

#[test]
fn no_target_falls_over_what_it_is_given() {
    for target in TARGETS {
        fuzz(target);
    }
}

#[test]
fn every_target_has_seeds_and_every_folder_of_seeds_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut folders: Vec<String> = fs::read_dir(folder)
        .expect("seeds")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(folders, names);
}

#[test]
fn what_falls_over_or_takes_long_is_seen() {
    let falls = |bytes: &[u8]| assert!(bytes.len() < 3, "three bytes");
    assert_eq!(fault(falls, b"ab"), None);
    assert_eq!(fault(falls, b"abc").as_deref(), Some("three bytes"));
}
