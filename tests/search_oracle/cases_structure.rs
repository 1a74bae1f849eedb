//! Cases reasoned from the specification: expressions, composites, escapes, and what is loaded.

use crate::common::skipped;

use super::cases::{check, oracle};
use super::corpus::{Corpus, Query};
use super::examples::{load_examples, load_synthea, shared};
use super::expression::{Expr, parse};
use super::oracle::TYPES;
use super::syntax::{escape, split, unescape};
use std::collections::BTreeSet;

#[test]
fn expressions_bind_as_in_fhirpath() {
    if skipped() {
        return;
    }
    let name = |n: &str| Box::new(Expr::Name(n.into()));
    let member = |of, n: &str| Box::new(Expr::Member(of, n.into()));
    let typed = |of, ty: &str| Box::new(Expr::As(of, ty.into()));
    assert_eq!(parse("A.b | A.c"), Ok(Expr::Union(member(name("A"), "b"), member(name("A"), "c"))));
    assert_eq!(parse("(A.b as T).c"), Ok(*member(typed(member(name("A"), "b"), "T"), "c")));
    assert_eq!(parse("A.b.as(T)"), parse("A.b as T"));
    let both = parse("a.exists() and a != false");
    assert!(matches!(both, Ok(Expr::And(_, right)) if matches!(*right, Expr::Equal(_, _, false))));
    let filtered = parse("A.b.where(resolve() is P)");
    assert!(
        matches!(filtered, Ok(Expr::Call(_, f, arguments)) if f == "where" && matches!(arguments[0], Expr::Is(..)))
    );
    for wrong in ["A.", "A.b(", "(A", "A.unknown()", "A + B", "A.where(b='x)"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn escapes_hide_separators() {
    if skipped() {
        return;
    }
    assert_eq!(split(r"a\,b,c", ','), [r"a\,b", "c"]);
    assert_eq!(split(r"a\\,b", ','), [r"a\\", "b"]);
    assert_eq!(split("", ','), [""]);
    assert_eq!(unescape(r"a\,b\\c\|d\$e"), r"a,b\c|d$e");
    for plain in [r"a,b\c|d$e", "", "é", r"\"] {
        assert_eq!(unescape(&escape(plain)), plain);
        assert_eq!(split(&escape(plain), ',').len(), 1);
    }
}

#[test]
fn unions_and_choices_reach_every_element() {
    if skipped() {
        return;
    }
    let allergy = r#"{"resourceType": "AllergyIntolerance", "code": {"coding": [{"code": "a"}]},
        "reaction": [{"substance": {"coding": [{"code": "b"}]}}, {"manifestation": [{"coding": [{"code": "c"}]}]}]}"#;
    check(allergy, "code", &["a", "b"], &["c"]);
    check(allergy, "manifestation", &["c"], &["a", "b"]);
    let statement =
        r#"{"resourceType": "MedicationStatement", "medicationCodeableConcept": {"coding": [{"code": "a"}]}}"#;
    check(statement, "code", &["a"], &[]);
    check(statement, "medication", &[], &["a", "Medication/a"]);
    let referring = r#"{"resourceType": "MedicationStatement", "medicationReference": {"reference": "Medication/a"}}"#;
    check(referring, "medication", &["a", "Medication/a"], &["Medication/b"]);
    check(referring, "code", &[], &["a"]);
}

const PRESSURE: &str = r#"{"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    "component": [
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}, "valueQuantity": {"value": 60, "unit": "mmHg"}}]}"#;

#[test]
fn a_composite_holds_within_one_component() {
    if skipped() {
        return;
    }
    let matching = ["8480-6$120", "http://loinc.org|8480-6$gt100", "8462-4$lt100||mmHg", "8480-6$1,8480-6$120"];
    let other = ["8480-6$60", "8462-4$gt100", "8462-4$120", "85354-9$120", "|8480-6$120", "8480-6$120||kPa"];
    check(PRESSURE, "component-code-value-quantity", &matching, &other);
    check(PRESSURE, "combo-code-value-quantity", &matching, &other);
    check(PRESSURE, "code-value-quantity", &[], &["85354-9$120", "8480-6$120"]);
    check(PRESSURE, "combo-code", &["85354-9", "8480-6"], &["120"]);
    check(PRESSURE, "component-code", &["8480-6"], &["85354-9"]);
    check(PRESSURE, "component-value-quantity", &["120", "60||mmHg"], &["90"]);
}

#[test]
fn composites_of_every_second_kind() {
    if skipped() {
        return;
    }
    let of =
        |value: &str| format!(r#"{{"resourceType": "Observation", "code": {{"coding": [{{"code": "c"}}]}}, {value}}}"#);
    let date = of(r#""valueDateTime": "2014-11-05""#);
    check(&date, "code-value-date", &["c$2014-11-05", "c$gt2013", "c$2014"], &["c$2013", "d$2014"]);
    let period = of(r#""valuePeriod": {"start": "2014-11-05"}"#);
    check(&period, "code-value-date", &["c$gt2020"], &["c$2014"]);
    let text = of(r#""valueString": "Two $ signs""#);
    check(&text, "code-value-string", &["c$two", r"c$Two \$ s"], &["c$signs"]);
    let concept = of(r#""valueCodeableConcept": {"coding": [{"system": "s", "code": "v"}]}"#);
    check(&concept, "code-value-concept", &["c$v", "c$s|v", "|c$s|"], &["c$|v", "c$w", "v$c"]);
    check(&concept, "combo-code-value-concept", &["c$v"], &["c$w"]);
    // the definition names Quantity alone, so sampled data are out
    let sampled = of(r#""valueSampledData": {"origin": {"value": 1}, "data": "1 2"}"#);
    check(&sampled, "code-value-quantity", &[], &["c$gt1"]);
}

#[test]
fn the_served_parameters() {
    if skipped() {
        return;
    }
    let count = |ty: &str| oracle().params.keys().filter(|(t, _)| t == ty).count();
    assert_eq!(TYPES.map(count), [29, 27, 44, 17, 22, 26, 23, 19, 19]);
    for ty in TYPES {
        for param in ["_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "identifier"] {
            oracle().param(ty, param);
        }
    }
    // the real Condition-subject, not the example of the SearchParameter resource
    assert_eq!(oracle().param("Condition", "subject").targets, ["Group", "Patient"]);
    assert!(!oracle().param("Observation", "code-value-date").multiple_or);
}

#[test]
fn repeats_are_anded_within_the_corpus() {
    if skipped() {
        return;
    }
    let source = r#"[{"resourceType": "Patient", "id": "1", "gender": "male", "active": true},
        {"resourceType": "Patient", "id": "2", "gender": "female", "active": true}, {"resourceType": "Basic", "id": "3"}]"#;
    let resources: Vec<serde_json::Value> = serde_json::from_str(source).expect("JSON");
    let corpus = Corpus::new(oracle(), &resources);
    let found =
        |params: &[(&str, &str)]| corpus.expected(&Query::new("Patient", params)).into_iter().collect::<Vec<_>>();
    assert_eq!(found(&[("active", "true")]), ["1", "2"]);
    assert_eq!(found(&[("active", "true"), ("gender", "male")]), ["1"]);
    assert!(found(&[("gender", "female"), ("gender", "male")]).is_empty());
    assert_eq!(found(&[]), ["1", "2"]);
}

#[test]
fn the_examples_are_distinct_resources_of_the_types() {
    if skipped() {
        return;
    }
    let examples = load_examples(&shared());
    let ids: BTreeSet<_> = examples.iter().map(|(_, r)| (r["resourceType"].to_string(), r["id"].to_string())).collect();
    assert_eq!(ids.len(), examples.len());
    assert_eq!(examples.len(), 910);
}

#[test]
fn synthea_references_are_made_relative() {
    if skipped() {
        return;
    }
    let bundles = load_synthea(&shared());
    let entries: Vec<_> = bundles.iter().flat_map(|(_, entries)| entries).collect();
    assert_eq!((bundles.len(), entries.len()), (26, 2747));
    let patients: BTreeSet<_> = entries
        .iter()
        .filter(|e| e.resource["resourceType"] == "Patient")
        .map(|e| format!("Patient/{}", e.resource["id"].as_str().expect("an id")))
        .collect();
    for entry in &entries {
        let id = entry.resource["id"].as_str().expect("an id");
        assert_eq!(entry.full_url, format!("urn:uuid:{id}"));
        if let Some(subject) = entry.resource["subject"]["reference"].as_str() {
            assert!(patients.contains(subject), "{subject}");
        }
        if let Some(encounter) = entry.resource["encounter"]["reference"].as_str() {
            assert!(encounter.starts_with("urn:uuid:"));
        }
    }
}
