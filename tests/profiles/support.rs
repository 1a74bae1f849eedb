//! What the tests of profiles have in common.

use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::fhir::outcome::Issue;
use lcr_facade::profile::{self, Strictness};
use serde_json::Value;

/// A text as a resource.
pub fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(object)) => object,
        other => panic!("no resource: {other:?}"),
    }
}

/// An issue as one line: severity, rule, place. What R4 itself finds has the kind of issue for its rule.
pub fn line(issue: &Issue) -> String {
    let rule = issue.rule.as_ref().map_or_else(|| format!("r4:{}", issue.code.code()), |rule| rule.code.clone());
    format!("{} {rule} {}", issue.severity, issue.expression.as_deref().unwrap_or("-"))
}

/// Everything that is told of a resource, against one profile or those that it would be held to.
pub fn told(resource: &Object, canonical: Option<&str>) -> Vec<String> {
    let issues = profile::validate(resource, canonical, Strictness::Enforce).expect("a known profile");
    let mut lines: Vec<String> = issues.iter().map(line).collect();
    lines.sort();
    lines
}

/// Examples of this project, of UK Core where they are there, and of the sandbox's record one in twenty.
pub fn resources() -> Vec<Value> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("fhir-profiles/examples/good"), root.join("fhir-profiles/examples/bad")];
    folders.extend(crate::common::shared().map(|shared| shared.join("data/ukcore-examples/json")));
    let mut found = Vec::new();
    for folder in folders {
        let mut files: Vec<_> = std::fs::read_dir(folder).expect("folder").map(|e| e.expect("entry").path()).collect();
        files.sort();
        let texts = files.iter().map(|path| std::fs::read_to_string(path).expect("text"));
        found.extend(texts.map(|text| serde_json::from_str::<Value>(&text).expect("JSON")));
    }
    let record = lcr_facade::sandbox::RECORD.lines().step_by(20);
    found.extend(record.map(|line| serde_json::from_str::<Value>(line).expect("JSON")));
    found
}

/// A copy with a few members taken out or doubled, the same for the same seed.
pub fn shaken(resource: &Value, seed: u64) -> Value {
    let mut copy = resource.clone();
    let mut dice = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    shake(&mut copy, &mut dice, 0);
    copy
}

fn roll(dice: &mut u64, sides: u64) -> u64 {
    *dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*dice >> 33) % sides
}

fn shake(value: &mut Value, dice: &mut u64, depth: usize) {
    match value {
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            for name in names {
                if name == "resourceType" || name == "id" && depth == 0 {
                    continue;
                }
                if members.len() > 2 && roll(dice, 6) == 0 {
                    members.remove(&name);
                } else if let Some(inner) = members.get_mut(&name) {
                    shake(inner, dice, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if roll(dice, 8) == 0
                && let Some(first) = items.first().cloned()
            {
                items.push(first);
            }
            items.iter_mut().for_each(|item| shake(item, dice, depth + 1));
        }
        _ => {}
    }
}
