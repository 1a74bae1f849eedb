//! TLS by the service itself, judged by openssl and curl.

use std::path::{Path, PathBuf};
use std::process::Command;

use lcr_facade::app::App;
use lcr_facade::config::{Config, Tls};

use crate::common::TestApp;
use crate::support::until;
use crate::tools::{there, words};

/// A folder of this test's own, with certificates made by openssl.
struct Papers(PathBuf);

impl Papers {
    fn new(name: &str) -> Papers {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Papers(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A certificate of this name for this machine, and its key.
    fn make(&self, name: &str, kind: &[&str]) -> Tls {
        let tls =
            Tls { certificate: Some(self.path(&format!("{name}.pem"))), key: Some(self.path(&format!("{name}.key"))) };
        let (certificate, key) = tls.files().expect("files");
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=lcr",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ]);
        openssl.args(kind).arg("-keyout").arg(key).arg("-out").arg(certificate);
        let made = openssl.output().expect("openssl");
        assert!(made.status.success(), "{}", words(&made));
        tls
    }

    fn elliptic(&self, name: &str) -> Tls {
        self.make(name, &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }
}

/// What curl says of an address: HTTP version, status and headers; or that it cannot.
async fn curl(url: &str, more: &[&str], trusted: &Path) -> Result<String, String> {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-D", "-", "-o", "/dev/null", "-w", "HTTP %{http_version}\n"]).args(more);
    curl.arg("--cacert").arg(trusted).arg(url);
    let said = tokio::task::spawn_blocking(move || curl.output().expect("curl")).await.expect("it ends");
    if said.status.success() { Ok(words(&said).to_lowercase()) } else { Err(words(&said)) }
}

fn ready() -> bool {
    there("openssl") && there("curl")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_tls_of_today_and_both_versions_of_http() {
    if !ready() {
        return;
    }
    let papers = Papers::new("speaks");
    for (name, kind) in
        [("ec", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..]), ("rsa", &["-newkey", "rsa:2048"])]
    {
        let tls = papers.make(name, kind);
        let trusted = tls.certificate.clone().expect("a certificate");
        let app = TestApp::with(Config { tls, ..Config::default() }).await;
        assert!(app.url.starts_with("https://"), "{}", app.url);
        let url = format!("{}/fhir/metadata", app.url);
        for (more, expected) in [
            (&["--tls-max", "1.2", "--http1.1"][..], "http 1.1"),
            (&["--tlsv1.3", "--http1.1"], "http 1.1"),
            (&["--http2"], "http 2"),
        ] {
            let said = curl(&url, more, &trusted).await.unwrap_or_else(|error| panic!("{name} {more:?}: {error}"));
            assert!(said.contains(expected) && said.contains(" 200"), "{name} {more:?}: {said}");
            assert!(said.contains("strict-transport-security: max-age=31536000"), "{said}");
        }
        // A version that is broken: s_client would speak it, the service does not.
        let address = app.url.trim_start_matches("https://").to_owned();
        let old = tokio::task::spawn_blocking(move || {
            let mut client = Command::new("openssl");
            client.args(["s_client", "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0", "-connect", &address]);
            client.stdin(std::process::Stdio::null()).output().expect("openssl")
        });
        let old = old.await.expect("it ends");
        assert!(!old.status.success() && words(&old).contains("alert"), "{}", words(&old));
        // HTTP without TLS gets nothing.
        assert!(curl(&url.replace("https:", "http:"), &[], &trusted).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_without_a_restart_and_a_bad_one_changes_nothing() {
    if !ready() {
        return;
    }
    let papers = Papers::new("renewed");
    let (first, second) = (papers.elliptic("first"), papers.elliptic("second"));
    let (used, key) = (papers.path("used.pem"), papers.path("used.key"));
    let put = |tls: &Tls| {
        let (certificate, private) = tls.files().expect("files");
        std::fs::copy(certificate, &used).expect("copied");
        std::fs::copy(private, &key).expect("copied");
    };
    put(&first);
    let tls = Tls { certificate: Some(used.clone()), key: Some(key.clone()) };
    let app = TestApp::with(Config { tls, ..Config::default() }).await;
    let url = format!("{}/health/live", app.url);
    let (old, new) = (first.certificate.clone().expect("file"), second.certificate.clone().expect("file"));
    curl(&url, &[], &old).await.expect("the first");
    curl(&url, &[], &new).await.expect_err("not yet the second");
    put(&second);
    until("the second is shown", async || curl(&url, &[], &new).await.is_ok()).await;
    curl(&url, &[], &old).await.expect_err("no longer the first");
    // A certificate whose key is another's, and one that is none; when the third is there, both were looked at.
    std::fs::copy(&old, &used).expect("copied");
    for _ in 0..20 {
        curl(&url, &[], &new).await.expect("the second is still there");
    }
    std::fs::write(&used, "nothing").expect("written");
    curl(&url, &[], &new).await.expect("the second is still there");
    put(&first);
    until("the first is shown again", async || curl(&url, &[], &old).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_stops_the_start_by_its_name() {
    if !ready() {
        return;
    }
    let papers = Papers::new("refused");
    let (good, other) = (papers.elliptic("good"), papers.elliptic("other"));
    let empty = papers.path("empty.pem");
    std::fs::write(&empty, "no PEM\n").expect("written");
    let app = TestApp::start().await;
    let (certificate, key) = good.files().expect("files");
    let missing = papers.path("missing.pem");
    for (certificate, key, names) in [
        (&certificate, &other.key.clone().expect("a key"), ["tls.key", "other.key", "not the key of the certificate"]),
        (&missing, &key, ["tls.certificate", "missing.pem", "cannot be read"]),
        (&certificate, &missing, ["tls.key", "missing.pem", "cannot be read"]),
        (&empty, &key, ["tls.certificate", "empty.pem", "no certificate"]),
        (&certificate, &empty, ["tls.key", "empty.pem", "no key that can be used"]),
    ] {
        let tls = Tls { certificate: Some(certificate.clone()), key: Some(key.clone()) };
        let config = Config { tls, listen: ([127, 0, 0, 1], 0).into(), workers: 1, ..Config::default() };
        let error = App::build(config, &app.database).await.err().expect("no start").to_string();
        for name in names {
            assert!(error.contains(name), "{error} does not name {name}");
        }
        assert!(!error.contains("PRIVATE"), "{error}");
    }
    let half = Config::of("[tls]\ncertificate = \"a.pem\"", &|_| None).expect_err("half of it").to_string();
    assert!(half.contains("tls.certificate") && half.contains("tls.key"), "{half}");
}
