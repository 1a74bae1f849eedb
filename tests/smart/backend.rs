//! Backend services (SMART 2.2 §5): an assertion, a short token, and key sets that are published by URL.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::{Algorithm, Header};
use lcr_facade::smart::client::{self, ClientKind, Registration};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_service_gets_a_short_token_for_what_it_is_registered_for() {
    let world = world().await;
    for (pem, algorithm, kid) in [(ES384, Algorithm::ES384, "ec"), (RS384, Algorithm::RS384, "rsa")] {
        let mut assertion = Assertion::new(&world, "backend");
        (assertion.header, assertion.pem) = (Header { kid: Some(kid.into()), ..Header::new(algorithm) }, pem);
        let reply = world.backend(&assertion.sign(), "system/Patient.rs system/Observation.cruds").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
        let token = reply.json();
        assert_eq!(token["token_type"], "Bearer");
        assert_eq!(token["scope"], "system/Patient.rs system/Observation.cruds");
        assert!(token["expires_in"].as_u64().expect("a number") <= 300);
        assert!(token.get("refresh_token").is_none() && token.get("id_token").is_none());
        for (path, status) in
            [("Patient/near", 200), ("Patient/far", 404), ("Observation/near-lab", 200), ("Condition", 403)]
        {
            assert_eq!(world.status(&token, path).await, status, "{path}");
        }
    }
    // In part, where it is registered for a part.
    let assertion = Assertion::new(&world, "narrow-backend").sign();
    let token = world.backend(&assertion, "system/*.cruds").await.json();
    assert_eq!(token["scope"], "system/Observation.rs system/Patient.r");
    assert_eq!(world.status(&token, "Patient/near").await, 200);
    assert_eq!(world.status(&token, "Patient").await, 403);
    let known = world.introspect(token["access_token"].as_str().expect("text")).await;
    assert_eq!((known["active"].clone(), known["client_id"].clone()), (json!(true), json!("narrow-backend")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_service_may_tell_who_is_involved_where_it_is_registered_for_that() {
    let world = world().await;
    let ask = async |client: &str, scope: &str| world.backend(&Assertion::new(&world, client).sign(), scope).await;
    let token = ask("narrow-backend", "system/Patient.r __relate").await.json();
    assert_eq!(token["scope"], "system/Patient.r __relate");
    let related = world.status(&token, "Patient/$relationships?nhs-number=9990791902").await;
    assert_ne!(related, 403, "the scope opens the operation");
    assert_eq!(ask("backend", "system/Patient.r __relate").await.json()["scope"], "system/Patient.r");
    let refused = ask("narrow-backend", "system/Patient.r __review").await;
    let words = refused.json()["error_description"].as_str().expect("words").to_owned();
    assert!(refused.status == 400 && words.contains("__review") && words.contains("__relate"), "{words}");
}

/// A server that publishes a key set, and counts how often it is asked.
struct Publisher {
    url: String,
    asked: Arc<AtomicUsize>,
    set: Arc<std::sync::Mutex<(Value, &'static str)>>,
}

async fn publisher() -> Publisher {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/jwks", listener.local_addr().expect("address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let set = Arc::new(std::sync::Mutex::new((json!({"keys": []}), "max-age=600")));
    let (count, shown) = (Arc::clone(&asked), Arc::clone(&set));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0_u8; 4096];
            let _ = socket.read(&mut request).await;
            count.fetch_add(1, Ordering::SeqCst);
            let (body, control) = shown.lock().expect("set").clone();
            let body = body.to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: {control}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    Publisher { url, asked, set }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_key_set_is_kept_and_asked_again_for_a_new_key() {
    let world = world().await;
    let publisher = publisher().await;
    let registration = Registration {
        kind: ClientKind::Asymmetric,
        redirect_uris: Vec::new(),
        launch_uri: None,
        scope: "system/*.rs".into(),
        source: Some("url-source".into()),
        jwks_uri: Some(publisher.url.clone()),
        ..public()
    };
    client::register(&world.app.store, "url", registration, &[], false).await.expect("a client");
    let publish = |keys: Value, control| *publisher.set.lock().expect("set") = (json!({ "keys": keys }), control);
    let status = async |kid: &str, pem: &'static str, jku: Option<String>| {
        let mut assertion = Assertion::new(&world, "url");
        (assertion.header.kid, assertion.header.jku, assertion.pem) = (Some(kid.into()), jku, pem);
        world.backend(&assertion.sign(), "system/*.rs").await.status.as_u16()
    };
    let (first, second) = (jwk(ES384, Algorithm::ES384, "one"), jwk(STRANGER, Algorithm::ES384, "two"));
    // A set with keys of other kinds beside is fine.
    publish(json!([{"kty": "odd", "kid": "x"}, first]), "max-age=600");
    assert_eq!(status("one", ES384, None).await, 200);
    assert_eq!(status("one", ES384, Some(publisher.url.clone())).await, 200, "its own jku");
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 1, "the set is kept as long as its server says");
    publish(json!([second]), "max-age=600");
    assert_eq!(status("two", STRANGER, None).await, 200, "an unknown kid makes it be asked for again");
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 2);
    assert_eq!(status("one", ES384, None).await, 401, "what was taken out of the set is gone");
    let before = publisher.asked.load(Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(status("three", ES384, None).await, 401);
    }
    assert!(publisher.asked.load(Ordering::SeqCst) <= before + 1, "made-up kids do not make it be asked each time");
    // A server that wants it so is asked each time.
    let fresh = self::publisher().await;
    *fresh.set.lock().expect("set") = (json!({"keys": [jwk(ES384, Algorithm::ES384, "one")]}), "no-store");
    let mut changed = client_of(&world, "url").await;
    changed.registration.jwks_uri = Some(fresh.url.clone());
    world.app.store.replace_registration(&changed).await.expect("replaced");
    assert_eq!(status("one", ES384, None).await, 200);
    assert_eq!(status("one", ES384, None).await, 200);
    assert_eq!(fresh.asked.load(Ordering::SeqCst), 2);
    // A set that is not there is no key.
    changed.registration.jwks_uri = Some("http://127.0.0.1:1/jwks".into());
    world.app.store.replace_registration(&changed).await.expect("replaced");
    assert_eq!(status("one", ES384, None).await, 401);
}

async fn client_of(world: &World, id: &str) -> client::Client {
    world.app.store.client(id).await.expect("a look").expect("the client")
}
