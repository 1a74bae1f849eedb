//! More than can be done: some work, some wait, the others hear so at once; and when it is over, it is over.

use std::time::{Duration, Instant};

use lcr_facade::config::Load;
use reqwest::{Client, Method};

use crate::common::{Reply, send};
use crate::support::{LONG, Locked, gp, refused, under, unhurried, until, waiting};

/// A request on a connection of its own: connections go to the workers in turn.
async fn ask(url: String, token: String) -> (Reply, Duration) {
    let client = Client::new();
    let began = Instant::now();
    (send(client.get(url).bearer_auth(token)).await, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_refused_at_once_and_the_rest_is_answered() {
    // Two workers: two requests work, two wait.
    let queue_ms = 2_000;
    let app = under(Load { turns: 1, queue: 1, queue_ms, ..unhurried() }).await;
    let (gp, locked) = (gp(&app).await, Locked::patients(&app).await);
    let url = format!("{}/Patient", app.base);
    let mut asked: Vec<_> = (0..2).map(|_| tokio::spawn(ask(url.clone(), gp.token.clone()))).collect();
    until("two requests work", async || waiting(&app).await == 2).await;
    let crowd: Vec<_> = (0..18).map(|_| tokio::spawn(ask(url.clone(), gp.token.clone()))).collect();
    let (mut at_once, mut later) = (0, 0);
    for reply in crowd {
        let (reply, took) = reply.await.expect("an answer");
        refused(&reply, 503, "throttled", "try again");
        assert_eq!(reply.header("retry-after"), "1");
        assert_eq!(reply.header("access-control-allow-origin"), "*", "a page may know why");
        if took < Duration::from_millis(queue_ms) { at_once += 1 } else { later += 1 }
    }
    // On a busy machine one that was refused at once may hear of it late; one that waited never hears early.
    assert!(later >= 2 && at_once >= 1, "{at_once} at once, {later} later");
    assert_eq!(waiting(&app).await, 2, "nobody else came near the database");
    // Whoever watches the service sees it meanwhile.
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(send(app.open(Method::GET, path)).await.status, 200, "{path}");
    }
    locked.release().await;
    for reply in asked.drain(..) {
        let (reply, _) = reply.await.expect("an answer");
        assert_eq!((reply.status.as_u16(), reply.ids()), (200, vec!["near".to_owned()]), "{}", reply.text);
    }
    for _ in 0..20 {
        assert_eq!(gp.get("Patient").await.status, 200, "it is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_long_enough_is_answered() {
    let app = under(Load { turns: 1, queue: 100, queue_ms: 60_000, ..unhurried() }).await;
    let (gp, locked) = (gp(&app).await, Locked::patients(&app).await);
    let url = format!("{}/Patient", app.base);
    let asked: Vec<_> = (0..20).map(|_| tokio::spawn(ask(url.clone(), gp.token.clone()))).collect();
    until("two requests work", async || waiting(&app).await == 2).await;
    locked.release().await;
    for reply in asked {
        let (reply, took) = reply.await.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(took < LONG);
    }
}
