//! Every rule of every profile can be broken: the differentials are walked, and for each `min`, `max`, `type`, `fixed`, `pattern`,
//! `binding` and constraint a good example is broken in just that rule, which has to be named. A constraint's broken example is
//! one of `fhir-profiles/examples/bad`, since what it asks is in its words alone.

use std::path::{Path, PathBuf};

use lcr_facade::profile::{self, Strictness};
use serde_json::{Value, json};

use crate::support::{line, object};

/// Rules that are broken along with another, and why that cannot be otherwise.
const ALONG: &[(&str, &str, &str)] = &[
    ("min Condition.identifier", "lcr-con-3", "no identifier is none with system and value"),
    ("min Observation.identifier", "lcr-obs-2", "no identifier is none with system and value"),
    ("min Practitioner.identifier", "lcr-pra-1", "no identifier is none with system and value"),
    ("min Practitioner.name", "lcr-pra-2", "no name is none with a family name or text"),
    ("min Organization.identifier", "lcr-org-1", "no identifier is no ODS code"),
    ("min AuditEvent.entity", "lcr-aud-2", "no entity is none that names the request"),
    ("min Observation.hasMember", "lcr-obs-1", "a group says what it does by its members"),
];

/// Rules that no example can break alone: what they ask is what tells the slice apart.
const APART: &[&str] = &["pattern Observation.category:laboratory", "pattern Observation.category:vitalSigns"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("text")).expect("JSON")
}

fn files(folder: &Path, begin: &str) -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
    let name = |path: &Path| path.file_name().expect("name").to_string_lossy().into_owned();
    let mut found: Vec<PathBuf> = entries.filter(|path| name(path).starts_with(begin)).collect();
    found.sort();
    found.iter().map(|path| (name(path), read(path))).collect()
}

/// A rule of a differential.
#[derive(Debug)]
enum Rule {
    Min(usize),
    Max(usize),
    Type,
    Value(&'static str),
    Binding,
    Constraint(String),
}

/// What an element of a differential may say without asking anything of a resource.
const WORDS: [&str; 12] = [
    "id",
    "path",
    "sliceName",
    "short",
    "definition",
    "comment",
    "requirements",
    "alias",
    "mustSupport",
    "slicing",
    "example",
    "min",
];

/// The rules of an element of a differential.
fn rules(element: &Value) -> Vec<Rule> {
    let mut found = Vec::new();
    for (name, value) in element.as_object().expect("an element") {
        match name.as_str() {
            "min" if *value != json!(0) => {
                found.push(Rule::Min(value.as_u64().and_then(|min| usize::try_from(min).ok()).expect("a number")));
            }
            "max" if value != "*" => found.push(Rule::Max(value.as_str().expect("max").parse().expect("a number"))),
            "max" => {}
            "type" => found.push(Rule::Type),
            name if name.starts_with("fixed") => found.push(Rule::Value("fixed")),
            name if name.starts_with("pattern") => found.push(Rule::Value("pattern")),
            "binding" if value["strength"] == "required" || value["strength"] == "extensible" => {
                found.push(Rule::Binding);
            }
            "binding" => {}
            "constraint" => {
                let keys = value.as_array().into_iter().flatten().filter_map(|c| c["key"].as_str());
                found.extend(keys.map(|key| Rule::Constraint(key.to_owned())));
            }
            other => assert!(WORDS.contains(&other), "no mutation is known for {other} of {}", element["id"]),
        }
    }
    found
}

/// Whether an item is of the slice of this id, as the snapshot tells it.
fn in_slice(snapshot: &Value, id: &str, item: &Value) -> bool {
    let element = |id: &str| {
        let all = snapshot["snapshot"]["element"].as_array().expect("a snapshot");
        all.iter().find(|element| element["id"] == id).cloned().unwrap_or_default()
    };
    for name in ["url", "system"] {
        let fixed = element(&format!("{id}.{name}"))["fixedUri"].clone();
        if fixed.is_string() {
            return item[name] == fixed;
        }
    }
    let pattern = element(id)["patternCodeableConcept"]["coding"][0].clone();
    assert!(pattern.is_object(), "nothing tells what is of {id}");
    let codings = item["coding"].as_array().cloned().unwrap_or_default();
    codings.iter().any(|coding| coding["system"] == pattern["system"] && coding["code"] == pattern["code"])
}

/// Goes down to every element around the one of this id, and changes there what `change` says. `change` gets the object around, the
/// member's name, and the items that are meant.
fn at(
    snapshot: &Value,
    value: &mut Value,
    done: &str,
    rest: &[&str],
    change: &mut dyn FnMut(&mut Value, &str, &[usize]) -> bool,
) -> bool {
    let Some((step, below)) = rest.split_first() else { return false };
    let (name, slice) = step.split_once(':').map_or((*step, None), |(name, slice)| (name, Some(slice)));
    let id = format!("{done}.{step}");
    let stem = name.trim_end_matches("[x]");
    let members = value.as_object().into_iter().flat_map(|object| object.keys().cloned());
    let is_it = |key: &String| key == name || (name != stem && key.starts_with(stem));
    let Some(key) = members.filter(is_it).min() else { return false };
    let items: Vec<usize> = match &value[&key] {
        Value::Array(items) => {
            (0..items.len()).filter(|at| slice.is_none() || in_slice(snapshot, &id, &items[*at])).collect()
        }
        _ => vec![0],
    };
    if items.is_empty() {
        return false;
    }
    if below.is_empty() {
        return change(value, &key, &items);
    }
    items.iter().any(|item| {
        let inner = match &mut value[&key] {
            Value::Array(all) => &mut all[*item],
            one => one,
        };
        at(snapshot, inner, &id, below, change)
    })
}

/// Breaks the rule in an example; false where it has nothing to break it with.
fn break_it(rule: &Rule, snapshot: &Value, id: &str, example: &mut Value) -> bool {
    let steps: Vec<&str> = id.split('.').collect();
    let mut change = |around: &mut Value, key: &str, items: &[usize]| -> bool {
        match rule {
            Rule::Min(least) => match &mut around[key] {
                Value::Array(all) => {
                    // The last stay, where some may.
                    let gone = &items[..items.len().saturating_sub(least - 1)];
                    let mut at = 0;
                    all.retain(|_| {
                        at += 1;
                        !gone.contains(&(at - 1))
                    });
                    if all.is_empty() {
                        around.as_object_mut().expect("an object").remove(key);
                    }
                }
                _ => drop(around.as_object_mut().expect("an object").remove(key)),
            },
            Rule::Max(most) => {
                let Value::Array(all) = &mut around[key] else { return false };
                let copy = all[items[0]].clone();
                all.extend(std::iter::repeat_n(copy, (most + 1).saturating_sub(items.len())));
            }
            Rule::Type => {
                let one = if around[key].is_array() { &mut around[key][items[0]] } else { &mut around[key] };
                *one = json!({"reference": "Device/1"});
            }
            Rule::Binding => {
                let one = if around[key].is_array() { &mut around[key][items[0]] } else { &mut around[key] };
                match one {
                    Value::Object(concept) if concept.contains_key("coding") => {
                        concept["coding"] = json!([{"system": "https://nowhere.example", "code": "none"}]);
                    }
                    _ => return false,
                }
            }
            Rule::Value(_) | Rule::Constraint(_) => return false,
        }
        true
    };
    at(snapshot, example, steps[0], &steps[1..], &mut change)
}

/// Whether just this rule is broken, and with what else.
fn verdict(resource: &Value, canonical: &str, wanted: &str, rule: &str) -> Result<(), String> {
    let resource = object(&resource.to_string());
    let issues = profile::validate(&resource, Some(canonical), Strictness::Enforce).expect("a known profile");
    let told: Vec<_> = issues.iter().filter(|issue| issue.severity != "information").collect();
    let named = |issue: &&&lcr_facade::fhir::outcome::Issue| {
        issue.rule.as_ref().is_some_and(|own| {
            own.code == rule
                && (wanted == own.code
                    || own.source == format!("{canonical}#{}", wanted.split_once(' ').unwrap_or(("", "")).1))
        })
    };
    let along = |issue: &lcr_facade::fhir::outcome::Issue| {
        // A wrong NHS number is refused with profiles off, too.
        (wanted == "lcr-pat-2" && issue.rule.is_none())
            || issue.rule.as_ref().is_some_and(|own| {
                ["bdl-3", "con-3"].contains(&own.code.as_str())
                    || ALONG.iter().any(|(with, also, _)| *with == wanted && *also == own.code)
                    || ALONG.iter().any(|(with, also, _)| *also == wanted && with.starts_with(&own.code))
            })
    };
    let others: Vec<String> =
        told.iter().filter(|issue| !named(issue) && !along(issue)).map(|issue| line(issue)).collect();
    let all: Vec<String> = told.iter().map(|issue| line(issue)).collect();
    match (told.iter().any(|issue| named(&issue)), others.is_empty()) {
        (true, true) => Ok(()),
        _ => Err(format!("{all:?}")),
    }
}

#[test]
fn each_rule_can_be_broken_alone_and_is_named() {
    let (mut count, mut wrong) = (0, Vec::new());
    let good = root().join("examples/good");
    for (file, definition) in files(&root().join("StructureDefinition"), "LCR-") {
        let name = file.trim_end_matches(".json");
        let canonical = definition["url"].as_str().expect("url");
        for element in definition["differential"]["element"].as_array().expect("a differential") {
            let id = element["id"].as_str().expect("id");
            for rule in rules(element) {
                count += 1;
                let (code, wanted, candidates) = match &rule {
                    Rule::Constraint(key) => {
                        let examples = files(&root().join("examples/bad"), "LCR-");
                        // What the profile hands down may be broken in an example of one that has it from there.
                        let own = examples.into_iter().filter(|(file, _)| {
                            let rest = file.split_once("--").and_then(|(_, rest)| rest.strip_prefix(key.as_str()));
                            file.starts_with(name) && rest.is_some_and(|rest| rest.starts_with(['.', '-']))
                        });
                        (key.clone(), key.clone(), own.map(|(_, example)| example).collect::<Vec<_>>())
                    }
                    other => {
                        let code = match other {
                            Rule::Min(_) => "min",
                            Rule::Max(_) => "max",
                            Rule::Type => "type",
                            Rule::Binding => "binding",
                            Rule::Value(stem) => stem,
                            Rule::Constraint(_) => unreachable!("taken above"),
                        };
                        let mut made = Vec::new();
                        for (_, mut example) in files(&good, &format!("{name}--")) {
                            if break_it(&rule, &definition, id, &mut example) {
                                made.push(example);
                            }
                        }
                        (code.to_owned(), format!("{code} {id}"), made)
                    }
                };
                if APART.contains(&wanted.as_str()) {
                    continue;
                }
                let verdicts: Vec<Result<(), String>> =
                    candidates.iter().map(|example| verdict(example, canonical, &wanted, &code)).collect();
                if verdicts.iter().all(Result::is_err) {
                    let told: Vec<String> = verdicts.into_iter().filter_map(Result::err).collect();
                    wrong.push(format!("{name}: {wanted}\n    {}", told.join("\n    ")));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} rules have no example that breaks them alone:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{count} rules, each broken and named");
    assert!(count > 80, "{count} rules only");
}
