//! Breaking glass and claiming care: what they open, for how long, and how they are reviewed.

#![allow(clippy::disallowed_types)] // Time passes by a statement of the owner.

use lcr_facade::access::policy::{Permission, RolePolicy};
use lcr_facade::access::{Claims, Policies};
use lcr_facade::config::{Config, Overrides};
use serde_json::Value;

use crate::common::{Session, TestApp};
use crate::support::{REASON, ask, done, owner, part, run, values};
use crate::world::{FAR, GP_SOURCE, about, claims, labelled, nhs, patient, persona, put, session};

/// The date of birth of everybody here.
const BORN: &str = "1950-05-05";

/// One patient with a plain, a restricted and a very restricted Condition.
async fn record(config: Config) -> TestApp {
    let app = TestApp::with(config).await;
    let source = app.source(GP_SOURCE).await;
    put(&source, &patient("far", FAR)).await;
    put(&source, &about("Condition", "plain", "far", FAR)).await;
    put(&source, &labelled(about("Condition", "restricted", "far", FAR), "R")).await;
    put(&source, &labelled(about("Condition", "sealed", "far", FAR), "V")).await;
    app
}

/// Roles of which the doctor may also go over an opt-out.
fn over_opt_outs() -> Config {
    let mut doctor: RolePolicy = Policies::default().of_role("doctor").expect("doctor").as_ref().clone();
    doctor.may.push(Permission::OverOptOut);
    let policies = Policies::with(&[("doctor".to_owned(), doctor)].into()).expect("policies");
    Config { policies, ..Config::default() }
}

async fn conditions(session: &Session<'_>) -> Vec<String> {
    let mut ids = session.get("Condition?_count=50").await.ids();
    ids.sort();
    ids
}

async fn break_glass(session: &Session<'_>, over: &[&str]) -> u16 {
    let number = nhs(FAR);
    let mut said = vec![("nhs-number", number.as_str()), ("birth-date", BORN), ("reason", REASON)];
    said.extend(over.iter().map(|over| ("over", *over)));
    ask(session, "break-glass", &said).await.status.as_u16()
}

/// The open alerts, as their reviewer sees them.
async fn alerts(app: &TestApp) -> Vec<Value> {
    let officer = persona(app, "privacy-officer").await;
    values(&officer.get("Patient/$access-alerts").await.json(), "alert")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_glass_opens_what_the_role_sees_until_its_time_is_over() {
    let app = record(Config::default()).await;
    let stranger = persona(&app, "stranger").await;
    assert_eq!(stranger.get("Patient/far").await.status, 404);
    let opened =
        done(&stranger, "break-glass", &[("nhs-number", &nhs(FAR)), ("birth-date", BORN), ("reason", REASON)]).await;
    assert_eq!(values(&opened, "patient"), [serde_json::json!({"reference": "Patient/far"})]);
    let until = values(&opened, "until")[0].as_str().expect("a time").to_owned();
    assert!(until.ends_with('Z'), "{until}");
    assert_eq!(stranger.get("Patient/far").await.status, 200);
    assert_eq!(conditions(&stranger).await, ["plain", "restricted"], "up to the doctor's own label, no further");
    let nurse = persona(&app, "nurse").await;
    assert_eq!(nurse.get("Patient/far").await.status, 404, "it is the user's alone");
    assert_eq!(break_glass(&nurse, &[]).await, 200);
    assert_eq!(conditions(&nurse).await, ["plain"], "a nurse sees what nurses see");
    let minutes = "SELECT extract(epoch FROM valid_to - valid_from)::int / 60 FROM care_relationship";
    let minutes: Vec<i32> = sqlx::query_scalar(minutes).fetch_all(&mut owner(&app).await).await.expect("minutes");
    assert_eq!(minutes, [60, 60], "as configured");
    run(&app, "UPDATE care_relationship SET valid_to = now()").await;
    assert_eq!(stranger.get("Patient/far").await.status, 404, "its time is over");
    assert_eq!(conditions(&stranger).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_opens_to_who_may_and_says_so() {
    let app = record(Config::default()).await;
    let source = app.source(GP_SOURCE).await;
    let stranger = persona(&app, "stranger").await;
    assert_eq!(break_glass(&stranger, &["seal"]).await, 200);
    assert_eq!(conditions(&stranger).await, ["plain", "restricted", "sealed"]);
    let nurse = persona(&app, "nurse").await;
    assert_eq!(break_glass(&nurse, &["seal"]).await, 403, "a nurse opens no seal");
    assert_eq!(conditions(&nurse).await, Vec::<String>::new());
    // A person under a V label is found by no broken glass, unless the seal is opened with it.
    put(&source, &labelled(patient("far", FAR), "V")).await;
    assert_eq!(conditions(&stranger).await, ["plain", "restricted", "sealed"], "the seal is open");
    let doctor = session(&app, &Claims { user: Some("another".to_owned()), ..claims("stranger") }).await;
    assert_eq!(break_glass(&doctor, &[]).await, 404);
    assert_eq!(break_glass(&doctor, &["seal"]).await, 200);
    assert_eq!(doctor.get("Patient/far").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_stands_unless_a_role_is_configured_to_go_over_it() {
    for (config, may) in [(Config::default(), false), (over_opt_outs(), true)] {
        let app = record(config).await;
        let officer = persona(&app, "privacy-officer").await;
        let (stranger, number) = (persona(&app, "stranger").await, nhs(FAR));
        assert_eq!(break_glass(&stranger, &[]).await, 200);
        assert_eq!(conditions(&stranger).await, ["plain", "restricted"]);
        let said = [("nhs-number", number.as_str()), ("opted-out", "true"), ("reason", "asked in writing to opt out")];
        done(&officer, "protect", &said).await;
        assert_eq!(conditions(&stranger).await, Vec::<String>::new(), "it shuts what was open");
        assert_eq!(stranger.get("Patient/far").await.status, 404);
        assert_eq!(break_glass(&stranger, &[]).await, 404, "as for somebody who is not there");
        assert_eq!(break_glass(&stranger, &["opt-out"]).await, if may { 200 } else { 403 });
        assert_eq!(stranger.get("Patient/far").await.status, if may { 200 } else { 404 });
        assert_eq!(conditions(&stranger).await.is_empty(), !may);
        let lift = [("nhs-number", number.as_str()), ("opted-out", "false"), ("reason", "has changed their mind")];
        done(&officer, "protect", &lift).await;
        assert_eq!(conditions(&stranger).await, ["plain", "restricted"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_is_reviewed_and_ends_if_it_was_not_appropriate() {
    let app = record(Config::default()).await;
    let officer = persona(&app, "privacy-officer").await;
    let stranger = persona(&app, "stranger").await;
    assert_eq!(break_glass(&stranger, &[]).await, 200);
    let number = nhs(FAR);
    let wrong = [("nhs-number", number.as_str()), ("birth-date", "1950-05-06"), ("reason", REASON)];
    assert_eq!(ask(&stranger, "break-glass", &wrong).await.status, 404);
    let open = alerts(&app).await;
    let shown: Vec<_> = open
        .iter()
        .map(|alert| ["kind", "user", "role", "reason", "nhs-number", "patient"].map(|name| part(alert, name)))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    let who = [text("stranger"), text("doctor"), text(REASON)];
    let [user, role, reason] = who.clone();
    let first = [text("break-glass"), user, role, reason, Some(number.clone()), text("Patient/far")];
    let [user, role, reason] = who;
    let second = [text("refused"), user, role, reason, None, None];
    assert_eq!(shown, [first, second]);
    let id = part(&open[0], "id").expect("id");
    let verdict = [("alert", id.as_str()), ("verdict", "appropriate"), ("note", "the ward confirms it")];
    done(&officer, "review", &verdict).await;
    assert_eq!(conditions(&stranger).await, ["plain", "restricted"], "an appropriate one goes on");
    assert_eq!(alerts(&app).await.len(), 1, "one is left to look at");
    let verdict = [("alert", id.as_str()), ("verdict", "inappropriate")];
    done(&officer, "review", &verdict).await;
    assert_eq!(conditions(&stranger).await, Vec::<String>::new(), "one that was not ends at once");
    let all = officer.get("Patient/$access-alerts?all=true").await.json();
    let verdicts: Vec<_> = values(&all, "alert").iter().map(|alert| part(alert, "verdict")).collect();
    assert_eq!(verdicts, [text("inappropriate"), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_of_care_is_short_and_raises_an_alert() {
    let config =
        Config { overrides: Overrides { self_claim_minutes: 90, ..Overrides::default() }, ..Config::default() };
    let app = record(config).await;
    let adviser = persona(&app, "nhs-111").await;
    let number = nhs(FAR);
    let said = [("nhs-number", number.as_str()), ("birth-date", BORN), ("reason", "has called 111 about chest pain")];
    assert_eq!(adviser.get("Patient/far").await.status, 404);
    done(&adviser, "self-claim", &said).await;
    assert_eq!(conditions(&adviser).await, ["plain"]);
    let kept = "SELECT basis || ' ' || extract(epoch FROM valid_to - valid_from)::int / 60 FROM care_relationship";
    let kept: Vec<String> = sqlx::query_scalar(kept).fetch_all(&mut owner(&app).await).await.expect("rows");
    assert_eq!(kept, ["self_claimed 90"]);
    assert_eq!(part(&alerts(&app).await[0], "kind").as_deref(), Some("self-claim"));
    let receptionist = persona(&app, "receptionist").await;
    assert_eq!(ask(&receptionist, "self-claim", &said).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_and_what_is_asked_wrongly() {
    let app = record(Config::default()).await;
    let stranger = persona(&app, "stranger").await;
    let all = futures_util::future::join_all((0..16).map(|_| break_glass(&stranger, &[]))).await;
    assert!(all.iter().all(|status| *status == 200), "{all:?}");
    let number = nhs(FAR);
    let good = [("nhs-number", number.as_str()), ("birth-date", BORN), ("reason", REASON)];
    for (name, value, status) in [
        ("nhs-number", "9990000000", 400),
        ("nhs-number", "", 400),
        ("birth-date", "1950", 400),
        ("birth-date", "yesterday", 400),
        ("reason", "because", 400),
        ("reason", &"x".repeat(1001), 400),
        ("over", "everything", 400),
        ("nonsense", "1", 400),
    ] {
        let mut said: Vec<(&str, &str)> = good.iter().copied().filter(|(known, _)| *known != name).collect();
        said.push((name, value));
        let reply = ask(&stranger, "break-glass", &said).await;
        assert_eq!(reply.status, status, "{name}={value}: {}", reply.text);
        let named = value.is_empty() || reply.text.contains(name);
        assert!(named, "{name}: {}", reply.text);
    }
    assert_eq!(stranger.get("Patient/$break-glass").await.status, 405, "nothing that changes is asked by GET");
}
