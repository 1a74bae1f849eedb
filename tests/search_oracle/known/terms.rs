//! Value sets and hierarchies of codes.

use super::{Row, judge, terminology};
use crate::common::skipped;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("Condition", &[("code:in", "http://example.org/vs/metabolic")], &["Condition/b"], &[]),
    ("Condition", &[("code:in", "http://example.org/vs/rest")], &[], &[]),
    ("Condition", &[("code:below", "http://snomed.info/sct|metabolic")], &["Condition/b"], &[]),
    ("Condition", &[("code:below", "http://snomed.info/sct|finding")], &["Condition/b"], &[]),
    ("Condition", &[("code:below", "http://snomed.info/sct|44054006")], &["Condition/b"], &[]),
    ("Condition", &[("code:above", "http://snomed.info/sct|44054006")], &["Condition/b"], &[]),
    ("Condition", &[("code:above", "http://snomed.info/sct|metabolic")], &[], &[]),
    ("MedicationStatement", &[("code:in", "http://example.org/vs/listed")], &["MedicationStatement/c"], &[]),
    ("MedicationStatement", &[("code:in", "http://example.org/vs/metabolic")], &[], &[]),
    ("PractitionerRole", &[("specialty:in", "http://example.org/vs/listed")], &["PractitionerRole/ward"], &[]),
    ("PractitionerRole", &[("specialty:in", "http://example.org/vs/rest")], &["PractitionerRole/role", "PractitionerRole/ward"], &[]),
    ("PractitionerRole", &[("specialty:in", "http://example.org/vs/metabolic,http://example.org/vs/listed")], &["PractitionerRole/ward"], &[]),
    ("Patient", &[("_has:MedicationStatement:patient:code:in", "http://example.org/vs/listed")], &["Patient/d"], &[]),
    ("Observation", &[("performer:PractitionerRole.specialty:below", "http://snomed.info/sct|394814009")], &["Observation/visit"], &[]),
];

#[tokio::test(flavor = "multi_thread")]
async fn value_sets_and_hierarchies() {
    if skipped() {
        return;
    }
    judge(ROWS, &terminology()).await;
}
