//! What each persona may do with each type, as a table.

use std::collections::BTreeSet;

use crate::common::{Reply, Session, TestApp};
use crate::world::{ELSEWHERE, FAR, NEAR, PERSONAS, TYPES, about, address, claims, listed, people, persona, put};

/// On rows about a patient in whose care all but the stranger are involved, written by the persona's own source where it
/// has one. `200` of a search and a history of the type: the row is found; `none`: 200 without it.
const IN_REACH: &str = "
                                      read search vread history type-history create update delete
    gp               Patient          200  200    200   200     200          403    403    403
    gp               Condition        200  200    200   200     200          403    403    403
    gp               Observation      200  200    200   200     200          403    403    403
    gp               MedicationStatement 200 200  200   200     200          403    403    403
    gp               AllergyIntolerance 200 200   200   200     200          403    403    403
    gp               CarePlan         200  200    200   200     200          201    200    204
    hospital-doctor  Patient          200  200    200   200     200          403    403    403
    hospital-doctor  Condition        200  200    200   200     200          403    403    403
    hospital-doctor  Observation      200  200    200   200     200          403    403    403
    hospital-doctor  MedicationStatement 200 200  200   200     200          403    403    403
    hospital-doctor  AllergyIntolerance 200 200   200   200     200          403    403    403
    hospital-doctor  CarePlan         200  200    200   200     200          201    200    204
    nurse            Patient          200  200    200   200     200          403    403    403
    nurse            Condition        200  200    200   200     200          403    403    403
    nurse            Observation      200  200    200   200     200          403    403    403
    nurse            MedicationStatement 200 200  200   200     200          403    403    403
    nurse            AllergyIntolerance 200 200   200   200     200          403    403    403
    nurse            CarePlan         200  200    200   200     200          201    200    204
    social-worker    Patient          200  200    200   200     200          403    403    403
    social-worker    Condition        200  200    200   200     200          403    403    403
    social-worker    Observation      403  403    403   403     403          403    403    403
    social-worker    MedicationStatement 403 403  403   403     403          403    403    403
    social-worker    AllergyIntolerance 200 200   200   200     200          403    403    403
    social-worker    CarePlan         200  200    200   200     200          201    200    204
    out-of-hours     Patient          200  200    200   200     200          403    403    403
    out-of-hours     Condition        200  200    200   200     200          403    403    403
    out-of-hours     Observation      200  200    200   200     200          403    403    403
    out-of-hours     MedicationStatement 200 200  200   200     200          403    403    403
    out-of-hours     AllergyIntolerance 200 200   200   200     200          403    403    403
    out-of-hours     CarePlan         200  200    200   200     200          201    200    204
    stranger         Patient          404  none   404   404     none         403    403    403
    stranger         Condition        404  none   404   404     none         403    403    403
    stranger         Observation      404  none   404   404     none         403    403    403
    stranger         MedicationStatement 404 none 404   404     none         403    403    403
    stranger         AllergyIntolerance 404 none  404   404     none         403    403    403
    stranger         CarePlan         404  none   404   404     none         403    403    403
    patient          Patient          200  200    200   200     200          403    403    403
    patient          Condition        200  200    200   200     200          403    403    403
    patient          Observation      200  200    200   200     200          403    403    403
    patient          MedicationStatement 200 200  200   200     200          403    403    403
    patient          AllergyIntolerance 200 200   200   200     200          403    403    403
    patient          CarePlan         200  200    200   200     200          403    403    403
    privacy-officer  Patient          403  403    403   403     403          403    403    403
    privacy-officer  Condition        403  403    403   403     403          403    403    403
    privacy-officer  Observation      403  403    403   403     403          403    403    403
    privacy-officer  MedicationStatement 403 403  403   403     403          403    403    403
    privacy-officer  AllergyIntolerance 403 403   403   403     403          403    403    403
    privacy-officer  CarePlan         403  403    403   403     403          403    403    403
    gp-system        Patient          200  200    200   200     200          201    200    204
    gp-system        Condition        200  200    200   200     200          201    200    204
    gp-system        Observation      200  200    200   200     200          201    200    204
    gp-system        MedicationStatement 200 200  200   200     200          201    200    204
    gp-system        AllergyIntolerance 200 200   200   200     200          201    200    204
    gp-system        CarePlan         200  200    200   200     200          201    200    204
    lab-feed         Patient          403  403    403   403     403          403    403    403
    lab-feed         Condition        403  403    403   403     403          403    403    403
    lab-feed         Observation      200  200    200   200     200          201    200    204
    lab-feed         MedicationStatement 403 403  403   403     403          403    403    403
    lab-feed         AllergyIntolerance 403 403   403   403     403          403    403    403
    lab-feed         CarePlan         403  403    403   403     403          403    403    403
";

/// The same on another source's rows about a patient in whose care none of them is. A client with a source may share in
/// about anybody (201); the 409 says that the id is in use, and nothing else.
const OUT_OF_REACH: &str = "
                                      read search vread history type-history create update delete
    gp               CarePlan         404  none   404   404     none         422    404    404
    gp               Patient          404  none   404   404     none         403    403    403
    hospital-doctor  CarePlan         404  none   404   404     none         422    404    404
    hospital-doctor  Observation      404  none   404   404     none         403    403    403
    nurse            CarePlan         404  none   404   404     none         422    404    404
    nurse            Condition        404  none   404   404     none         403    403    403
    social-worker    CarePlan         404  none   404   404     none         422    404    404
    social-worker    Observation      403  403    403   403     403          403    403    403
    out-of-hours     CarePlan         404  none   404   404     none         422    404    404
    out-of-hours     AllergyIntolerance 404 none  404   404     none         403    403    403
    stranger         CarePlan         404  none   404   404     none         403    403    403
    patient          Patient          404  none   404   404     none         403    403    403
    patient          Condition        404  none   404   404     none         403    403    403
    patient          CarePlan         404  none   404   404     none         403    403    403
    privacy-officer  Patient          403  403    403   403     403          403    403    403
    gp-system        Patient          404  none   404   404     none         201    409    404
    gp-system        Condition        404  none   404   404     none         201    409    404
    gp-system        CarePlan         404  none   404   404     none         201    409    404
    lab-feed         Observation      404  none   404   404     none         201    409    404
    lab-feed         Condition        403  403    403   403     403          403    403    403
";

/// A row of a table: persona, type, and what is expected of each interaction.
fn rows(table: &'static str) -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let lines = lines.filter(|words| words.len() == 10);
    lines.map(|words| (words[0], words[1], words[2..].to_vec())).collect()
}

/// What was got, in the words of the tables.
fn word(reply: &Reply, id: &str, bundle: bool) -> String {
    let found = bundle && reply.status == 200 && listed(reply).iter().any(|found| found == id);
    if bundle && reply.status == 200 && !found { "none".to_owned() } else { reply.status.as_u16().to_string() }
}

/// Does everything to one resource, in the tables' order.
async fn everything(session: &Session<'_>, kind: &str, id: &str, patient: &str, n: usize) -> Vec<String> {
    let resource = about(kind, id, patient, n);
    let row = address(&resource);
    vec![
        word(&session.get(&row).await, id, false),
        word(&session.get(&format!("{kind}?_count=500")).await, id, true),
        word(&session.get(&format!("{row}/_history/1")).await, id, false),
        word(&session.get(&format!("{row}/_history")).await, id, false),
        word(&session.get(&format!("{kind}/_history?_count=500")).await, id, true),
        word(&session.post(kind, about(kind, "new", patient, n)).await, id, false),
        word(&session.put(&row, &resource).await, id, false),
        word(&session.delete(&row).await, id, false),
    ]
}

async fn judge(app: &TestApp, table: &'static str, own: bool, patient: &str, n: usize) {
    for (name, kind, expected) in rows(table) {
        let source = claims(name).source.filter(|_| own).unwrap_or_else(|| ELSEWHERE.to_owned());
        let id = format!("{name}.{kind}.{patient}");
        put(&app.source(&source).await, &about(kind, &id, patient, n)).await;
        let got = everything(&persona(app, name).await, kind, &id, patient, n).await;
        assert_eq!(
            got, expected,
            "{name} {kind} about {patient}: read, search, vread, history, type-history, create, update, delete"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_reach() {
    let table: BTreeSet<(&str, &str)> = rows(IN_REACH).into_iter().map(|(name, kind, _)| (name, kind)).collect();
    assert_eq!(table.len(), PERSONAS.len() * TYPES.len(), "the table has a row for every persona and type");
    judge(&people().await, IN_REACH, true, "near", NEAR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_reach() {
    judge(&people().await, OUT_OF_REACH, false, "far", FAR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_source_in_reach_are_seen_and_not_changed() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &about("CarePlan", "theirs", "near", NEAR)).await;
    for name in ["gp", "hospital-doctor", "nurse", "social-worker", "out-of-hours", "gp-system"] {
        let got = everything(&persona(&app, name).await, "CarePlan", "theirs", "near", NEAR).await;
        assert_eq!(got, ["200", "200", "200", "200", "200", "201", "403", "403"], "{name}");
    }
    assert_eq!(elsewhere.get("CarePlan/theirs").await.json()["meta"]["versionId"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_403_does_not_depend_on_what_is_stored() {
    let app = crate::world::full().await;
    for name in PERSONAS {
        let session = persona(&app, name).await;
        for kind in TYPES {
            let mut answers: Vec<BTreeSet<_>> = Vec::new();
            for id in ["near", "veil", "gone", "far", "none"].map(|prefix| format!("{prefix}-{kind}")) {
                let resource = about(kind, &id, "near", NEAR);
                let row = address(&resource);
                let replies = [
                    session.get(&row).await,
                    session.get(&format!("{row}/_history/1")).await,
                    session.get(&format!("{row}/_history")).await,
                    session.get(&format!("{kind}?_id={id}")).await,
                    session.delete(&row).await,
                    session.put(&row, &resource).await,
                ];
                let refusals = replies.iter().enumerate().filter(|(_, reply)| reply.status == 403);
                answers.push(refusals.map(|(at, reply)| (at, crate::world::visible(reply))).collect());
            }
            // A type the caller has no leave for answers alike for all; only an ownership refusal differs, and only in reach.
            let refused = |at: usize| answers.iter().filter(|set| set.iter().any(|(place, _)| *place == at)).count();
            for at in 0..4 {
                assert!(
                    [0, answers.len()].contains(&refused(at)),
                    "{name} {kind}: request {at} is refused for some ids only"
                );
            }
            if refused(0) == answers.len() {
                assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{name} {kind}: {answers:?}");
            }
        }
    }
}
