//! Two instances of the service on one database: what one gives the other takes, and what one ends has ended on both.

use lcr_facade::app::App;
use lcr_facade::config::Config;
use reqwest::Client;
use serde_json::Value;

use crate::common::{Reply, send};
use crate::support::*;

const PUBLIC: &str = "http://record.test";

/// The second instance's address.
async fn another(world: &World) -> String {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        workers: 1,
        connections: 4,
        sandbox: true,
        public_url: Some(PUBLIC.into()),
        ..Config::default()
    };
    let app = App::build(config, &world.app.database).await.expect("app");
    let url = app.url().to_owned();
    tokio::spawn(app.run());
    url
}

async fn read(url: &str, token: &Value) -> u16 {
    let request = Client::new()
        .get(format!("{url}/fhir/Patient/near"))
        .bearer_auth(token["access_token"].as_str().expect("text"));
    send(request).await.status.as_u16()
}

async fn post(url: &str, path: &str, pairs: &[(&str, &str)]) -> Reply {
    let request = Client::new().post(format!("{url}{path}"));
    send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form(pairs))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_may_change_instances_at_every_step() {
    let world = world_with(Config { public_url: Some(PUBLIC.into()), ..Config::default() }).await;
    let (one, two) = (world.app.url.clone(), another(&world).await);
    let ask = Ask::new(&world, "app", "openid launch/patient offline_access patient/*.rs")
        .with("aud", &format!("{PUBLIC}/fhir"));
    let mut browser = world.browser();
    let page = browser.follow(browser.get(&format!("/oauth/authorize?{}", ask.query())).await).await;
    browser.url = two.clone();
    let picker = browser.choose(&page, "gp").await;
    assert!(picker.text.contains("Choose a patient"), "{}", picker.text);
    browser.url = one.clone();
    let consent = browser.answer(&picker, &[("patient", NEAR)]).await;
    browser.url = two.clone();
    let back = browser.allow(&consent).await;
    let code = parameters(back.header("location"))["code"].clone();
    let exchange = |code: String| {
        let url = one.clone();
        async move {
            post(
                &url,
                "/oauth/token",
                &[
                    ("grant_type", "authorization_code"),
                    ("client_id", "app"),
                    ("code", &code),
                    ("redirect_uri", APP),
                    ("code_verifier", VERIFIER),
                ],
            )
            .await
        }
    };
    let reply = exchange(code.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let token = reply.json();
    assert_eq!((read(&one, &token).await, read(&two, &token).await), (200, 200));
    // A code is used once, wherever.
    let again = post(
        &two,
        "/oauth/token",
        &[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", APP),
            ("code_verifier", VERIFIER),
        ],
    )
    .await;
    assert_eq!(again.json()["error"], "invalid_grant");
    assert_eq!(
        (read(&one, &token).await, read(&two, &token).await),
        (401, 401),
        "and its reuse ends the tokens on both"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_ends_has_ended_on_the_other() {
    let world = world_with(Config { public_url: Some(PUBLIC.into()), ..Config::default() }).await;
    let (one, two) = (world.app.url.clone(), another(&world).await);
    let launch = async || {
        let ask = Ask::new(&world, "app", "openid launch/patient offline_access patient/*.rs")
            .with("aud", &format!("{PUBLIC}/fhir"));
        let code = world.browser().authorize(&ask, "gp").await["code"].clone();
        world.exchange("app", &code).await.json()
    };
    // Revoked here, refused there, at once.
    let token = launch().await;
    assert_eq!(read(&two, &token).await, 200);
    let text = token["access_token"].as_str().expect("text");
    assert_eq!(post(&one, "/oauth/revoke", &[("client_id", "app"), ("token", text)]).await.status, 200);
    assert_eq!((read(&one, &token).await, read(&two, &token).await), (401, 401));
    // Refreshed on one, used again on the other: the family ends on both.
    let refresh = async |url: &str, token: &Value| {
        let text = token["refresh_token"].as_str().expect("text").to_owned();
        post(url, "/oauth/token", &[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &text)])
            .await
    };
    let next = refresh(&one, &token).await.json();
    assert_eq!(read(&two, &next).await, 200);
    assert_eq!(refresh(&two, &token).await.status, 400);
    assert_eq!((read(&one, &next).await, read(&two, &next).await), (401, 401));
    // A client disabled: nothing of it works on either.
    let token = launch().await;
    world.app.store.disable_client("app").await.expect("disabled");
    assert_eq!((read(&one, &token).await, read(&two, &token).await), (401, 401));
    // An assertion counts once for both, and both sign with one key.
    let mut assertion = Assertion::new(&world, "backend");
    assertion.claims["aud"] = format!("{PUBLIC}/oauth/token").into();
    let assertion = assertion.sign();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", "system/*.rs"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    assert_eq!(post(&one, "/oauth/token", &pairs).await.status, 200);
    assert_eq!(post(&two, "/oauth/token", &pairs).await.status, 401);
    let keys = async |url: &str| send(Client::new().get(format!("{url}/oauth/jwks.json"))).await.text;
    assert_eq!(keys(&one).await, keys(&two).await);
}
