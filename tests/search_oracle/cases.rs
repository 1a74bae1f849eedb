//! What the oracle's own tests share: one loaded oracle and a table-driven check.

use super::examples::spec;
use super::oracle::Oracle;
use serde_json::Value;
use std::sync::OnceLock;

/// The oracle, its clock stopped at 2025-01-01.
pub fn oracle() -> &'static Oracle {
    static ORACLE: OnceLock<Oracle> = OnceLock::new();
    ORACLE.get_or_init(|| {
        let mut oracle = Oracle::load(&spec());
        oracle.base = "http://here.example.org/fhir".into();
        oracle.now = 1_735_689_600_000_000_000;
        oracle
    })
}

/// Asserts of one resource which values of a parameter match and which do not.
pub fn check(resource: &str, param: &str, matching: &[&str], other: &[&str]) {
    let resource: Value = serde_json::from_str(resource).expect("JSON");
    let ty = resource["resourceType"].as_str().expect("a type");
    let cases = matching.iter().map(|v| (v, true));
    for (value, expected) in cases.chain(other.iter().map(|v| (v, false))) {
        let found = oracle().matches(&resource, ty, param, value);
        assert_eq!(found, expected, "{ty}?{param}={value}");
    }
}
