//! Attacks with what was opened once: after its time, after a review, and by who reviews themselves.

use lcr_facade::access::Claims;

use crate::common::{Session, TestApp};
use crate::kit::{
    REASON, ask, behind_the_scenes, break_glass, break_over, finds, forbidden, nothing, opens, outcome, refused,
};
use crate::kit::{parameters, unpermitted};
use crate::world::{ELSEWHERE, FAR, about, claims, labelled, nhs, people, persona, put, session};

/// `people`, where `far` has three Conditions and a sealed one.
async fn rows() -> TestApp {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for n in 1..=3 {
        put(&elsewhere, &about("Condition", &format!("c{n}"), "far", FAR)).await;
    }
    put(&elsewhere, &labelled(about("Condition", "sealed", "far", FAR), "V")).await;
    app
}

const TIME_IS_OVER: &str = "UPDATE care_relationship SET valid_to = now() - interval '1 second' WHERE basis IN ('break_glass', 'self_claimed')";

/// The alerts that wait for a review: id, kind, user.
async fn alerts(officer: &Session<'_>) -> Vec<(String, String, String)> {
    let body = officer.get("Patient/$access-alerts").await.json();
    let parts = body["parameter"].as_array().cloned().unwrap_or_default();
    let part = |alert: &serde_json::Value, name: &str, kind: &str| {
        let parts = alert["part"].as_array().cloned().unwrap_or_default();
        let found = parts.iter().find(|part| part["name"] == name).map(|part| part[kind].clone());
        found.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let alert = |alert: &serde_json::Value| {
        (part(alert, "id", "valueString"), part(alert, "kind", "valueCode"), part(alert, "user", "valueString"))
    };
    parts.iter().map(alert).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_glass_is_looked_through_after_its_time() {
    let app = rows().await;
    let stranger = persona(&app, "stranger").await;
    opens(&break_over(&stranger, &nhs(FAR), "seal").await, &["far"]);
    let next = stranger.get("Condition?_count=1&_sort=_id&_total=accurate").await;
    finds(&next, &["c1"], Some(4));
    let next = next.link("next").expect("a next page");
    behind_the_scenes(&app, TIME_IS_OVER).await;
    for row in ["Patient/far", "Condition/c1", "Condition/sealed", "Condition/c1/_history/1", "Condition/c1/_history"] {
        refused(&stranger.get(row).await, 404, &nothing());
    }
    finds(&stranger.get("Condition?_total=accurate").await, &[], Some(0));
    let page = stranger.get(&next).await;
    finds(&page, &[], Some(0));
    assert_eq!(page.link("next"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_stays_open_after_its_time_for_who_is_in_the_care() {
    let app = rows().await;
    let stranger = persona(&app, "stranger").await;
    crate::world::relate(&app, FAR, "practitioner", "stranger").await;
    finds(&stranger.get("Condition?_total=accurate").await, &["c1", "c2", "c3"], Some(3));
    opens(&break_over(&stranger, &nhs(FAR), "seal").await, &["far"]);
    finds(&stranger.get("Condition?_total=accurate").await, &["c1", "c2", "c3", "sealed"], Some(4));
    behind_the_scenes(&app, TIME_IS_OVER).await;
    finds(&stranger.get("Condition?_total=accurate").await, &["c1", "c2", "c3"], Some(3));
    refused(&stranger.get("Condition/sealed").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_glass_is_looked_through_after_it_was_found_inappropriate() {
    let app = rows().await;
    let stranger = persona(&app, "stranger").await;
    opens(&break_glass(&stranger, &nhs(FAR)).await, &["far"]);
    let next = stranger.get("Condition?_count=1&_sort=_id").await.link("next").expect("a next page");
    let history = stranger.get("Condition/_history?_count=1").await.link("next").expect("a next page");
    let officer = persona(&app, "privacy-officer").await;
    let open = alerts(&officer).await;
    assert_eq!((open.len(), open[0].1.as_str(), open[0].2.as_str()), (1, "break-glass", "stranger"));
    let review = ask(&officer, "review", &[("alert", &open[0].0), ("verdict", "inappropriate")]).await;
    let done =
        serde_json::json!({"resourceType": "Parameters", "parameter": [{"name": "reviewed", "valueBoolean": true}]});
    refused(&review, 200, &done);
    refused(&stranger.get("Condition/c1").await, 404, &nothing());
    finds(&stranger.get(&next).await, &[], None);
    finds(&stranger.get(&history).await, &[], Some(0));
    assert_eq!(alerts(&officer).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_used_after_it_was_found_inappropriate() {
    let app = rows().await;
    let stranger = persona(&app, "stranger").await;
    let number = nhs(FAR);
    let values = [("nhs-number", number.as_str()), ("birth-date", "1950-05-05"), ("reason", REASON)];
    opens(&ask(&stranger, "self-claim", &values).await, &["far"]);
    assert_eq!(stranger.get("Condition/c1").await.status, 200);
    let officer = persona(&app, "privacy-officer").await;
    let open = alerts(&officer).await;
    assert_eq!((open.len(), open[0].1.as_str()), (1, "self-claim"));
    assert_eq!(ask(&officer, "review", &[("alert", &open[0].0), ("verdict", "inappropriate")]).await.status, 200);
    refused(&stranger.get("Condition/c1").await, 404, &nothing());
}

const NO_ALERT: &str = "there is no such alert, or it is about yourself: Patient/$access-alerts lists them";

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_reviews_their_own_alert() {
    let app = rows().await;
    // The officer also works as a doctor.
    let doctor = Claims { user: Some("privacy-officer".to_owned()), ..claims("stranger") };
    opens(&break_glass(&session(&app, &doctor).await, &nhs(FAR)).await, &["far"]);
    let officer = persona(&app, "privacy-officer").await;
    let own = alerts(&officer).await;
    assert_eq!(own.len(), 1);
    let reply = ask(&officer, "review", &[("alert", &own[0].0), ("verdict", "appropriate")]).await;
    refused(&reply, 404, &outcome("not-found", "RESOURCE_NOT_FOUND", NO_ALERT));
    // As one that never was, byte for byte.
    let never =
        ask(&officer, "review", &[("alert", "01890a5d-ac96-774b-bcce-b302099a8057"), ("verdict", "appropriate")]).await;
    assert_eq!(crate::world::visible(&reply), crate::world::visible(&never));
    assert_eq!(alerts(&officer).await, own, "it still waits for somebody else");
    let other = Claims { user: Some("another-officer".to_owned()), ..claims("privacy-officer") };
    let reply = ask(&session(&app, &other).await, "review", &[("alert", &own[0].0), ("verdict", "appropriate")]).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_listed_and_reviewed_by_who_may_not() {
    let app = rows().await;
    let stranger = persona(&app, "stranger").await;
    opens(&break_glass(&stranger, &nhs(FAR)).await, &["far"]);
    let alert = alerts(&persona(&app, "privacy-officer").await).await.remove(0).0;
    let scope = "the token's scopes do not allow this: ask for the scope __review";
    for name in ["gp", "stranger", "patient", "gp-system"] {
        let session = persona(&app, name).await;
        refused(&session.get("Patient/$access-alerts").await, 403, &forbidden(scope));
        let reply = ask(&session, "review", &[("alert", &alert), ("verdict", "appropriate")]).await;
        refused(&reply, 403, &forbidden(scope));
    }
    for name in ["gp", "stranger", "patient", "gp-system"] {
        let own = claims(name);
        let with_scope = Claims { scope: format!("{} __review", own.scope), ..own.clone() };
        let session = session(&app, &with_scope).await;
        refused(&session.get("Patient/$access-alerts?all=true").await, 403, &unpermitted(&own.role));
        let values = parameters(&[("alert", &alert), ("verdict", "appropriate")]);
        refused(&session.post("Patient/$review", values).await, 403, &unpermitted(&own.role));
    }
    assert_eq!(alerts(&persona(&app, "privacy-officer").await).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_to_break_glass_passes_unseen() {
    let app = rows().await;
    let stranger = persona(&app, "stranger").await;
    // Somebody tries numbers: each try raises an alert, which does not say whether anybody was there.
    for number in [nhs(FAR), nhs(40)] {
        let values = [("nhs-number", number.as_str()), ("birth-date", "1901-01-01"), ("reason", REASON)];
        refused(&ask(&stranger, "break-glass", &values).await, 404, &crate::kit::nobody());
    }
    let officer = persona(&app, "privacy-officer").await;
    let kinds: Vec<String> = alerts(&officer).await.into_iter().map(|alert| alert.1).collect();
    assert_eq!(kinds, ["refused", "refused"]);
    finds(&officer.get("AuditEvent?outcome=4&altid=stranger&subtype=110127&_summary=count").await, &[], Some(2));
}
