//! People who are protected, and records that are opened: what each persona sees of them.

use std::collections::BTreeSet;

use crate::ask::{Asker, Mark, open, parameters};
use crate::asked::Line;
use crate::cells::names;
use crate::rows::{LABELS, Label, Person, Row, STREET, about_somebody, kinds};
use crate::world::{Way, Who, World};

/// Somebody with rows about them.
type Known = (Person, Vec<Row>);

/// The people of these measurements.
pub struct People {
    labelled_r: Known,
    restricted: Known,
    labelled_v: Known,
    opted_out: Known,
    claimed: Known,
    opened: Known,
    sealed: Known,
    away: Known,
}

impl People {
    pub async fn new(world: &World) -> People {
        let people = People {
            labelled_r: world.apart("labelled-r", Label::R).await,
            restricted: world.apart("restricted", Label::N).await,
            labelled_v: world.apart("labelled-v", Label::V).await,
            opted_out: world.apart("opted-out", Label::N).await,
            claimed: world.apart("claimed", Label::N).await,
            opened: world.apart("opened", Label::N).await,
            sealed: world.apart("sealed", Label::V).await,
            away: world.apart("away", Label::N).await,
        };
        let related = [&people.labelled_r, &people.restricted, &people.labelled_v, &people.opted_out];
        world.relate(&related.map(|(person, _)| person.number.clone())).await;
        let officer = world.app.persona("privacy-officer").await;
        for ((person, _), what) in
            [(&people.restricted, "restricted"), (&people.opted_out, "opted-out"), (&people.away, "opted-out")]
        {
            let asked =
                [("nhs-number", person.number.as_str()), (what, "true"), ("reason", "a measurement of who sees this")];
            let reply = officer.post("Patient/$protect", parameters(&asked)).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
        people
    }
}

/// Labels in words: the highest, where all below it are there too.
pub fn up_to(found: &BTreeSet<Label>) -> String {
    let complete = LABELS.iter().take(found.len()).all(|label| found.contains(label));
    match (complete, found.last()) {
        (true, Some(last)) => format!("{last:?}"),
        _ => found.iter().map(|label| format!("{label:?}")).collect(),
    }
}

/// Up to which label a persona sees what is about somebody; a mark where nothing.
async fn seen(asker: &Asker<'_>, (person, rows): &Known) -> String {
    let (mut found, mut refused) = (BTreeSet::new(), 0);
    let of_kinds: Vec<&str> = kinds().into_iter().filter(|kind| about_somebody(kind)).collect();
    for kind in &of_kinds {
        let reply = asker.get("search", &format!("/{kind}?patient={}&_count=100", person.id)).await;
        let shown = names(&reply);
        refused += usize::from(reply.status == 403);
        found.extend(rows.iter().filter(|row| shown.contains(&row.id)).map(|row| row.case.label));
    }
    match found.is_empty() {
        true if refused == of_kinds.len() => "–".to_owned(),
        true => "·".to_owned(),
        false => up_to(&found),
    }
}

/// How a persona sees a Patient.
async fn patient(asker: &Asker<'_>, person: &Person) -> String {
    let reply = asker.get("read", &format!("/Patient/{}", person.id)).await;
    match Mark::of(&reply) {
        Mark::Done if reply.text.contains(STREET) => "with address".to_owned(),
        Mark::Done => "without address".to_owned(),
        other => other.text(),
    }
}

/// What a persona sees of those who are protected and in reach but for that.
pub async fn protected(world: &World, who: &Who, people: &People) -> Line {
    let mut line = Line::new();
    for (known, column) in [
        (&people.labelled_r, "Patient labelled R"),
        (&people.restricted, "restricted by $protect"),
        (&people.labelled_v, "Patient labelled V"),
        (&people.opted_out, "opted out"),
    ] {
        let asker = world.asker(who, Some(&known.0.id)).await;
        if let Way::Opened(operation) = who.way {
            open(&asker, "in reach", operation, &known.0, &[]).await;
        }
        let (who, rows) = (patient(&asker, &known.0).await, seen(&asker, known).await);
        let none = ["·", "–"].contains(&rows.as_str());
        let text = match (who.len() > 3, none) {
            (false, true) => who,
            (_, true) => format!("{who}, no rows"),
            (_, false) => format!("{who}, rows {rows}"),
        };
        line.push((column, text));
    }
    line
}

/// Whether a persona opens somebody's record, and up to which label they then see what is in it.
pub async fn opening(world: &World, who: &Who, people: &People) -> Line {
    let asker = world.asker(who, None).await;
    let mut line = Line::new();
    for (column, operation, known, more) in [
        ("$self-claim", "self-claim", &people.claimed, None),
        ("$break-glass", "break-glass", &people.opened, None),
        ("$break-glass of a sealed record", "break-glass", &people.sealed, None),
        ("$break-glass over a seal", "break-glass", &people.sealed, Some(("over", "seal"))),
        ("$break-glass over an opt-out", "break-glass", &people.away, Some(("over", "opt-out"))),
    ] {
        let before = seen(&asker, known).await;
        let reply = open(&asker, column, operation, &known.0, more.as_slice()).await;
        let mark = Mark::of(&reply);
        let mut after = String::new();
        if mark.is_done() {
            after = format!(" {}, {}", seen(&asker, known).await, patient(&asker, &known.0).await);
        }
        let open_before =
            if ["·", "–"].contains(&before.as_str()) { String::new() } else { format!("{before} before; ") };
        line.push((column, format!("{open_before}{}{after}", mark.text())));
    }
    line
}
