//! Cases reasoned from the specification: quantities, their precision, prefixes and units.

use crate::common::skipped;

use super::cases::check;

fn observed(quantity: &str) -> String {
    format!(r#"{{"resourceType": "Observation", "valueQuantity": {quantity}}}"#)
}

#[test]
fn the_digits_of_a_number_are_its_precision() {
    if skipped() {
        return;
    }
    let q = observed(r#"{"value": 5.4}"#);
    check(&q, "value-quantity", &["5.4", "5", "eq5.40", "5.4e0", "ne5.5"], &["5.5", "6", "5.3", "ne5.4", "ne5"]);
    let low = observed(r#"{"value": 5.35}"#);
    let high = observed(r#"{"value": 5.45}"#);
    check(&low, "value-quantity", &["5.4", "5.35"], &["5.3"]);
    check(&high, "value-quantity", &["5.5", "ne5.4"], &["5.4"]);
    let hundred = |n: &str| observed(&format!(r#"{{"value": {n}}}"#));
    check(&hundred("99.5"), "value-quantity", &["100", "1.00e2"], &["100.0", "100.00"]);
    check(&hundred("100.5"), "value-quantity", &["101"], &["100"]);
    check(&hundred("50"), "value-quantity", &["1e2"], &["1.0e2"]);
    check(&hundred("100.004"), "value-quantity", &["100.00", "100"], &["100.000"]);
    check(&hundred("-1.50"), "value-quantity", &["-1.5", "lt0"], &["1.5"]);
    check(&hundred("0.0054"), "value-quantity", &["5.40e-3", "0.005"], &["5.41e-3"]);
}

#[test]
fn other_prefixes_take_the_number_exactly() {
    if skipped() {
        return;
    }
    let q = observed(r#"{"value": 5.4}"#);
    check(&q, "value-quantity", &["gt5.39", "lt5.41", "ge5.4", "le5.4", "sa5.3", "eb5.5", "ap5.8", "ap5.0"], &[]);
    check(
        &q,
        "value-quantity",
        &[],
        &["gt5.4", "lt5.4", "ge5.41", "le5.39", "sa5.4", "eb5.4", "ap6.1", "ap4.8", "gt5.40"],
    );
}

#[test]
fn units_by_system_and_code_or_by_either_spelling() {
    if skipped() {
        return;
    }
    let q = observed(r#"{"value": 5.4, "unit": "milligram", "system": "http://unitsofmeasure.org", "code": "mg"}"#);
    let matching = ["5.4", "5.4|http://unitsofmeasure.org|mg", "5.4||mg", "5.4||milligram", "gt5||mg"];
    let other = ["5.4|http://other|mg", "5.4||g", "5.4|http://unitsofmeasure.org|milligram", "5.4||MG", "6||mg"];
    check(&q, "value-quantity", &matching, &other);
    let unit_only = observed(r#"{"value": 5.4, "unit": "mg"}"#);
    check(&unit_only, "value-quantity", &["5.4||mg", "5.4"], &["5.4|http://unitsofmeasure.org|mg"]);
    let odd = observed(r#"{"value": 1, "unit": "a,b|c"}"#);
    check(&odd, "value-quantity", &[r"1||a\,b\|c"], &["1||a"]);
}

#[test]
fn ucum_units_convert_within_their_dimension() {
    if skipped() {
        return;
    }
    let ucum = |value: &str, code: &str| {
        observed(&format!(r#"{{"value": {value}, "system": "http://unitsofmeasure.org", "code": "{code}"}}"#))
    };
    let asked = |value: &str, code: &str| format!("{value}|http://unitsofmeasure.org|{code}");
    check(
        &ucum("5400", "mg"),
        "value-quantity",
        &[&asked("5.4", "g"), &asked("gt0.005", "kg")],
        &[&asked("5.5", "g"), &asked("5400", "g"), "5.4||g"],
    );
    check(&ucum("1.85", "m"), "value-quantity", &[&asked("185", "cm"), &asked("1850", "mm")], &[&asked("185", "g")]);
    check(&ucum("4500", "umol/L"), "value-quantity", &[&asked("4.5", "mmol/L")], &[&asked("4.5", "g/L")]);
    check(
        &ucum("37", "Cel"),
        "value-quantity",
        &[&asked("98.6", "[degF]"), &asked("310", "K")],
        &[&asked("99.6", "[degF]")],
    );
    check(
        &ucum("120", "mm[Hg]"),
        "value-quantity",
        &[&asked("16.0", "kPa"), &asked("lt17", "kPa")],
        &[&asked("gt17", "kPa")],
    );
}

#[test]
fn an_age_or_a_range_of_ages() {
    if skipped() {
        return;
    }
    let age = r#"{"resourceType": "Condition", "onsetAge": {"value": 18, "unit": "months", "system": "http://unitsofmeasure.org", "code": "mo"}}"#;
    check(age, "onset-age", &["18", "18||months", "1.5|http://unitsofmeasure.org|a"], &["18||years", "ne18"]);
    let range = r#"{"resourceType": "Condition", "onsetRange": {"low": {"value": 40, "unit": "y"}, "high": {"value": 60, "unit": "y"}}}"#;
    check(
        range,
        "onset-age",
        &["gt59", "lt41", "ge60", "le40", "sa39", "eb61", "ne50", "gt40", "ap65"],
        &["50", "40", "gt60", "lt40", "sa40", "eb60", "ap80"],
    );
    let narrow = r#"{"resourceType": "Condition", "onsetRange": {"low": {"value": 48}, "high": {"value": 52}}}"#;
    check(narrow, "onset-age", &["5e1", "ne50"], &["50", "ne5e1"]);
    let open = r#"{"resourceType": "Condition", "abatementRange": {"low": {"value": 61}}}"#;
    check(open, "abatement-age", &["gt1000", "sa60", "ne61", "le61"], &["61", "lt61", "eb1000"]);
    let dated = r#"{"resourceType": "Condition", "onsetDateTime": "2011"}"#;
    check(dated, "onset-age", &[], &["2011", "ne5"]);
    check(dated, "onset-date", &["2011"], &["ne2011"]);
}

#[test]
fn sampled_data_reach_from_their_least_to_their_greatest() {
    if skipped() {
        return;
    }
    // 10 + 0.5 * {2, 4, -6, 20}: from 7 to 20
    let data = r#"{"resourceType": "Observation", "valueSampledData": {"origin": {"value": 10, "unit": "mV"},
        "period": 10, "factor": 0.5, "dimensions": 1, "data": "2 4 E -6 U 20 L"}}"#;
    check(
        data,
        "value-quantity",
        &["gt19", "lt8", "ge20", "le7", "sa6.9", "eb20.1", "gt15||mV"],
        &["10", "gt20", "lt7", "sa7", "eb20", "gt15||V"],
    );
    check(data, "combo-value-quantity", &["gt19"], &["gt20"]);
}
