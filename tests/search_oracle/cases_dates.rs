//! Cases reasoned from the specification: dates and their prefixes.

use crate::common::skipped;

use super::cases::check;
use super::dates::literal;

const SECOND: i128 = 1_000_000_000;

#[test]
fn a_date_is_as_wide_as_its_precision() {
    if skipped() {
        return;
    }
    let width = |s: &str| literal(s).map(|span| (span.high - span.low) / SECOND);
    assert_eq!(width("2015"), Some(365 * 86_400));
    assert_eq!(width("2016-02"), Some(29 * 86_400));
    assert_eq!(width("2015-12"), Some(31 * 86_400));
    assert_eq!(width("2015-02-07"), Some(86_400));
    assert_eq!(width("2015-02-07T13:28"), Some(60));
    assert_eq!(width("2015-02-07T13:28:17Z"), Some(1));
    let span = literal("2015-02-07T13:28:17.239Z").expect("a date");
    assert_eq!(span.high - span.low, SECOND / 1000);
    assert_eq!(literal("1970-01-01T01:00:00+01:00").map(|s| s.low), Some(0));
    assert_eq!(literal("1969-12-31T19:00:00-05:00").map(|s| s.low), Some(0));
    assert_eq!(literal("1970-01-01").map(|s| s.low), Some(0));
    assert_eq!(literal("2015-02-30"), None);
}

#[test]
fn a_birth_date_against_each_prefix() {
    if skipped() {
        return;
    }
    let patient = r#"{"resourceType": "Patient", "birthDate": "2013-01-14"}"#;
    let matching = [
        "2013-01-14",
        "eq2013-01-14",
        "2013-01",
        "2013",
        "ne2013-01-15",
        "ne2013-01-14T10:00Z",
        "gt2013-01-13",
        "gt2013-01-14T10:00Z",
        "lt2013-01-15",
        "lt2013-01-14T10:00Z",
        "ge2013-01-14",
        "ge2013",
        "le2013-01-14",
        "le2013-01",
        "sa2013-01-13",
        "sa2012",
        "eb2013-01-15",
        "eb2014",
        "ap2013-01-14",
    ];
    let other = [
        "2013-01-15",
        "2012",
        "2013-01-14T10:00Z",
        "ne2013-01",
        "gt2013-01-14",
        "gt2013",
        "lt2013-01-14",
        "lt2013",
        "ge2013-01-15",
        "le2013-01-13",
        "sa2013-01-14",
        "sa2013",
        "eb2013-01-14",
        "eb2013",
        "sa2013-01-14T10:00Z",
    ];
    check(patient, "birthdate", &matching, &other);
}

#[test]
fn the_specifications_own_date_examples() {
    if skipped() {
        return;
    }
    let at = |when: &str| format!(r#"{{"resourceType": "Observation", "effectiveDateTime": "{when}"}}"#);
    check(&at("2013-01-14T00:00:00Z"), "date", &["eq2013-01-14"], &["ne2013-01-14"]);
    check(&at("2013-01-14T10:00:00Z"), "date", &["eq2013-01-14"], &["ne2013-01-14"]);
    check(&at("2013-01-15T00:00:00Z"), "date", &["ne2013-01-14"], &["eq2013-01-14"]);
    let from = |start: &str| format!(r#"{{"resourceType": "Observation", "effectivePeriod": {{"start": "{start}"}}}}"#);
    check(&from("2013-01-21"), "date", &["ge2013-03-14", "le2013-03-14"], &["sa2013-03-14", "eb2013-03-14"]);
    check(&from("2013-03-15"), "date", &["sa2013-03-14"], &["eb2013-03-14"]);
    let until = r#"{"resourceType": "Observation", "effectivePeriod": {"end": "2013-01-21"}}"#;
    check(until, "date", &["eb2013-03-14", "lt1900", "ne2013"], &["sa2013-03-14", "2013", "gt2013-03-14"]);
}

#[test]
fn zones_are_corrected_for() {
    if skipped() {
        return;
    }
    let late = r#"{"resourceType": "Observation", "effectiveDateTime": "2013-04-01T23:45:00-02:00"}"#;
    let matching =
        ["2013-04-02", "2013-04-02T01:45:00Z", "2013-04-02T03:45:00+02:00", "2013-04-02T01:45", "gt2013-04-01"];
    check(late, "date", &matching, &["2013-04-01", "2013-04-01T23:45:00Z", "lt2013-04-02"]);
}

#[test]
fn a_period_is_contained_or_not() {
    if skipped() {
        return;
    }
    let period =
        r#"{"resourceType": "MedicationStatement", "effectivePeriod": {"start": "2015-01-10", "end": "2015-02-20"}}"#;
    let matching = ["2015", "ne2015-01", "gt2015-01", "lt2015-02", "sa2014", "eb2016", "gt2015-02-19"];
    let other = [
        "2015-01",
        "2015-02",
        "ne2015",
        "gt2015-02-20",
        "lt2015-01-10",
        "sa2015-01-10",
        "eb2015-02-20",
        // by the letter: the period is not within the day, nor does it reach beyond it
        "ge2015-02-20",
        "le2015-01-10",
    ];
    check(period, "effective", &matching, &other);
}

#[test]
fn approximate_dates_widen_by_a_tenth_of_the_distance_to_now() {
    if skipped() {
        return;
    }
    // from 2015-01-01 to the stopped clock are ten years: one year either way
    let patient = r#"{"resourceType": "Patient", "birthDate": "2015-06-01"}"#;
    check(
        patient,
        "birthdate",
        &["ap2015-01-01", "ap2015", "ap2014-09-01"],
        &["ap2010-01-01", "ap2017-01-01", "ap2024-12-01"],
    );
}

#[test]
fn a_timing_counts_by_its_outer_limits() {
    if skipped() {
        return;
    }
    let plan = |timing: &str| {
        format!(r#"{{"resourceType": "CarePlan", "activity": [{{"detail": {{"scheduledTiming": {timing}}}}}]}}"#)
    };
    let events = plan(r#"{"event": ["2013-03-24", "2013-01-31", "2013-02-10"]}"#);
    check(
        &events,
        "activity-date",
        &["2013", "lt2013-02-01", "gt2013-03-01", "sa2013-01-30", "eb2013-03-25"],
        &["2013-02", "gt2013-03-24", "lt2013-01-31"],
    );
    let bounds = plan(r#"{"repeat": {"boundsPeriod": {"start": "2013-01-31", "end": "2013-03-24"}}}"#);
    check(&bounds, "activity-date", &["2013", "sa2013-01-30"], &["2013-02", "gt2013-03-24"]);
    let length = plan(r#"{"repeat": {"boundsDuration": {"value": 6}}}"#);
    check(&length, "activity-date", &[], &["2013", "ne2013", "gt1900"]);
    let words = r#"{"resourceType": "CarePlan", "activity": [{"detail": {"scheduledString": "2013"}}]}"#;
    check(words, "activity-date", &[], &["2013", "ne2012"]);
}

#[test]
fn dates_with_extensions_only_are_absent() {
    if skipped() {
        return;
    }
    let patient =
        r#"{"resourceType": "Patient", "_birthDate": {"extension": [{"url": "http://x", "valueCode": "u"}]}}"#;
    check(patient, "birthdate", &[], &["2013", "ne2013", "lt2030"]);
}
