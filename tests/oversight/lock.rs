//! The second lock: the service's role owns nothing, and sees no row unless a statement says in whose reach.

#![allow(clippy::disallowed_types)] // The pool is opened raw to show that it opens nothing.

use std::str::FromStr;

use lcr_facade::app::App;
use lcr_facade::config::Config;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row};

use crate::common::TestApp;
use crate::support::owner;
use crate::world::{full, persona};

/// A connection as the service has them.
async fn service(app: &TestApp) -> PgConnection {
    let options = PgConnectOptions::from_str(&app.database).expect("a URL").options([("role", "lcr_service")]);
    options.connect().await.expect("a connection")
}

async fn count(on: &mut PgConnection, relation: &str) -> i64 {
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {relation}"));
    sqlx::query_scalar(count).fetch_one(on).await.unwrap_or_else(|error| panic!("{relation}: {error}"))
}

/// Every table that has a patient_id, and every relation of the schema `reach`, by the catalogue: a new one is not forgotten.
async fn of_persons(app: &TestApp) -> Vec<String> {
    let all = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname IN ('public', 'reach') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition \
               AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'patient_id') ORDER BY 1";
    sqlx::query_scalar(all).fetch_all(&mut owner(app).await).await.expect("the catalogue")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_connection_of_the_service_reads_nothing() {
    let app = full().await;
    persona(&app, "gp").await.get("Patient/near").await;
    let relations = of_persons(&app).await;
    assert!(relations.len() >= 25, "{relations:?}");
    let (mut raw, mut all) = (service(&app).await, owner(&app).await);
    // Those who give care are nobody's record.
    let open = ["public.practitioner", "public.practitioner_role", "public.organization"];
    let mut rows = 0;
    for relation in relations.iter().filter(|relation| !open.iter().any(|open| relation.starts_with(open))) {
        if relation == "public.audit" {
            let refused = sqlx::query("SELECT 1 FROM audit").fetch_optional(&mut raw).await.expect_err("the trail");
            assert!(refused.to_string().contains("permission denied"), "{refused}");
            continue;
        }
        assert_eq!(count(&mut raw, relation).await, 0, "{relation}");
        rows += count(&mut all, relation).await;
    }
    assert!(rows > 20, "there was something to see: {rows} rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reach_opens_its_own_rows_for_one_statement() {
    let app = full().await;
    let mut raw = service(&app).await;
    let within = "SELECT id FROM reach.condition WHERE (SELECT reach_set(ARRAY['practitioner/nurse'], NULL, NULL, false)) ORDER BY id";
    let found: Vec<String> = sqlx::query_scalar(within).fetch_all(&mut raw).await.expect("rows");
    // The second lock knows reach; labels are the first one's.
    assert_eq!(found, ["near-Condition", "veil-Condition"]);
    for relation in ["reach.condition", "public.condition", "public.patient_key", "public.care_relationship"] {
        assert_eq!(count(&mut raw, relation).await, 0, "{relation} in the statement after it");
    }
    for (holders, patient, source, expected) in [
        (Some("practitioner/nobody"), None, None, vec![]),
        (None, Some("far"), None, vec!["far-Condition"]),
        (None, None, Some("elsewhere"), vec!["far-Condition", "veil-Condition"]),
        (None, None, Some("nobody"), vec![]),
        (None, None, None, vec![]),
    ] {
        let reach = "SELECT id FROM reach.condition WHERE (SELECT reach_set($1, $2, $3, false)) ORDER BY id";
        let holders: Vec<&str> = holders.into_iter().collect();
        let rows = sqlx::query(reach).bind(&holders).bind(patient).bind(source).fetch_all(&mut raw).await;
        let rows: Vec<String> = rows.expect("rows").iter().map(|row| row.get(0)).collect();
        assert_eq!(rows, expected, "{holders:?} {patient:?} {source:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_without_leave_touches_nothing() {
    let app = full().await;
    let mut raw = service(&app).await;
    for (statement, refused) in [
        ("UPDATE condition SET resource = '{}'", false),
        ("DELETE FROM observation", false),
        ("DELETE FROM patient_history", false),
        ("UPDATE care_relationship SET valid_to = NULL", false),
        ("INSERT INTO condition SELECT * FROM condition_history", true),
        ("INSERT INTO patient_key VALUES ('x', 1)", true),
        ("DELETE FROM care_relationship", true),
        ("DELETE FROM person", true),
        ("UPDATE service_key SET secret = ''", true),
        ("DELETE FROM audit", true),
        ("UPDATE audit SET query = ''", true),
        ("INSERT INTO audit_other SELECT * FROM audit", true),
        ("TRUNCATE audit", true),
        ("UPDATE audit_chain SET link = 0", true),
        ("UPDATE reach.patient SET redacted = NULL", true),
        ("ALTER TABLE condition DISABLE ROW LEVEL SECURITY", true),
        ("DROP POLICY reach ON condition", true),
        ("CREATE TABLE mine (x int)", true),
    ] {
        let outcome = sqlx::query(statement).execute(&mut raw).await;
        match outcome {
            Ok(done) => assert!(!refused && done.rows_affected() == 0, "{statement}: {} rows", done.rows_affected()),
            Err(error) => assert!(refused, "{statement}: {error}"),
        }
    }
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Condition/near-Condition").await.status, 200, "nothing was touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_owns_nothing_and_every_table_of_persons_is_locked() {
    let app = TestApp::start().await;
    let mut all = owner(&app).await;
    let owned = "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = 'lcr_service'";
    assert_eq!(sqlx::query_scalar::<_, i64>(owned).fetch_one(&mut all).await.expect("a count"), 0);
    let role =
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'lcr_service'";
    assert!(!sqlx::query_scalar::<_, bool>(role).fetch_one(&mut all).await.expect("the role"));
    let open = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r' \
                AND NOT c.relispartition AND NOT c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'patient_id') \
                ORDER BY 1";
    let open: Vec<String> = sqlx::query_scalar(open).fetch_all(&mut all).await.expect("tables");
    let known = [
        "organization",
        "organization_history",
        "practitioner",
        "practitioner_history",
        "practitioner_role",
        "practitioner_role_history",
    ];
    assert_eq!(open, known, "tables with a patient_id and without row-level security");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_role_is_not_locked_does_not_start() {
    let app = TestApp::start().await;
    let mut all = owner(&app).await;
    // A role of this test alone, which owns a table of the record.
    let name = format!("r{}", uuid::Uuid::new_v4().simple());
    for statement in [
        format!("CREATE ROLE {name} LOGIN IN ROLE lcr_service"),
        format!("CREATE TABLE loose_{name} (x int)"),
        format!("ALTER TABLE loose_{name} OWNER TO lcr_service"),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut all).await.expect("set up");
    }
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    let refused = App::build(config.clone(), &app.database).await.map(|_| ()).expect_err("it started");
    assert!(refused.to_string().contains("lcr_service"), "{refused}");
    sqlx::query(AssertSqlSafe(format!("DROP TABLE loose_{name}"))).execute(&mut all).await.expect("undone");
    // A login that is nothing but a member of the role serves.
    let url = app.database.replacen("user=lcr&", &format!("user={name}&"), 1);
    assert_ne!(url, app.database, "the URL names its user");
    App::build(config, &url).await.expect("it serves");
}
