//! Runs HAPI's validator, which nobody here wrote, and reads what it found.
//!
//! `scripts/setup.sh test` builds it. Where it is not built its tests say that they are passed over; in CI they fail.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// This folder.
fn here() -> PathBuf {
    root().join("tests/validator")
}

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is to be judged: a name of the test's own, the profiles that it has to meet, and the text.
pub struct Item {
    pub name: String,
    pub profiles: Vec<String>,
    pub text: String,
}

impl Item {
    /// An item.
    pub fn new(name: impl Into<String>, profiles: &[&str], text: impl Into<String>) -> Item {
        let profiles = profiles.iter().map(|profile| (*profile).to_owned()).collect();
        Item { name: name.into(), profiles, text: text.into() }
    }
}

/// What HAPI found in an item.
pub struct Found {
    pub name: String,
    pub severity: String,
    pub at: String,
    pub id: String,
    pub message: String,
}

impl Found {
    /// Whether it says that the item is wrong.
    pub fn is_error(&self) -> bool {
        self.severity == "error" || self.severity == "fatal"
    }

    /// Whether it says that something is missing, or does not go together with what is not there.
    pub fn is_lack(&self) -> bool {
        self.id.starts_with("Validation_VAL_Profile_Minimum") || self.constraint().is_some()
    }

    /// The key of the constraint that is broken, where it is one.
    pub fn constraint(&self) -> Option<&str> {
        self.id.rsplit_once('#').map(|(_, key)| key)
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}\n    {} at {}: {} ({})", self.name, self.severity, self.at, self.message, self.id)
    }
}

/// Whether it can be run; says why not.
pub fn is_there() -> bool {
    let built = here().join("target/classes/lcr/Main.class").is_file() && here().join("target/lib").is_dir();
    let java = Command::new("java").arg("-version").output().is_ok_and(|out| out.status.success());
    if built && java {
        return true;
    }
    let why = if java { "the validator is not built" } else { "there is no java" };
    assert!(std::env::var_os("CI").is_none(), "{why}: run scripts/setup.sh test");
    println!("passed over: {why}; `make test` installs and builds it");
    false
}

fn java(arguments: &[&Path], command: &str) -> Command {
    let classes = format!("{0}/target/classes:{0}/target/lib/*", here().display());
    let mut java = Command::new("java");
    java.args(["-XX:TieredStopAtLevel=4", "-cp", &classes, "lcr.Main", command]).args(arguments);
    java
}

/// Writes the snapshots of the StructureDefinitions below a folder anew.
pub fn snapshots(ours: &Path, uk_core: &Path) {
    let out = java(&[ours, uk_core], "snapshots").output().expect("java runs");
    assert!(out.status.success(), "no snapshots: {}", String::from_utf8_lossy(&out.stderr));
}

/// What HAPI finds in these, judged by the definitions of these folders beside R4's.
pub fn validate(definitions: &[PathBuf], items: &[Item]) -> Vec<Found> {
    let definitions: Vec<&Path> = definitions.iter().map(PathBuf::as_path).collect();
    let mut child = java(&definitions, "validate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("java starts");
    let mut stdin = child.stdin.take().expect("its input");
    let lines: String = items
        .iter()
        .map(|item| format!("{}\n", json!({"name": item.name, "profiles": item.profiles, "text": item.text})))
        .collect();
    // It reads all of its input before it writes.
    stdin.write_all(lines.as_bytes()).expect("it listens");
    drop(stdin);
    let out = child.wait_with_output().expect("its output");
    assert!(out.status.success(), "HAPI failed: {}", out.status);
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = lines.pop().expect("a last line");
    assert_eq!(end["validated"].as_u64(), u64::try_from(items.len()).ok(), "it looked at every item");
    let part = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines
        .iter()
        .map(|line| Found {
            name: part(line, "name"),
            severity: part(line, "severity"),
            at: part(line, "at"),
            id: part(line, "id"),
            message: part(line, "message"),
        })
        .collect()
}
