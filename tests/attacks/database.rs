//! Attacks on the second lock: statements as the service's own role could send them, without the reach of anybody.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Row};

use crate::common::TestApp;
use crate::kit::database;
use crate::world::{full, persona};

/// The tables of persons' rows, and what tells who a person is and who is in whose care.
const TABLES: [&str; 17] = [
    "access_alert",
    "allergy_intolerance",
    "allergy_intolerance_history",
    "care_plan",
    "care_plan_history",
    "care_relationship",
    "condition",
    "condition_history",
    "medication_statement",
    "medication_statement_history",
    "observation",
    "observation_history",
    "patient",
    "patient_history",
    "patient_key",
    "person",
    "person_protection",
];

/// A connection as the service makes it.
async fn service(app: &TestApp) -> PgConnection {
    let options = PgConnectOptions::from_str(&app.database).expect("a URL").options([("role", "lcr_service")]);
    let mut service = options.connect().await.expect("a connection");
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut service).await.expect("a role");
    assert_eq!(role, "lcr_service");
    service
}

/// `full`, with an alert and a protection, so that no table is empty.
async fn filled() -> TestApp {
    let app = full().await;
    crate::kit::protect(&app, &crate::world::nhs(2), "restricted", true).await;
    let stranger = persona(&app, "stranger").await;
    crate::kit::opens(&crate::kit::break_glass(&stranger, &crate::world::nhs(2)).await, &["far", "far-Patient"]);
    app
}

/// How many rows a statement gives or touches, or the SQLSTATE with which it is refused.
async fn tried(on: &mut PgConnection, statement: &str) -> Result<u64, String> {
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    match sqlx::raw_sql(statement).fetch_all(&mut *on).await {
        Ok(rows) => Ok(rows.len() as u64),
        Err(sqlx::Error::Database(error)) => Err(error.code().unwrap_or_default().into_owned()),
        Err(error) => panic!("{error}"),
    }
}

/// What PostgreSQL says to who may not.
fn denied() -> Result<u64, String> {
    Err("42501".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_select_reads_a_table() {
    let app = filled().await;
    let mut owner = database(&app).await;
    // Every table with a person's key in it, but the directory, is among these, or is the trail.
    let find = "SELECT t.tablename::text FROM pg_tables t JOIN information_schema.columns c ON c.table_schema = t.schemaname \
                AND c.table_name = t.tablename WHERE t.schemaname = 'public' AND c.column_name = 'patient_id' \
                AND t.tablename !~ '^(practitioner|practitioner_role|organization)(_history)?$' ORDER BY 1";
    let found: Vec<String> = sqlx::query_scalar(find).fetch_all(&mut owner).await.expect("tables");
    let (trail, tables): (Vec<String>, Vec<String>) = found.into_iter().partition(|name| name.starts_with("audit"));
    assert_eq!(tables, TABLES);
    assert!(trail.len() >= 4, "the trail, its months and the rest: {trail:?}");
    let mut service = service(&app).await;
    for table in tables {
        let select = format!("SELECT * FROM {table}");
        assert!(tried(&mut owner, &select).await.expect("rows") > 0, "{table} is empty");
        assert_eq!(tried(&mut service, &select).await, Ok(0), "{table}");
        assert_eq!(tried(&mut service, &format!("SELECT * FROM {table} WHERE patient_id > 0")).await, Ok(0), "{table}");
        assert_eq!(tried(&mut service, &format!("SELECT 1 FROM {table} FOR UPDATE")).await, Ok(0), "{table}");
        assert_eq!(
            tried(&mut service, &format!("SELECT * FROM ONLY {table} TABLESAMPLE BERNOULLI (100)")).await,
            Ok(0),
            "{table}"
        );
    }
    for table in trail.iter().map(String::as_str).chain(["audit_chain"]) {
        assert_eq!(tried(&mut service, &format!("SELECT * FROM {table}")).await, denied(), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_select_reads_a_view() {
    let app = filled().await;
    let find = "SELECT viewname::text FROM pg_views WHERE schemaname = 'reach' ORDER BY 1";
    let views: Vec<String> = sqlx::query_scalar(find).fetch_all(&mut database(&app).await).await.expect("views");
    let wanted = [
        "allergy_intolerance",
        "allergy_intolerance_history",
        "audit_event",
        "care_plan",
        "care_plan_history",
        "condition",
        "condition_history",
        "medication_statement",
        "medication_statement_history",
        "observation",
        "observation_history",
        "patient",
        "patient_history",
    ];
    assert_eq!(views, wanted);
    let mut service = service(&app).await;
    for view in views {
        for statement in
            [format!("SELECT * FROM reach.{view}"), format!("SELECT id FROM reach.{view} WHERE patient_id <> 0")]
        {
            assert_eq!(tried(&mut service, &statement).await, Ok(0), "{statement}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reach_outlives_its_statement() {
    let app = filled().await;
    let mut service = service(&app).await;
    let open = "SELECT reach_set(ARRAY['organisation/Y90001'], 'near', 'elsewhere', true)";
    assert_eq!(tried(&mut service, open).await, Ok(1));
    for table in TABLES {
        assert_eq!(tried(&mut service, &format!("SELECT * FROM {table}")).await, Ok(0), "{table}");
    }
    assert_eq!(tried(&mut service, "SELECT * FROM reach.audit_event").await, Ok(0));
    // Nor does it after a transaction that was undone, or one that saw the whole record.
    for end in ["ROLLBACK", "COMMIT"] {
        let begin = format!("BEGIN; SET LOCAL lcr.whole = 'on'; SELECT 1 FROM patient LIMIT 1; {end}");
        assert_eq!(tried(&mut service, &begin).await, Ok(1));
        assert_eq!(tried(&mut service, "SELECT * FROM patient").await, Ok(0), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reach_opens_more_than_it_says() {
    let app = filled().await;
    let mut service = service(&app).await;
    let ids = async |service: &mut PgConnection, reach: &str, table: &str| {
        let statement = format!("SELECT t.id FROM {table} t WHERE (SELECT reach_set({reach})) ORDER BY t.id");
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *service).await.expect("rows");
        rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<String>>()
    };
    for table in ["condition", "reach.condition"] {
        let nobody = ids(&mut service, "ARRAY['organisation/Y9X99'], NULL, NULL, false", table).await;
        assert_eq!(nobody, Vec::<String>::new(), "{table}");
        let near = ids(&mut service, "ARRAY['organisation/Y90001'], NULL, NULL, false", table).await;
        assert_eq!(near, ["near-Condition", "veil-Condition"], "{table}");
        let far = ids(&mut service, "NULL, 'far', NULL, false", table).await;
        assert_eq!(far, ["far-Condition"], "{table}");
        let trail = ids(&mut service, "NULL, NULL, NULL, true", table).await;
        assert_eq!(trail, Vec::<String>::new(), "the trail opens no record: {table}");
        for odd in ["ARRAY['']", "ARRAY['organisation/']", "ARRAY['%']", "ARRAY[NULL]", "'{}'"] {
            let none = ids(&mut service, &format!("{odd}::text[], '', '', false"), table).await;
            assert_eq!(none, Vec::<String>::new(), "{table} {odd}");
        }
    }
    let near = ids(&mut service, "ARRAY['organisation/Y90001'], NULL, NULL, false", "reach.audit_event").await;
    assert_eq!(near, Vec::<String>::new(), "staff see no trail");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_changed_by_the_service() {
    let app = filled().await;
    let count = "SELECT count(*) FROM audit";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut database(&app).await).await.expect("a count");
    let mut service = service(&app).await;
    for table in ["audit", "audit_other", "audit_chain"] {
        for statement in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} ADD COLUMN x text"),
        ] {
            assert_eq!(tried(&mut service, &statement).await, denied(), "{statement}");
        }
    }
    for statement in [
        "UPDATE audit SET outcome = 0",
        "UPDATE audit SET patient_id = NULL WHERE patient_id IS NOT NULL",
        "UPDATE audit_chain SET link = 0",
        "INSERT INTO audit (at, chain, link, place, request_id, client, role, purpose, action, resource_type, query, outcome) \
         VALUES (now(), 1, 1, 9, gen_random_uuid(), 'x', 'x', 'x', 'R', 'Patient', '', 0)",
        "INSERT INTO audit_chain VALUES (9, 0, '')",
        "SELECT audit_months(), reach_views()",
        "DROP FUNCTION audit_append(json, bytea)",
        "CREATE OR REPLACE FUNCTION audit_append(entries json, digest bytea) RETURNS void LANGUAGE sql AS 'SELECT'",
    ] {
        assert_eq!(tried(&mut service, statement).await, denied(), "{statement}");
    }
    // A view of functions and joins cannot be written to.
    for statement in ["DELETE FROM reach.audit_event", "UPDATE reach.audit_event SET version = 2"] {
        assert!(tried(&mut service, statement).await.is_err(), "{statement}");
    }
    let after: i64 = sqlx::query_scalar(count).fetch_one(&mut database(&app).await).await.expect("a count");
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clinical_row_is_changed_by_the_service() {
    let app = filled().await;
    let mut service = service(&app).await;
    for table in ["patient", "condition", "observation", "care_plan", "condition_history", "patient_key", "person"] {
        let same = sqlx::AssertSqlSafe(format!("UPDATE {table} SET patient_id = patient_id"));
        let touched = sqlx::query(same).execute(&mut service).await.expect("an update").rows_affected();
        assert_eq!(touched, 0, "{table}");
        assert_eq!(tried(&mut service, &format!("TRUNCATE {table}")).await, denied(), "{table}");
        assert_eq!(
            tried(&mut service, &format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")).await,
            denied(),
            "{table}"
        );
        assert_eq!(tried(&mut service, &format!("DROP POLICY reach ON {table}")).await, denied(), "{table}");
    }
    for table in ["patient", "condition", "observation", "care_plan", "condition_history"] {
        let all = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
        assert_eq!(sqlx::query(all).execute(&mut service).await.expect("a delete").rows_affected(), 0, "{table}");
    }
    // With somebody's reach rows may be seen and are still not written: only within a write of the service.
    let change = "UPDATE condition SET resource = '{}' WHERE (SELECT reach_set(ARRAY['organisation/Y90001'], 'far', 'elsewhere', false))";
    assert_eq!(tried(&mut service, change).await, denied());
    for statement in [
        "INSERT INTO patient_key (id, patient_id) VALUES ('x', 1)",
        "INSERT INTO person (patient_id) VALUES (1)",
        "INSERT INTO person_protection (patient_id) VALUES (1)",
        "INSERT INTO care_relationship (patient_id, holder_kind, holder, basis, valid_from, source, reason) \
         VALUES (1, 'practitioner', 'x', 'caseload', now(), 'x', 'x')",
        "INSERT INTO condition_history (patient_id, id, version, updated_at, source_id, confidentiality, verb) \
         VALUES (1, 'x', 1, now(), 1, 3, 'POST')",
        "UPDATE reach.condition SET resource = '{}'",
        "DELETE FROM reach.condition",
        "DELETE FROM care_relationship",
        "DELETE FROM access_alert",
        "DELETE FROM person_protection",
        "UPDATE service_key SET secret = ''",
    ] {
        assert_eq!(tried(&mut service, statement).await, denied(), "{statement}");
    }
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Condition/near-Condition").await.json()["meta"]["versionId"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_databases_own_tools_go_round_the_lock() {
    let app = filled().await;
    let mut owner = database(&app).await;
    sqlx::raw_sql("ANALYZE").execute(&mut owner).await.expect("statistics");
    let mut service = service(&app).await;
    // What the planner remembers of values, whole rows by COPY, and the lock switched off.
    let statistics = "SELECT * FROM pg_stats WHERE tablename IN ('patient', 'condition', 'person', 'patient_key', 'care_relationship')";
    assert_eq!(tried(&mut service, statistics).await, Ok(0));
    assert_eq!(tried(&mut service, "SELECT * FROM pg_statistic").await, denied());
    assert_eq!(tried(&mut service, "SET row_security = off; SELECT * FROM patient").await, denied());
    sqlx::raw_sql("RESET row_security").execute(&mut service).await.expect("a reset");
    assert_eq!(tried(&mut service, "RESET ROLE; SELECT * FROM patient").await, Ok(0));
    assert_eq!(tried(&mut service, "CREATE VIEW public.mine AS SELECT * FROM patient").await, denied());
    assert_eq!(
        tried(&mut service, "CREATE FUNCTION reach.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'").await,
        denied()
    );
    service.close().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_fails_quotes_a_hidden_row() {
    let app = filled().await;
    let mut service = service(&app).await;
    // A condition that cannot be evaluated says of which value: it must not be asked of rows that are not to be seen. The
    // views are not proof against who writes such a condition: they are for the service's own statements (docs/access.md).
    for table in ["patient", "condition", "condition_history"] {
        assert_eq!(
            tried(&mut service, &format!("SELECT id FROM {table} WHERE resource::int > 0")).await,
            Ok(0),
            "{table}"
        );
    }
}
