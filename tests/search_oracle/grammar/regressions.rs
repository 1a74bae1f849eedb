//! Queries that were answered wrongly once, each with what was wrong.

use super::super::query::ask::Ask;
use super::super::query::check::check;
use super::run::Stage;
use crate::common::skipped;

/// A name, the caller (0: most of the corpus, 1: the rest, 2: a doctor), and the query.
fn rows() -> Vec<(&'static str, usize, Ask)> {
    vec![
        ("who is no patient has no place by patient", 0, Ask::get("Observation", &[("_sort", "patient")])),
        ("backwards too", 0, Ask::get("Observation", &[("_sort", "-patient,-_id"), ("_count", "50")])),
        (
            "what two matches bring comes once",
            0,
            Ask::get("Observation", &[("_revinclude", "Condition:evidence-detail")]),
        ),
        (
            "members of every resource",
            0,
            Ask::get("Patient", &[("_elements", "id,resourceType,name"), ("_id", "oracle-d")]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wrong_once_stays_right() {
    if skipped() {
        return;
    }
    let stage = Stage::set().await;
    let worlds = stage.worlds();
    let mut wrong = Vec::new();
    for (name, caller, ask) in rows() {
        if let Err(fault) = check(&stage.session(caller), &worlds[caller], &ask).await {
            wrong.push(format!("{name}: {ask}: {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
