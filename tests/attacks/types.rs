//! Attacks by way of a type that the token or the role does not open: the question itself is refused, before anything is
//! looked at.

use lcr_facade::access::Claims;

use crate::kit::{finds, forbidden, outcome_at, refused};
use crate::world::{claims, full, persona, session};

/// Dr Okafor with another scope.
fn gp(scope: &str) -> Claims {
    Claims { scope: scope.to_owned(), ..claims("gp") }
}

#[tokio::test(flavor = "multi_thread")]
async fn has_enters_a_type_without_scope() {
    let app = full().await;
    let gp = session(&app, &gp("user/Patient.rs")).await;
    let reply = gp.get("Patient?_has:Observation:patient:code=38341003").await;
    let words = "the token's scopes do not allow search of Observation: ask for a scope such as user/Observation.s";
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._has:Observation:patient:code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn has_enters_a_type_that_may_be_read_but_not_searched() {
    let app = full().await;
    let gp = session(&app, &gp("user/Patient.rs user/Condition.r")).await;
    let reply = gp.get("Patient?_has:Condition:patient:code=38341003&_total=accurate").await;
    let words = "the token's scopes do not allow search of Condition: ask for a scope such as user/Condition.s";
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._has:Condition:patient:code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_enters_a_type_without_scope() {
    let app = full().await;
    let gp = session(&app, &gp("user/Observation.rs")).await;
    let words = "the token's scopes do not allow search of Patient: ask for a scope such as user/Patient.s";
    for name in ["patient.family", "subject:Patient.family", "patient.birthdate"] {
        let reply = gp.get(&format!("Observation?{name}=1950-05-05")).await;
        refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, &format!("http.{name}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn has_enters_a_type_that_the_role_may_not_see() {
    let app = full().await;
    let worker = persona(&app, "social-worker").await;
    let reply = worker.get("Patient?_has:Observation:patient:code=38341003").await;
    let words = "the role social-worker may not search Observation in this record";
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._has:Observation:patient:code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_goes_through_a_type_without_scope_to_one_with() {
    let app = full().await;
    let gp = session(&app, &gp("user/CarePlan.rs user/Patient.rs")).await;
    let reply = gp.get("CarePlan?condition.patient.family=attwood").await;
    let words = "the token's scopes do not allow search of Condition: ask for a scope such as user/Condition.s";
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http.condition.patient.family"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_include_brings_a_type_without_scope() {
    let app = full().await;
    let gp = session(&app, &gp("user/Observation.rs")).await;
    let reply = gp.get("Observation?_include=Observation:patient:Patient").await;
    let words = "the token's scopes do not allow search of Patient: ask for a scope such as user/Patient.s";
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._include"));
    // One that names no type brings what the caller may see, which is nothing more.
    for include in ["Observation:patient", "Observation:*", "*"] {
        finds(&gp.get(&format!("Observation?_include={include}")).await, &["near-Observation"], None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverse_include_brings_a_type_without_scope() {
    let app = full().await;
    let gp = session(&app, &gp("user/Patient.rs")).await;
    let words = "the token's scopes do not allow search of Condition: ask for a scope such as user/Condition.s";
    let reply = gp.get("Patient?_id=near&_revinclude=Condition:patient").await;
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._revinclude"));
    finds(&gp.get("Patient?_id=near&_revinclude=*").await, &["near"], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_of_a_write_search_a_type_without_scope() {
    let app = full().await;
    let gp = session(&app, &gp("user/CarePlan.cud")).await;
    let words = "the token's scopes do not allow search of CarePlan: ask for a scope such as user/CarePlan.s";
    refused(&gp.delete("CarePlan?patient=near").await, 403, &forbidden(words));
    finds(&persona(&app, "gp").await.get("CarePlan?_total=accurate").await, &["near-CarePlan"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_outside_the_scopes_is_refused_alike_whatever_is_there() {
    let app = full().await;
    let gp = session(&app, &gp("user/Patient.rs")).await;
    let words = "the token's scopes do not allow read of Condition: ask for a scope such as user/Condition.r";
    for id in ["near-Condition", "far-Condition", "gone-Condition", "veil-Condition", "none-Condition"] {
        for path in
            [format!("Condition/{id}"), format!("Condition/{id}/_history"), format!("Condition/{id}/_history/1")]
        {
            refused(&gp.get(&path).await, 403, &forbidden(words));
        }
    }
}
