//! Discovery: what is said is true, and nothing is said that is not.

use lcr_facade::config::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{TestApp, send};
use crate::support::*;

async fn get(app: &TestApp, path: &str) -> Value {
    let reply = send(app.open(Method::GET, path).header("Accept", "text/html")).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"), "{path}");
    reply.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_that_is_named_is_there() {
    let world = world().await;
    let smart = get(&world.app, "/fhir/.well-known/smart-configuration").await;
    let openid = get(&world.app, "/.well-known/openid-configuration").await;
    for name in [
        "issuer",
        "jwks_uri",
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
    ] {
        assert_eq!(smart[name], openid[name], "{name}");
    }
    assert_eq!(smart["issuer"], json!(world.issuer()));
    for (name, status) in [
        ("jwks_uri", 200),
        ("authorization_endpoint", 400),
        ("token_endpoint", 405),
        ("introspection_endpoint", 405),
        ("revocation_endpoint", 405),
        ("management_endpoint", 303),
    ] {
        let url = smart[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
        assert!(url.starts_with(&world.issuer()), "{url} is absolute");
        assert_eq!(world.browser().get(&url).await.status, status, "{name}");
    }
    let metadata = get_any(&world.app, "/fhir/metadata").await;
    let security = &metadata["rest"][0]["security"];
    assert_eq!(security["cors"], true);
    assert_eq!(security["service"][0]["coding"][0]["code"], "SMART-on-FHIR");
    let uris = security["extension"][0]["extension"].as_array().expect("endpoints");
    let said = |name: &str| uris.iter().find(|uri| uri["url"] == name).expect(name)["valueUri"].clone();
    assert_eq!(
        security["extension"][0]["url"],
        "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
    );
    for (name, other) in
        [("authorize", "authorization_endpoint"), ("token", "token_endpoint"), ("manage", "management_endpoint")]
    {
        assert_eq!(said(name), smart[other], "{name}");
    }
    let capabilities = smart["capabilities"].as_array().expect("a list");
    assert!(!capabilities.contains(&json!("context-ehr-encounter")), "no Encounter can be read");
    assert!(!smart["scopes_supported"].as_array().expect("a list").contains(&json!("launch/encounter")));
}

async fn get_any(app: &TestApp, path: &str) -> Value {
    send(app.open(Method::GET, path)).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_where_nobody_can_sign_in_says_so() {
    let app = TestApp::with(Config::default()).await;
    let smart = get(&app, "/fhir/.well-known/smart-configuration").await;
    assert_eq!(smart["capabilities"], json!(["client-confidential-asymmetric", "permission-v1", "permission-v2"]));
    assert_eq!(smart["grant_types_supported"], json!(["client_credentials"]));
    assert!(smart.get("authorization_endpoint").is_none() && smart.get("management_endpoint").is_none());
    let metadata = get_any(&app, "/fhir/metadata").await;
    assert!(metadata["rest"][0]["security"].get("extension").is_none(), "the extension wants an authorize");
    let page = Browser::new(&app.url).get("/oauth/manage").await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("nobody can sign in here"), "{}", page.text);
    // The sandbox's sign-in is not there outside the sandbox.
    let browser = Browser::new(&app.url);
    for reply in [
        browser.get("/sandbox/sign-in?flow=x").await,
        browser.post("/sandbox/sign-in", &[("flow", "x"), ("persona", "gp")]).await,
    ] {
        assert_eq!(reply.status, 404);
        assert!(!reply.text.contains("Okafor"), "{}", reply.text);
    }
    // No variable and no file turns it on.
    assert!(toml::from_str::<Config>("sandbox = true").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_keys_rotate_and_the_old_one_stays_published() {
    let world = world().await;
    let before = world.launch("openid launch/patient patient/*.rs", "gp").await;
    lcr_facade::smart::keys::rotate(&world.app.store).await.expect("rotated");
    let after = world.launch("openid launch/patient patient/*.rs", "gp").await;
    let kid =
        |token: &Value| jsonwebtoken::decode_header(token["id_token"].as_str().expect("text")).expect("a header").kid;
    assert_ne!(kid(&before), kid(&after));
    for token in [&before, &after] {
        id_claims(&world, token).await;
    }
    let set = get(&world.app, "/oauth/jwks.json").await;
    assert_eq!(set["keys"].as_array().expect("keys").len(), 2);
    assert!(!set.to_string().contains("\"d\""), "public keys only");
}
