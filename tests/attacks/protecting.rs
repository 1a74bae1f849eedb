//! Attacks on who protects whom: patients speak for themselves alone, staff for nobody.

use lcr_facade::access::Claims;

use crate::common::{Reply, Session, json as body, send};
use crate::kit::{ask, database, forbidden, outcome, outcome_at, parameters, refused, unpermitted};
use crate::world::{FAR, NEAR, claims, nhs, people, persona, session};

async fn protect(session: &Session<'_>, number: &str, what: &str, on: &str) -> Reply {
    ask(session, "protect", &[("nhs-number", number), (what, on), ("reason", "they asked for it")]).await
}

/// Whether a person is protected in any way.
async fn protected(app: &crate::common::TestApp, id: &str) -> bool {
    let find = "SELECT EXISTS (SELECT 1 FROM person_protection p JOIN patient_key k USING (patient_id) \
                WHERE k.id = $1 AND (p.opted_out OR p.restricted))";
    sqlx::query_scalar(find).bind(id).fetch_one(&mut database(app).await).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_protects_somebody_else() {
    let app = people().await;
    let patient = persona(&app, "patient").await;
    let reply = protect(&patient, &nhs(FAR), "opted-out", "true").await;
    // A patient has no choice of person: the words do not offer the one that is refused.
    let words = "this operation has no parameter \"nhs-number\"; it has opted-out, restricted, reason";
    let wanted = outcome_at("not-supported", "NOT_IMPLEMENTED", words, "http.nhs-number");
    // In one answer, whoever has the number, the patient's own too.
    for number in [nhs(NEAR), nhs(40), nhs(FAR)] {
        assert_eq!(protect(&patient, &number, "restricted", "true").await.text, reply.text);
    }
    assert_eq!((protected(&app, "near").await, protected(&app, "far").await), (false, false));
    refused(&reply, 400, &wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_protects_somebody_else_leniently() {
    let app = people().await;
    let patient = persona(&app, "patient").await;
    let number = nhs(FAR);
    let values = [("nhs-number", number.as_str()), ("opted-out", "true"), ("reason", "they asked for it")];
    let request = patient.request(reqwest::Method::POST, "Patient/$protect").header("Prefer", "handling=lenient");
    let reply = send(body(request, parameters(&values))).await;
    // Whatever it answers: the other person is not protected, and nobody is told whether they are here.
    let other = nhs(40);
    let values = [("nhs-number", other.as_str()), ("opted-out", "true"), ("reason", "they asked for it")];
    let request = patient.request(reqwest::Method::POST, "Patient/$protect").header("Prefer", "handling=lenient");
    assert_eq!(send(body(request, parameters(&values))).await.text, reply.text);
    assert!(!protected(&app, "far").await);
    // Nor is the patient themselves, who was not named: what was asked for somebody else must not befall them.
    assert!(!protected(&app, "near").await, "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_without_a_record_protects_one() {
    let app = people().await;
    for patient in [None, Some("nix".to_owned()), Some(String::new()), Some("near' OR '1'='1".to_owned())] {
        let session = session(&app, &Claims { patient, ..claims("patient") }).await;
        let reply = ask(&session, "protect", &[("opted-out", "true"), ("reason", "I asked for it")]).await;
        let words = "this record knows nobody with this NHS number";
        refused(&reply, 404, &outcome("not-found", "RESOURCE_NOT_FOUND", words));
    }
    assert_eq!((protected(&app, "near").await, protected(&app, "far").await), (false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_protect_or_lift_what_protects() {
    let app = people().await;
    crate::kit::protect(&app, &nhs(FAR), "opted-out", true).await;
    for name in ["gp", "stranger", "nurse", "receptionist"] {
        let own = claims(name);
        let words = "the token's scopes do not allow this: ask for the scope __protect";
        refused(&protect(&persona(&app, name).await, &nhs(FAR), "opted-out", "false").await, 403, &forbidden(words));
        let with_scope = Claims { scope: format!("{} __protect", own.scope), ..own.clone() };
        let session = session(&app, &with_scope).await;
        for number in [nhs(FAR), nhs(40)] {
            refused(&protect(&session, &number, "opted-out", "false").await, 403, &unpermitted(&own.role));
        }
    }
    assert!(protected(&app, "far").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_protects_without_the_scope() {
    let app = people().await;
    let session = session(&app, &Claims { scope: "patient/*.rs".to_owned(), ..claims("patient") }).await;
    let reply = ask(&session, "protect", &[("opted-out", "true"), ("reason", "I asked for it")]).await;
    let words = "the token's scopes do not allow this: ask for the scope __protect";
    refused(&reply, 403, &forbidden(words));
    assert!(!protected(&app, "near").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_without_a_reason_or_of_nothing() {
    let app = people().await;
    let officer = persona(&app, "privacy-officer").await;
    let number = nhs(FAR);
    let reply = ask(&officer, "protect", &[("nhs-number", &number), ("opted-out", "true")]).await;
    refused(&reply, 400, &outcome_at("required", "INVALID_RESOURCE", "reason is missing", "http.reason"));
    let reply = ask(&officer, "protect", &[("nhs-number", &number), ("reason", "they asked for it")]).await;
    let words = "say what is to be set: opted-out or restricted, true or false";
    refused(&reply, 400, &outcome("required", "INVALID_RESOURCE", words));
    let reply = protect(&officer, &number, "opted-out", "maybe").await;
    let words = "opted-out: \"maybe\" is neither true nor false";
    refused(&reply, 400, &outcome_at("value", "INVALID_VALUE", words, "http.opted-out"));
    assert!(!protected(&app, "far").await);
}
