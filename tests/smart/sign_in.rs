//! The pages and what is around them: nothing of anybody's gets into them unescaped, cookies and policies are strict, and
//! every log-in, consent, token and refusal is in the audit trail.

// A test may look into the database that it judges.
#![allow(clippy::disallowed_types)]

use lcr_facade::smart::client::{self, Registration};
use sqlx::Connection;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_elsewhere_is_escaped() {
    let world = world().await;
    let name = "<img src=x onerror=alert(1)>\"'&";
    let registration = Registration { name: name.into(), ..public() };
    client::register(&world.app.store, "evil", registration, &[], false).await.expect("a client");
    let source = world.app.source("https://lcr.example/source/Y90001").await;
    let patient = serde_json::json!({"resourceType": "Patient", "id": "script", "name": [{"family": "<script>alert(1)</script>"}],
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000034"}]});
    assert!(source.put("Patient/script", patient).await.status.is_success());
    relate(&world.app, "9990000034", "organisation", "Y90001").await;
    let browser = world.browser();
    let picker = browser.sign_in(&Ask::new(&world, "evil", "launch/patient patient/*.rs"), "gp").await;
    let found =
        browser.get(&format!("/oauth/continue?flow={}&q=%22%3E%3Cscript%3Ealert(2)%3C/script%3E", flow(&picker))).await;
    assert!(found.text.contains("Choose a patient"), "{}", found.text);
    let consent = browser.answer(&picker, &[("patient", "script")]).await;
    for page in [&picker, &found, &consent] {
        assert!(!page.text.contains("<script") && !page.text.contains("<img"), "{}", page.text);
        assert!(page.text.contains("&lt;img src=x onerror=alert(1)&gt;&quot;'&amp;"), "{}", page.text);
    }
    assert!(picker.text.contains("&lt;SCRIPT&gt;"), "{}", picker.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_let_nothing_in_and_are_kept_by_nobody() {
    let world = world().await;
    let browser = world.browser();
    let first = browser
        .get(&format!("/oauth/authorize?{}", Ask::new(&world, "app", "launch/patient patient/*.rs").query()))
        .await;
    let cookie = first.header("set-cookie");
    assert!(cookie.starts_with("lcr-browser=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let page = browser.follow(first).await;
    let picker = browser.choose(&page, "gp").await;
    for page in [&page, &picker] {
        let policy = page.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http://localhost:9999; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        let handler =
            page.text.split(" on").skip(1).any(|rest| rest.trim_start_matches(char::is_alphabetic).starts_with('='));
        assert!(
            !page.text.contains("<script") && !page.text.contains(" style=") && !handler,
            "no inline script: {}",
            page.text
        );
    }
    // Served under https, the cookie is for https alone.
    let secure =
        world_with(lcr_facade::config::Config { public_url: Some("https://record.test".into()), ..Default::default() })
            .await;
    let ask = Ask::new(&secure, "app", "launch/patient patient/*.rs").with("aud", "https://record.test/fhir");
    let first = secure.browser().get(&format!("/oauth/authorize?{}", ask.query())).await;
    let cookie = first.header("set-cookie");
    assert!(cookie.starts_with("__Host-lcr-browser=") && cookie.ends_with("; Secure"), "{cookie} {}", first.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_page_changes_nothing() {
    let world = world().await;
    let browser = world.browser();
    let picker = browser.sign_in(&Ask::new(&world, "app", "launch/patient patient/*.rs"), "gp").await;
    let consent = browser.answer(&picker, &[("patient", NEAR)]).await;
    let back = browser.allow(&consent).await;
    assert!(parameters(back.header("location")).contains_key("code"));
    // Sent again, it gives no second code.
    assert_eq!(browser.answer(&consent, &[("scope", "patient/*.rs")]).await.status, 400);
    // Two answers at once: one counts.
    let browser = world.browser();
    let picker = browser.sign_in(&Ask::new(&world, "app", "launch/patient patient/*.rs"), "gp").await;
    let consent = browser.answer(&picker, &[("patient", NEAR)]).await;
    let pairs = [("scope", "patient/*.rs")];
    let (one, two) = tokio::join!(browser.answer(&consent, &pairs), browser.answer(&consent, &pairs));
    let codes = [&one, &two].into_iter().filter(|page| page.header("location").contains("code=")).count();
    assert_eq!(codes, 1, "{} {}", one.text, two.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_has_log_ins_tokens_and_refusals() {
    let world = world().await;
    let token = world.launch("openid launch/patient offline_access patient/*.rs", "gp").await;
    world.handle(&[]).await;
    world.exchange("app", "wrong").await;
    world.backend(&Assertion::new(&world, "backend").sign(), "system/*.rs").await;
    let refresh = token["refresh_token"].as_str().expect("text");
    world.back("/oauth/revoke", None, &[("client_id", "app"), ("token", refresh)]).await;
    world.back("/oauth/introspect", None, &[("token", "x")]).await;
    world.browser().get("/oauth/authorize?client_id=nobody").await;
    let mut raw = sqlx::PgConnection::connect(&world.app.database).await.expect("a connection");
    let find = "SELECT resource_type, client, user_id, query, outcome, patient_id IS NOT NULL FROM audit \
                WHERE resource_type IN ('sign-in', 'consent', 'token', 'launch', 'revocation', 'introspection', 'authorization') OR query LIKE '%for a launch' OR query LIKE '%to choose from' \
                ORDER BY at, chain, link, place";
    type Row = (String, String, Option<String>, String, i16, bool);
    let rows: Vec<Row> = sqlx::query_as(find).fetch_all(&mut raw).await.expect("rows");
    let has = |kind: &str, client: &str, user: Option<&str>, words: &str, outcome: i16, person: bool| {
        let found = rows.iter().any(|row| {
            (row.0.as_str(), row.1.as_str(), row.2.as_deref(), row.4, row.5) == (kind, client, user, outcome, person)
                && row.3.contains(words)
        });
        assert!(found, "no row {kind} {client} {user:?} {words} {outcome} in {rows:#?}");
    };
    has("sign-in", "app", Some("gp"), "signed in at sandbox", 0, false);
    has("Patient", "app", Some("gp"), "to choose from", 0, true);
    has("Patient", "app", Some("gp"), "Patient/near for a launch", 0, true);
    has("consent", "app", Some("gp"), "scope=openid launch/patient offline_access patient/*.rs", 0, false);
    has("token", "app", Some("gp"), "grant_type=authorization_code", 0, false);
    has("launch", "epr", None, "app=app&user=gp", 0, false);
    has("token", "app", None, "invalid_grant", 4, false);
    has("token", "backend", None, "grant_type=client_credentials&scope=system/*.rs", 0, false);
    has("revocation", "app", None, "a token and what follows from it", 0, false);
    has("introspection", "", None, "invalid_client", 4, false);
    has("authorization", "nobody", None, "invalid_request", 4, false);
    // No secret is in any row, and none is in the tables but as a hash.
    let tokens = [refresh, token["access_token"].as_str().expect("text"), &world.secret, &world.epr_secret];
    for table in ["audit", "token", "refresh_token", "consent", "authorization_code", "client", "launch", "sign_in"] {
        let all: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t")))
            .fetch_all(&mut raw)
            .await
            .expect("rows");
        for secret in tokens {
            assert!(!all.iter().any(|row| row.contains(secret)), "{table} holds a secret");
        }
    }
}
