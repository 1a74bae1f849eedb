//! Attacks by breaking glass: without leave, without a reason, for who is not there, and over what protects a person.

use lcr_facade::access::Claims;

use crate::common::{Session, TestApp};
use crate::kit::{
    BORN, REASON, ask, break_glass, break_over, finds, forbidden, nobody, nothing, opens, outcome_at, refused,
};
use crate::kit::{protect, renamed, unpermitted};
use crate::world::{ELSEWHERE, FAR, VEILED, about, claims, full, labelled, nhs, people, persona, put, session};

/// A persona without a scope.
async fn without<'a>(app: &'a TestApp, name: &str, scope: &str) -> Session<'a> {
    let scopes = claims(name).scope.replace(scope, "");
    session(app, &Claims { scope: scopes, ..claims(name) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_without_the_scope() {
    let app = people().await;
    let stranger = without(&app, "stranger", "__break-glass").await;
    let words = "the token's scopes do not allow this: ask for the scope __break-glass";
    refused(&break_glass(&stranger, &nhs(FAR)).await, 403, &forbidden(words));
    refused(&break_glass(&stranger, &nhs(40)).await, 403, &forbidden(words));
    refused(&stranger.get("Patient/far").await, 404, &nothing());
    for scope in ["user/*.cruds", "__break-glas", "__break-glass/x", "user/__break-glass.cruds", "__BREAK-GLASS"] {
        let other = session(&app, &Claims { scope: scope.to_owned(), ..claims("stranger") }).await;
        refused(&break_glass(&other, &nhs(FAR)).await, 403, &forbidden(words));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_by_a_role_that_may_not() {
    let app = people().await;
    for name in ["social-worker", "receptionist", "pharmacist", "patient", "privacy-officer"] {
        let own = claims(name);
        let with_scope = Claims { scope: format!("{} __break-glass", own.scope), ..own.clone() };
        let session = session(&app, &with_scope).await;
        for number in [nhs(FAR), nhs(40)] {
            refused(&break_glass(&session, &number).await, 403, &unpermitted(&own.role));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_by_a_system() {
    let app = people().await;
    let system = Claims { scope: "system/*.cruds __break-glass".to_owned(), ..claims("gp-system") };
    refused(&break_glass(&session(&app, &system).await, &nhs(FAR)).await, 403, &unpermitted("system"));
    // A client that calls itself a doctor is nobody's pair of eyes.
    let nameless = Claims { user: None, ..claims("stranger") };
    let reply = break_glass(&session(&app, &nameless).await, &nhs(FAR)).await;
    refused(&reply, 403, &forbidden("only a user can do this: sign in as one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_with_a_wrong_birth_date() {
    let app = people().await;
    let stranger = persona(&app, "stranger").await;
    let wrong = |number: String, born: &'static str| {
        let stranger = &stranger;
        async move {
            ask(stranger, "break-glass", &[("nhs-number", &number), ("birth-date", born), ("reason", REASON)]).await
        }
    };
    let known = wrong(nhs(FAR), "1950-05-06").await;
    refused(&known, 404, &nobody());
    let unknown = wrong(nhs(40), "1950-05-06").await;
    assert_eq!(renamed(&known, "", ""), renamed(&unknown, "", ""), "a number that is here and one that is not");
    assert_eq!(renamed(&known, "", ""), renamed(&wrong(nhs(40), BORN).await, "", ""));
    refused(&stranger.get("Patient/far").await, 404, &nothing());
    // A part of the date is no date, and is refused before anything is looked at.
    let words = "birth-date: a whole date, YYYY-MM-DD";
    for born in ["1950", "1950-05", "1950-05-05T00:00:00Z", "%"] {
        for number in [nhs(FAR), nhs(40)] {
            refused(&wrong(number, born).await, 400, &outcome_at("value", "INVALID_VALUE", words, "http.birth-date"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_without_a_reason() {
    let app = people().await;
    let stranger = persona(&app, "stranger").await;
    let with = |reason: Option<&'static str>| {
        let stranger = &stranger;
        async move {
            let number = nhs(FAR);
            let mut values = vec![("nhs-number", number.as_str()), ("birth-date", BORN)];
            values.extend(reason.map(|reason| ("reason", reason)));
            ask(stranger, "break-glass", &values).await
        }
    };
    let missing = outcome_at("required", "INVALID_RESOURCE", "reason is missing", "http.reason");
    refused(&with(None).await, 400, &missing);
    let blank = "\"              \" is not text, not white space alone";
    let blank = outcome_at("value", "INVALID_VALUE", blank, "Parameters.parameter[2].valueString");
    refused(&with(Some("              ")).await, 400, &blank);
    let words = "reason: say why in 10 to 1000 characters";
    // Nine letters, of two bytes each.
    for short in ["urgent", "ааааааааа"] {
        let wanted = outcome_at("value", "INVALID_VALUE", words, "http.reason");
        refused(&with(Some(short)).await, 400, &wanted);
    }
    refused(&stranger.get("Patient/far").await, 404, &nothing());
    let alerts = persona(&app, "privacy-officer").await.get("Patient/$access-alerts").await.json();
    assert_eq!(alerts, serde_json::json!({"resourceType": "Parameters"}), "nobody was there to look for");
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_over_an_opt_out() {
    let app = people().await;
    protect(&app, &nhs(FAR), "opted-out", true).await;
    for name in ["stranger", "nurse", "ambulance"] {
        let session = persona(&app, name).await;
        let hidden = break_glass(&session, &nhs(FAR)).await;
        refused(&hidden, 404, &nobody());
        assert_eq!(renamed(&hidden, "", ""), renamed(&break_glass(&session, &nhs(40)).await, "", ""), "{name}");
        // To ask for more than the role may is refused alike, whoever is there.
        let role = claims(name).role;
        let words = format!("the role {role} may not go over this (opt-out)");
        for number in [nhs(FAR), nhs(1), nhs(40)] {
            refused(&break_over(&session, &number, "opt-out").await, 403, &forbidden(&words));
        }
        refused(&session.get("Patient/far").await, 404, &nothing());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_over_a_sealed_person_without_saying_so() {
    let app = full().await;
    let stranger = persona(&app, "stranger").await;
    let sealed = break_glass(&stranger, &nhs(VEILED)).await;
    refused(&sealed, 404, &nobody());
    assert_eq!(renamed(&sealed, "", ""), renamed(&break_glass(&stranger, &nhs(40)).await, "", ""));
    refused(&stranger.get("Patient/veil-Patient").await, 404, &nothing());
    // Said so, it opens for a role that may.
    opens(&break_over(&stranger, &nhs(VEILED), "seal").await, &["veil-Patient"]);
    assert_eq!(stranger.get("Patient/veil-Patient").await.status, 200);
    // Nobody else's seal is open by that: not a colleague's in whose care they are, nor that of the label on near's rows.
    refused(&persona(&app, "gp").await.get("Patient/veil-Patient").await, 404, &nothing());
    refused(&stranger.get("Condition/veil-Condition").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_is_broken_by_a_role_that_may_not() {
    let app = full().await;
    for (name, role) in [("nurse", "nurse"), ("ambulance", "ambulance")] {
        let session = persona(&app, name).await;
        for number in [nhs(VEILED), nhs(FAR), nhs(40)] {
            let words = format!("the role {role} may not go over this (seal)");
            refused(&break_over(&session, &number, "seal").await, 403, &forbidden(&words));
        }
        refused(&session.get("Patient/veil-Patient").await, 404, &nothing());
        refused(&session.get("Patient/far").await, 404, &nothing());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn breaking_glass_shows_sealed_rows_without_saying_so() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &about("Condition", "plain", "far", FAR)).await;
    put(&elsewhere, &labelled(about("Condition", "sealed", "far", FAR), "V")).await;
    let stranger = persona(&app, "stranger").await;
    opens(&break_glass(&stranger, &nhs(FAR)).await, &["far"]);
    finds(&stranger.get("Condition?_total=accurate").await, &["plain"], Some(1));
    refused(&stranger.get("Condition/sealed").await, 404, &nothing());
    opens(&break_over(&stranger, &nhs(FAR), "seal").await, &["far"]);
    finds(&stranger.get("Condition?_total=accurate").await, &["plain", "sealed"], Some(2));
    // The same user in a role that opens no seals sees none opened.
    let nurse = session(&app, &Claims { role: "nurse".to_owned(), ..claims("stranger") }).await;
    finds(&nurse.get("Condition?_total=accurate").await, &["plain"], Some(1));
    refused(&nurse.get("Condition/sealed").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn breaking_glass_opens_more_than_one_record() {
    let app = full().await;
    let stranger = persona(&app, "stranger").await;
    opens(&break_glass(&stranger, &nhs(FAR)).await, &["far", "far-Patient"]);
    finds(&stranger.get("Patient?_total=accurate").await, &["far", "far-Patient"], Some(2));
    finds(&stranger.get("Condition?_total=accurate").await, &["far-Condition"], Some(1));
    refused(&stranger.get("Patient/near").await, 404, &nothing());
    // It is the user's, not the organisation's.
    let colleague = Claims { user: Some("colleague".to_owned()), ..claims("stranger") };
    refused(&session(&app, &colleague).await.get("Patient/far").await, 404, &nothing());
    let team = Claims {
        user: None,
        teams: vec!["stranger".to_owned()],
        organisation: Some("stranger".to_owned()),
        ..claims("stranger")
    };
    refused(&session(&app, &team).await.get("Patient/far").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_is_broken_by_a_get_or_with_words_it_does_not_know() {
    let app = people().await;
    let stranger = persona(&app, "stranger").await;
    let query =
        format!("Patient/$break-glass?nhs-number={}&birth-date={BORN}&reason=unconscious%20at%20home", nhs(FAR));
    let words = "$break-glass is asked by POST, not by GET";
    refused(&stranger.get(&query).await, 405, &crate::kit::outcome("not-supported", "NOT_IMPLEMENTED", words));
    let words = "over: \"everything\" is neither opt-out nor seal";
    let reply = break_over(&stranger, &nhs(FAR), "everything").await;
    refused(&reply, 400, &outcome_at("value", "INVALID_VALUE", words, "http.over"));
    refused(&stranger.get("Patient/far").await, 404, &nothing());
}
