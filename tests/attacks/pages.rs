//! Attacks on the links between pages: another's token, none, and one whose time is over.

use crate::common::{Reply, TestApp};
use crate::kit::{behind_the_scenes, finds, outcome, outcome_at, refused};
use crate::world::{ELSEWHERE, NEAR, about, people, persona, put};

/// `people`, where `near` has four Conditions.
async fn four() -> TestApp {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for n in 1..=4 {
        put(&elsewhere, &about("Condition", &format!("c{n}"), "near", NEAR)).await;
    }
    app
}

/// The link to the page after this one.
fn next(reply: &Reply) -> String {
    reply.link("next").unwrap_or_else(|| panic!("no next page: {}", reply.text))
}

const SEARCH: &str = "this page link was not made for this caller and this query: start the search anew";
const HISTORY: &str = "this page link was not made for this caller and this history: start anew";

#[tokio::test(flavor = "multi_thread")]
async fn a_next_link_with_another_token() {
    let app = four().await;
    let gp = persona(&app, "gp").await;
    let search = next(&gp.get("Condition?_count=1&_sort=_id").await);
    let history = next(&gp.get("Condition/_history?_count=1").await);
    for name in ["hospital-doctor", "nurse", "stranger", "patient", "gp-system"] {
        let other = persona(&app, name).await;
        let body = outcome_at("value", "INVALID_VALUE", SEARCH, "http._cursor");
        refused(&other.get(&search).await, 400, &body);
        let body = outcome_at("value", "INVALID_VALUE", HISTORY, "http._cursor");
        refused(&other.get(&history).await, 400, &body);
    }
    finds(&gp.get(&search).await, &["c2"], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_link_with_no_token() {
    let app = four().await;
    let link = next(&persona(&app, "gp").await.get("Condition?_count=1&_sort=_id").await);
    let path = link.strip_prefix(&app.url).expect("a link of this service");
    let reply = crate::common::send(app.open(reqwest::Method::GET, path)).await;
    let words = "there is no access token: send Authorization: Bearer <token>; in the sandbox, `lcr sandbox token gp` prints one";
    refused(&reply, 401, &outcome("login", "UNAUTHORIZED", words));
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"lcr\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_link_after_the_relationship_ended() {
    let app = four().await;
    let gp = persona(&app, "gp").await;
    let search = next(&gp.get("Condition?_count=1&_sort=_id&_total=accurate").await);
    let history = next(&gp.get("Condition/_history?_count=1").await);
    finds(&gp.get(&search).await, &["c2"], Some(4));
    behind_the_scenes(&app, "UPDATE care_relationship SET revoked_at = now() WHERE holder = 'Y90001'").await;
    let reply = gp.get(&search).await;
    finds(&reply, &[], Some(0));
    assert_eq!(reply.link("next"), None);
    let reply = gp.get(&history).await;
    finds(&reply, &[], Some(0));
    assert_eq!(reply.link("next"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_link_after_the_relationship_has_run_out() {
    let app = four().await;
    let gp = persona(&app, "gp").await;
    let search = next(&gp.get("Condition?_count=1&_sort=-_lastUpdated").await);
    let everything = next(&gp.get("Patient/near/$everything?_count=1").await);
    behind_the_scenes(
        &app,
        "UPDATE care_relationship SET valid_to = now() - interval '1 second' WHERE holder = 'Y90001'",
    )
    .await;
    finds(&gp.get(&search).await, &[], None);
    refused(&gp.get(&everything).await, 404, &crate::kit::nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_link_with_the_same_user_under_a_narrower_token() {
    let app = four().await;
    let link = next(&persona(&app, "gp").await.get("Condition?_count=1&_sort=_id").await);
    let narrow = |scope: &str| lcr_facade::access::Claims { scope: scope.to_owned(), ..crate::world::claims("gp") };
    let other = crate::world::session(&app, &narrow("user/Observation.rs")).await;
    let words = "the token's scopes do not allow search of Condition: ask for a scope such as user/Condition.s";
    refused(&other.get(&link).await, 403, &crate::kit::forbidden(words));
    // One that lets other rows through is asked anew which they are.
    let other = crate::world::session(&app, &narrow("user/Condition.rs?code=1")).await;
    finds(&other.get(&link).await, &[], None);
}
