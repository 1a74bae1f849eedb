//! `$lastn` against a plain reading of its definition over data that nobody here wrote.

use std::collections::{BTreeMap, BTreeSet};

use lcr_facade::fhir::date;
use serde_json::Value;
use time::OffsetDateTime;

use crate::common::{Session, TestApp, shared};

/// What an Observation's code is known by.
fn names(resource: &Value) -> BTreeSet<String> {
    let codings = resource["code"]["coding"].as_array().cloned().unwrap_or_default();
    let named = |coding: &Value| Some(format!("{:?} {:?}", coding["system"].as_str(), coding["code"].as_str()?));
    let names: BTreeSet<String> = codings.iter().filter_map(named).collect();
    if names.is_empty() { [format!("text {}", resource["code"]["text"])].into() } else { names }
}

/// When it was, as far as a search can sort by it.
fn time(resource: &Value) -> Option<OffsetDateTime> {
    let texts = ["effectiveDateTime", "effectiveInstant"].iter().find_map(|name| resource[name].as_str());
    if let Some(text) = texts {
        return date::parse_date_time(text).map(|span| span.lo);
    }
    let period = &resource["effectivePeriod"];
    match (period["start"].as_str(), period["end"].as_str()) {
        (Some(start), _) => date::parse_date_time(start).map(|span| span.lo),
        (None, Some(_)) => Some(date::EARLIEST),
        _ => None,
    }
}

/// The newest `max` of each group, ties and all, by the letter of the definition.
fn newest(rows: &[(String, Value)], max: usize) -> BTreeSet<String> {
    let mut groups: Vec<(BTreeSet<String>, Vec<usize>)> = Vec::new();
    for (at, (_, resource)) in rows.iter().enumerate() {
        let (mut codes, mut members) = (names(resource), vec![at]);
        let mut apart = Vec::new();
        for (known, inside) in groups {
            if known.is_disjoint(&codes) {
                apart.push((known, inside));
            } else {
                codes.extend(known);
                members.extend(inside);
            }
        }
        // What has been taken in may share a code with a group that was passed over.
        apart.push((codes, members));
        loop {
            let meeting = (0..apart.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
            let Some((a, b)) = meeting.into_iter().find(|(a, b)| !apart[*a].0.is_disjoint(&apart[*b].0)) else { break };
            let (codes, members) = apart.remove(a);
            apart[b].0.extend(codes);
            apart[b].1.extend(members);
        }
        groups = apart;
    }
    let mut found = BTreeSet::new();
    for (_, members) in groups {
        let mut dated: Vec<(OffsetDateTime, &str)> =
            members.iter().filter_map(|at| Some((time(&rows[*at].1)?, rows[*at].0.as_str()))).collect();
        dated.sort();
        dated.reverse();
        let limit = dated.get(max - 1).map(|(time, _)| *time);
        found.extend(
            dated.iter().filter(|(time, _)| limit.is_none_or(|limit| *time >= limit)).map(|(_, id)| (*id).to_owned()),
        );
        assert!(
            dated.len() == members.len() || dated.len() >= max,
            "undated rows would have to be chosen from: use other data"
        );
    }
    found
}

async fn agree(session: &Session<'_>, patient: &str, filter: &str, max: usize) -> usize {
    let rows = session.all(&format!("Observation?patient={patient}&{filter}&_count=500")).await;
    let undated = rows.iter().filter(|(_, resource)| time(resource).is_none()).count();
    assert_eq!(undated, 0, "{patient}: choose data with times");
    let reply = session.get(&format!("Observation/$lastn?patient={patient}&{filter}&max={max}")).await;
    assert_eq!(reply.status, 200, "{patient} {filter}: {}", reply.text);
    let (given, wanted) = (reply.ids(), newest(&rows, max));
    assert_eq!(given.iter().cloned().collect::<BTreeSet<_>>(), wanted, "{patient} {filter} max {max}");
    assert_eq!(given.len(), wanted.len(), "none twice");
    let times: BTreeMap<&str, OffsetDateTime> =
        rows.iter().map(|(id, resource)| (id.as_str(), time(resource).expect("a time"))).collect();
    assert!(given.windows(2).all(|two| times[two[0].as_str()] >= times[two[1].as_str()]), "newest first: {given:?}");
    given.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn published_records_agree_with_the_definition() {
    let Some(shared) = shared() else { return };
    let app = TestApp::start().await;
    app.import(&[shared.join("data/synthea-r4-transactions")], Some("synthea")).await;
    let session = app.source("synthea").await;
    let patients = session.all("Patient?_count=100").await;
    assert!(patients.len() >= 20, "{}", patients.len());
    let (mut asked, mut shown) = (0, 0);
    for (patient, _) in &patients {
        for filter in
            ["category=vital-signs", "category=laboratory", "code:not=x&category=vital-signs,laboratory,survey"]
        {
            for max in [1, 2, 5] {
                shown += agree(&session, patient, filter, max).await;
                asked += 1;
            }
        }
    }
    println!("{asked} questions, {shown} Observations");
    assert!(shown > 2_000, "{shown}");
}
