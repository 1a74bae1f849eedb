//! What the policy is meant to do, written by hand and not generated: a page that is written anew cannot bless a leak.

use crate::ask::Mark;
use crate::asked::Line;
use crate::cells::{READS, WRITES};
use crate::measured::{Measured, Persona, measured};
use crate::rows::{Case, Label};
use crate::world::Way;

const CLINICAL: [&str; 5] = ["Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "CarePlan"];
const DIRECTORY: [&str; 3] = ["Practitioner", "PractitionerRole", "Organization"];
const DOCTORS: [&str; 4] = ["gp", "hospital-doctor", "out-of-hours", "stranger"];

/// A thing that was seen or done: type, column, case.
type Deed = (&'static str, &'static str, Case);

fn deeds(persona: &Persona) -> Vec<Deed> {
    let all = persona.cells.marks.iter();
    let all =
        all.flat_map(|((kind, column), cases)| cases.iter().map(move |(case, mark)| (*kind, *column, *case, *mark)));
    all.filter(|(_, _, _, mark)| mark.is_done()).map(|(kind, column, case, _)| (kind, column, case)).collect()
}

/// That nothing was seen or done of this sort.
fn never(persona: &Persona, sort: impl Fn(&Deed) -> bool) {
    let found: Vec<Deed> = deeds(persona).into_iter().filter(sort).collect();
    assert!(found.is_empty(), "{} does what nobody meant: {found:?}", persona.name);
}

/// That something was: a check of nothing would pass.
fn once(persona: &Persona, sort: impl Fn(&Deed) -> bool) {
    assert!(deeds(persona).iter().any(sort), "{} does not do what is meant", persona.name);
}

fn one<'a>(measured: &'a Measured, name: &str) -> &'a Persona {
    measured.personas.iter().find(|persona| persona.name == name).expect("a persona")
}

fn others<'a>(measured: &'a Measured, names: &[&str]) -> impl Iterator<Item = &'a Persona> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    measured.personas.iter().filter(move |persona| !names.contains(&persona.name))
}

fn text<'a>(line: &'a Line, column: &str) -> &'a str {
    &line.iter().find(|(known, _)| *known == column).expect("a column").1
}

fn writes(deed: &Deed) -> bool {
    WRITES.contains(&deed.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_keeps_to_its_types() {
    let all = measured().await;
    never(one(all, "social-worker"), |(kind, _, _)| ["Observation", "MedicationStatement"].contains(kind));
    once(one(all, "social-worker"), |(kind, column, _)| (*kind, *column) == ("Condition", "read"));
    never(one(all, "privacy-officer"), |(kind, _, _)| *kind == "Patient" || CLINICAL.contains(kind));
    never(one(all, "receptionist"), |(kind, _, _)| *kind != "Patient" && !DIRECTORY.contains(kind));
    once(one(all, "receptionist"), |(kind, column, _)| (*kind, *column) == ("Patient", "search"));
    never(one(all, "health-assistant"), |(kind, _, _)| ["Condition", "MedicationStatement"].contains(kind));
    never(one(all, "pharmacist"), |(kind, _, _)| *kind == "CarePlan");
    never(one(all, "lab-feed"), |(kind, column, case)| *kind != "Observation" || !case.own && *column != "create");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_for_the_person_and_the_officer() {
    let all = measured().await;
    for persona in others(all, &["patient", "privacy-officer"]) {
        never(persona, |(kind, _, _)| *kind == "AuditEvent");
    }
    never(one(all, "patient"), |(kind, _, case)| *kind == "AuditEvent" && !case.near);
    once(one(all, "patient"), |(kind, column, _)| (*kind, *column) == ("AuditEvent", "read"));
    for column in READS {
        // What was asked may name others.
        let case = Case { own: false, near: true, label: Label::N };
        let mark = one(all, "patient").cells.mark("AuditEvent", column, case);
        assert_ne!(mark, Some(Mark::Done), "{column} shows a patient what others asked");
    }
    once(one(all, "privacy-officer"), |(kind, _, case)| *kind == "AuditEvent" && !case.near);
    for persona in &all.personas {
        never(persona, |deed| deed.0 == "AuditEvent" && writes(deed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_who_is_out_of_reach() {
    let all = measured().await;
    for persona in others(all, &["gp-system", "lab-feed", "privacy-officer"]) {
        never(persona, |(_, _, case)| !case.near);
    }
    for name in ["gp-system", "lab-feed"] {
        // What a source shares in is its own, and it may share in about anybody.
        never(one(all, name), |(_, column, case)| !case.near && !case.own && *column != "create");
    }
    for (name, operation) in [("ambulance", "break-glass"), ("stranger", "break-glass"), ("nhs-111", "self-claim")] {
        assert_eq!(one(all, name).way, Way::Opened(operation), "{name} sees nobody without it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_write_care_plans_and_nothing_else() {
    let all = measured().await;
    for persona in others(all, &["gp-system", "lab-feed"]) {
        never(persona, |deed| writes(deed) && deed.0 != "CarePlan");
    }
    for persona in others(all, &["gp-system"]) {
        never(persona, |deed| writes(deed) && deed.0 == "Patient");
        assert_eq!(text(&persona.at_once, "own id"), if persona.name == "lab-feed" { "Observation" } else { "–" });
    }
    once(one(all, "gp-system"), |(kind, column, _)| (*kind, *column) == ("Patient", "create"));
    for name in ["patient", "receptionist", "pharmacist", "health-assistant", "ambulance", "nhs-111", "privacy-officer"]
    {
        never(one(all, name), writes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_what_another_source_wrote() {
    for persona in &measured().await.personas {
        never(persona, |(_, column, case)| ["update", "patch", "delete"].contains(column) && !case.own);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_hide_from_who_is_below_them() {
    let all = measured().await;
    let reads = |deed: &Deed| READS.contains(&deed.1);
    for persona in others(all, &["gp-system", "lab-feed"]) {
        never(persona, |deed| reads(deed) && deed.2.label == Label::V);
    }
    let r: Vec<&str> = DOCTORS.into_iter().chain(["patient", "gp-system", "lab-feed"]).collect();
    for persona in others(all, &r) {
        // A Patient labelled R is shown without where they are.
        never(persona, |deed| reads(deed) && deed.2.label == Label::R && deed.0 != "Patient");
    }
    for name in DOCTORS {
        once(one(all, name), |(kind, column, case)| (*kind, *column, case.label) == ("Condition", "read", Label::R));
    }
    for persona in others(all, &["patient"]) {
        for column in READS {
            let case = Case { own: false, near: true, label: Label::R };
            let mark = persona.cells.mark("Patient", column, case);
            assert_ne!(
                mark,
                Some(Mark::Done),
                "{}: {column} of a Patient labelled R shows where they are",
                persona.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn protections_hold() {
    let all = measured().await;
    for persona in others(all, &["patient"]) {
        let line = &persona.protected;
        assert!(!text(line, "restricted by $protect").contains("with address"), "{}: an address", persona.name);
        assert!(["·", "–"].contains(&text(line, "opted out")), "{}: {}", persona.name, text(line, "opted out"));
        let sealed = &["·", "–"];
        assert!(sealed.contains(&text(line, "Patient labelled V")), "{}: a sealed record", persona.name);
    }
    assert!(text(&one(all, "patient").protected, "opted out").starts_with("with address"), "their own record");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_meant_to_opens_tells_and_reviews() {
    let all = measured().await;
    let may = |persona: &Persona, line: &Line, column: &str, names: &[&str]| {
        let done = text(line, column).contains('✓');
        assert_eq!(done, names.contains(&persona.name.as_str()), "{}: {column}", persona.name);
    };
    let glass = ["gp", "hospital-doctor", "out-of-hours", "stranger", "nurse", "ambulance"];
    for persona in &all.personas {
        may(persona, &persona.opening, "$break-glass", &glass);
        may(persona, &persona.opening, "$break-glass over a seal", &DOCTORS);
        may(persona, &persona.opening, "$break-glass over an opt-out", &[]);
        may(persona, &persona.opening, "$break-glass of a sealed record", &[]);
        may(persona, &persona.telling, "$export", &["gp-system"]);
        may(persona, &persona.telling, "$relate", &["gp-system"]);
        may(persona, &persona.telling, "$protect", &["gp-system", "privacy-officer"]);
        may(persona, &persona.telling, "$protect oneself", &["patient"]);
        may(persona, &persona.telling, "$review", &["privacy-officer"]);
        may(persona, &persona.telling, "$access-alerts", &["privacy-officer"]);
    }
    for (role, line) in &all.roles {
        assert_ne!(text(line, "over an opt-out"), "✓", "{role}: an opt-out is the person's word");
        assert_eq!(text(line, "whole audit trail") == "✓", role == "privacy-officer", "{role}: the audit trail");
        assert_eq!(text(line, "export") == "✓", role == "system", "{role}: no user takes out records in bulk");
        assert_eq!(text(line, "own ids") == "✓", role == "system", "{role}: ids of one's choice");
    }
}
