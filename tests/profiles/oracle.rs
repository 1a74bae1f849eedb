//! HL7's own FHIRPath engine (npm `fhirpath`) is asked the same: every constraint of our profiles and of R4's types, and what shows
//! each function and operator, over examples, the sandbox's record and broken copies of both.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use lcr_facade::fhir::json::Json;
use lcr_facade::fhirpath::{Around, Expression, Item, Node};
use serde_json::{Value, json};

use crate::support::{object, resources, shaken};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fhirpath")
}

/// Whether node and the engine are there. In CI they have to be.
fn missing() -> bool {
    let node = Command::new("node").arg("--version").output().is_ok();
    if node && folder().join("node_modules/fhirpath").is_dir() {
        return false;
    }
    println!("passed over: node or the packages of tests/fhirpath are missing (npm ci --prefix tests/fhirpath)");
    assert!(std::env::var_os("CI").is_none(), "CI has to run this test: see scripts/setup.sh");
    true
}

/// One question: for which type, and what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    kind: Option<String>,
    expression: String,
    /// Where it is from.
    key: String,
}

/// Not compared: what one of the two cannot or does not judge.
const APART: &[(&str, &str)] = &[
    ("dom-3", "the engine refuses `as` on several items, which the rule asks of them"),
    ("txt-1", "htmlChecks() of the engine looks at nothing"),
    ("txt-2", "htmlChecks() of the engine looks at nothing"),
];

/// The constraints of a definition, each put so that it is asked of a whole resource.
fn constraints(definition: &Value, found: &mut BTreeSet<Question>) {
    let kind = definition["type"].as_str().expect("type");
    let is_resource = definition["kind"] == "resource";
    for element in definition["snapshot"]["element"].as_array().into_iter().flatten() {
        let path = element["path"].as_str().expect("path");
        for constraint in element["constraint"].as_array().into_iter().flatten() {
            let (Some(key), Some(expression)) = (constraint["key"].as_str(), constraint["expression"].as_str()) else {
                continue;
            };
            if APART.iter().any(|(apart, _)| *apart == key) {
                continue;
            }
            let below: Vec<&str> = path.split('.').skip(1).map(|step| step.trim_end_matches("[x]")).collect();
            let below: Vec<String> = below.iter().map(|step| format!("`{step}`")).collect();
            let (kind, expression) = match (is_resource, below.is_empty(), key) {
                // Of a narrative the engine says that it has no value.
                (_, _, "ele-1") => (None, format!("descendants().where(($this is xhtml).not()).select({expression})")),
                (_, _, "ext-1") => (None, format!("descendants().extension.select({expression})")),
                (true, true, _) => (Some(kind.to_owned()), expression.to_owned()),
                (true, false, _) => (Some(kind.to_owned()), format!("{}.select({expression})", below.join("."))),
                (false, true, _) => (None, format!("descendants().where($this is {kind}).select({expression})")),
                (false, false, _) => {
                    (None, format!("descendants().where($this is {kind}).{}.select({expression})", below.join(".")))
                }
            };
            found.insert(Question { kind, expression, key: key.to_owned() });
        }
    }
}

fn questions() -> Vec<Question> {
    let mut found = BTreeSet::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles/StructureDefinition");
    let mut kinds = BTreeSet::new();
    for entry in std::fs::read_dir(own).expect("folder") {
        let text = std::fs::read_to_string(entry.expect("entry").path()).expect("text");
        let definition: Value = serde_json::from_str(&text).expect("JSON");
        kinds.insert(definition["type"].as_str().expect("type").to_owned());
        constraints(&definition, &mut found);
    }
    if let Some(shared) = crate::common::shared() {
        let text = std::fs::read_to_string(shared.join("spec/hl7-r4/StructureDefinition.ndjson")).expect("R4");
        for line in text.lines() {
            let definition: Value = serde_json::from_str(line).expect("JSON");
            let served = definition["type"].as_str().is_some_and(|kind| kinds.contains(kind));
            let plain = definition["derivation"] != "constraint" && definition["abstract"] != true;
            if plain && (definition["kind"] == "complex-type" || served) {
                constraints(&definition, &mut found);
            }
        }
    }
    for line in include_str!("expressions.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        found.insert(Question { kind: None, expression: line.to_owned(), key: line.to_owned() });
    }
    found.into_iter().collect()
}

/// What this engine says, in the form in which the other does.
fn ours(expression: &Expression, resource: &lcr_facade::fhir::json::Object) -> Option<Value> {
    let members = |_: &str, _: Option<&str>, _: &str| None;
    let around = Around { resource, root: resource, members: &members };
    let items = expression.evaluate(Node::whole(resource)?, around).ok()?;
    Some(items.iter().map(|item| plain(item)).collect())
}

fn plain(item: &Item) -> Value {
    match item.scalar() {
        Some(Item::Truth(truth)) => json!(truth),
        Some(Item::Integer(number)) => json!(number),
        Some(Item::Decimal(number)) => serde_json::from_str(&number.to_plain_string()).expect("a number"),
        Some(other) => json!(other.text()),
        None => match item {
            Item::Node(Node { object: Some(object), .. }) => {
                serde_json::from_str(&Json::Object((*object).clone()).to_string()).expect("JSON")
            }
            _ => Value::Null,
        },
    }
}

/// Numbers by their value, as far as the engine's binary ones can tell.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn hl7s_engine_says_the_same() {
    if missing() {
        return;
    }
    let questions = questions();
    let mut all: Vec<Value> = resources();
    let broken: Vec<Value> = all.iter().enumerate().map(|(seed, resource)| shaken(resource, seed as u64)).collect();
    all.extend(broken);
    let temporary = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let write = |name: &str, lines: &[Value]| -> PathBuf {
        let path = temporary.join(name);
        let mut file = std::fs::File::create(&path).expect("a file");
        lines.iter().for_each(|line| writeln!(file, "{line}").expect("a line"));
        path
    };
    let asked: Vec<Value> = questions.iter().map(|q| json!({"kind": q.kind, "expression": q.expression})).collect();
    let (resources_file, questions_file) =
        (write("oracle-resources.ndjson", &all), write("oracle-questions.ndjson", &asked));
    let run = Command::new("node").arg(folder().join("evaluate.mjs")).arg(resources_file).arg(questions_file).output();
    let output = run.expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expressions: Vec<Expression> =
        questions.iter().map(|q| Expression::read(&q.expression).unwrap_or_else(|error| panic!("{error}"))).collect();
    let (mut compared, mut told, mut wrong) = (0, BTreeMap::<&str, (usize, usize)>::new(), Vec::new());
    for (resource, line) in all.iter().zip(String::from_utf8_lossy(&output.stdout).lines()) {
        let theirs: Vec<Value> = serde_json::from_str(line).expect("JSON");
        let resource = object(&resource.to_string());
        for ((question, expression), theirs) in questions.iter().zip(&expressions).zip(theirs) {
            if theirs.is_null() {
                continue;
            }
            compared += 1;
            let count = told.entry(&question.key).or_default();
            let list = theirs.as_array().expect("a list");
            count.0 += usize::from(list.contains(&json!(true)));
            count.1 += usize::from(list.contains(&json!(false)));
            let ours = ours(expression, &resource);
            if !ours.as_ref().is_some_and(|ours| same(ours, &theirs)) && wrong.len() < 20 {
                let id =
                    format!("{}/{}", resource.text("resourceType").unwrap_or(""), resource.text("id").unwrap_or(""));
                wrong.push(format!("{id}: {}\n  ours   {ours:?}\n  theirs {theirs}", question.expression));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let both = told.values().filter(|(yes, no)| *yes > 0 && *no > 0).count();
    println!(
        "{compared} evaluations of {} expressions over {} resources agree; {both} came to true and to false",
        questions.len(),
        all.len()
    );
    assert!(compared > 10_000 && both > 40, "{compared} compared, {both} both ways: {told:#?}");
}
