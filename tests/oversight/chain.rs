//! The audit trail is chained: what is changed, taken out, put out of order or cut off afterwards is found.

#![allow(clippy::disallowed_types)] // Who attacks the trail has the database's own tools.

use lcr_facade::store::{Anchor, Verified};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};

use crate::common::TestApp;
use crate::support::owner;
use crate::world::{full, persona};

/// A service that has been asked a few things.
async fn asked() -> TestApp {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for path in ["Patient/near", "Condition?code=38341003", "Patient/far", "Condition/near-Condition", "Patient/near"] {
        gp.get(path).await;
    }
    app
}

async fn verify(app: &TestApp, anchors: &[Anchor]) -> Verified {
    app.store.verify_audit(anchors, &mut || ()).await.expect("a look at the trail")
}

/// Does this to the trail as its owner could; gives the faults found.
async fn tamper(app: &TestApp, statements: &[&str], anchors: &[Anchor]) -> Vec<String> {
    let mut all = owner(app).await;
    for statement in statements {
        let done = sqlx::query(AssertSqlSafe((*statement).to_owned())).execute(&mut all).await.expect(statement);
        assert!(done.rows_affected() > 0, "{statement} did nothing");
    }
    verify(app, anchors).await.faults.shown
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_trail_is_whole() {
    let app = asked().await;
    let verified = verify(&app, &[]).await;
    assert!(verified.faults.is_empty(), "{:?}", verified.faults);
    assert!(verified.rows > 15 && verified.links > 10 && verified.unsealed == 0, "{verified:?}");
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit").fetch_one(&mut owner(&app).await).await.expect("count");
    assert_eq!(verified.rows, kept.unsigned_abs());
    // Anchors are read as they are printed, and hold while the trail goes on.
    let anchors: Vec<Anchor> = verified
        .heads
        .iter()
        .filter(|head| head.link > 0)
        .map(|head| head.to_string().parse().expect("an anchor"))
        .collect();
    persona(&app, "gp").await.get("Patient/near").await;
    assert!(verify(&app, &anchors).await.faults.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_is_found() {
    // Every column of a row, by the catalogue, so that none is left out of the seal.
    let app = asked().await;
    let columns = "SELECT attname::text FROM pg_attribute WHERE attrelid = 'audit'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''";
    let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut owner(&app).await).await.expect("columns");
    assert!(columns.len() >= 18, "{columns:?}");
    let mut found = Vec::new();
    for column in &columns {
        let new = match column.as_str() {
            "at" => "at + interval '1 microsecond'",
            "request_id" => "gen_random_uuid()",
            "chain" | "outcome" => "1 + 7 - outcome",
            "id" => "id || '0'",
            "link" => "link + 1000",
            "place" => "place + 5",
            "patient_id" => "coalesce(patient_id, 0) + 1",
            "seal" => "sha256(coalesce(seal, ''))",
            _ => "'something else'",
        };
        let row = "(chain, link, place) = (SELECT chain, link, place FROM audit WHERE patient_id IS NOT NULL AND chain = 1 AND place = 0 ORDER BY link LIMIT 1)";
        let mut all = owner(&app).await;
        sqlx::query("CREATE TEMP TABLE before AS SELECT * FROM audit").execute(&mut all).await.expect("kept");
        let change = format!("UPDATE audit SET {column} = {new} WHERE {row}");
        let done = sqlx::query(AssertSqlSafe(change)).execute(&mut all).await.expect(column);
        assert_eq!(done.rows_affected(), 1, "{column}");
        let faults = verify(&app, &[]).await.faults.shown;
        assert!(!faults.is_empty(), "a changed {column} was not found");
        found.push(faults[0].clone());
        // Put back as it was, it is whole again.
        sqlx::query("DELETE FROM audit").execute(&mut all).await.expect("emptied");
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let names = names.join(", ");
        let back = format!("INSERT INTO audit ({names}) SELECT {names} FROM before");
        sqlx::query(AssertSqlSafe(back)).execute(&mut all).await.expect("put back");
        assert!(verify(&app, &[]).await.faults.is_empty(), "{column} was put back");
    }
    assert!(found.iter().any(|fault| fault.contains("was changed")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_or_swapped_is_found() {
    let middle = "SELECT link FROM audit WHERE chain = 1 ORDER BY link OFFSET 5 LIMIT 1";
    for (attack, statements, words) in [
        ("a removed row", vec![format!("DELETE FROM audit WHERE chain = 1 AND link = ({middle})")], "missing, before"),
        (
            "two swapped",
            vec![
                format!("UPDATE audit SET link = -1 WHERE chain = 1 AND link = ({middle})"),
                "UPDATE audit SET link = link - 1 WHERE chain = 1 AND link = (SELECT max(link) FROM audit WHERE chain = 1)".to_owned(),
                "UPDATE audit SET link = (SELECT max(link) + 1 FROM audit WHERE chain = 1) WHERE chain = 1 AND link = -1".to_owned(),
            ],
            "chain 1",
        ),
        (
            "a removed tail",
            vec!["DELETE FROM audit WHERE chain = 1 AND link > (SELECT max(link) - 3 FROM audit WHERE chain = 1)".to_owned()],
            "missing at its end",
        ),
        ("a whole chain", vec!["DELETE FROM audit WHERE chain = 1".to_owned()], "missing at its end"),
        ("a head", vec!["DELETE FROM audit_chain WHERE chain = 1".to_owned()], "has no head"),
        (
            "a row put in",
            vec![
                "INSERT INTO audit (at, chain, link, place, id, request_id, client, role, purpose, action, resource_type, query, outcome) \
                 SELECT at, chain, link, 1, audit_id(at, chain, link, 1), request_id, client, role, purpose, action, resource_type, query, outcome FROM audit WHERE chain = 1 AND link = 2 AND place = 0"
                    .to_owned(),
            ],
            "link 2 was changed",
        ),
        (
            "a row beyond the head",
            vec![
                "INSERT INTO audit (at, chain, link, place, id, request_id, client, role, purpose, action, resource_type, query, outcome, seal) \
                 SELECT at, chain, link + 1000, 0, audit_id(at, chain, link + 1000, 0), request_id, client, role, purpose, action, resource_type, query, outcome, seal FROM audit WHERE chain = 1 AND link = 2 AND place = 0"
                    .to_owned(),
            ],
            "beyond its head",
        ),
    ] {
        let app = asked().await;
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let faults = tamper(&app, &statements, &[]).await;
        assert!(faults.iter().any(|fault| fault.contains(words)), "{attack}: {faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_is_cut_with_its_head_set_back_is_found_by_an_anchor() {
    let app = asked().await;
    let anchors: Vec<Anchor> = verify(&app, &[]).await.heads.into_iter().filter(|head| head.link > 0).collect();
    let cut = [
        "DELETE FROM audit WHERE chain = 1 AND link > 4",
        "UPDATE audit_chain SET link = 4, seal = (SELECT seal FROM audit WHERE chain = 1 AND link = 4 AND place = 0) WHERE chain = 1",
    ];
    assert_eq!(tamper(&app, &cut, &[]).await, Vec::<String>::new(), "without an anchor nothing tells");
    let faults = verify(&app, &anchors).await.faults.shown;
    assert!(faults.iter().any(|fault| fault.contains("which an anchor names, is not there")), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_keep_the_chains_whole() {
    let app = full().await;
    let tasks = (0..24).map(|n| {
        let app = &app;
        async move {
            let source = app.source(crate::world::GP_SOURCE).await;
            let gp = persona(app, "gp").await;
            for round in 0..6 {
                let id = format!("c-{n}-{round}");
                crate::world::put(&source, &crate::world::about("Condition", &id, "near", crate::world::NEAR)).await;
                assert_eq!(gp.get(&format!("Condition/{id}")).await.status, 200);
            }
        }
    });
    futures_util::future::join_all(tasks).await;
    let verified = verify(&app, &[]).await;
    assert!(verified.faults.is_empty(), "{:?}", verified.faults);
    let used = verified.heads.iter().filter(|head| head.link > 0).count();
    assert!(used > 1, "they did not wait for one chain: {used}");
}

/// A field as the document has it: a byte that says whether it is there, its length, itself.
fn say(text: &mut Vec<u8>, bytes: Option<Vec<u8>>) {
    text.push(u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        text.extend((bytes.len() as u64).to_be_bytes());
        text.extend(bytes);
    }
}

/// While a new version is rolled out, the one before adds to the same chains by the function it knows.
#[tokio::test(flavor = "multi_thread")]
async fn the_version_before_adds_to_the_same_chains() {
    let app = asked().await;
    let gp = persona(&app, "gp").await;
    let before = verify(&app, &[]).await;
    let name = uuid::Uuid::from_u128(7);
    let row = serde_json::json!([{"place": 0, "at": "2026-01-02T03:04:05.000006Z", "request_id": name, "client": "app", "user_id": null,
        "role": "doctor", "organisation": "Y90001", "address": null, "purpose": "TREAT", "action": "R", "resource_type": "Patient",
        "query": "Patient/near", "what": "Patient/near", "patient_id": null, "outcome": 0}]);
    let mut text = Vec::new();
    say(&mut text, Some(1_767_323_045_000_006_i64.to_be_bytes().to_vec()));
    say(&mut text, Some(name.as_bytes().to_vec()));
    let words = ["app", "", "doctor", "Y90001", "", "TREAT", "R", "Patient", "Patient/near", "Patient/near"];
    words.iter().for_each(|word| say(&mut text, (!word.is_empty()).then(|| word.as_bytes().to_vec())));
    say(&mut text, None);
    say(&mut text, Some(0_i16.to_be_bytes().to_vec()));
    for round in 0..3 {
        let old = sqlx::query("SELECT audit_append($1::text::json, $2)").bind(row.to_string());
        old.bind(Sha256::digest(&text).to_vec()).execute(&mut owner(&app).await).await.expect("the old way");
        assert_eq!(gp.get("Patient/near").await.status, 200, "round {round}");
    }
    let verified = verify(&app, &before.heads.into_iter().filter(|head| head.link > 0).collect::<Vec<_>>()).await;
    assert!(verified.faults.is_empty(), "{:?}", verified.faults);
    assert_eq!(verified.rows, before.rows + 6, "three by each way");
    let faults = tamper(&app, &["UPDATE audit SET query = 'Patient/far' WHERE client = 'app'"], &[]).await;
    assert_eq!(faults.len(), 3, "what came by the old way is sealed: {faults:?}");
}

/// A database that stands still: what waits for the trail is refused in time, and when it runs again so does the trail.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_stands_still_holds_nobody_and_goes_on_by_itself() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/near").await.status, 200);
    let mut stall = owner(&app).await;
    sqlx::query("BEGIN").execute(&mut stall).await.expect("a transaction");
    sqlx::query("LOCK TABLE audit_chain IN ACCESS EXCLUSIVE MODE").execute(&mut stall).await.expect("a lock");
    let began = std::time::Instant::now();
    let waiting = ["Patient/near", "Patient/far", "Condition?patient=near", "Nonsense/1"].map(|path| gp.get(path));
    // One that its client gives up stands before them in the line.
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(300), gp.get("Patient/near")).await;
    assert!(given_up.is_err(), "nothing is answered without the trail");
    for reply in futures_util::future::join_all(waiting).await {
        assert_eq!(reply.status, 503, "{}", reply.text);
    }
    assert!(began.elapsed().as_secs() < 60, "bounded: {:?}", began.elapsed());
    let left = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%audit_append($1, $2)%' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&mut stall).await.expect("a count");
    assert_eq!(left, 0, "no session is left behind");
    sqlx::query("ROLLBACK").execute(&mut stall).await.expect("the lock is gone");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while gp.get("Patient/near").await.status != 200 {
        assert!(std::time::Instant::now() < deadline, "the trail goes on");
    }
    let verified = verify(&app, &[]).await;
    assert!(verified.faults.is_empty(), "{:?}", verified.faults);
}

/// The seals once more, by a second reading of the rules that shares no code with the service: each field with a byte that
/// says whether it is there and its length.
#[tokio::test(flavor = "multi_thread")]
async fn the_seals_are_what_the_document_says() {
    let app = asked().await;
    let rows = "SELECT link, place, (extract(epoch FROM at) * 1000000)::bigint, request_id::text, client, user_id, role, organisation, address, \
                purpose, action, resource_type, query, what, patient_id, outcome, basis, seal FROM audit WHERE chain = 1 ORDER BY link, place";
    let rows: Vec<PgRow> = sqlx::query(rows).fetch_all(&mut owner(&app).await).await.expect("rows");
    let mut before: Vec<u8> = Sha256::digest(b"audit chain 1").to_vec();
    let last = rows.last().map(|row| row.get::<i64, _>(0)).expect("rows");
    for link in 1..=last {
        let mine: Vec<&PgRow> = rows.iter().filter(|row| row.get::<i64, _>(0) == link).collect();
        let mut text = Vec::new();
        for row in &mine {
            let mut field = |bytes: Option<Vec<u8>>| say(&mut text, bytes);
            field(Some(row.get::<i64, _>(2).to_be_bytes().to_vec()));
            field(Some(uuid::Uuid::parse_str(row.get(3)).expect("a UUID").as_bytes().to_vec()));
            for column in 4..=13 {
                field(row.get::<Option<String>, _>(column).map(String::into_bytes));
            }
            field(row.get::<Option<i64>, _>(14).map(|person| person.to_be_bytes().to_vec()));
            field(Some(row.get::<i16, _>(15).to_be_bytes().to_vec()));
        }
        let bases: Vec<String> =
            mine.iter().map(|row| row.get::<Option<String>, _>(16).unwrap_or_else(|| "-".to_owned())).collect();
        let mut sealed = before.clone();
        sealed.extend(Sha256::digest(&text));
        sealed.extend(bases.join(",").into_bytes());
        before = Sha256::digest(&sealed).to_vec();
        assert_eq!(mine[0].get::<Vec<u8>, _>(17), before, "link {link}");
    }
}
