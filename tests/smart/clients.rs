//! `lcr client`: registering, listing, rotating, disabling, by the program itself.

use std::process::{Command, Output};

use crate::common::TestApp;
use crate::support::*;

fn lcr(app: &TestApp, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lcr"))
        .args(arguments)
        .env("LCR_DATABASE_URL", &app.database)
        .env_remove("LCR_CONFIG")
        .output()
        .expect("lcr runs")
}

fn said(output: &Output) -> (bool, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat();
    (output.status.success(), text)
}

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    line.trim()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_added_listed_rotated_and_disabled() {
    let world = world().await;
    let run = |arguments: &[&str]| said(&lcr(&world.app, arguments));
    let add = [
        "client",
        "add",
        "--name",
        "A portal",
        "--kind",
        "symmetric",
        "--redirect-uri",
        APP,
        "--scope",
        "launch/patient patient/*.rs",
    ];
    let (ok, text) = run(&add);
    assert!(ok, "{text}");
    let (id, secret) = (line(&text, "client_id:").to_owned(), line(&text, "client_secret:").to_owned());
    let exchange = async |secret: &str| {
        let code = world.browser().authorize(&Ask::new(&world, &id, "launch/patient patient/*.rs"), "gp").await["code"]
            .clone();
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", APP),
            ("code_verifier", VERIFIER),
        ];
        world.back("/oauth/token", Some(&basic(&id, secret)), &pairs).await
    };
    let token = exchange(&secret).await;
    assert_eq!(token.status, 200, "{}", token.text);
    let (ok, text) = run(&["client", "rotate", &id]);
    assert!(ok, "{text}");
    let new = line(&text, "client_secret:").to_owned();
    assert_eq!(exchange(&secret).await.status, 401, "the old secret has ended");
    assert_eq!(exchange(&new).await.status, 200);
    let (ok, text) = run(&["client", "list"]);
    assert!(ok && text.contains(&format!("{id}  symmetric  A portal")), "{text}");
    assert!(!text.contains(&new) && !text.contains("argon2"), "no secret is shown twice");
    let (ok, text) = run(&["client", "disable", &id]);
    assert!(ok, "{text}");
    assert_eq!(world.status(&token.json(), "Patient/near").await, 401);
    assert!(run(&["client", "list"]).1.contains("symmetric  disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_client_is_said() {
    let app = TestApp::start().await;
    let add = |more: &[&str]| {
        let mut arguments = vec!["client", "add", "--name", "X"];
        arguments.extend(more);
        said(&lcr(&app, &arguments))
    };
    for (words, more) in [
        ("use https", &["--scope", "patient/*.rs", "--redirect-uri", "http://app.example/cb"][..]),
        ("\"patient/*.all\" is no scope of this service", &["--scope", "patient/*.all", "--redirect-uri", APP]),
        ("either a JWKS or the URL of one", &["--scope", "system/*.rs", "--source", "s", "--kind", "asymmetric"]),
        (
            "system/ scopes need the source",
            &["--scope", "system/*.rs", "--kind", "asymmetric", "--jwks-uri", "https://a.example/jwks"],
        ),
        ("it is public, symmetric or asymmetric", &["--scope", "openid", "--kind", "secret"]),
        ("is not an origin", &["--scope", "patient/*.rs", "--redirect-uri", APP, "--origin", "https://a.example/"]),
        ("1 to 100 letters", &["--scope", "patient/*.rs", "--redirect-uri", APP, "--id", "a b"]),
    ] {
        let (ok, text) = add(more);
        assert!(!ok && text.contains(words), "{words}: {text}");
    }
    let good = ["--scope", "patient/*.rs", "--redirect-uri", APP, "--id", "twice"];
    assert!(add(&good).0);
    assert_eq!(add(&good), (false, "lcr: the client id twice is taken\n".to_owned()));
    for (arguments, words) in [
        (&["client", "disable", "nobody"][..], "there is no client nobody"),
        (&["client", "rotate", "twice"], "a public client has nothing to rotate"),
        (&["client", "rotate", "nobody"], "there is no client nobody"),
    ] {
        let (ok, text) = said(&lcr(&app, arguments));
        assert!(!ok && text.contains(words), "{text}");
    }
    let (ok, text) = said(&lcr(&app, &["client", "rotate-signing-key"]));
    assert!(ok && text.starts_with("id_tokens are signed with "), "{text}");
}
