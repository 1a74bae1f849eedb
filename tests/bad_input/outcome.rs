//! What every refusal has to be: an OperationOutcome of R4 with words for a person and nothing of the inside.

use serde_json::Value;

use crate::common::Reply;

/// R4's value set of issue types, all of it.
const ISSUE_TYPES: &[&str] = &[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
];

/// Words that only the inside of the service uses.
const INSIDE: &[&str] = &[
    "select ",
    "insert ",
    "sqlx",
    "sqlstate",
    "postgres",
    "pg_",
    "panick",
    "thread '",
    ".rs:",
    "src/",
    "/home",
    "/tmp",
    "/work",
    "tokio",
    "actix",
    "jiter",
    "serde",
    "unwrap",
    "violates",
    "relation \"",
    "backtrace",
];

/// An answer to bad input stays small, however large the input was.
const LARGEST: usize = 64 * 1024;

/// What is wrong with the answer as a refusal of any kind; empty: nothing.
pub fn faults(reply: &Reply) -> Vec<String> {
    let mut faults = Vec::new();
    if !reply.header("Content-Type").starts_with("application/fhir+json") {
        faults.push(format!("its Content-Type is \"{}\"", reply.header("Content-Type")));
    }
    if reply.text.len() > LARGEST {
        faults.push(format!("it is {} bytes long", reply.text.len()));
    }
    let Ok(outcome) = serde_json::from_str::<Value>(&reply.text) else {
        faults.push(format!("it is not JSON: \"{}\"", short(&reply.text)));
        return faults;
    };
    if outcome["resourceType"] != "OperationOutcome" {
        faults.push("it is not an OperationOutcome".to_owned());
    }
    let issues = issues(&outcome);
    if issues.is_empty() {
        faults.push("it has no issue".to_owned());
    }
    for issue in issues {
        let text = |name: &str| issue[name].as_str().unwrap_or_default();
        if !["fatal", "error"].contains(&text("severity")) {
            faults.push(format!("a refusal's severity is \"{}\"", text("severity")));
        }
        if !ISSUE_TYPES.contains(&text("code")) {
            faults.push(format!("\"{}\" is not an issue type of R4", text("code")));
        }
        let words = text("diagnostics");
        if words.split_whitespace().count() < 3 {
            faults.push(format!("its diagnostics say nothing: \"{words}\""));
        }
        let lower = words.to_ascii_lowercase();
        faults.extend(
            INSIDE
                .iter()
                .filter(|inside| lower.contains(**inside))
                .map(|inside| format!("its diagnostics tell of the inside (\"{inside}\"): {}", short(words))),
        );
    }
    faults
}

/// Whether one issue has this code, a place with this part in it, and all of these words. Empty: anything.
pub fn says(reply: &Reply, code: &str, expression: &str, words: &[&str]) -> bool {
    let Ok(outcome) = serde_json::from_str::<Value>(&reply.text) else { return false };
    issues(&outcome).iter().any(|issue| {
        let places = issue["expression"].as_array().cloned().unwrap_or_default();
        let placed = places.iter().any(|place| place.as_str().is_some_and(|place| holds(place, expression)));
        let diagnostics = issue["diagnostics"].as_str().unwrap_or_default().to_lowercase();
        (code.is_empty() || issue["code"] == code)
            && (expression.is_empty() || placed)
            && words.iter().all(|word| diagnostics.contains(&word.to_lowercase()))
    })
}

/// Whether the place is, ends in or goes on from the one wanted: `Patient.name` is not in `Patient.names`.
fn holds(place: &str, wanted: &str) -> bool {
    let edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_ascii_alphanumeric());
    place
        .match_indices(wanted)
        .any(|(at, _)| edge(place[..at].chars().next_back()) && edge(place[at + wanted.len()..].chars().next()))
}

fn issues(outcome: &Value) -> Vec<Value> {
    outcome["issue"].as_array().cloned().unwrap_or_default()
}

/// The beginning of a text, for a message.
pub fn short(text: &str) -> String {
    text.chars().take(400).collect()
}
