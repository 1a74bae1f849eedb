//! The heavy patient: one with tens of thousands of Observations, made of their own few, and what the first page of results
//! costs for them and for others.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::time::Instant;

use serde_json::Value;
use uuid::Uuid;

use crate::Failure;
use crate::options::Options;
use crate::process::Service;
use crate::record::Record;
use crate::results::{Heavy, median};
use crate::say;
use crate::workload::{Request, View, ask};

/// Years over which their Observations are spread.
const YEARS: usize = 12;

/// Writes so many Observations of a patient, who is in the generated record, and imports them.
pub fn import(record: &Record, patient: &str, observations: usize) -> Result<(), Failure> {
    say(&format!("a patient with {observations} Observations"));
    let reference = format!("\"Patient/{patient}\"");
    let mut own = Vec::new();
    for line in BufReader::new(File::open(record.folder.join("data/record.ndjson"))?).lines() {
        let line = line?;
        if line.starts_with("{\"resourceType\":\"Observation\"") && line.contains(&reference) {
            own.push(serde_json::from_str::<Value>(&line)?);
        }
    }
    if own.is_empty() {
        return Err("the heavy patient has no Observation to make others of".into());
    }
    let path = record.folder.join("heavy.ndjson");
    let mut to = BufWriter::new(File::create(&path)?);
    for number in 0..observations {
        let mut copy = own[number % own.len()].clone();
        copy["id"] = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{patient} {number}").as_bytes()).to_string().into();
        for identifier in copy["identifier"].as_array_mut().into_iter().flatten() {
            let value = identifier["value"].as_str().unwrap_or_default();
            identifier["value"] = format!("{value}-{number}").into();
        }
        if let Some(time) = copy["effectiveDateTime"].as_str().filter(|time| time.len() > 10) {
            let (year, month, day) = (2012 + number % YEARS, 1 + number / YEARS % 12, 1 + number / YEARS / 12 % 28);
            copy["effectiveDateTime"] = format!("{year}-{month:02}-{day:02}{}", &time[10..]).into();
        }
        writeln!(to, "{copy}")?;
    }
    to.flush()?;
    record.lcr(&["import", &path.to_string_lossy()])?;
    std::fs::remove_file(path)?;
    Ok(())
}

/// The first page of laboratory results of the heavy patient and of light ones who fill a page too, in turn.
pub async fn measure(
    options: &Options,
    service: &Service,
    heavy: Option<&View>,
    views: &[View],
) -> Result<Heavy, Failure> {
    let results = |view: &View| view.requests.iter().find(|request| request.kind == "results").cloned();
    let full = |view: &&View| view.requests.iter().any(|request| request.path.contains("_cursor="));
    let light: Vec<Request> = views.iter().filter(full).filter_map(results).collect();
    let request = heavy.and_then(results).filter(|_| !light.is_empty());
    let request = request.ok_or("there is no heavy patient, or nobody else has a full page of results")?;
    say("the heavy patient's first page");
    let client = reqwest::Client::new();
    let mut measured = Heavy { observations: options.heavy, heavy: Vec::new(), light: Vec::new() };
    for round in 0..=options.rounds {
        let (mut of_heavy, mut of_light) = (Vec::new(), Vec::new());
        for at in 0..options.recorded * 2 {
            of_heavy.push(took(&client, service, &request).await?);
            of_light.push(took(&client, service, &light[at % light.len()]).await?);
        }
        // The first round warms up.
        if round > 0 {
            measured.heavy.push(median(&of_heavy));
            measured.light.push(median(&of_light));
        }
    }
    Ok(measured)
}

/// Microseconds of one answer.
async fn took(client: &reqwest::Client, service: &Service, request: &Request) -> Result<f64, Failure> {
    let began = Instant::now();
    ask(client, service, request).await?;
    Ok(began.elapsed().as_secs_f64() * 1e6)
}
