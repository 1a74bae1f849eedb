//! Attacks by claiming to be involved in somebody's care: by who may not, over what protects a person, and for more than it
//! gives.

use lcr_facade::access::Claims;

use crate::common::{Reply, Session};
use crate::kit::{
    BORN, REASON, ask, finds, forbidden, nobody, nothing, opens, outcome_at, protect, refused, renamed, unpermitted,
};
use crate::world::{FAR, NEAR, VEILED, claims, full, nhs, people, persona, session};

async fn claim(session: &Session<'_>, number: &str, born: &str) -> Reply {
    ask(session, "self-claim", &[("nhs-number", number), ("birth-date", born), ("reason", REASON)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_claims() {
    let app = people().await;
    for name in ["receptionist", "health-assistant", "ambulance", "patient", "privacy-officer", "gp-system"] {
        let own = claims(name);
        let with_scope = Claims { scope: format!("{} __self-claim", own.scope), ..own.clone() };
        let session = session(&app, &with_scope).await;
        for number in [nhs(FAR), nhs(NEAR), nhs(40)] {
            refused(&claim(&session, &number, BORN).await, 403, &unpermitted(&own.role));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_without_the_scope() {
    let app = people().await;
    let own = claims("nhs-111");
    let session = session(&app, &Claims { scope: "user/*.rs __break-glass".to_owned(), ..own }).await;
    let words = "the token's scopes do not allow this: ask for the scope __self-claim";
    refused(&claim(&session, &nhs(FAR), BORN).await, 403, &forbidden(words));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_by_a_client_without_a_user() {
    let app = people().await;
    let session = session(&app, &Claims { user: None, ..claims("nhs-111") }).await;
    refused(&claim(&session, &nhs(FAR), BORN).await, 403, &forbidden("only a user can do this: sign in as one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_with_a_wrong_birth_date() {
    let app = people().await;
    let adviser = persona(&app, "nhs-111").await;
    let known = claim(&adviser, &nhs(FAR), "1950-05-06").await;
    refused(&known, 404, &nobody());
    assert_eq!(renamed(&known, "", ""), renamed(&claim(&adviser, &nhs(40), "1950-05-06").await, "", ""));
    refused(&adviser.get("Patient/far").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_goes_over_an_opt_out() {
    let app = people().await;
    protect(&app, &nhs(FAR), "opted-out", true).await;
    for name in ["nhs-111", "stranger", "social-worker", "nurse"] {
        let session = persona(&app, name).await;
        let hidden = claim(&session, &nhs(FAR), BORN).await;
        refused(&hidden, 404, &nobody());
        assert_eq!(renamed(&hidden, "", ""), renamed(&claim(&session, &nhs(40), BORN).await, "", ""), "{name}");
        refused(&session.get("Patient/far").await, 404, &nothing());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_says_over_goes_over_something() {
    let app = full().await;
    protect(&app, &nhs(FAR), "opted-out", true).await;
    let stranger = persona(&app, "stranger").await;
    for (over, number) in [("opt-out", nhs(FAR)), ("seal", nhs(VEILED)), ("seal", nhs(40))] {
        let values = [("nhs-number", number.as_str()), ("birth-date", BORN), ("reason", REASON), ("over", over)];
        let words = "this operation has no parameter \"over\"; it has nhs-number, birth-date, reason";
        refused(
            &ask(&stranger, "self-claim", &values).await,
            400,
            &outcome_at("not-supported", "NOT_IMPLEMENTED", words, "http.over"),
        );
        // Passed over where the caller wants that, it does nothing.
        let request =
            stranger.request(reqwest::Method::POST, "Patient/$self-claim").header("Prefer", "handling=lenient");
        let reply = crate::common::send(crate::common::json(request, crate::kit::parameters(&values))).await;
        refused(&reply, 404, &nobody());
    }
    finds(&stranger.get("Patient?_total=accurate").await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_goes_over_a_sealed_person() {
    let app = full().await;
    let stranger = persona(&app, "stranger").await;
    let hidden = claim(&stranger, &nhs(VEILED), BORN).await;
    refused(&hidden, 404, &nobody());
    assert_eq!(renamed(&hidden, "", ""), renamed(&claim(&stranger, &nhs(40), BORN).await, "", ""));
    refused(&stranger.get("Patient/veil-Patient").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_gives_more_than_the_role_has() {
    let app = full().await;
    let worker = persona(&app, "social-worker").await;
    opens(&claim(&worker, &nhs(FAR), BORN).await, &["far", "far-Patient"]);
    finds(&worker.get("Condition?patient=far&_total=accurate").await, &["far-Condition"], Some(1));
    let words = "the role social-worker may not read Observation in this record";
    refused(&worker.get("Observation/far-Observation").await, 403, &forbidden(words));
    refused(&worker.get("Observation/none-Observation").await, 403, &forbidden(words));
    // A claim made before the person opted out ends with that.
    protect(&app, &nhs(FAR), "opted-out", true).await;
    refused(&worker.get("Condition/far-Condition").await, 404, &nothing());
    finds(&worker.get("Condition?patient=far&_total=accurate").await, &[], Some(0));
}
