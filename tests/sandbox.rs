//! The sandbox: its files are what the generator makes, its personas see what the README says, and the README's
//! commands do what it says they do.

mod common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::TestApp;
use lcr_facade::cli::import;
use lcr_facade::fhir::json::Json;
use lcr_facade::profile::{self, Strictness, Strictnesses};
use lcr_facade::sandbox;
use serde_json::Value;

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", uuid::Uuid::new_v4().simple()))
}

#[test]
fn the_committed_record_is_the_generators() {
    let folder = scratch("generated");
    sandbox::write_records(21, 1, 40, Some(&folder)).expect("records");
    for file in ["record.ndjson", "relationships.csv"] {
        let made = std::fs::read(folder.join(file)).expect("made");
        let kept = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sandbox").join(file)).expect("kept");
        assert!(made == kept, "sandbox/{file} is not what the generator makes: run `make generate`");
    }
    std::fs::remove_dir_all(folder).expect("tidy");
}

#[test]
fn every_generated_resource_passes_the_checks() {
    let folder = scratch("checked");
    sandbox::write_records(40, 99, 60, Some(&folder)).expect("records");
    let text = std::fs::read_to_string(folder.join("record.ndjson")).expect("text");
    assert!(text.lines().count() > 3_000);
    for line in text.lines() {
        let resource = Json::parse(line.as_bytes()).expect("JSON");
        let errors = profile::check(resource.as_object().expect("object"), Strictness::Enforce).errors;
        assert!(errors.is_empty(), "{line}\n{errors:?}");
    }
    std::fs::remove_dir_all(folder).expect("tidy");
}

#[tokio::test(flavor = "multi_thread")]
async fn personas_see_who_they_care_for() {
    let app = TestApp::start().await;
    let report = import::run_ndjson(&app.store, "record", sandbox::RECORD, &app.base, &Strictnesses::default())
        .await
        .expect("import");
    assert_eq!(report.refusals(), []);
    for relationship in sandbox::relationships().expect("relationships") {
        assert!(
            app.store.relate(std::slice::from_ref(&relationship)).await.expect("relate").is_empty(),
            "{relationship:?}"
        );
    }
    // Patients 0, 7 and 14 of region 0 are the practice's; 14 is nobody else's.
    for (persona, patients) in [
        ("gp", 3),
        ("hospital-doctor", 2),
        ("nurse", 2),
        ("social-worker", 2),
        ("stranger", 0),
        ("patient", 1),
        ("gp-system", 3),
    ] {
        let session = app.persona(persona).await;
        let reply = session.get("Patient?_total=accurate").await;
        assert_eq!((reply.status.as_u16(), reply.json()["total"].as_i64()), (200, Some(patients)), "{persona}");
    }
    for (persona, kind) in [("social-worker", "Observation"), ("privacy-officer", "Patient"), ("lab-feed", "Patient")] {
        let reply = app.persona(persona).await.get(kind).await;
        assert_eq!(reply.status.as_u16(), 403, "{persona} {kind}: {}", reply.text);
    }
    // What is restricted is there for the doctor and not for the nurse, who has the same patients as the hospital doctor.
    let restricted = "Observation?_security=R&_total=accurate";
    let doctor = app.persona("hospital-doctor").await.get(restricted).await.json()["total"].as_i64();
    let nurse = app.persona("nurse").await.get(restricted).await.json()["total"].as_i64();
    assert!(doctor > Some(0) && nurse == Some(0), "{doctor:?} {nurse:?}");
}

#[test]
fn the_line_that_the_demo_says_answers_and_ctrl_c_stops_all_of_it() {
    let home = scratch("line");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("port").local_addr().expect("address").port();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_lcr"))
        .arg("demo")
        .env("LCR_HOME", &home)
        .env("LCR_LISTEN", format!("127.0.0.1:{port}"))
        .env_remove("LCR_DATABASE_URL")
        .stdout(Stdio::piped())
        .spawn()
        .expect("demo");
    let output = BufReader::new(demo.stdout.take().expect("stdout"));
    let mut printed = output.lines().map(|line| line.expect("line"));
    let said: Vec<String> = printed.by_ref().take_while(|line| !line.contains("Ctrl-C stops it")).collect();
    let own_line = said.iter().find(|line| line.contains("curl")).expect("a curl line to paste");

    let mut shell = Command::new("sh");
    shell.arg("-euc").arg(own_line).env("LCR_HOME", &home).env_remove("LCR_DATABASE_URL");
    let output = shell.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pasted: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(pasted["entry"].as_array().map(Vec::len), Some(3), "{own_line}");

    // Ctrl-C stops the service and its database.
    let pid = rustix::process::Pid::from_child(&demo);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("SIGINT");
    let rest: Vec<String> = printed.collect();
    assert!(demo.wait().expect("wait").success(), "{rest:?}");
    assert!(!home.join("pg/data/postmaster.pid").exists(), "PostgreSQL still runs");
    std::fs::remove_dir_all(home).expect("tidy");
}
