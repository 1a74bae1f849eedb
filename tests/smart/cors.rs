//! CORS: discovery for all, the rest for the origins that clients registered.

use reqwest::Method;

use crate::common::{Reply, send};
use crate::support::*;

async fn from(world: &World, method: Method, path: &str, origin: &str, preflight: bool) -> Reply {
    let mut request = world.app.open(method, path).header("Origin", origin);
    if preflight {
        request = request.header("Access-Control-Request-Method", "POST");
        request = request.header("Access-Control-Request-Headers", "authorization,content-type");
    }
    send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_registered_origins_read_answers_and_no_others() {
    let world = world().await;
    let (ours, theirs) = ("http://localhost:9999", "https://evil.example");
    for path in [
        "/fhir/metadata",
        "/fhir/.well-known/smart-configuration",
        "/.well-known/openid-configuration",
        "/oauth/jwks.json",
    ] {
        for origin in [ours, theirs] {
            let reply = from(&world, Method::GET, path, origin, false).await;
            assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (200, "*"), "{path}");
            let reply = from(&world, Method::OPTIONS, path, origin, true).await;
            assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (204, "*"), "{path}");
        }
    }
    for path in ["/oauth/token", "/fhir/Patient/near", "/fhir/Patient", "/fhir", "/oauth/revoke", "/oauth/introspect"] {
        let reply = from(&world, Method::OPTIONS, path, ours, true).await;
        assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (204, ours), "{path}");
        assert!(reply.header("access-control-allow-headers").contains("Authorization"), "{path}");
        assert!(reply.header("vary").contains("Origin"), "{path}");
        assert_eq!(reply.header("access-control-allow-credentials"), "", "no cookies from elsewhere");
        let reply = from(&world, Method::OPTIONS, path, theirs, true).await;
        assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (403, ""), "{path}");
        for origin in
            [theirs, "null", "http://localhost:9998", "https://localhost:9999", "http://localhost:9999.evil.example"]
        {
            let reply = from(&world, Method::POST, path, origin, false).await;
            assert_eq!(reply.header("access-control-allow-origin"), "", "{path} {origin}");
        }
        let reply = from(&world, Method::POST, path, ours, false).await;
        assert_eq!(reply.header("access-control-allow-origin"), ours, "errors too: {path}");
    }
    // Nobody's page reads the pages of users.
    for path in ["/oauth/authorize", "/oauth/continue", "/sandbox/sign-in", "/oauth/launch"] {
        let reply = from(&world, Method::GET, path, ours, false).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
    for id in ["app", "other-app", "bare-app", "trusted-app", "hospital-app", "symmetric-app", "asymmetric-app"] {
        world.app.store.disable_client(id).await.expect("disabled");
    }
    let reply = from(&world, Method::OPTIONS, "/oauth/token", ours, true).await;
    assert_eq!(reply.status, 403, "a disabled client's origin is no longer one");
}
