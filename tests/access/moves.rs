//! A resource that moves from one patient to another by update: each version stays with the patient it was about.

use crate::common::{Session, TestApp};
use crate::world::{ELSEWHERE, about, listed, patient, put, relate, session, visible};
use lcr_facade::access::Claims;

fn doctor(user: &str) -> Claims {
    Claims { user: Some(user.to_owned()), organisation: None, ..crate::world::claims("gp") }
}

/// Patients `old` and `new`; doctors `o`, `n` and `both` in their care.
async fn moved(app: &TestApp) -> Session<'_> {
    let source = app.source(ELSEWHERE).await;
    for (id, n, holder) in [("old", 1, "o"), ("new", 2, "n")] {
        put(&source, &patient(id, n)).await;
        relate(app, n, "practitioner", holder).await;
        relate(app, n, "practitioner", "both").await;
    }
    put(&source, &about("Condition", "c", "old", 1)).await;
    put(&source, &about("Condition", "c", "new", 2)).await;
    source
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_stays_within_the_reach_of_its_patient() {
    let app = TestApp::start().await;
    let source = moved(&app).await;
    // Who, and what they get for: read, version 1, version 2, versions in the history, in a search by id, by patient.
    for (user, read, first, second, versions, found) in
        [("o", 404, 200, 404, 1, 0), ("n", 200, 404, 200, 1, 1), ("both", 200, 200, 200, 2, 1)]
    {
        let doctor = session(&app, &doctor(user)).await;
        assert_eq!(doctor.get("Condition/c").await.status, read, "{user} reads");
        assert_eq!(doctor.get("Condition/c/_history/1").await.status, first, "{user} reads version 1");
        assert_eq!(doctor.get("Condition/c/_history/2").await.status, second, "{user} reads version 2");
        for path in ["Condition/c/_history", "Condition/_history"] {
            let history = doctor.get(path).await;
            let counted = (listed(&history).len(), history.json()["total"].as_u64());
            assert_eq!(counted, (versions, Some(versions as u64)), "{user} {path}: {}", history.text);
        }
        for query in ["_id=c", "code=38341003", "patient=old,new"] {
            let reply = doctor.get(&format!("Condition?{query}&_total=accurate")).await;
            assert_eq!(
                (reply.ids().len(), reply.json()["total"].as_u64()),
                (found, Some(found as u64)),
                "{user} {query}"
            );
        }
    }
    // For who may only see where it was, the current row is as absent, also when it is taken out.
    let o = session(&app, &doctor("o")).await;
    assert_eq!(visible(&o.get("Condition/c").await), visible(&o.get("Condition/d").await));
    assert_eq!(source.delete("Condition/c").await.status, 204);
    assert_eq!(visible(&o.get("Condition/c").await), visible(&o.get("Condition/d").await), "after the delete");
    assert_eq!(session(&app, &doctor("n")).await.get("Condition/c").await.status, 410);
    assert_eq!(listed(&o.get("Condition/c/_history").await).len(), 1);
    // It comes back where it was first: its time with the other patient stays with that one.
    put(&source, &about("Condition", "c", "old", 1)).await;
    assert_eq!(o.get("Condition/c").await.status, 200);
    assert_eq!(session(&app, &doctor("n")).await.get("Condition/c").await.status, 410);
    assert_eq!(listed(&o.get("Condition/c/_history").await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_moves_a_plan_only_within_reach() {
    let app = TestApp::start().await;
    moved(&app).await;
    let both = session(&app, &doctor("both")).await;
    let o = session(&app, &doctor("o")).await;
    let id =
        both.post("CarePlan", about("CarePlan", "x", "old", 1)).await.json()["id"].as_str().expect("id").to_owned();
    let row = format!("CarePlan/{id}");
    let to_hidden = o.put(&row, about("CarePlan", &id, "new", 2)).await;
    let to_absent = o.put(&row, about("CarePlan", &id, "nil", 2)).await;
    assert_eq!(to_hidden.status, 422, "{}", to_hidden.text);
    assert_eq!(to_hidden.text.replace("Patient/new", "Patient/nil"), to_absent.text, "hidden and absent patient");
    assert_eq!(both.get(&row).await.json()["meta"]["versionId"], "1");
    put(&both, &about("CarePlan", &id, "new", 2)).await;
    let absent = |reply| visible(&reply);
    assert_eq!(absent(o.put(&row, about("CarePlan", &id, "old", 1)).await).0, 404, "o cannot fetch it back");
    assert_eq!(absent(o.delete(&row).await).0, 404);
    assert_eq!(session(&app, &doctor("n")).await.get(&row).await.status, 200);
}
