//! Chains, `_has`, includes, compartments, `_type`, words and combinations.

use super::{Row, judge};
use crate::common::skipped;
use crate::query::terminology::Terminology;

#[rustfmt::skip]
const STEPS: &[Row] = &[
    // chains, typed and not, through the directory, up to the limit
    ("Observation", &[("patient.family", "Honeyman")], &["Observation/visit"], &[]),
    ("Observation", &[("performer:Practitioner.family", "O'Hanlon")], &["Observation/visit"], &[]),
    ("Observation", &[("performer:PractitionerRole.practitioner.given", "Siân")], &["Observation/visit"], &[]),
    ("Observation", &[("performer:Organization.partof.name", "angstrom")], &["Observation/visit"], &[]),
    ("Observation", &[("performer:PractitionerRole.organization.partof.name", "Ångström")], &["Observation/visit"], &[]),
    ("Patient", &[("general-practitioner:PractitionerRole.organization.name", "The Light")], &["Patient/d"], &[]),
    ("Patient", &[("organization.partof.partof.name", "Ångström")], &["Patient/d"], &[]),
    ("Patient", &[("organization.name:exact", "The Lighthouse Surgery")], &["Patient/b"], &[]),
    ("Patient", &[("link:Patient.link:Patient.family", "Müller")], &["Patient/a"], &[]),
    ("CarePlan", &[("condition.asserter:Practitioner.identifier", r"http://example.org/ids|gp\|7\,1")], &["CarePlan/a"], &[]),
    ("Observation", &[("subject:Patient.link:Patient._id", "oracle-c")], &["Observation/visit"], &[]),
    ("Observation", &[("performer:Patient._id", "oracle-d"), ("subject:Patient._id", "oracle-c")], &["Observation/self"], &[]),
    ("PractitionerRole", &[("practitioner.family", "Tymczak"), ("organization.active", "false")], &["PractitionerRole/ward"], &[]),
    // _has, nested, and together with chains
    ("Patient", &[("_has:Observation:patient:code", "33452-4")], &["Patient/d"], &[]),
    ("Patient", &[("_has:Observation:performer:code", "29463-7")], &["Patient/d"], &[]),
    ("Practitioner", &[("_has:PractitionerRole:practitioner:_has:Patient:general-practitioner:family", "Honeyman")], &["Practitioner/gp"], &[]),
    ("Organization", &[("_has:PractitionerRole:organization:practitioner.family", "Tymczak")], &["Organization/trust"], &[]),
    ("Organization", &[("_has:Patient:organization:_has:MedicationStatement:patient:code", "372687004")], &["Organization/department"], &[]),
    ("Observation", &[("_has:Observation:has-member:_has:Condition:evidence-detail:identifier", "cond-1")], &["Observation/weight"], &[]),
    ("Organization", &[("_has:Organization:partof:_has:Organization:partof:name", "Tymczak")], &["Organization/trust"], &[]),
    ("Patient", &[("_has:Observation:patient:code", "33452-4,nothing"), ("gender:not", "male")], &["Patient/d"], &[]),
    ("Practitioner", &[("_has:Observation:performer:patient._has:MedicationStatement:patient:code", "372687004")], &["Practitioner/gp"], &[]),
    // modifiers that look elsewhere in an element
    ("Observation", &[("code:text", "peak fl")], &["Observation/visit"], &[]),
    ("Observation", &[("code:text", "maximum EXPIRATORY")], &["Observation/visit"], &[]),
    ("Observation", &[("category:text", "examination,nothing")], &["Observation/visit"], &[]),
    ("Patient", &[("identifier:text", "insurance")], &["Patient/d"], &[]),
    ("Patient", &[("identifier:of-type", r"http://terminology.hl7.org/CodeSystem/v2-0203|MR|H\|1\,2")], &["Patient/d"], &[]),
    ("Patient", &[("identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|H1")], &[], &[]),
    ("Patient", &[("identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|SB|H1,http://x|y|z")], &["Patient/d"], &[]),
    ("Patient", &[("general-practitioner:identifier", r"http://example.org/ids|gp\|7\,1")], &["Patient/d"], &[]),
    ("PractitionerRole", &[("practitioner:identifier", r"gp\|7\,1")], &["PractitionerRole/vacant"], &[]),
    ("Patient", &[("general-practitioner:PractitionerRole", "oracle-role")], &["Patient/d"], &[]),
    ("Organization", &[("partof:missing", "false"), ("active:not", "true")], &["Organization/trust", "Organization/department"], &[]),
    // escapes
    ("Patient", &[("identifier", r"http://example.org/ids|A\,1\|2\$3\\4")], &["Patient/a"], &[]),
    ("Organization", &[("name:exact", r"Sankt Peter\, Praxis")], &["Organization/surgery"], &[]),
    ("Condition", &[("code", r"http://example.org/codes|a\,b\|c")], &["Condition/d"], &[]),
    ("Observation", &[("value-string:contains", r"50 % \| \$5 \\")], &["Observation/words"], &[]),
    // words
    ("Patient", &[("_text", "beekeeper")], &["Patient/d"], &[]),
    ("Patient", &[("_text", "kzzqx")], &[], &[]),
    ("Observation", &[("_text", "sting")], &["Observation/visit"], &[]),
    ("MedicationStatement", &[("_content", "amoxicillin")], &["MedicationStatement/c"], &[]),
    ("Observation", &[("_content", "breathless"), ("_text", "wasp")], &["Observation/visit"], &[]),
];

#[rustfmt::skip]
const ALONG: &[Row] = &[
    ("Observation", &[("_id", "oracle-visit"), ("_include", "Observation:performer")], &["Observation/visit"],
        &["Practitioner/gp", "PractitionerRole/role", "Organization/surgery"]),
    ("Observation", &[("_id", "oracle-visit"), ("_include", "Observation:performer:Organization")], &["Observation/visit"], &["Organization/surgery"]),
    ("Observation", &[("_id", "oracle-visit"), ("_include", "Observation:performer:Organization"), ("_include:iterate", "Organization:partof")],
        &["Observation/visit"], &["Organization/surgery", "Organization/trust"]),
    ("Patient", &[("_id", "oracle-d"), ("_include", "Patient:organization"), ("_include:iterate", "Organization:partof")], &["Patient/d"],
        &["Organization/department", "Organization/surgery", "Organization/trust"]),
    ("Patient", &[("_id", "oracle-a"), ("_include:iterate", "Patient:link")], &["Patient/a"], &["Patient/b"]),
    ("Patient", &[("_id", "oracle-a,oracle-b"), ("_include:iterate", "Patient:link")], &["Patient/a", "Patient/b"], &[]),
    ("Patient", &[("_id", "oracle-d"), ("_include", "*")], &["Patient/d"], &["PractitionerRole/role", "Organization/department", "Patient/c"]),
    ("Patient", &[("_id", "oracle-d"), ("_include", "Patient:*")], &["Patient/d"], &["PractitionerRole/role", "Organization/department", "Patient/c"]),
    ("Patient", &[("_id", "oracle-d"), ("_revinclude", "Observation:patient"), ("_revinclude", "MedicationStatement:subject")], &["Patient/d"],
        &["Observation/visit", "MedicationStatement/c"]),
    ("Patient", &[("_id", "oracle-d"), ("_revinclude", "Observation:*")], &["Patient/d"], &["Observation/visit", "Observation/self"]),
    ("Patient", &[("_id", "oracle-d"), ("_revinclude", "Observation:patient"), ("_revinclude:iterate", "Observation:has-member")], &["Patient/d"],
        &["Observation/visit", "Observation/self"]),
    ("Observation", &[("_id", "oracle-weight,oracle-visit"), ("_revinclude", "Observation:has-member"), ("_revinclude", "Observation:derived-from")],
        &["Observation/weight", "Observation/visit"], &["Observation/self", "Observation/refs"]),
    ("Observation", &[("_id", "oracle-weight,oracle-refs"), ("_revinclude", "Condition:evidence-detail")], &["Observation/weight", "Observation/refs"],
        &["Condition/a"]),
    ("PractitionerRole", &[("_id", "oracle-role"), ("_include", "PractitionerRole:practitioner"), ("_revinclude", "Patient:general-practitioner")],
        &["PractitionerRole/role"], &["Practitioner/gp", "Patient/d"]),
    ("Organization", &[("_id", "oracle-trust"), ("_revinclude:iterate", "Organization:partof")], &["Organization/trust"],
        &["Organization/surgery", "Organization/department"]),
];

#[rustfmt::skip]
const PLACES: &[Row] = &[
    ("Patient/oracle-d/Observation", &[], &["Observation/visit", "Observation/self"], &[]),
    ("Patient/oracle-d/Observation", &[("code", "29463-7")], &["Observation/self"], &[]),
    ("Patient/oracle-d/MedicationStatement", &[], &["MedicationStatement/c"], &[]),
    ("Patient/oracle-d/Condition", &[], &[], &[]),
    ("Patient/oracle-a/AllergyIntolerance", &[], &["AllergyIntolerance/a"], &[]),
    ("Patient/oracle-a/CarePlan", &[("status", "active")], &["CarePlan/a"], &[]),
    ("Patient/oracle-c/Observation", &[("_include", "Observation:performer")], &["Observation/self"], &["Patient/d"]),
    ("Patient/oracle-d/*", &[("_type", "Observation,MedicationStatement"), ("_sort", "-_lastUpdated")],
        &["Observation/visit", "Observation/self", "MedicationStatement/c"], &[]),
    ("", &[("_type", "Practitioner,Organization"), ("_id", "oracle-gp,oracle-trust,oracle-a")], &["Practitioner/gp", "Organization/trust"], &[]),
    ("", &[("_type", "Patient,Condition,CarePlan"), ("_id", "oracle-a")], &["Patient/a", "Condition/a", "CarePlan/a"], &[]),
    ("", &[("_type", "Organization"), ("name", "phare")], &["Organization/surgery"], &[]),
    ("", &[("_type", "Patient,Observation"), ("_tag", "http://example.org/codes|tag-1"), ("_count", "1")], &["Patient/a"], &[]),
];

#[tokio::test(flavor = "multi_thread")]
async fn steps_modifiers_escapes_and_words() {
    if skipped() {
        return;
    }
    judge(STEPS, &Terminology::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_along() {
    if skipped() {
        return;
    }
    judge(ALONG, &Terminology::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compartments_and_the_base() {
    if skipped() {
        return;
    }
    judge(PLACES, &Terminology::default()).await;
}
