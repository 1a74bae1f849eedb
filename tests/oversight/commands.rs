//! The commands of an operator: `lcr audit verify`, `lcr audit export`, `lcr relationship`.

use std::path::PathBuf;

use serde_json::Value;
use tokio::process::Command;

use crate::common::TestApp;
use crate::support::run;
use crate::world::{FAR, NEAR, full, nhs, persona};

/// Exit status, standard output and standard error of a command over the test's database.
async fn lcr(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lcr"));
    let output = command.args(arguments).env("LCR_DATABASE_URL", &app.database).output().await.expect("lcr runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_is_verified_and_exported() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for _ in 0..3 {
        gp.get("Patient/near").await;
    }
    let (status, said, wrong) = lcr(&app, &["audit", "verify"]).await;
    assert_eq!((status, wrong.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("The trail is whole."), "{said}");
    let anchors = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anchors.txt");
    std::fs::write(&anchors, &said).expect("a file");
    let anchors = anchors.display().to_string();
    let (status, export, _) = lcr(&app, &["audit", "export"]).await;
    assert_eq!(status, Some(0));
    let events: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(events.len() > 10 && events.iter().all(|event| event["resourceType"] == "AuditEvent"), "{}", events.len());
    let times: Vec<&str> = events.iter().map(|event| event["recorded"].as_str().expect("a time")).collect();
    assert!(times.is_sorted(), "the oldest first");
    let (_, none, _) = lcr(&app, &["audit", "export", "--to", "2020"]).await;
    assert_eq!(none, "");
    let (status, _, wrong) = lcr(&app, &["audit", "export", "--from", "soon"]).await;
    assert!(status == Some(1) && wrong.contains("soon"), "{wrong}");
    // A tail that is cut, head and all, is found by what was printed before.
    run(&app, "DELETE FROM audit WHERE chain = 1 AND link > 3").await;
    run(&app, "UPDATE audit_chain SET link = 3, seal = (SELECT seal FROM audit WHERE chain = 1 AND link = 3 AND place = 0) WHERE chain = 1").await;
    assert_eq!(lcr(&app, &["audit", "verify"]).await.0, Some(0), "nothing else tells");
    let (status, said, _) = lcr(&app, &["audit", "verify", "--anchors", &anchors]).await;
    assert!(status == Some(1) && said.contains("FAULT chain 1") && said.contains("NOT whole"), "{said}");
    run(&app, "UPDATE audit SET user_id = 'somebody' WHERE chain = 1 AND link = 2").await;
    let (status, said, _) = lcr(&app, &["audit", "verify"]).await;
    assert!(status == Some(1) && said.contains("link 2 was changed"), "{said}");
    for bad in ["anchor 1:2", "anchor x:1:00"] {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bad-anchors.txt");
        std::fs::write(&file, bad).expect("a file");
        let (status, _, wrong) = lcr(&app, &["audit", "verify", "--anchors", &file.display().to_string()]).await;
        assert!(status == Some(1) && wrong.contains("is no anchor"), "{bad}: {wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relationships_are_imported_and_ended() {
    let app = full().await;
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("told.csv");
    let head = "nhs_number,holder_kind,holder,basis,valid_from,valid_to,source,reason";
    let told = format!("{head}\n{},practitioner,stranger,referral,2020-01-01,,pas,Referred to the doctor\n", nhs(FAR));
    std::fs::write(&path, &told).expect("a file");
    let file = path.display().to_string();
    let stranger = persona(&app, "stranger").await;
    assert_eq!(stranger.get("Patient/far").await.status, 404);
    let (status, said, wrong) = lcr(&app, &["relationship", "import", &file]).await;
    assert_eq!((status, said.as_str()), (Some(0), "Relationships in the record: 1\n"), "{wrong}");
    assert_eq!(stranger.get("Patient/far").await.status, 200);
    let (status, said, _) = lcr(&app, &["relationship", "end", &nhs(FAR), "practitioner/stranger"]).await;
    assert_eq!((status, said.as_str()), (Some(0), "Ended: 1\n"));
    assert_eq!(stranger.get("Patient/far").await.status, 404);
    assert_eq!(lcr(&app, &["relationship", "end", &nhs(NEAR), "practitioner/stranger"]).await.0, Some(1));
    std::fs::write(&path, format!("{told}1,2,3,4,5,6,7,8\n")).expect("a file");
    let (status, said, _) = lcr(&app, &["relationship", "import", &file]).await;
    assert!(status == Some(1) && said.contains("Refused: 1") && said.contains("told.csv:3"), "{said}");
    let (status, _, wrong) = lcr(&app, &["relationship", "import", "no-such-file.csv"]).await;
    assert!(status == Some(1) && wrong.contains("no-such-file.csv"), "{wrong}");
    // What an operator does is in the trail too.
    let officer = persona(&app, "privacy-officer").await;
    let events = officer.get("AuditEvent?subtype=110137&_count=50").await.json();
    assert_eq!(events["entry"].as_array().expect("entries").len(), 4, "two imports and two endings: {events:#}");
}
