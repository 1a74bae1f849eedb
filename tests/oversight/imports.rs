//! `lcr relationship import`: CSV files into relationships, with a report of what was refused.

use std::path::PathBuf;

use lcr_facade::cli::relationship::import;

use crate::common::TestApp;
use crate::support::owner;
use crate::world::{FAR, GP_SOURCE, NEAR, nhs, patient, persona, put};

const HEAD: &str = "nhs_number,holder_kind,holder,basis,valid_from,valid_to,source,reason\n";

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_good_is_kept_once_and_the_rest_is_refused_by_line() {
    let app = TestApp::start().await;
    let source = app.source(GP_SOURCE).await;
    put(&source, &patient("near", NEAR)).await;
    put(&source, &patient("far", FAR)).await;
    let (near, far) = (nhs(NEAR), nhs(FAR));
    let text = format!(
        "{HEAD}{near},practitioner,nurse,caseload,2020-01-01T00:00:00Z,,pas,On the caseload\n\
         {far},organisation,Y9R01,referral,2020-01-01,2999-01-01,pas,\"Referred, urgently\"\n\
         9990000018,organisation,Y9R01,referral,2020-01-01,,pas,Nobody here\n\
         1234567890,organisation,Y9R01,referral,2020-01-01,,pas,No number\n\
         {near},friend,x,referral,2020-01-01,,pas,No holder\n\
         {near},practitioner,x,break_glass,2020-01-01,,pas,No basis of a source\n\
         {near},practitioner,x,referral,tomorrow,,pas,No time\n\
         {near},practitioner,x,referral,2020-01-01,2019-01-01,pas,Ends before it begins\n\
         {near},practitioner,,referral,2020-01-01,,pas,No id\n\
         {near},practitioner,x\n\
         {near},practitioner,nurse,caseload,2020-01-01T00:00:00Z,,pas,On the caseload again\n"
    );
    let path = file("relationships.csv", &text);
    for round in 0..2 {
        let report = import(&app.store, std::slice::from_ref(&path)).await.expect("an import");
        assert_eq!(report.kept, 3, "round {round}: {report}");
        let refused: Vec<(usize, &str)> = report
            .refusals
            .iter()
            .map(|(place, why)| {
                (place.rsplit(':').next().and_then(|line| line.parse().ok()).expect("a line"), why.as_str())
            })
            .collect();
        let expected = [
            (5, "nhs_number"),
            (6, "holder_kind"),
            (7, "basis"),
            (8, "valid_from"),
            (9, "valid_to"),
            (10, "holder"),
            (11, "columns"),
            (4, "knows nobody"),
        ];
        assert_eq!(refused.len(), expected.len(), "{report}");
        for ((line, why), (expected, words)) in refused.iter().zip(expected) {
            assert_eq!(*line, expected, "{report}");
            assert!(why.contains(words), "{line}: {why}");
        }
        let kept: i64 = sqlx_count(&app).await;
        assert_eq!(kept, 2, "round {round}: running it again changes nothing");
    }
    assert_eq!(persona(&app, "nurse").await.get("Patient/near").await.status, 200);
    assert_eq!(persona(&app, "hospital-doctor").await.get("Patient/far").await.status, 200);
    assert_eq!(persona(&app, "nurse").await.get("Patient/far").await.status, 404);
}

#[allow(clippy::disallowed_types)] // What was kept is counted where it is kept.
async fn sqlx_count(app: &TestApp) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM care_relationship");
    count.fetch_one(&mut owner(app).await).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_taken_in_batches() {
    let app = TestApp::start().await;
    let source = app.source(GP_SOURCE).await;
    for n in 0..20 {
        put(&source, &patient(&format!("p{n}"), 100 + n)).await;
    }
    let mut text = HEAD.to_owned();
    for n in 0..5_000 {
        let number = nhs(100 + n % 25);
        text.push_str(&format!("{number},practitioner,u{n},caseload,2020-01-01,,pas,A caseload of {n}\n"));
    }
    let report = import(&app.store, &[file("many.csv", &text)]).await.expect("an import");
    assert_eq!((report.kept, report.refusals.len()), (4_000, 1_000), "a fifth is about nobody");
}
