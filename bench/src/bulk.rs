//! What moves much at once: `$everything`, export, transactions; each beside COPY of the same rows.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::copy::timed_out;
use crate::measure::Write;
use crate::options::Options;
use crate::process::Service;
use crate::record::{Record, has_json, tables};
use crate::results::{Streamed, Transaction};
use crate::workload::{Request, View, ask, source_token};
use crate::{Failure, say};

/// Entries of a transaction.
const ENTRIES: usize = 100;
/// Transactions of a round.
const TRANSACTIONS: usize = 15;
/// How long an export may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// `$everything` of some patients, one after the other, and COPY of the same people's rows.
pub async fn everything(
    options: &Options,
    service: &Service,
    connection: &mut PgConnection,
    views: &[View],
) -> Result<Streamed, Failure> {
    say("$everything");
    let mut parts = Vec::new();
    for (table, is_history) in tables(connection).await? {
        if !is_history && has_json(connection, &table).await? {
            parts.push(format!("SELECT resource FROM public.{table} WHERE patient_id = "));
        }
    }
    let client = reqwest::Client::new();
    let mut streamed = Streamed { rows: 0.0, service: Vec::new(), copy: Vec::new(), bytes: 0.0 };
    let some = &views[..views.len().min(30)];
    for round in 0..=options.rounds {
        let (mut seconds, mut copy, mut bytes) = (0.0, 0.0, 0);
        for view in some {
            let token = view.requests[0].token.clone();
            let request =
                Request { kind: "everything", path: format!("/fhir/Patient/{}/$everything", view.patient), token };
            let began = Instant::now();
            ask(&client, service, &request).await?;
            seconds += began.elapsed().as_secs_f64();
            let rows: Vec<String> = parts.iter().map(|part| format!("{part}{}", view.person)).collect();
            let (took, size) = timed_out(connection, &format!("COPY ({}) TO STDOUT", rows.join(" UNION ALL "))).await?;
            copy += took;
            bytes += size;
        }
        if round > 0 {
            streamed.service.push(seconds);
            streamed.copy.push(copy);
            streamed.bytes = bytes as f64;
        }
    }
    for part in &parts {
        let people: Vec<String> = some.iter().map(|view| view.person.to_string()).collect();
        let count = format!("SELECT count(*) FROM ({} ANY (ARRAY[{}])) x", part, people.join(", "));
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
        streamed.rows += rows as f64;
    }
    Ok(streamed)
}

/// A bulk export (HL7 Bulk Data Access) of everything in reach, where the service says that it has one.
pub async fn export(
    options: &Options,
    record: &Record,
    service: &Service,
    connection: &mut PgConnection,
) -> Result<Streamed, Failure> {
    let client = reqwest::Client::new();
    let statement: Value =
        serde_json::from_slice(&client.get(service.url("/fhir/metadata")).send().await?.bytes().await?)?;
    if !statement["rest"][0].to_string().contains("\"export\"") {
        return Err("the CapabilityStatement has no $export".into());
    }
    say("$export");
    let token = source_token(record, "system/*.rs __export").await?;
    let mut streamed = Streamed { rows: 0.0, service: Vec::new(), copy: Vec::new(), bytes: 0.0 };
    for _ in 0..options.rounds.min(2) {
        let began = Instant::now();
        let (bytes, rows) = exported(&client, service, &token).await?;
        streamed.service.push(began.elapsed().as_secs_f64());
        (streamed.bytes, streamed.rows) = (bytes as f64, rows as f64);
        // As much of the record as came: its share of the bytes.
        let (mut copy, mut copied) = (0.0, 0);
        for (table, is_history) in tables(connection).await? {
            if !is_history && has_json(connection, &table).await? {
                let (took, size) =
                    timed_out(connection, &format!("COPY (SELECT resource FROM public.{table}) TO STDOUT")).await?;
                copy += took;
                copied += size;
            }
        }
        streamed.copy.push(copy * streamed.bytes / copied as f64);
    }
    Ok(streamed)
}

/// One export from its beginning to the last byte: bytes and lines.
async fn exported(client: &reqwest::Client, service: &Service, token: &str) -> Result<(u64, u64), Failure> {
    let begun = client
        .get(service.url("/fhir/$export"))
        .bearer_auth(token)
        .header("Accept", "application/fhir+json")
        .header("Prefer", "respond-async");
    let begun = begun.send().await?;
    let status = begun.status();
    let place = begun.headers().get("content-location").and_then(|place| place.to_str().ok()).map(str::to_owned);
    let Some(place) = place else {
        return Err(format!("$export answered {status}: {}", begun.text().await?).into());
    };
    let began = Instant::now();
    let manifest: Value = loop {
        let answer = client.get(&place).bearer_auth(token).header("Accept", "application/json").send().await?;
        match answer.status().as_u16() {
            200 => break serde_json::from_slice(&answer.bytes().await?)?,
            202 if began.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
            other => return Err(format!("the export's status is {other} after {:?}", began.elapsed()).into()),
        }
    };
    let (mut bytes, mut lines) = (0, 0);
    for file in manifest["output"].as_array().into_iter().flatten() {
        let url = file["url"].as_str().unwrap_or_default();
        let mut answer = client.get(url).bearer_auth(token).send().await?.error_for_status()?;
        while let Some(piece) = answer.chunk().await? {
            bytes += piece.len() as u64;
            lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
    }
    client.delete(&place).bearer_auth(token).send().await?;
    Ok((bytes, lines))
}

/// Observations to be written: those of the record, as a new source would send them.
pub async fn writes(record: &Record, number: usize) -> Result<Vec<Write>, Failure> {
    let token = source_token(record, "system/*.cruds").await?;
    let mut writes = Vec::new();
    // Every so many lines, so that they are of many patients.
    let lines = BufReader::new(std::fs::File::open(record.folder.join("data/record.ndjson"))?).lines();
    for line in lines.step_by(7) {
        let line = line?;
        if writes.len() == number {
            break;
        }
        // What refers to other Observations is not sent without them.
        let other = ["\"hasMember\"", "\"derivedFrom\""].iter().any(|name| line.contains(name));
        if other || !line.starts_with("{\"resourceType\":\"Observation\"") {
            continue;
        }
        let mut resource: Value = serde_json::from_str(&line)?;
        let Some(members) = resource.as_object_mut() else { continue };
        members.shift_remove("id");
        if let Some(meta) = members.get_mut("meta").and_then(Value::as_object_mut) {
            meta.shift_remove("source");
        }
        writes.push(Write { path: "/fhir/Observation".to_owned(), token: token.clone(), body: resource.to_string() });
    }
    Ok(writes)
}

/// Transactions of a hundred Observations each, one after the other: rows a second, beside COPY's.
pub async fn transactions(
    options: &Options,
    record: &Record,
    service: &Service,
    writes: &[Write],
) -> Result<Transaction, Failure> {
    say("transactions of 100");
    let client = reqwest::Client::new();
    let copy = record.loading.rows as f64 / record.loading.copy_in;
    let mut measured = Transaction { entries: ENTRIES, service: Vec::new(), copy };
    let bundles: Vec<String> = writes
        .chunks_exact(ENTRIES)
        .map(|chunk| {
            let entry = |write: &Write| {
                let resource: Value = serde_json::from_str(&write.body).unwrap_or_default();
                json!({ "resource": resource, "request": { "method": "POST", "url": "Observation" } })
            };
            json!({ "resourceType": "Bundle", "type": "transaction", "entry": chunk.iter().map(entry).collect::<Vec<_>>() }).to_string()
        })
        .collect();
    let Some(first) = writes.first().filter(|_| !bundles.is_empty()) else {
        return Err("there are not enough Observations for a transaction".into());
    };
    for round in 0..=options.rounds {
        let began = Instant::now();
        for at in 0..TRANSACTIONS {
            let body = bundles[at % bundles.len()].clone();
            let request = client.post(service.url("/fhir")).bearer_auth(&first.token);
            let answer = request.header("Content-Type", "application/fhir+json").body(body).send().await?;
            let status = answer.status();
            let text = answer.text().await?;
            if !status.is_success() {
                return Err(format!("a transaction was answered {status}: {text:.400}").into());
            }
        }
        if round > 0 {
            measured.service.push((TRANSACTIONS * ENTRIES) as f64 / began.elapsed().as_secs_f64());
        }
    }
    Ok(measured)
}
