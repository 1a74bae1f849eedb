//! Whose word is believed on where a request came from.

use lcr_facade::config::{Config, Load, Proxies};
use reqwest::Method;

use crate::common::{TestApp, send};
use crate::support::{gp, number};

const ROWS: &str = "SELECT count(*) FROM audit WHERE address = $1";

async fn behind(proxies: &[&str], load: Load) -> TestApp {
    let proxies: Vec<String> = proxies.iter().map(|text| (*text).to_owned()).collect();
    let proxies = Proxies::try_from(proxies).expect("proxies");
    TestApp::with(Config { proxies, load, ..Config::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_of_our_own_says_is_in_the_trail() {
    let app = behind(&["127.0.0.1"], Load::default()).await;
    let gp = gp(&app).await;
    let list = "1.2.3.4, 198.51.100.7";
    send(gp.request(Method::GET, "Patient").header("X-Forwarded-For", list)).await;
    send(gp.request(Method::GET, "Patient").header("Forwarded", "for=\"[2001:db8::7]:99\"")).await;
    send(app.open(Method::POST, "/oauth/token").header("X-Forwarded-For", "198.51.100.8")).await;
    assert_eq!(number(&app, ROWS, "198.51.100.7").await, 1);
    assert_eq!(number(&app, ROWS, "2001:db8::7").await, 1);
    assert_eq!(number(&app, ROWS, "198.51.100.8").await, 1, "the authorization server's rows, too");
    assert_eq!(number(&app, ROWS, "1.2.3.4").await, 0, "what the client wrote itself is not believed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_else_says_is_not() {
    let app = behind(&["10.0.0.0/8"], Load::default()).await;
    let gp = gp(&app).await;
    let request = gp.request(Method::GET, "Patient").header("X-Forwarded-For", "10.0.0.1");
    send(request.header("Forwarded", "for=10.0.0.1")).await;
    assert_eq!(number(&app, ROWS, "10.0.0.1").await, 0);
    assert_eq!(number(&app, ROWS, "127.0.0.1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_are_those_of_the_clients_behind_a_proxy() {
    let app = behind(&["127.0.0.0/8"], Load { wrong_tokens: 1, ..Load::default() }).await;
    let guess = async |from: &str| {
        let request = app.open(Method::GET, "/fhir/Patient").bearer_auth("guess").header("X-Forwarded-For", from);
        send(request).await.status.as_u16()
    };
    assert_eq!((guess("198.51.100.7").await, guess("198.51.100.7").await), (401, 429));
    assert_eq!(guess("198.51.100.8").await, 401, "another client");
    assert_eq!(guess("198.51.100.7, 198.51.100.9").await, 401, "the one whom the proxy heard");
}
