//! How often somebody may ask, and how often somebody may be wrong.

use std::time::Instant;

use lcr_facade::config::Load;
use reqwest::Method;
use serde_json::json;

use crate::common::{Reply, TestApp, send};
use crate::support::{gp, number, refused, under};
use crate::world::{nhs, persona};

/// What a refusal for asking too often says.
fn too_often(reply: &Reply) {
    refused(reply, 429, "throttled", "seconds");
    let seconds: u64 = reply.header("retry-after").parse().expect("Retry-After");
    assert!((1..=3_600).contains(&seconds), "{seconds}");
}

/// Asks until there is a refusal, and checks that no more were let through than may be in that time.
async fn until_refused(burst: u32, a_second: u32, mut ask: impl AsyncFnMut() -> Reply) -> Reply {
    let (began, mut passed) = (Instant::now(), 0);
    loop {
        let reply = ask().await;
        if reply.status == 429 {
            return reply;
        }
        passed += 1;
        let may = burst + a_second * u32::try_from(began.elapsed().as_secs() + 1).expect("seconds");
        assert!(passed <= may, "{passed} were let through where {may} may");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_again_and_others_are_not() {
    let app = under(Load { rate: 1, burst: 5, ..Load::default() }).await;
    let (gp, nurse) = (gp(&app).await, persona(&app, "nurse").await);
    too_often(&until_refused(5, 1, async || gp.get("Patient/near").await).await);
    assert_ne!(nurse.get("Patient/near").await.status, 429, "another user");
    let again = gp.app.persona("gp").await;
    // The same user with another token: from the same bucket.
    too_often(&until_refused(1, 1, async || again.get("Patient/near").await).await);
    // Where no token says who it is, by address.
    let open = async || send(app.open(Method::GET, "/fhir/metadata")).await;
    too_often(&until_refused(5, 1, open).await);
    assert_ne!(nurse.get("Patient/near").await.status, 429, "who has a token is somebody, wherever they ask from");
    assert_eq!(send(app.open(Method::GET, "/health/live")).await.status, 200, "probes are not counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_stop_being_looked_into_and_good_ones_work_on() {
    let app = under(Load { wrong_tokens: 3, ..Load::default() }).await;
    let gp = gp(&app).await;
    let guess = async || send(app.open(Method::GET, "/fhir/Patient").bearer_auth("guess")).await;
    for _ in 0..3 {
        assert_eq!(guess().await.status, 401);
    }
    let rows = "SELECT count(*) FROM audit WHERE resource_type = $1";
    assert_eq!(number(&app, rows, "access-token").await, 3);
    // One comes back every twenty seconds: on a slow machine one or two more may be let through.
    let mut refusals = 0;
    for _ in 0..10 {
        let reply = guess().await;
        if reply.status == 429 {
            too_often(&reply);
            refusals += 1;
        }
    }
    assert!(refusals >= 7, "{refusals} of ten were refused");
    assert_eq!(number(&app, rows, "access-token").await, 13 - refusals, "what was refused was not written down");
    assert_eq!(gp.get("Patient/near").await.status, 200, "who has a good token is not held up by others' guesses");
}

async fn prove(app: &TestApp, client: &str, secret: &str) -> Reply {
    let request = app.open(Method::POST, "/oauth/token").basic_auth(client, Some(secret));
    send(request.header("Content-Type", "application/x-www-form-urlencoded").body("grant_type=client_credentials"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_secret_is_guessed_is_not_heard_for_a_while() {
    let app = under(Load { wrong_secrets: 3, ..Load::default() }).await;
    let mut statuses = Vec::new();
    for at in 0..10 {
        let reply = prove(&app, "victim", &format!("guess-{at}")).await;
        if reply.status == 429 {
            assert_eq!(reply.json()["error"], "temporarily_unavailable", "{}", reply.text);
            assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
        }
        statuses.push(reply.status.as_u16());
    }
    assert_eq!(statuses[..3], [401; 3]);
    let refusals = statuses.iter().filter(|status| **status == 429).count();
    assert!(refusals >= 5, "{statuses:?}");
    assert_eq!(prove(&app, "another", "guess").await.status, 401, "another client is another bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_at_dates_of_birth_is_stopped() {
    let app = under(Load { wrong_claims: 2, ..Load::default() }).await;
    let (stranger, nurse) = (persona(&app, "stranger").await, persona(&app, "nurse").await);
    let number = nhs(1);
    let claim = |born: &str| {
        let values = [("nhs-number", number.as_str()), ("birth-date", born), ("reason", "found unconscious at home")];
        let one = |(name, value): (&str, &str)| json!({"name": name, "valueString": value});
        json!({"resourceType": "Parameters", "parameter": values.map(one)})
    };
    let path = "Patient/$break-glass";
    for born in ["1950-05-01", "1950-05-02"] {
        assert_eq!(stranger.post(path, claim(born)).await.status, 404, "{born}");
    }
    for _ in 0..3 {
        assert_eq!(nurse.post(path, claim("1950-05-05")).await.status, 200, "what opens a record is no guess");
    }
    // The right one, too: it would tell the guesser that it is.
    let reply = stranger.post(path, claim("1950-05-05")).await;
    too_often(&reply);
    assert!(reply.text.contains("load.wrong_claims"), "{}", reply.text);
    assert_eq!(stranger.get("Patient/near").await.status, 404, "nothing was opened");
    let rows = "SELECT count(*) FROM audit WHERE query = $1 AND outcome = 4";
    assert_eq!(crate::support::number(&app, rows, "Patient/$break-glass").await, 3, "each refusal has its row");
}
