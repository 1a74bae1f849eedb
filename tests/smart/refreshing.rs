//! Refresh tokens and the end of tokens: rotation, reuse, narrowing, revocation, consents taken back.

use serde_json::Value;

use crate::support::*;

const SCOPE: &str = "openid launch/patient offline_access patient/*.rs user/Observation.rs?category=laboratory";

async fn refresh(world: &World, token: &Value, more: &[(&str, &str)]) -> crate::common::Reply {
    let refresh = token["refresh_token"].as_str().expect("a refresh token");
    let mut pairs = vec![("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)];
    pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    pairs.extend(more);
    world.token(&pairs).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_used_once_and_its_reuse_ends_the_family() {
    let world = world().await;
    let first = world.launch(SCOPE, "gp").await;
    let reply = refresh(&world, &first, &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
    let second = reply.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(
        (second["scope"].clone(), second["patient"].clone()),
        (first["scope"].clone(), first["patient"].clone())
    );
    let (before, after) = (id_claims(&world, &first).await, id_claims(&world, &second).await);
    assert_eq!(
        (before["sub"].clone(), before["auth_time"].clone()),
        (after["sub"].clone(), after["auth_time"].clone())
    );
    assert_eq!(world.status(&second, "Patient/near").await, 200);
    // The first one again: somebody has a copy.
    let again = refresh(&world, &first, &[]).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.json()["error"], "invalid_grant");
    for token in [&first, &second] {
        assert_eq!(world.status(token, "Patient/near").await, 401, "every token of the family has ended");
        assert_eq!(refresh(&world, token, &[]).await.status, 400);
        assert_eq!(world.introspect(token["refresh_token"].as_str().expect("text")).await["active"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_narrows_and_never_widens() {
    let world = world().await;
    let first = world.launch(SCOPE, "gp").await;
    for (asked, word) in [
        ("patient/*.cruds", "patient/*.cruds"),
        ("patient/*.rs system/*.rs", "system/*.rs"),
        ("user/Observation.rs", "user/Observation.rs"),
        ("user/Observation.rs?category=vital-signs", "user/Observation.rs?category=vital-signs"),
    ] {
        let reply = refresh(&world, &first, &[("scope", asked)]).await;
        assert_eq!(reply.status, 400, "{asked}");
        let words = format!("{word} is more than was granted: a refresh can narrow the scope, not widen it");
        assert_eq!(
            (reply.json()["error"].clone(), reply.json()["error_description"].clone()),
            ("invalid_scope".into(), words.into())
        );
    }
    // Nothing of that used the token up.
    let narrow = refresh(&world, &first, &[("scope", "patient/Patient.r")]).await;
    assert_eq!(narrow.status, 200, "{}", narrow.text);
    let narrow = narrow.json();
    assert_eq!(narrow["scope"], "patient/Patient.r");
    assert!(narrow.get("id_token").is_none(), "openid is not in this scope");
    assert_eq!(world.status(&narrow, "Patient/near").await, 200);
    assert_eq!(world.status(&narrow, "Patient").await, 403);
    assert_eq!(world.status(&narrow, "Observation/near-lab").await, 403);
    // The refresh token keeps what was granted.
    let wide = refresh(&world, &narrow, &[]).await.json();
    assert_eq!(wide["scope"], SCOPE);
    // It is this client's alone.
    let other = refresh(&world, &wide, &[("client_id", "other-app")]).await;
    assert_eq!((other.status.as_u16(), other.json()["error"].clone()), (400, "invalid_grant".into()));
    assert_eq!(refresh(&world, &wide, &[]).await.status, 200, "another's try does not end it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_may_refresh_without_its_name_and_no_other_may() {
    let world = world().await;
    let first = world.launch(SCOPE, "gp").await;
    assert_eq!(refresh(&world, &first, &[("client_id", "")]).await.status, 200, "as the official SMART client does");
    let code = world.browser().authorize(&Ask::new(&world, "symmetric-app", SCOPE), "gp").await["code"].clone();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", APP),
        ("code_verifier", VERIFIER),
    ];
    let token = world.back("/oauth/token", Some(&basic("symmetric-app", &world.secret)), &pairs).await.json();
    for name in ["", "symmetric-app"] {
        let reply = refresh(&world, &token, &[("client_id", name)]).await;
        assert_eq!((reply.status.as_u16(), reply.json()["error"].clone()), (401, "invalid_client".into()), "{name}");
    }
    assert_eq!(world.status(&token, "Patient/near").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_refreshes_at_once_one_ends_the_other() {
    let world = world().await;
    let first = world.launch(SCOPE, "gp").await;
    let (one, two) = tokio::join!(refresh(&world, &first, &[]), refresh(&world, &first, &[]));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let good = if one.status == 200 { one.json() } else { two.json() };
    assert_eq!(world.status(&good, "Patient/near").await, 401, "the reuse ended what the first had got");
    // The same for a code.
    let ask = Ask::new(&world, "app", SCOPE);
    let code = world.browser().authorize(&ask, "gp").await["code"].clone();
    let (one, two) = tokio::join!(world.exchange("app", &code), world.exchange("app", &code));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_ends_what_it_names() {
    let world = world().await;
    let token = world.launch(SCOPE, "gp").await;
    let revoke = async |name: &str| {
        let text = token[name].as_str().expect("a token");
        world.back("/oauth/revoke", None, &[("client_id", "app"), ("token", text)]).await
    };
    assert_eq!(revoke("access_token").await.status, 200);
    assert_eq!(world.status(&token, "Patient/near").await, 401);
    let next = refresh(&world, &token, &[]).await.json();
    assert_eq!(world.status(&next, "Patient/near").await, 200, "the refresh token goes on");
    let text = next["refresh_token"].as_str().expect("a token");
    assert_eq!(world.back("/oauth/revoke", None, &[("client_id", "app"), ("token", text)]).await.status, 200);
    assert_eq!(world.status(&next, "Patient/near").await, 401, "a refresh token ends its family");
    assert_eq!(refresh(&world, &next, &[]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_takes_back_what_they_let_an_app_do() {
    let world = world().await;
    let mine = world.launch(SCOPE, "gp").await;
    let others = world.launch("user/*.rs", "nurse").await;
    let browser = world.browser();
    let page = browser.follow(browser.get("/oauth/manage").await).await;
    let page = browser.choose(&page, "gp").await;
    assert!(page.text.contains("Apps you have let in") && page.text.contains("Test app"), "{}", page.text);
    let family = page.text.split("name=\"family\" value=\"").nth(1).expect("a consent");
    let family = family.split('"').next().expect("a value").to_owned();
    assert_eq!(page.text.matches("name=\"family\"").count(), 1, "one's own alone");
    // Another's consent is as one that is not there.
    let nurse = world.browser();
    let theirs = nurse.follow(nurse.get("/oauth/manage").await).await;
    let theirs = nurse.choose(&theirs, "nurse").await;
    let after = nurse.answer(&theirs, &[("family", &family)]).await;
    assert_eq!(after.status, 200);
    assert_eq!(world.status(&mine, "Patient/near").await, 200);
    let after = browser.answer(&page, &[("family", &family)]).await;
    assert!(after.text.contains("There is none."), "{}", after.text);
    assert_eq!(world.status(&mine, "Patient/near").await, 401);
    assert_eq!(world.status(&others, "Patient").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_client_has_nothing_left() {
    let world = world().await;
    let token = world.launch(SCOPE, "gp").await;
    let code = world.browser().authorize(&Ask::new(&world, "app", SCOPE), "gp").await["code"].clone();
    let backend = world.backend(&Assertion::new(&world, "backend").sign(), "system/*.rs").await.json();
    world.app.store.disable_client("app").await.expect("disabled");
    world.app.store.disable_client("backend").await.expect("disabled");
    assert_eq!(world.status(&token, "Patient/near").await, 401);
    assert_eq!(world.status(&backend, "Patient/near").await, 401);
    for reply in [refresh(&world, &token, &[]).await, world.exchange("app", &code).await] {
        assert_eq!((reply.status.as_u16(), reply.json()["error"].clone()), (401, "invalid_client".into()));
    }
    assert_eq!(world.backend(&Assertion::new(&world, "backend").sign(), "system/*.rs").await.status, 401);
}
