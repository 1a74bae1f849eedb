//! `$match` among many: every way to be found goes by an index.

// It looks into the database that it judges.
#![allow(clippy::disallowed_types)]

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::common::TestApp;
use crate::support::run;
use crate::world::{nhs, persona};

/// 12,000 people in the care of one doctor, as rows: names by twenty, a day of birth each, a postcode for every three.
const PEOPLE: &str = "INSERT INTO patient (patient_id, id, version, updated_at, source_id, confidentiality, identifier, family, given, \
    phonetic, birthdate_lo, birthdate_hi, address_postalcode, resource) \
    SELECT n, 'p' || n, 1, now(), 1, 3, ARRAY['https://fhir.nhs.uk/Id/nhs-number|' || n], ARRAY['family' || n % 20], ARRAY['given' || n % 31], \
    ARRAY['F' || 100 + n % 200, 'G' || 100 + n % 150], '1930-01-01'::timestamptz + (n % 33000) * interval '1 day', \
    '1930-01-02'::timestamptz + (n % 33000) * interval '1 day', ARRAY['n' || n / 3 || ' 9gu'], \
    '{\"resourceType\":\"Patient\",\"id\":\"p' || n || '\"}' FROM generate_series(1, 12000) n";
const KEYS: &str = "INSERT INTO patient_key SELECT 'p' || n, n FROM generate_series(1, 12000) n";
const CARE: &str = "INSERT INTO care_relationship (patient_id, holder_kind, holder, basis, valid_from, source, reason) \
    SELECT n, 'practitioner', 'gp', 'caseload', '2000-01-01', 'test', 'test' FROM generate_series(1, 12000) n";

/// Scans of the whole table, and of its indexes, that have been counted so far.
async fn scans(raw: &mut PgConnection) -> (i64, i64) {
    let find = "SELECT coalesce(seq_scan, 0), coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'patient'";
    sqlx::query_as(find).fetch_one(raw).await.expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_thousand_people_are_not_read_through() {
    let app = TestApp::start().await;
    for statement in [PEOPLE, KEYS, CARE, "ANALYZE"] {
        run(&app, statement).await;
    }
    let mut raw = PgConnection::connect(&app.database).await.expect("connection");
    let gp = persona(&app, "gp").await;
    let (before, indexed) = scans(&mut raw).await;
    let full = json!({"resourceType": "Patient", "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs(1)}],
        "name": [{"family": "Smith", "given": ["John"]}], "birthDate": "1950-03-04", "address": [{"postalCode": "N7 9GU"}]});
    let without = |names: &[&str]| {
        let mut patient = full.clone();
        names.iter().for_each(|name| {
            patient.as_object_mut().expect("object").remove(*name);
        });
        patient
    };
    let questions = [
        full.clone(),
        without(&["identifier"]),
        without(&["identifier", "birthDate"]),
        without(&["identifier", "address"]),
        without(&["name", "birthDate", "address"]),
    ];
    let mut arms = 0;
    for patient in &questions {
        assert_eq!(gp.post("Patient/$match", patient).await.status, 200);
        arms += 1;
    }
    // The counts of a connection become known when it has been idle for a while, or asks again.
    let deadline = Instant::now() + Duration::from_secs(30);
    let after = loop {
        let (whole, by_index) = scans(&mut raw).await;
        if by_index >= indexed + arms {
            break whole;
        }
        assert!(Instant::now() < deadline, "no index was used: {by_index}, {indexed} before");
        gp.post("Patient/$match", &full).await;
        tokio::task::yield_now().await;
    };
    assert_eq!(after, before, "a sequential scan of patient");
}
