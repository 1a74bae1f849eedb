//! Load: wrk asks as fast as answers come (closed loop), vegeta at a set rate whatever the answers do (open loop, so that a
//! stall counts for every request that would have come meanwhile).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::process::run;
use crate::workload::Request;
use crate::{Failure, say};

const SCRIPT: &str = include_str!("../wrk.lua");

/// How a run went; times in microseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Answers a second.
    pub rate: f64,
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
    /// Bytes of an answer, headers included.
    pub bytes: f64,
    pub requests: f64,
    /// Those that were not answered well.
    pub failed: f64,
}

/// Writes requests where wrk reads them.
pub fn requests<'a>(
    folder: &Path,
    name: &str,
    requests: impl Iterator<Item = &'a Request>,
) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("{name}.requests"));
    let lines: Vec<String> = requests.map(|request| format!("{}\t{}\n", request.path, request.token)).collect();
    fs::write(&path, lines.concat())?;
    Ok(path)
}

/// A closed loop over the file's requests.
pub fn closed(address: &str, requests: &Path, connections: usize, seconds: u64) -> Result<Outcome, Failure> {
    let script = requests.with_file_name("wrk.lua");
    fs::write(&script, SCRIPT)?;
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--timeout", "10s", "-s"]);
    wrk.arg(&script).arg(format!("http://{address}/")).env("LCR_BENCH_REQUESTS", requests);
    let out = run(&mut wrk)?;
    let line = out.lines().find_map(|line| line.strip_prefix("JSON ")).ok_or("wrk did not say how it went")?;
    let said: Value = serde_json::from_str(line)?;
    let number = |name: &str| said[name].as_f64().unwrap_or_default();
    if number("failed") > 0.0 {
        say(&format!("{} requests failed", number("failed")));
    }
    Ok(Outcome {
        rate: number("requests") / number("seconds"),
        mean: number("mean"),
        p50: number("p50"),
        p90: number("p90"),
        p99: number("p99"),
        max: number("max"),
        bytes: number("bytes") / number("requests").max(1.0),
        requests: number("requests"),
        failed: number("failed"),
    })
}

/// One target of an open loop.
pub struct Target<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub token: &'a str,
    pub body: Option<&'a str>,
}

impl Target<'_> {
    /// The target of a read or search.
    pub fn get(request: &Request) -> Target<'_> {
        Target { method: "GET", path: &request.path, token: &request.token, body: None }
    }
}

/// An open loop under way.
pub struct Open {
    attack: Child,
    results: PathBuf,
}

/// The vegeta that scripts/setup.sh installed, or the one in PATH; none where there is none.
pub fn vegeta() -> Option<PathBuf> {
    let own = Path::new("target/bench/bin/vegeta").to_owned();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join("vegeta"));
    std::iter::once(own).chain(found).find(|path| path.is_file())
}

impl Open {
    /// Begins to ask for the targets, in order and round again, at this rate.
    pub fn begin(
        folder: &Path,
        name: &str,
        address: &str,
        targets: &[Target],
        rate: f64,
        seconds: u64,
    ) -> Result<Open, Failure> {
        let vegeta = vegeta().ok_or("vegeta is not there: sh scripts/setup.sh bench")?;
        let (file, results) = (folder.join(format!("{name}.targets")), folder.join(format!("{name}.results")));
        let mut to = std::io::BufWriter::new(fs::File::create(&file)?);
        for target in targets {
            let mut line = json!({
                "method": target.method,
                "url": format!("http://{address}{}", target.path),
                "header": {
                    "Authorization": [format!("Bearer {}", target.token)],
                    "Accept": ["application/fhir+json"],
                    "Content-Type": ["application/fhir+json"],
                },
            });
            if let Some(body) = target.body {
                line["body"] = STANDARD.encode(body).into();
            }
            writeln!(to, "{line}")?;
        }
        to.flush()?;
        // vegeta's rates are whole numbers of requests in a stretch of time.
        let rate = format!("{}/10s", (rate * 10.0).round().max(1.0) as u64);
        let mut attack = Command::new(&vegeta);
        attack.args(["attack", "-format=json", "-timeout=10s", "-max-body=0", "-connections=256", "-max-workers=512"]);
        attack.arg(format!("-rate={rate}")).arg(format!("-duration={seconds}s"));
        attack.arg(format!("-targets={}", file.display())).arg(format!("-output={}", results.display()));
        Ok(Open { attack: attack.stdin(Stdio::null()).spawn()?, results })
    }

    /// Waits for its end.
    pub fn end(mut self) -> Result<Outcome, Failure> {
        let status = self.attack.wait()?;
        if !status.success() {
            return Err(format!("vegeta ended with {status}").into());
        }
        let vegeta = vegeta().ok_or("vegeta is gone")?;
        let said: Value =
            serde_json::from_str(&run(Command::new(vegeta).args(["report", "-type=json"]).arg(&self.results))?)?;
        fs::remove_file(&self.results)?;
        let micros = |name: &str| said["latencies"][name].as_f64().unwrap_or_default() / 1000.0;
        let requests = said["requests"].as_f64().unwrap_or_default();
        Ok(Outcome {
            rate: said["throughput"].as_f64().unwrap_or_default(),
            mean: micros("mean"),
            p50: micros("50th"),
            p90: micros("90th"),
            p99: micros("99th"),
            max: micros("max"),
            bytes: said["bytes_in"]["mean"].as_f64().unwrap_or_default(),
            requests,
            failed: (requests * (1.0 - said["success"].as_f64().unwrap_or(1.0))).round(),
        })
    }
}
