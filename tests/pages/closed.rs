//! Where there is no sandbox, its addresses are unknown ones, whatever is sent to them, and /docs has none of its parts.

use lcr_facade::config::Config;
use reqwest::Method;

use crate::common::{Reply, TestApp, send};

/// Every address that the sandbox has, read from its source, and some that it has not.
fn addresses() -> Vec<String> {
    let mut found = vec!["/sandbox/".to_owned(), "/sandbox/app/launch.html".to_owned(), "/sandbox/nothing".to_owned()];
    for text in [include_str!("../../src/http/sandbox/mod.rs"), include_str!("../../src/http/sandbox/app.rs")] {
        let paths = text.split("only(\"").skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(paths.map(|path| format!("/sandbox{}", path.replace("{file:.*}", "index.html"))));
    }
    assert!(found.iter().any(|path| path == "/sandbox/denials") && found.iter().any(|path| path == "/sandbox"));
    found
}

/// An answer without what differs between any two.
fn told(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "date" && *name != "x-request-id");
    let mut headers: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned())).collect();
    headers.sort();
    (reply.status.as_u16(), reply.text.clone(), headers)
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_sandbox_its_addresses_are_unknown_ones() {
    let app = TestApp::with(Config::default()).await;
    // Even over the sandbox's own record, the configuration says what is served.
    app.store.begin_sandbox().await.expect("the mark of a sandbox");
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
    for path in addresses() {
        for method in &methods {
            // The same request of both.
            let ask = |path: &str| {
                let request =
                    app.open(method.clone(), path).header("Content-Type", "application/x-www-form-urlencoded");
                send(request.body("persona=gp&patient=x&token=x&flow=x"))
            };
            let (unknown, reply) = (ask("/nobody-knows-this").await, ask(&path).await);
            assert_eq!(unknown.status, 404);
            assert_eq!(told(&reply), told(&unknown), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_of_a_real_record_names_no_persona() {
    let app = TestApp::with(Config::default()).await;
    let reply = send(app.open(Method::GET, "/docs")).await;
    assert_eq!(reply.status, 200);
    for word in ["Okafor", "sandbox", "/denials"] {
        assert!(!reply.text.contains(word), "{word} in {}", reply.text);
    }
    for word in ["lcr client add", "/docs/oauth2-redirect.html", "data-client=\"\""] {
        assert!(reply.text.contains(word), "no {word} in {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_let_nothing_in_from_elsewhere() {
    let app = crate::sandbox::sandbox(&[]).await;
    for path in ["/docs", "/sandbox", "/sandbox/denials", "/docs/oauth2-redirect.html"] {
        let reply = send(app.open(Method::GET, path)).await;
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        for wide in ["unsafe", "*", "https:"] {
            assert!(!policy.contains(wide), "{path}: {policy}");
        }
        let elsewhere =
            reply.text.split(['"', '\'']).find(|text| text.starts_with("//") || text.starts_with("https://"));
        assert_eq!(elsewhere, None, "{path}");
    }
    let unknown = send(app.open(Method::GET, "/docs/index.html")).await;
    assert_eq!(unknown.status, 404);
}
