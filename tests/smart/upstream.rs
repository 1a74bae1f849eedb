//! Signing in at a real OpenID provider (npm `oidc-provider`), as CIS2, NHS login and Keycloak would have it: discovery,
//! PKCE, nonce, id_token and userinfo go over HTTP, and what the claims say is who the user is here.

use std::io::{BufRead, BufReader};

use lcr_facade::config::{Config, SignIn};
use serde_json::json;

use crate::browser::{Running, free_port};
use crate::common::Reply;
use crate::node::{node, ready};
use crate::support::*;

/// A provider of the configuration; its client id there says who signs in.
fn provider(name: &str, kind: &str, port: u16, more: &str) -> SignIn {
    let text = format!(
        "name = \"{name}\"\ntitle = \"Sign in as {name}\"\nkind = \"{kind}\"\nissuer = \"http://127.0.0.1:{port}\"\n\
         client_id = \"{name}\"\nclient_secret = \"upstream secret\"\nscopes = [\"person\"]\n{more}"
    );
    toml::from_str(&text).expect("a provider")
}

/// Follows redirects through service and provider, each with its own cookies, to a page or to the app.
async fn follow(here: &Browser, there: &Browser, mut reply: Reply) -> Reply {
    for _ in 0..20 {
        if !matches!(reply.status.as_u16(), 302 | 303) || reply.header("location").starts_with(APP) {
            return reply;
        }
        let address = reply.header("location").to_owned();
        let upstream =
            address.starts_with(&there.url) || (address.starts_with("/interaction") || address.starts_with("/auth"));
        reply = if upstream { there.get(&address).await } else { here.get(&address).await };
    }
    panic!("it goes round in circles");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_sign_in_at_a_real_provider() {
    if !ready(false) {
        return;
    }
    let port = free_port();
    let keycloak =
        "user_claim = \"preferred_username\"\nrole_claim = \"realm_access.roles\"\n[roles]\ndistrict-nurse = \"nurse\"";
    let sign_in = vec![
        provider("cis2-two-roles", "cis2", port, ""),
        provider("cis2-selected", "cis2", port, ""),
        provider("cis2-no-role", "cis2", port, ""),
        provider("nhs-login", "nhs-login", port, ""),
        provider("nhs-login-p5", "nhs-login", port, ""),
        provider("nhs-login-unknown", "nhs-login", port, ""),
        provider("keycloak", "oidc", port, keycloak),
    ];
    let world = world_with(Config { sign_in, ..Config::default() }).await;
    let there = format!("http://127.0.0.1:{port}");
    let ask = Ask::new(&world, "app", "openid fhirUser launch/patient patient/*.rs user/*.rs");
    let sign_in = async |name: &str| {
        let (here, upstream) = (world.browser(), Browser::jar(&there));
        let choice = here.get(&format!("/oauth/authorize?{}", ask.query())).await;
        assert!(choice.text.contains(&format!("Sign in as {name}")), "{}", choice.text);
        let flow =
            choice.text.split("/oauth/continue?flow=").nth(1).expect("a link").split('&').next().expect("a value");
        let page = here.get(&format!("/oauth/continue?flow={flow}&provider={name}")).await;
        (follow(&here, &upstream, page).await, here)
    };
    // Before the provider is there: nobody signs in, and the page says so.
    let (page, _) = sign_in("keycloak").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("the sign-in service cannot be reached at the moment"), "{}", page.text);

    let settings = json!({"port": port, "callback": format!("{}/oauth/callback", world.issuer())});
    let mut running = Running::start(node("provider.mjs", &settings));
    let out = running.0.stdout.take().expect("its output");
    // The reader is kept: a provider whose words nobody takes ends.
    let listening = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(out).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line == "ready");
        (ready, lines)
    });
    let (listens, _lines) = listening.await.expect("it is read");
    assert!(listens, "the provider did not start");

    // CIS2, a user with two roles: one of them counts.
    let (page, here) = sign_in("cis2-two-roles").await;
    assert!(page.text.contains("Choose your role"), "{} {}", page.status, page.text);
    assert!(page.text.contains("Clinical Practitioner Access Role, Fernleigh Surgery"), "{}", page.text);
    assert!(page.text.contains("Signed in as <strong>OKAFOR Amara (Dr)</strong>"));
    let none = here.answer(&page, &[("role", "7")]).await;
    assert_eq!(none.status, 400, "a role that is not there");
    let picker = here.answer(&page, &[("role", "1")]).await;
    assert!(picker.text.contains("No patient found"), "as a nurse at Y9C01 she has nobody: {}", picker.text);
    let (page, here) = sign_in("cis2-two-roles").await;
    let picker = here.answer(&page, &[("role", "0")]).await;
    assert!(picker.text.contains("ATTWOOD-NEAR"), "as a doctor at Y90001 she has her patients: {}", picker.text);
    let consent = here.answer(&picker, &[("patient", NEAR)]).await;
    let back = here.allow(&consent).await;
    let token = world.exchange("app", &parameters(back.header("location"))["code"]).await.json();
    assert_eq!(id_claims(&world, &token).await["fhirUser"], format!("{}/Practitioner/sandbox-gp", world.aud()));
    assert_eq!(world.status(&token, "Observation/near-lab").await, 200);

    // With the role chosen upstream there is nothing to choose.
    let (page, _) = sign_in("cis2-selected").await;
    assert!(page.text.contains("Choose a patient"), "{} {}", page.status, page.text);
    let (page, _) = sign_in("cis2-no-role").await;
    assert_eq!(parameters(page.header("location"))["error_description"], "the user has no role in this record");

    // NHS login: a patient proved to P9, whom the record knows by NHS number.
    let (page, here) = sign_in("nhs-login").await;
    assert!(page.text.contains("Let this app in?"), "{} {}", page.status, page.text);
    let back = here.allow(&page).await;
    let token = world.exchange("app", &parameters(back.header("location"))["code"]).await.json();
    assert_eq!(token["patient"], NEAR);
    assert_eq!(id_claims(&world, &token).await["fhirUser"], format!("{}/Patient/{NEAR}", world.aud()));
    assert_eq!(world.status(&token, "Patient/near").await, 200);
    assert_eq!(world.status(&token, "Patient/far").await, 404);
    let (page, _) = sign_in("nhs-login-p5").await;
    assert_eq!(parameters(page.header("location"))["error_description"], "the sign-in failed");
    let (page, _) = sign_in("nhs-login-unknown").await;
    let words = &parameters(page.header("location"))["error_description"];
    assert_eq!(words, "this record knows nobody with the NHS number that was signed in with");

    // Keycloak: claims of the configuration.
    let (page, _) = sign_in("keycloak").await;
    assert!(
        page.text.contains("Choose a patient") && page.text.contains("ATTWOOD-NEAR"),
        "{} {}",
        page.status,
        page.text
    );
}
