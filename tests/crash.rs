//! `lcr demo`, killed with -9 while it loads and while it is written to, twenty times: nothing that
//! was acknowledged is lost, nothing half-written is seen, and it starts again without hands.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const ROUNDS: usize = 20;
/// Resources of one transaction.
const WHOLE: usize = 40;

/// A demo of its own folder and port.
struct Demo {
    process: Child,
    base: String,
}

fn demo(home: &Path, port: u16) -> Demo {
    let mut process = Command::new(env!("CARGO_BIN_EXE_lcr"))
        .arg("demo")
        .env("LCR_HOME", home)
        .env("LCR_LISTEN", format!("127.0.0.1:{port}"))
        // Its writes hold no more than what they are about.
        .env("LCR_PROFILE", "off")
        .env_remove("LCR_DATABASE_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("lcr demo");
    // Its output is read to its end in the background, so that a full pipe never stops it.
    let output = process.stdout.take().expect("stdout");
    std::thread::spawn(move || BufReader::new(output).lines().for_each(drop));
    Demo { process, base: format!("http://127.0.0.1:{port}") }
}

impl Demo {
    /// Waits until it answers; says how long that took.
    async fn ready(&mut self, client: &reqwest::Client) -> Duration {
        let began = Instant::now();
        loop {
            let answer = client.get(format!("{}/health/ready", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return began.elapsed();
            }
            assert!(self.process.try_wait().expect("wait").is_none(), "the demo ended by itself");
            assert!(began.elapsed() < Duration::from_secs(60), "the demo is not ready after a minute");
            tokio::task::yield_now().await;
        }
    }

    fn kill(&mut self, home: &Path, postgres_too: bool) {
        let pid = postgres_pid(home);
        if postgres_too && let Some(pid) = pid {
            let _ = kill_process(pid, Signal::KILL);
        }
        self.process.kill().expect("kill -9");
        self.process.wait().expect("wait");
    }
}

fn postgres_pid(home: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(home.join("pg/data/postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

fn token(home: &Path, persona: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lcr"))
        .args(["sandbox", "token", persona])
        .env("LCR_HOME", home)
        .env_remove("LCR_DATABASE_URL")
        .output()
        .expect("lcr sandbox token");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A transaction of a patient and observations, all tagged with their number.
fn transaction(number: usize) -> Value {
    let entries: Vec<Value> = (0..WHOLE)
        .map(|at| {
            let tag = json!({"tag": [{"system": "urn:crash", "code": number.to_string()}]});
            let (kind, resource) = match at {
                0 => ("Patient", json!({"resourceType": "Patient", "meta": tag, "name": [{"family": format!("Crash {number}")}]})),
                _ => {
                    let subject = json!({"reference": format!("urn:uuid:{}", uuid::Uuid::from_u128(number as u128))});
                    ("Observation", json!({"resourceType": "Observation", "meta": tag, "status": "final", "code": {"text": at.to_string()}, "subject": subject}))
                }
            };
            let full_url = format!("urn:uuid:{}", uuid::Uuid::from_u128(number as u128 + ((at as u128) << 64)));
            json!({"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": kind}})
        })
        .collect();
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

/// How many rows of a transaction are there.
async fn there(client: &reqwest::Client, base: &str, token: &str, number: usize) -> i64 {
    let mut sum = 0;
    for kind in ["Patient", "Observation"] {
        let url = format!("{base}/fhir/{kind}?_tag=urn:crash%7C{number}&_count=0");
        let answer = client.get(url).bearer_auth(token).send().await.expect("answer");
        let bundle: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        sum += bundle["total"].as_i64().unwrap_or_else(|| panic!("{bundle}"));
    }
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing() {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{}", uuid::Uuid::new_v4().simple()));
    let port = TcpListener::bind("127.0.0.1:0").expect("port").local_addr().expect("address").port();
    let client = reqwest::Client::new();
    let (mut sent, mut judged, mut acknowledged, mut checked) = (0_usize, 0, Vec::new(), 0);
    let mut while_loading = 0;
    for round in 0..ROUNDS {
        let mut demo = demo(&home, port);
        // The first rounds die while the database is made and the sandbox is loaded, each a little later.
        if round < 8 {
            let deadline = Instant::now() + Duration::from_millis(100 + 130 * round as u64);
            let mut answers = false;
            while Instant::now() < deadline && !answers {
                let answer = client.get(format!("{}/health/ready", demo.base)).send().await;
                answers = answer.is_ok();
            }
            while_loading += usize::from(!answers);
            if !answers {
                demo.kill(&home, round % 2 == 0);
                continue;
            }
        }
        let took = demo.ready(&client).await;
        let token = token(&home, "gp-system");
        for number in acknowledged.iter().skip(checked) {
            assert_eq!(
                there(&client, &demo.base, &token, *number).await,
                WHOLE as i64,
                "round {round}: {number} was acknowledged"
            );
        }
        checked = acknowledged.len();
        for number in judged..sent {
            let count = there(&client, &demo.base, &token, number).await;
            assert!(count == 0 || count == WHOLE as i64, "round {round}: {count} of transaction {number} are there");
        }
        judged = sent;
        // Four writers at once until the kill.
        let numbers: Vec<usize> = (sent..sent + 80).collect();
        sent += numbers.len();
        let (report, mut acks) = tokio::sync::mpsc::unbounded_channel();
        let writers: Vec<_> = numbers
            .chunks(20)
            .map(|mine| {
                let (mine, client, token, report) = (mine.to_vec(), client.clone(), token.clone(), report.clone());
                let url = format!("{}/fhir", demo.base);
                tokio::spawn(async move {
                    for number in mine {
                        let body = transaction(number).to_string();
                        let request = client
                            .post(&url)
                            .bearer_auth(&token)
                            .header("Content-Type", "application/fhir+json")
                            .body(body);
                        match request.send().await {
                            Ok(answer) if answer.status() == 200 => report.send(number).expect("report"),
                            // While the database dies it refuses; only what was acknowledged counts.
                            _ => return,
                        }
                    }
                })
            })
            .collect();
        drop(report);
        // Dies after a number of acknowledgements that differs from round to round.
        let until = 3 + 5 * (round % 4);
        while let Some(number) = acks.recv().await {
            acknowledged.push(number);
            if acknowledged.len() - checked == until {
                demo.kill(&home, round % 2 == 1);
            }
        }
        for writer in writers {
            writer.await.expect("a writer");
        }
        println!("round {round}: ready after {took:?}, {} acknowledged in all", acknowledged.len());
    }
    let mut demo = demo(&home, port);
    demo.ready(&client).await;
    let token = token(&home, "gp-system");
    for number in &acknowledged {
        assert_eq!(there(&client, &demo.base, &token, *number).await, WHOLE as i64, "{number} was acknowledged");
    }
    assert!(while_loading >= 2, "only {while_loading} rounds died while loading");
    assert!(acknowledged.len() > 50, "only {} were acknowledged", acknowledged.len());
    // What is left of the sandbox's load was finished, and nothing of it twice: one version each.
    let url = format!("{}/fhir/Patient/_history?_count=1", demo.base);
    let own: Value = serde_json::from_str(
        &client.get(url).bearer_auth(&token).send().await.expect("answer").text().await.expect("text"),
    )
    .expect("JSON");
    let url = format!("{}/fhir/Patient?_count=0", demo.base);
    let now: Value = serde_json::from_str(
        &client.get(url).bearer_auth(&token).send().await.expect("answer").text().await.expect("text"),
    )
    .expect("JSON");
    assert_eq!(own["total"], now["total"], "a patient has more than one version");
    demo.kill(&home, true);
    std::fs::remove_dir_all(&home).expect("tidy");
}
