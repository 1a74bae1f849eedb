//! What cannot be answered is refused by name: unknown parameters, values, terms, and what is beyond a limit.

use super::super::query::ask::Ask;
use super::super::query::truth::Truth;
use super::super::query::verdict::verdict;
use super::super::query::world::World;
use super::super::service::served;
use super::{LIMITS, Oracle, record, spec, terminology};
use crate::common::skipped;

/// A path, a parameter, and what the OperationOutcome has to name.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str, &str)] = &[
    ("Patient", "banana", "1", "banana"),
    ("Patient", "gender:exact", "male", ":exact"),
    ("Patient", "name:of-type", "a|b|c", ":of-type"),
    ("Patient", "birthdate", "2020-02-30", "2020-02-30"),
    ("Patient", "birthdate", "1980,yesterday", "yesterday"),
    ("Patient", "birthdate:missing", "perhaps", "perhaps"),
    ("Observation", "value-quantity", "5.4|http://unitsofmeasure.org", "5.4|http://unitsofmeasure.org"),
    ("Observation", "code-value-quantity", "8480-6", "8480-6"),
    ("Observation", "code:in", "http://example.org/vs/nobody-knows", "http://example.org/vs/nobody-knows"),
    ("Observation", "code:not-in", "http://example.org/vs/nobody-knows", "http://example.org/vs/nobody-knows"),
    ("Observation", "code:below", "http://example.org/no-such-system|x", "http://example.org/no-such-system"),
    ("Observation", "code:above", "http://example.org/no-such-system|x", "http://example.org/no-such-system"),
    ("Patient", "_has:Observation:patient:code:in", "http://example.org/vs/nobody-knows", "http://example.org/vs/nobody-knows"),
    ("Patient", "identifier:of-type", "only|two", "only|two"),
    ("Observation", "subject:Patient.banana", "1", "banana"),
    ("Observation", "code.text", "1", "code"),
    ("Patient", "_has:Observation:status:code", "1", "status"),
    ("Patient", "_has:Observation:patient", "1", "_has:Observation:patient"),
    ("Patient", "link:Patient.link:Patient.link:Patient.link:Patient.family", "x", "limits.chain"),
    ("Patient", "_has:Patient:link:_has:Patient:link:_has:Patient:link:_has:Patient:link:family", "x", "limits.chain"),
    ("Patient", "_include", "Patient:banana", "banana"),
    ("Patient", "_include", "Patient:gender", "gender"),
    ("Patient", "_sort", "banana", "banana"),
    ("Patient", "_count", "-1", "-1"),
    ("Patient", "_total", "some", "some"),
    ("Patient", "_summary", "short", "short"),
    ("", "_type", "Patient,banana", "banana"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_is_named() {
    if skipped() {
        return;
    }
    let terminology = terminology();
    let app = record(&terminology).await;
    let session = app.source("judge").await;
    let resources = served(&session).await;
    let mut oracle = Oracle::load(&spec());
    oracle.base = app.base.clone();
    let world = World::new(&oracle, &terminology, LIMITS, &resources);
    let values = vec!["x"; LIMITS.values + 1].join(",");
    let many = vec![("_id", "x"); LIMITS.parameters + 1];
    let mut asks: Vec<(Ask, &str)> =
        ROWS.iter().map(|(path, name, value, named)| (Ask::get(path, &[(name, value)]), *named)).collect();
    asks.push((Ask::get("Patient", &[("family", &values)]), "limits.values"));
    asks.push((Ask::get("Patient", &many), "limits.parameters"));
    let mut wrong = Vec::new();
    for (ask, named) in asks {
        let due = verdict(&world, &ask).fair;
        let reply = session.get(&format!("{}?{}", ask.path, encoded(&ask))).await;
        let outcome = reply.json();
        let told = outcome["issue"].as_array().into_iter().flatten().any(|issue| {
            issue["severity"] == "error" && issue["diagnostics"].as_str().is_some_and(|words| words.contains(named))
        });
        if due != Truth::No || reply.status != 400 || !told {
            wrong.push(format!("{ask}: {due:?} {} {}", reply.status, reply.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn encoded(ask: &Ask) -> String {
    let part = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    ask.params.iter().map(|(name, value)| format!("{}={}", part(name), part(value))).collect::<Vec<_>>().join("&")
}
