//! Sends one request to both twins, follows both through their pages, and says where their answers differ.

use reqwest::Method;
use serde_json::{Value, json};

use super::normal::{answer, made};
use super::request::Request;
use super::tables::with_moments;
use super::twins::{Twin, Twins, of_lab, plans, seen};
use crate::common::{self, Reply, Session, send};
use crate::questions::BASE;
use crate::world::{GP_SOURCE, LAB_SOURCE, address};

/// How many pages forward are asked for.
const PAGES: usize = 3;

/// What an answer that is alike in both was.
#[derive(Clone, Copy, Default)]
pub struct Told {
    pub succeeded: bool,
    /// Whether it showed a resource.
    pub showed: bool,
    pub pages: usize,
}

/// What the twins answer alike, or how they differ.
pub async fn judge(twins: &Twins, request: &Request) -> Result<Told, String> {
    let replies = tokio::join!(ask(&twins.with, request), ask(&twins.without, request));
    alike(twins, "the answer", &replies)?;
    let ok = replies.0.status.is_success();
    let mut told = Told { succeeded: ok || replies.0.status == 304, showed: ok && shows(&replies.0), pages: 1 };
    if ok && request.changes {
        tidy(twins, &replies).await?;
    }
    let (mut last, mut steps) = (replies, ["next"; PAGES].to_vec());
    steps.push("previous");
    for step in steps {
        // Where there is no next page, the way back begins.
        let Some(links) = link(&last.0, step).zip(link(&last.1, step)) else { continue };
        let (with, without) = (twins.with.session(), twins.without.session());
        last = tokio::join!(with.get(&links.0), without.get(&links.1));
        told.pages += 1;
        alike(twins, &format!("page {} (by {step})", told.pages), &last)?;
    }
    Ok(told)
}

async fn ask(twin: &Twin, request: &Request) -> Reply {
    let session = twin.session();
    let method = Method::from_bytes(request.method.as_bytes()).expect("a method");
    let mut sent = session.request(method, &with_moments(&request.path, twin));
    for (name, value) in &request.headers {
        sent = sent.header(*name, with_moments(value, twin));
    }
    if let Some(body) = &request.body {
        sent = sent.body(with_moments(body, twin));
    }
    send(sent).await
}

/// Whether the two are one answer, and not that of a service that broke.
fn alike(twins: &Twins, what: &str, (one, other): &(Reply, Reply)) -> Result<(), String> {
    let (a, b) = (answer(one, &twins.with.names), answer(other, &twins.without.names));
    if a != b {
        let from = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        return Err(format!(
            "{what} differs, from byte {from} on\n--- with hidden rows\n{}\n--- without\n{}",
            near(&a, from),
            near(&b, from)
        ));
    }
    if one.status.is_server_error() { Err(format!("{what} is that of a service that broke:\n{a}")) } else { Ok(()) }
}

/// An answer, or of a long one what is around a place.
fn near(text: &str, at: usize) -> String {
    let bound = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match text.len() {
        0..3000 => text.to_owned(),
        _ => format!("{}\n[…]\n{}\n[…]", &text[..bound(300)], &text[bound(at.saturating_sub(600))..bound(at + 1500)]),
    }
}

fn shows(reply: &Reply) -> bool {
    let bundle = reply.text.contains(r#""resourceType":"Bundle""#) || reply.text.contains("<Bundle");
    !reply.text.is_empty() && (!bundle || reply.text.contains(r#""resource":"#) || reply.text.contains("<resource>"))
}

/// A page link, where the answer is a page.
fn link(reply: &Reply, relation: &str) -> Option<String> {
    let bundle: Value = serde_json::from_str(&reply.text).ok()?;
    let links = bundle["link"].as_array()?;
    let url = links.iter().find(|link| link["relation"] == relation)?["url"].as_str()?;
    Some(url.strip_prefix(BASE)?.trim_start_matches('/').to_owned())
}

/// Takes out what was made under ids of the twins' own, whose order may differ.
async fn tidy(twins: &Twins, replies: &(Reply, Reply)) -> Result<(), String> {
    let Some(source) = twins.source() else { return Ok(()) };
    let rows = (made(&replies.0), made(&replies.1));
    let (with, without) = (twins.with.app.source(source).await, twins.without.app.source(source).await);
    for (one, other) in rows.0.iter().zip(&rows.1) {
        let gone = tokio::join!(with.delete(one), without.delete(other));
        alike(twins, "the deletion of what was made", &gone)?;
    }
    Ok(())
}

/// Puts back what changes have taken away.
pub async fn restore(twins: &Twins) -> Result<(), String> {
    let shared = [(GP_SOURCE.to_owned(), seen()), (LAB_SOURCE.to_owned(), of_lab())];
    let plans = plans().into_iter().map(|(source, plan)| (source, vec![plan]));
    for (source, rows) in shared.into_iter().chain(plans) {
        let entry = |row: &Value| json!({"resource": row, "request": {"method": "PUT", "url": address(row)}});
        let entries: Vec<Value> = rows.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
        let (with, without) = (twins.with.app.source(&source).await, twins.without.app.source(&source).await);
        let put = async |session: &Session<'_>| send(common::json(session.request(Method::POST, ""), &bundle)).await;
        let replies = tokio::join!(put(&with), put(&without));
        alike(twins, "the way back of what all see", &replies)?;
    }
    Ok(())
}
