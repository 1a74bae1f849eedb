//! Attacks on seals and opt-outs where roles may go over them: what opens does so for one user, in one role, for its time.

use std::collections::BTreeMap;

use lcr_facade::access::Claims;
use lcr_facade::config::Config;

use crate::common::TestApp;
use crate::kit::{
    BORN, REASON, addressed, as_absent, ask, behind_the_scenes, break_glass, break_over, finds, nobody, nothing,
};
use crate::kit::{opens, protect, refused};
use crate::world::{ELSEWHERE, FAR, NEAR, about, claims, labelled, nhs, patient, persona, put, session};

/// A service where the role `guardian` may go over an opt-out, and `far` with a Condition has opted out.
async fn guarded() -> TestApp {
    let text = "types = { \"*\" = \"rs\" }\nup_to = \"R\"\nmay = [\"break-glass\", \"over-opt-out\", \"self-claim\"]";
    let role_policy = BTreeMap::from([("guardian".to_owned(), toml::from_str(text).expect("a role"))]);
    let policies = lcr_facade::access::policy::Policies::with(&role_policy).expect("sound roles");
    let app = TestApp::with(Config { role_policy, policies, ..Config::default() }).await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &patient("far", FAR)).await;
    put(&elsewhere, &about("Condition", "far-Condition", "far", FAR)).await;
    protect(&app, &nhs(FAR), "opted-out", true).await;
    app
}

/// A user in that role.
fn guardian(user: &str) -> Claims {
    Claims { role: "guardian".to_owned(), user: Some(user.to_owned()), ..claims("stranger") }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_go_over_an_opt_out_does_so_without_saying_so() {
    let app = guarded().await;
    let guardian = session(&app, &guardian("g")).await;
    refused(&break_glass(&guardian, &nhs(FAR)).await, 404, &nobody());
    let number = nhs(FAR);
    let values = [("nhs-number", number.as_str()), ("birth-date", BORN), ("reason", REASON)];
    refused(&ask(&guardian, "self-claim", &values).await, 404, &nobody());
    // Nor by being in their care.
    crate::world::relate(&app, FAR, "practitioner", "g").await;
    refused(&as_absent(&guardian, "Patient/@", "far", "nix").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_over_an_opt_out_goes_on_for_others_or_for_longer() {
    let app = guarded().await;
    let own = session(&app, &guardian("g")).await;
    opens(&break_over(&own, &nhs(FAR), "opt-out").await, &["far"]);
    finds(&own.get("Condition?_total=accurate").await, &["far-Condition"], Some(1));
    let next = own.get("Patient/far/$everything?_count=1").await.link("next").expect("a next page");
    // Not for a colleague in their care, nor for the same user in a role that goes over none.
    crate::world::relate(&app, FAR, "practitioner", "colleague").await;
    refused(&session(&app, &guardian("colleague")).await.get("Patient/far").await, 404, &nothing());
    let doctor = Claims { role: "doctor".to_owned(), ..guardian("g") };
    refused(&session(&app, &doctor).await.get("Patient/far").await, 404, &nothing());
    behind_the_scenes(&app, "UPDATE care_relationship SET valid_to = now() - interval '1 second' WHERE over_opt_out")
        .await;
    finds(&own.get("Condition?_total=accurate").await, &[], Some(0));
    refused(&own.get("Condition/far-Condition").await, 404, &nothing());
    refused(&own.get(&next).await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_comes_after_the_glass_was_broken() {
    let app = guarded().await;
    protect(&app, &nhs(FAR), "opted-out", false).await;
    let own = session(&app, &guardian("g")).await;
    opens(&break_glass(&own, &nhs(FAR)).await, &["far"]);
    assert_eq!(own.get("Patient/far").await.status, 200);
    // What was opened over nothing does not go over what comes later.
    protect(&app, &nhs(FAR), "opted-out", true).await;
    refused(&own.get("Patient/far").await, 404, &nothing());
    opens(&break_over(&own, &nhs(FAR), "opt-out").await, &["far"]);
    assert_eq!(own.get("Patient/far").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_patient_leaves_the_persons_other_rows_open() {
    let app = addressed().await;
    // Another source labels its own Patient of the same person V.
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &labelled(patient("twin", NEAR), "V")).await;
    for name in ["gp", "nurse", "social-worker"] {
        let session = persona(&app, name).await;
        for path in ["Patient/@", "Patient/@/_history", "Patient/@/_history/1", "Patient/@/$everything"] {
            refused(&as_absent(&session, path, "near", "nemo").await, 404, &nothing());
            refused(&as_absent(&session, path, "twin", "nemo").await, 404, &nothing());
        }
        finds(&as_absent(&session, "Condition?patient=@&_total=accurate", "near", "nemo").await, &[], Some(0));
        let number = "Patient?identifier=@&_total=accurate";
        finds(&as_absent(&session, number, &nhs(NEAR), &nhs(40)).await, &[], Some(0));
    }
    // A doctor opens it; the person's other Patient is then shown whole, too.
    let gp = persona(&app, "gp").await;
    opens(&break_over(&gp, &nhs(NEAR), "seal").await, &["near", "twin"]);
    finds(&gp.get("Patient?_total=accurate").await, &["near", "twin"], Some(2));
    refused(&persona(&app, "hospital-doctor").await.get("Patient/near").await, 404, &nothing());
    // The person sees their own, and not what is sealed.
    let own = persona(&app, "patient").await;
    finds(&own.get("Patient?_total=accurate").await, &["near"], Some(1));
    refused(&as_absent(&own, "Patient/@", "twin", "nemo").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_of_a_sealed_patient_is_open_after_its_deletion() {
    let app = addressed().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &patient("twin", NEAR)).await;
    put(&elsewhere, &labelled(patient("twin", NEAR), "V")).await;
    assert_eq!(elsewhere.delete("Patient/twin").await.status, 204);
    // The person is not sealed any more; what was sealed stays so, with its past.
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/near").await.status, 200);
    refused(&as_absent(&gp, "Patient/@/_history/2", "twin", "nemo").await, 404, &nothing());
    refused(&as_absent(&gp, "Patient/@/_history/1", "twin", "nemo").await, 404, &nothing());
    refused(&as_absent(&gp, "Patient/@/_history", "twin", "nemo").await, 404, &nothing());
    refused(&as_absent(&gp, "Patient/@", "twin", "nemo").await, 404, &nothing());
}
