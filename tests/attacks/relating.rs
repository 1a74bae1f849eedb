//! Attacks on who says who is involved in whose care: only a source, with leave, of what it may tell, and only of its own.

use lcr_facade::access::Claims;
use serde_json::json;

use crate::common::{Reply, Session};
use crate::kit::{
    ask, behind_the_scenes, database, forbidden, nothing, outcome, outcome_at, refused, renamed, unpermitted, value,
};
use crate::world::{ELSEWHERE, FAR, NEAR, claims, nhs, people, persona, session};

const SDS: &str = "https://fhir.nhs.uk/Id/sds-user-id";

async fn relate(session: &Session<'_>, number: &str, basis: &str) -> Reply {
    let holder = format!("{SDS}|stranger");
    let values = [("nhs-number", number), ("holder", &holder), ("basis", basis), ("reason", "referred this morning")];
    ask(session, "relate", &values).await
}

/// A source that may tell of relationships.
async fn teller<'a>(app: &'a crate::common::TestApp, source: &str) -> Session<'a> {
    let claims = Claims { scope: "system/*.cruds __relate".to_owned(), ..crate::common::source_claims(source) };
    session(app, &claims).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_relates_themselves() {
    let app = people().await;
    for name in ["stranger", "gp", "nurse", "patient", "privacy-officer"] {
        let own = claims(name);
        let words = "the token's scopes do not allow this: ask for the scope __relate";
        refused(&relate(&persona(&app, name).await, &nhs(FAR), "referral").await, 403, &forbidden(words));
        let with_scope = Claims { scope: format!("{} __relate", own.scope), ..own.clone() };
        let session = session(&app, &with_scope).await;
        refused(&relate(&session, &nhs(FAR), "referral").await, 403, &unpermitted(&own.role));
        refused(&relate(&session, &nhs(40), "referral").await, 403, &unpermitted(&own.role));
    }
    refused(&persona(&app, "stranger").await.get("Patient/far").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_relates_without_the_scope_or_without_a_source() {
    let app = people().await;
    let words = "the token's scopes do not allow this: ask for the scope __relate";
    refused(&relate(&app.source(ELSEWHERE).await, &nhs(FAR), "referral").await, 403, &forbidden(words));
    refused(&relate(&persona(&app, "lab-feed").await, &nhs(FAR), "referral").await, 403, &forbidden(words));
    let unbound = Claims { source: None, ..claims("gp-system") };
    let words = "only a client that is bound to a source tells of relationships: register it with its source";
    refused(&relate(&session(&app, &unbound).await, &nhs(FAR), "referral").await, 403, &forbidden(words));
    refused(&persona(&app, "stranger").await.get("Patient/far").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_tells_of_a_basis_that_is_not_its_own_to_give() {
    let app = people().await;
    let teller = teller(&app, ELSEWHERE).await;
    for basis in ["break_glass", "self_claimed", "Referral", "lcr", "*"] {
        let words = format!("basis: \"{basis}\" is none of gp_registered, referral, admission, caseload");
        for number in [nhs(FAR), nhs(40)] {
            let reply = relate(&teller, &number, basis).await;
            refused(&reply, 400, &outcome_at("value", "INVALID_VALUE", &words, "http.basis"));
        }
    }
    refused(&persona(&app, "stranger").await.get("Patient/far").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relationship_opens_a_seal_or_goes_over_an_opt_out() {
    let app = people().await;
    let teller = teller(&app, ELSEWHERE).await;
    crate::kit::protect(&app, &nhs(FAR), "opted-out", true).await;
    assert_eq!(relate(&teller, &nhs(FAR), "admission").await.status, 200);
    refused(&persona(&app, "stranger").await.get("Patient/far").await, 404, &nothing());
    for name in ["over_opt_out", "unseals", "over"] {
        let holder = format!("{SDS}|stranger");
        let number = nhs(FAR);
        let values = [
            ("nhs-number", number.as_str()),
            ("holder", &holder),
            ("basis", "admission"),
            ("reason", "referred this morning"),
            (name, "true"),
        ];
        let words =
            format!("this operation has no parameter \"{name}\"; it has nhs-number, holder, basis, start, end, reason");
        let place = format!("http.{name}");
        refused(
            &ask(&teller, "relate", &values).await,
            400,
            &outcome_at("not-supported", "NOT_IMPLEMENTED", &words, &place),
        );
    }
}

const NONE_SUCH: &str = "your source has told of no such relationship: Patient/$relationships lists them";

#[tokio::test(flavor = "multi_thread")]
async fn a_source_ends_what_another_told() {
    let app = people().await;
    let (teller, other) = (teller(&app, ELSEWHERE).await, persona(&app, "gp-system").await);
    let told = value(&relate(&teller, &nhs(FAR), "referral").await, "relationship");
    let stranger = persona(&app, "stranger").await;
    assert_eq!(stranger.get("Patient/far").await.status, 200);
    let body = outcome("not-found", "RESOURCE_NOT_FOUND", NONE_SUCH);
    let hidden = ask(&other, "end-relationship", &[("relationship", &told)]).await;
    refused(&hidden, 404, &body);
    for never in ["999999", "-1", "1 OR true", "9223372036854775807", "99999999999999999999"] {
        let absent = ask(&other, "end-relationship", &[("relationship", never)]).await;
        assert_eq!(renamed(&hidden, "", ""), renamed(&absent, "", ""), "{never}");
    }
    assert_eq!(stranger.get("Patient/far").await.status, 200, "it still holds");
    // Nor what the service made, nor what the operator told.
    crate::kit::opens(&crate::kit::break_glass(&persona(&app, "out-of-hours").await, &nhs(FAR)).await, &["far"]);
    let ids = "SELECT relationship_id FROM care_relationship WHERE source IN ('lcr', 'test')";
    let ids: Vec<i64> = sqlx::query_scalar(ids).fetch_all(&mut database(&app).await).await.expect("ids");
    for id in ids {
        refused(&ask(&other, "end-relationship", &[("relationship", &id.to_string())]).await, 404, &body);
    }
    assert_eq!(persona(&app, "out-of-hours").await.get("Patient/far").await.status, 200);
    // Its own it ends, and that is the end.
    let ended = json!({"resourceType": "Parameters", "parameter": [{"name": "ended", "valueBoolean": true}]});
    refused(&ask(&teller, "end-relationship", &[("relationship", &told)]).await, 200, &ended);
    refused(&stranger.get("Patient/far").await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_lists_what_another_told() {
    let app = people().await;
    let teller = teller(&app, ELSEWHERE).await;
    assert_eq!(relate(&teller, &nhs(FAR), "referral").await.status, 200);
    let other = persona(&app, "gp-system").await;
    let empty = json!({"resourceType": "Parameters"});
    // Of far another told, of near the operator did, and of the third nobody ever heard: one answer.
    for number in [nhs(FAR), nhs(NEAR), nhs(40)] {
        refused(&other.get(&format!("Patient/$relationships?nhs-number={number}")).await, 200, &empty);
        refused(&ask(&other, "relationships", &[("nhs-number", &number)]).await, 200, &empty);
    }
    let own = teller.get(&format!("Patient/$relationships?nhs-number={}", nhs(FAR))).await.json();
    assert_eq!(own["parameter"].as_array().map(Vec::len), Some(1), "{own}");
    // A user's break of the glass is told to no source.
    crate::kit::opens(&crate::kit::break_glass(&persona(&app, "out-of-hours").await, &nhs(FAR)).await, &["far"]);
    let own = teller.get(&format!("Patient/$relationships?nhs-number={}", nhs(FAR))).await.json();
    assert_eq!(own["parameter"].as_array().map(Vec::len), Some(1), "{own}");
    refused(&other.get(&format!("Patient/$relationships?nhs-number={}", nhs(FAR))).await, 200, &empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_revives_what_it_has_ended_in_the_past_of_another() {
    let app = people().await;
    let (teller, other) = (teller(&app, ELSEWHERE).await, teller(&app, "another").await);
    let told = value(&relate(&teller, &nhs(FAR), "referral").await, "relationship");
    behind_the_scenes(&app, "UPDATE care_relationship SET revoked_at = now() WHERE source = 'elsewhere'").await;
    // Another's telling of the same holder is another relationship; the ended one stays ended.
    let again = value(&relate(&other, &nhs(FAR), "referral").await, "relationship");
    assert_ne!(told, again);
    let revoked = sqlx::query_scalar("SELECT revoked_at IS NOT NULL FROM care_relationship WHERE relationship_id = $1");
    let id: i64 = told.parse().expect("an id");
    let revoked: bool = revoked.bind(id).fetch_one(&mut database(&app).await).await.expect("it");
    assert!(revoked);
}
