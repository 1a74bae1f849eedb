//! The app's files as they are served: all of them, unchanged, under the policy that keeps foreign text from running, and
//! by the sandbox alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lcr_facade::config::Config;
use lcr_facade::sandbox;
use reqwest::Method;
use serde_json::Value;

use crate::common::{TestApp, send};
use crate::node;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/app")
}

/// The files below a folder, by path.
fn files(folder: &Path, below: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    entries
        .flat_map(|entry| {
            let name = format!("{below}{}", entry.file_name().to_str().expect("a name"));
            if entry.path().is_dir() { files(&entry.path(), &format!("{name}/")) } else { vec![name] }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_served_as_it_stands() {
    let app = TestApp::with(Config { sandbox: true, ..Config::default() }).await;
    let all = files(&folder(), "");
    assert!(all.len() > 20, "{all:?}");
    for name in all.iter().filter(|name| *name != "README.md") {
        let path = format!("/sandbox/app/{name}");
        let reply = send(app.open(Method::GET, &path)).await;
        assert_eq!(reply.status, 200, "{name}");
        let kept = std::fs::read(folder().join(name)).expect("file");
        assert!(reply.text.as_bytes() == kept, "{name} is served otherwise than it stands");
        let media = match name.rsplit('.').next().expect("ending") {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        };
        assert_eq!(reply.header("content-type"), media, "{name}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(reply.header("cache-control"), "no-cache", "{name}");
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{name}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{name}: {policy}");
        let again = send(app.open(Method::GET, &path).header("If-None-Match", reply.header("etag"))).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{name}");
        let another = send(app.open(Method::GET, &path).header("If-None-Match", "W/\"another\"")).await;
        assert_eq!(another.status, 200, "{name}");
    }
    let index = send(app.open(Method::GET, "/sandbox/app/index.html")).await.text;
    assert_eq!(send(app.open(Method::GET, "/sandbox/app/")).await.text, index);
    assert_eq!(send(app.open(Method::GET, "/sandbox/app")).await.text, index, "by way of the folder's address");
    assert_eq!(send(app.open(Method::HEAD, "/sandbox/app/app.js")).await.text, "");
    for unknown in
        ["/sandbox/app/no.js", "/sandbox/app/README.md", "/sandbox/app/../clients.toml", "/sandbox/app/vendor"]
    {
        assert_eq!(send(app.open(Method::GET, unknown)).await.status, 404, "{unknown}");
    }
    assert_eq!(send(app.open(Method::POST, "/sandbox/app/app.js")).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_sandbox_the_addresses_are_unknown_ones() {
    let app = TestApp::start().await;
    for method in [Method::GET, Method::HEAD, Method::POST] {
        let unknown = send(app.open(method.clone(), "/nothing/here")).await;
        for path in ["/sandbox/app", "/sandbox/app/", "/sandbox/app/index.html", "/sandbox/app/no.js"] {
            let reply = send(app.open(method.clone(), path)).await;
            assert_eq!((reply.status.as_u16(), &reply.text), (404, &unknown.text), "{method} {path}");
        }
    }
}

/// What runs in an app of the record is what npm has, and its version is said.
#[test]
fn the_vendored_client_is_npms() {
    if !node::ready(false) {
        return;
    }
    let package = node::folder().join("node_modules/fhirclient");
    let same = |kept: &str, theirs: &str| {
        let read = |path: PathBuf| std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            read(folder().join("vendor").join(kept)) == read(package.join(theirs)),
            "vendor/{kept} is not npm's {theirs}"
        );
    };
    same("fhir-client.pure.min.js", "build/fhir-client.pure.min.js");
    same("fhir-client.pure.min.js.LICENSE.txt", "build/fhir-client.pure.min.js.LICENSE.txt");
    same("LICENSE", "LICENSE");
    let about: Value =
        serde_json::from_slice(&std::fs::read(package.join("package.json")).expect("package.json")).expect("JSON");
    let version = format!("fhirclient {}", about["version"].as_str().expect("version"));
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("README");
    assert!(readme.contains(&version), "sandbox/app/README.md does not say {version}");
}

/// A source that no Organization names would be shown by the end of its URI.
#[test]
fn every_source_of_the_sandbox_has_an_organisation() {
    let named: BTreeSet<String> = sandbox::ORGANISATIONS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .flat_map(|row| row["identifier"].as_array().cloned().unwrap_or_default())
        .filter(|identifier| identifier["system"] == "urn:ietf:rfc:3986")
        .map(|identifier| identifier["value"].as_str().expect("a URI").to_owned())
        .collect();
    for line in sandbox::RECORD.lines() {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let source = row["meta"]["source"].as_str().expect("a source");
        assert!(named.contains(source), "{source} has no Organization");
    }
    // Who is signed in has a role somewhere.
    for (name, persona) in sandbox::users().expect("users") {
        let held = sandbox::ORGANISATIONS.contains(&format!("\"reference\":\"Practitioner/sandbox-{name}\""));
        assert!(
            held || persona.claims.patient.is_some() || name == "privacy-officer",
            "{name} has no PractitionerRole"
        );
    }
}
