//! What becomes of what is asked of the whole record at once: searches and histories of all types, batches, transactions.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::ask::{Asker, Body, Mark};
use crate::asked::{Line, types};
use crate::cells::{Cells, groups, names};
use crate::rows::{Case, Label, Row, example, is_trail, kinds};
use crate::world::{ELSEWHERE, Who, World};

/// What is asked of the whole record at once, against what was seen type by type.
pub async fn at_once(world: &World, who: &Who, cells: &mut Cells) -> Line {
    let asker = world.asker(who, None).await;
    let mut rows: Vec<Row> = Vec::new();
    for kind in kinds().into_iter().filter(|kind| !is_trail(kind)) {
        let of_kind = groups(world, who, kind).await.into_iter().map(|(_, rows)| rows);
        // Other people's records are not in the context of a patient's own.
        let own = |row: &Row| who.claims.patient.is_none() || kind != "Patient" || row.case.label == Label::N;
        rows.extend(of_kind.flatten().filter(own));
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let query = format!("_id={}&_count=1000", ids.join(","));
    let searches = [
        asker.get("search of all types", &format!("?{query}")).await,
        asker.get("search of all types", &format!("/?{query}")).await,
        asker.ask("search of all types", Method::POST, "/_search", Body::Form(&query)).await,
    ];
    let history = asker.pages("history of all types", "/_history?_count=1000").await;
    let mut line = Line::new();
    for (column, single, pages) in searches.chunks(1).map(|page| ("search of all types", "search", page)).chain([(
        "history of all types",
        "history-type",
        &history[..],
    )]) {
        let shown: BTreeSet<String> = pages.iter().flat_map(names).collect();
        let mut seen = BTreeSet::new();
        for row in &rows {
            let there = shown.contains(&row.id);
            let alone = cells.mark(row.kind, single, row.case).is_some_and(Mark::is_done);
            cells.expect(there == alone, || format!("{}: {column} and the {single} differ about {}", who.name, row.id));
            if there {
                seen.insert(row.kind);
            }
        }
        line.push((column, if pages[0].status == 200 && seen.is_empty() { "·".into() } else { types(&seen) }));
    }
    line.dedup();
    cells.expect(line.len() == 2, || format!("{}: the ways to search all types differ", who.name));
    line.extend(bundles(world, who, &asker, &rows, cells).await);
    line
}

/// Reads and creates in a batch and in transactions, and creates under an id of one's choice.
async fn bundles(world: &World, who: &Who, asker: &Asker<'_>, rows: &[Row], cells: &mut Cells) -> Line {
    let bundle = |kind: &str, entries: Vec<Value>| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let gets: Vec<Value> = rows.iter().map(|row| json!({"request": {"method": "GET", "url": row.address()}})).collect();
    let reply = asker.ask("batch", Method::POST, "", Body::Fhir(&bundle("batch", gets))).await;
    let answers = reply.json()["entry"].as_array().cloned().unwrap_or_default();
    for (at, row) in rows.iter().enumerate() {
        let status = answers.get(at).and_then(|entry| entry["response"]["status"].as_str()).unwrap_or("none");
        let alone = cells.mark(row.kind, "read", row.case).is_some_and(Mark::is_done);
        cells.expect(status.starts_with("200") == alone, || format!("{}: in a batch {} is {status}", who.name, row.id));
    }
    let (mut batch, mut transaction, mut reads, mut chosen) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for kind in kinds().into_iter().filter(|kind| !is_trail(kind)) {
        let create = || {
            let about = if kind == "Patient" { world.person("new") } else { world.near.clone() };
            json!({"resource": example(kind, "new", &about, Label::N), "request": {"method": "POST", "url": kind}})
        };
        let alone =
            cells.mark(kind, "create", Case { own: false, near: true, label: Label::N }).is_some_and(Mark::is_done);
        let one = asker.ask("batch", Method::POST, "/", Body::Fhir(&bundle("batch", vec![create()]))).await;
        let status = one.json()["entry"][0]["response"]["status"].as_str().unwrap_or_default().to_owned();
        let all = asker.ask("transaction", Method::POST, "", Body::Fhir(&bundle("transaction", vec![create()]))).await;
        cells.expect(status.starts_with("201") == alone && all.status.is_success() == alone, || {
            format!(
                "{}: a create of {kind} differs: alone {alone}, batch {status}, transaction {}",
                who.name, all.status
            )
        });
        if status.starts_with("201") {
            batch.insert(kind);
        }
        if all.status.is_success() {
            transaction.insert(kind);
        }
        for row in rows.iter().filter(|row| row.kind == kind && row.case.label == Label::N) {
            let get = vec![json!({"request": {"method": "GET", "url": row.address()}})];
            let reply = asker.ask("transaction", Method::POST, "/", Body::Fhir(&bundle("transaction", get))).await;
            let alone = cells.mark(kind, "read", row.case).is_some_and(Mark::is_done);
            cells.expect(reply.status.is_success() == alone, || {
                format!("{}: in a transaction {} is {}", who.name, row.id, reply.status)
            });
            if reply.status.is_success() {
                reads.insert(kind);
            }
        }
        let id = format!("chosen-{}-{kind}", who.name);
        let about = if kind == "Patient" { world.person(&id) } else { world.near.clone() };
        let put = asker
            .ask("own id", Method::PUT, &format!("/{kind}/{id}"), Body::Fhir(&example(kind, &id, &about, Label::N)))
            .await;
        let there =
            world.owner(who.claims.source.as_deref().unwrap_or(ELSEWHERE)).await.get(&format!("{kind}/{id}")).await;
        cells.expect(put.status.is_success() == there.status.is_success(), || {
            format!("{}: {kind}/{id} is {}", who.name, put.status)
        });
        if put.status.is_success() {
            chosen.insert(kind);
        }
    }
    let line = [
        ("reads in a transaction", reads),
        ("creates in a batch", batch),
        ("creates in a transaction", transaction),
        ("own id", chosen),
    ];
    line.into_iter().map(|(column, found)| (column, types(&found))).collect()
}
