//! `:iterate` on `_include` and `_revinclude` (R4 §3.1.1.5.4): what came along is asked too, until nothing new comes.

use lcr_facade::config::{Config, RequestLimits};
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::*;

fn observation(id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"reference": format!("Observation/{id}")})).collect();
    let mut resource = json!({"resourceType": "Observation", "id": id, "status": "final", "code": animal("cat"), "subject": {"reference": "Patient/p"}});
    if !members.is_empty() {
        resource["hasMember"] = json!(members);
    }
    resource
}

async fn came(session: &Session<'_>, kind: &str, params: &[(&str, &str)]) -> std::collections::BTreeSet<String> {
    let reply = ask(session, kind, params).await;
    assert_eq!(reply.status, 200, "{params:?}: {}", reply.text);
    entries(&reply, "include")
}

/// a → b → c → d → b, e → a; a practice that is part of another, and so on to the top.
async fn fill(session: &Session<'_>) {
    let organization = |id: &str, above: Option<&str>| {
        let mut resource = json!({"resourceType": "Organization", "id": id, "name": id});
        if let Some(above) = above {
            resource["partOf"] = json!({"reference": format!("Organization/{above}")});
        }
        resource
    };
    for (id, above) in [("top", None), ("trust", Some("top")), ("practice", Some("trust"))] {
        put(session, &organization(id, above)).await;
    }
    let mut person = patient("p");
    person["managingOrganization"] = json!({"reference": "Organization/practice"});
    put(session, &person).await;
    for (id, members) in
        [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["d", "gone"]), ("d", vec!["b"]), ("e", vec!["a"])]
    {
        put(session, &observation(id, &members)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_and_ends() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    fill(&session).await;
    let o = |names: &[&str]| {
        names.iter().map(|name| format!("Observation/{name}")).collect::<std::collections::BTreeSet<_>>()
    };
    let member = "Observation:has-member";
    for (id, params, wanted) in [
        ("a", vec![("_include", member)], o(&["b"])),
        ("a", vec![("_include:iterate", member)], o(&["b", "c", "d"])),
        ("b", vec![("_include:iterate", member)], o(&["c", "d"])),
        ("a,d", vec![("_include:iterate", member)], o(&["b", "c"])),
        ("c", vec![("_revinclude", member)], o(&["b"])),
        ("c", vec![("_revinclude:iterate", member)], o(&["b", "a", "e", "d"])),
        ("e", vec![("_include", member), ("_revinclude:iterate", member)], o(&["a"])),
        ("d", vec![("_include:iterate", member), ("_revinclude:iterate", member)], o(&["a", "b", "c", "e"])),
    ] {
        let all: Vec<(&str, &str)> = [("_id", id)].into_iter().chain(params.clone()).collect();
        assert_eq!(came(&session, "Observation", &all).await, wanted, "{id} {params:?}");
    }
    // From type to type: only what is said to iterate does.
    let practice = ids(["Patient/p", "Organization/practice"]);
    let up = ("_include:iterate", "Patient:organization");
    assert_eq!(came(&session, "Observation", &[("_id", "a"), ("_include", "Observation:patient"), up]).await, practice);
    let part = ("_include:iterate", "Organization:partof");
    let all = ids(["Patient/p", "Organization/practice", "Organization/trust", "Organization/top"]);
    assert_eq!(
        came(&session, "Observation", &[("_id", "a"), ("_include", "Observation:subject"), up, part]).await,
        all
    );
    assert_eq!(came(&session, "Observation", &[("_id", "a"), part]).await, ids([]));
    assert_eq!(
        came(&session, "Organization", &[("_id", "top"), ("_revinclude:iterate", "Organization:partof")]).await,
        ids(["Organization/trust", "Organization/practice"])
    );
    let down = [
        ("_id", "top"),
        ("_revinclude:iterate", "Organization:partof"),
        ("_revinclude:iterate", "Patient:organization"),
        ("_revinclude:iterate", "Observation:subject:Patient"),
    ];
    let mut everything = o(&["a", "b", "c", "d", "e"]);
    everything.extend(ids(["Patient/p", "Organization/trust", "Organization/practice"]));
    assert_eq!(came(&session, "Organization", &down).await, everything);
    // Wildcards go the same way.
    let mut wide = o(&["b", "c", "d"]);
    wide.extend(ids(["Patient/p", "Organization/practice", "Organization/trust", "Organization/top"]));
    assert_eq!(came(&session, "Observation", &[("_id", "a"), ("_include:iterate", "*")]).await, wide);
    assert_eq!(
        came(&session, "Observation", &[("_id", "a"), ("_include", "*")]).await,
        ids(["Observation/b", "Patient/p"])
    );
    everything.remove("Organization/top");
    assert_eq!(came(&session, "Organization", &[("_id", "top"), ("_revinclude:iterate", "*")]).await, everything);
    let pages = session.get("Observation?_count=1&_sort=_id&_include:iterate=Observation:has-member").await;
    assert_eq!(entries(&pages, "include"), o(&["b", "c", "d"]), "the page's own");
    assert!(pages.link("next").is_some_and(|next| next.contains("_include:iterate=")), "{}", pages.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_bounded_by_the_limit_on_includes() {
    let limits = RequestLimits { includes: 6, ..RequestLimits::default() };
    let app = TestApp::with(Config { limits, ..Config::default() }).await;
    let session = app.source("gp").await;
    for at in 0..8 {
        put(&session, &observation(&format!("o{at}"), &[&format!("o{}", at + 1)])).await;
    }
    let member = ("_include:iterate", "Observation:has-member");
    assert_eq!(came(&session, "Observation", &[("_id", "o1"), member]).await.len(), 6);
    refused(&session, "Observation", &[("_id", "o0"), member], &["6", "limits.includes"]).await;
    refused(&session, "Observation", &[("_include:recurse", "Observation:has-member")], &[":recurse", ":iterate"])
        .await;
    refused(&session, "Observation", &[("_include", "Patient:link")], &["_include:iterate"]).await;
    refused(&session, "Observation", &[("_include:iterate", "Patient:name")], &["no reference"]).await;
    refused(&session, "Observation", &[("_revinclude:iterate", "Encounter:subject")], &["Encounter:subject"]).await;
}
