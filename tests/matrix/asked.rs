//! What becomes of each operation.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::ask::{Asker, Body, Mark, entries, open, parameters};
use crate::cells::{Cells, names};
use crate::common::Reply;
use crate::protection::up_to;
use crate::rows::{Label, Person, Row, about_somebody, example, is_trail, kinds, of_record};
use crate::world::{Who, World};

/// A line of a table: its columns and what stands in them.
pub type Line = Vec<(&'static str, String)>;

/// The operations of the CapabilityStatement, with the types each is for.
pub async fn offered(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let reply = world.app.open(Method::GET, "/fhir/metadata").send().await.expect("an answer");
    let statement: Value = reply.json().await.expect("a CapabilityStatement");
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        for operation in resource["operation"].as_array().into_iter().flatten() {
            let name = operation["name"].as_str().expect("a name").to_owned();
            found.entry(name).or_default().insert(resource["type"].as_str().expect("a type").to_owned());
        }
    }
    found
}

/// Somebody about whom the operations of sources and officers are asked.
pub struct Stage {
    pub told: Person,
    pub alert: String,
}

impl Stage {
    pub async fn new(world: &World) -> Stage {
        let (told, _) = world.apart("told", Label::N).await;
        let claims = lcr_facade::access::Claims { user: Some("somebody".into()), ..crate::roles::claims("doctor") };
        let asker = world.asker_as(&claims).await;
        assert_eq!(open(&asker, "$break-glass", "break-glass", &told, &[]).await.status, 200, "an alert");
        let officer = world.app.persona("privacy-officer").await;
        let alerts = officer.get("Patient/$access-alerts?all=true&count=1000").await.json();
        let parts = alerts["parameter"].as_array().expect("alerts").last().expect("an alert")["part"].clone();
        let id = parts.as_array().expect("parts").iter().find(|part| part["name"] == "id").expect("an id").clone();
        Stage { told, alert: id["valueString"].as_str().expect("an id").to_owned() }
    }
}

/// Asks in every way an operation has, which all have to come to the same.
async fn in_all_ways(
    asker: &Asker<'_>,
    column: &'static str,
    at: &str,
    query: &str,
    who: &Who,
    cells: &mut Cells,
) -> Reply {
    let path = if query.is_empty() { at.to_owned() } else { format!("{at}?{query}") };
    let reply = asker.get(column, &path).await;
    for method in [Method::HEAD, Method::POST] {
        let other = asker.ask(column, method.clone(), &path, Body::None).await;
        cells.expect(other.status == reply.status, || {
            format!("{}: {method} {path} is {}, GET {}", who.name, other.status, reply.status)
        });
    }
    reply
}

/// What an answer shows of a persona's rows: up to which label.
fn showing(reply: &Reply, rows: &[Row]) -> String {
    let found: BTreeSet<Label> =
        rows.iter().filter(|row| reply.text.contains(&format!("\"{}\"", row.id))).map(|row| row.case.label).collect();
    format!("{} {}", Mark::of(reply).text(), if reply.status == 200 { up_to(&found) } else { String::new() })
        .trim()
        .to_owned()
}

/// The operations that ask about a record.
pub async fn looking(world: &World, who: &Who, cells: &mut Cells) -> Line {
    let asker = world.asker(who, None).await;
    let (near, far) = (&world.near, &world.far);
    let mut rows: Vec<Row> =
        kinds().into_iter().filter(|kind| about_somebody(kind)).flat_map(|kind| world.rows_of(who, kind)).collect();
    rows.retain(|row| row.case.near);
    let mut line = Line::new();
    let at = |person: &Person, name: &str| format!("/Patient/{}/${name}", person.id);
    for (column, name) in [("$everything", "everything"), ("$summary", "summary")] {
        let reply = in_all_ways(&asker, column, &at(near, name), "", who, cells).await;
        line.push((column, showing(&reply, &rows)));
        let other = in_all_ways(&asker, column, &at(far, name), "", who, cells).await;
        cells.expect(!other.status.is_success(), || {
            format!("{}: {column} of somebody out of reach is {}", who.name, other.status)
        });
        if name == "everything" && reply.status == 200 {
            same_as_search(who, &rows, &reply, cells);
        }
    }
    let launched = in_all_ways(&asker, "$everything of the launch", "/Patient/$everything", "", who, cells).await;
    line.push((
        "$everything of the launch",
        if launched.status == 400 { "·".into() } else { showing(&launched, &rows) },
    ));
    let query = |person: &Person| format!("patient={}&code=38341003&max=1000", person.id);
    let last = in_all_ways(&asker, "$lastn", "/Observation/$lastn", &query(near), who, cells).await;
    line.push(("$lastn", showing(&last, &rows)));
    let other = in_all_ways(&asker, "$lastn", "/Observation/$lastn", &query(far), who, cells).await;
    let strange = names(&other).into_iter().filter(|id| !id.contains(".own.")).collect::<Vec<_>>();
    cells.expect(strange.is_empty(), || format!("{}: $lastn shows of somebody out of reach {strange:?}", who.name));
    let mut found = Vec::new();
    for person in [near, far] {
        let described = example("Patient", "x", person, Label::N);
        let body = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": described}]});
        let reply = asker.ask("$match", Method::POST, "/Patient/$match", Body::Fhir(&body)).await;
        found.push(if reply.status == 200 && !names(&reply).contains(&person.id) {
            Mark::Absent
        } else {
            Mark::of(&reply)
        });
    }
    cells.expect(!found[1].is_done(), || format!("{}: $match finds somebody out of reach", who.name));
    line.push(("$match", found[0].text()));
    line.push(("$validate", validated(&asker, who, world, cells).await));
    line
}

/// `$everything` shows what the searches show, no more and no less.
fn same_as_search(who: &Who, rows: &[Row], reply: &Reply, cells: &mut Cells) {
    let all: BTreeSet<String> = entries(reply).into_iter().map(|(id, _)| id).collect();
    for row in rows {
        let searched = cells.mark(row.kind, "search", row.case).is_some_and(Mark::is_done);
        cells.expect(searched == all.contains(&row.id), || {
            format!("{}: $everything and the search differ about {}", who.name, row.id)
        });
    }
}

/// The types whose resources the persona may have validated.
async fn validated(asker: &Asker<'_>, who: &Who, world: &World, cells: &mut Cells) -> String {
    let mut may = BTreeSet::new();
    let record: Vec<&'static str> = kinds().into_iter().filter(|kind| !is_trail(kind)).collect();
    for kind in &record {
        let resource = example(kind, "x", &world.near, Label::N);
        let mut got = BTreeSet::new();
        for at in [format!("/{kind}/$validate"), format!("/{kind}/x/$validate")] {
            got.insert(Mark::of(&asker.ask("$validate", Method::POST, &at, Body::Fhir(&resource)).await));
        }
        cells.expect(got.len() == 1, || format!("{}: $validate of {kind} by type and by id: {got:?}", who.name));
        if got.iter().any(|mark| mark.is_done()) {
            may.insert(*kind);
        }
    }
    types(&may)
}

/// Begins an export, of the record and of patients, asks for its status and a file, and ends it; all of that comes to the same.
async fn begun(asker: &Asker<'_>, who: &Who, world: &World, cells: &mut Cells) -> Reply {
    let mut kept = None;
    for at in ["/Patient/$export", "/$export"] {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let path = format!("{at}?_type=Observation");
            let reply = asker.ask("$export", method.clone(), &path, Body::Async).await;
            let place = reply.header("content-location").to_owned();
            let place = place.strip_prefix(&world.app.base).unwrap_or("/$export/nothing").to_owned();
            let file = asker.get("$export", &format!("{place}/Observation.ndjson")).await;
            let status = asker.get("$export", &place).await;
            let ended = asker.ask("$export", Method::DELETE, &place, Body::None).await;
            let all = [&status, &file, &ended].map(|other| other.status.is_success());
            cells.expect(all == [reply.status == 202; 3], || {
                format!("{}: {method} {path} is {}, and of what comes after it {all:?} succeed", who.name, reply.status)
            });
            if reply.status == 202 {
                let searched = asker.get("$export", "/Observation?_count=1000").await;
                let found: BTreeSet<String> = entries(&searched).into_iter().map(|(id, _)| id).collect();
                let lines = file.text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line"));
                let exported: BTreeSet<String> =
                    lines.map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
                cells.expect(found == exported, || format!("{}: $export and the search differ", who.name));
            }
            kept.get_or_insert(reply);
        }
    }
    kept.expect("an answer")
}

/// Types in words.
pub fn types(found: &BTreeSet<&str>) -> String {
    let all: Vec<&'static str> = kinds().into_iter().filter(|kind| !is_trail(kind)).collect();
    let missing: Vec<&str> = all.iter().copied().filter(|kind| !found.contains(kind)).collect();
    if found.is_empty() {
        return "–".to_owned();
    }
    if missing.len() <= 3 {
        return if missing.is_empty() { "all types".to_owned() } else { format!("all but {}", missing.join(", ")) };
    }
    let directory = |kind: &&'static str| !of_record(kind);
    let whole = all.iter().filter(|kind| directory(kind)).all(|kind| found.contains(kind));
    let named = all.iter().copied().filter(|kind| found.contains(kind) && !(whole && directory(kind)));
    named.chain(whole.then_some("directory")).collect::<Vec<_>>().join(", ")
}

/// The operations that change who may see a record, but those that open one, which `protection` measures.
pub async fn telling(world: &World, who: &Who, stage: &Stage, cells: &mut Cells) -> Line {
    let asker = world.asker(who, None).await;
    let number = stage.told.number.as_str();
    let post = async |column: &'static str, name: &str, pairs: &[(&str, &str)]| {
        asker.ask(column, Method::POST, &format!("/Patient/${name}"), Body::Fhir(&parameters(pairs))).await
    };
    let reason = ("reason", "a measurement of who may do this");
    let holder = format!("https://fhir.nhs.uk/Id/sds-user-id|for-{}", who.name);
    let told =
        post("$relate", "relate", &[("nhs-number", number), ("holder", &holder), ("basis", "referral"), reason]).await;
    let made = told.status == 200;
    let id = if made {
        told.json()["parameter"][0]["valueString"].as_str().expect("an id").to_owned()
    } else {
        "1".to_owned()
    };
    let query = format!("nhs-number={number}");
    let list = in_all_ways(&asker, "$relationships", "/Patient/$relationships", &query, who, cells).await;
    let ended = post("$end-relationship", "end-relationship", &[("relationship", &id)]).await;
    let other = post("$protect", "protect", &[("nhs-number", number), ("restricted", "false"), reason]).await;
    let own = post("$protect oneself", "protect", &[("restricted", "false"), reason]).await;
    let alerts = in_all_ways(&asker, "$access-alerts", "/Patient/$access-alerts", "", who, cells).await;
    let review = post("$review", "review", &[("alert", &stage.alert), ("verdict", "appropriate")]).await;
    let exported = begun(&asker, who, world, cells).await;
    let all = [
        ("$export", exported),
        ("$relate", told),
        ("$relationships", list),
        ("$end-relationship", ended),
        ("$protect", other),
        ("$protect oneself", own),
        ("$access-alerts", alerts),
        ("$review", review),
    ];
    // What a request lacks is found only once there is leave for it.
    all.into_iter().map(|(column, reply)| (column, Mark::of(&reply).text().replace("400", "·"))).collect()
}
