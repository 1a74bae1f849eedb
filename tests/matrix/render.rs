//! The matrix as a page that a person can read.

use std::collections::{BTreeMap, BTreeSet};

use crate::ask::Mark;
use crate::asked::Line;
use crate::cells::{READS, WRITES};
use crate::measured::{Measured, Persona};
use crate::protection::up_to;
use crate::rows::{Case, Label, about_somebody, compartment, is_trail, kinds, of_record};
use crate::words;
use crate::world::Way;
use lcr_facade::resources::spec::Compartment;

/// The whole page.
pub fn page(measured: &Measured) -> String {
    let mut text = words::INTRODUCTION.to_owned();

    let who = measured.personas.iter().map(|persona| vec![persona.name.clone(), persona.title.clone()]);
    text += &table(&["persona", "who that is"], &who.collect::<Vec<_>>());
    text += words::REACH;
    let meanings = words::MEANINGS.map(|(mark, meaning)| vec![mark.to_owned(), meaning.to_owned()]);
    text += &table(&["mark", "meaning"], &meanings);
    text += words::GLANCE;
    let row = |persona: &Persona| {
        let cells = kinds().into_iter().map(|kind| cell(persona, kind, "read"));
        std::iter::once(persona.name.clone()).chain(cells).collect()
    };
    let head: Vec<&str> = std::iter::once("").chain(kinds()).collect();
    text += &table(&head, &measured.personas.iter().map(row).collect::<Vec<Vec<String>>>());
    text += words::COLUMNS;
    for persona in &measured.personas {
        text += &of_persona(persona);
    }
    text += words::OPERATIONS;
    for (words, part) in words::PARTS.iter().zip([
        (|persona| &persona.looking) as fn(&Persona) -> &Line,
        |persona| &persona.opening,
        |persona| &persona.telling,
        |persona| &persona.at_once,
    ]) {
        text += words;
        text += &lines(measured.personas.iter().map(|persona| (&persona.name, part(persona))));
    }
    text += words::HIGHEST;
    let head = ["persona", "record", "directory", "audit trail", "out of reach"];
    text += &table(&head, &measured.personas.iter().map(highest).collect::<Vec<_>>());
    text += words::PROTECTED;
    text += &lines(measured.personas.iter().map(|persona| (&persona.name, &persona.protected)));
    text += words::ROLES;
    text += &lines(measured.roles.iter());
    text += words::REQUESTS;
    text += &requests(measured);
    text
}

/// A Markdown table whose columns stand below each other.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).chain([head[at].chars().count()]).max();
    let widths: Vec<usize> = (0..head.len()).filter_map(width).collect();
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(head) + &line(&rule.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

/// A table of lines that have the same columns.
fn lines<'a>(all: impl Iterator<Item = (&'a String, &'a Line)>) -> String {
    let (mut head, mut rows) = (vec![""], Vec::new());
    for (name, line) in all {
        head.truncate(1);
        head.extend(line.iter().map(|(column, _)| *column));
        rows.push(std::iter::once(name.clone()).chain(line.iter().map(|(_, text)| text.clone())).collect());
    }
    table(&head, &rows)
}

/// One persona's table, and what it leaves open.
fn of_persona(persona: &Persona) -> String {
    let mut text = format!("\n### {}\n\n{}. {}\n\n", persona.name, persona.title, way(persona));
    let columns: Vec<&'static str> = READS.into_iter().chain(WRITES).collect();
    let head: Vec<&str> = std::iter::once("").chain(columns.iter().copied()).collect();
    let row = |kind: &str| {
        let cells = columns.iter().map(|column| cell(persona, kind, column));
        std::iter::once(kind.to_owned()).chain(cells).collect()
    };
    text += &table(&head, &kinds().into_iter().map(row).collect::<Vec<Vec<String>>>());
    let notes: String = notes(persona).into_iter().map(|note| format!("- {note}\n")).collect();
    if notes.is_empty() { text } else { format!("{text}\n{notes}") }
}

fn way(persona: &Persona) -> String {
    match persona.way {
        Way::Own => "In reach is their own record.".to_owned(),
        Way::Related => "In reach is who is in a care relationship with them or their organisation.".to_owned(),
        Way::Opened(operation) => {
            format!("In reach is nobody, until they use `${operation}`: the table shows what they see then.")
        }
        Way::Nobody => "Nobody is in reach.".to_owned(),
    }
}

/// What became of the cases of a cell that these have in common.
fn marks(persona: &Persona, kind: &str, column: &str, own: bool, near: bool) -> BTreeMap<Label, Mark> {
    let all = persona.cells.marks.iter().filter(|((known, of), _)| *known == kind && *of == column);
    let cases = all.flat_map(|(_, cases)| cases).filter(|(case, _)| case.own == own && case.near == near);
    cases.map(|(case, mark)| (case.label, *mark)).collect()
}

/// A cell: what is seen or done, and up to which label.
fn cell(persona: &Persona, kind: &str, column: &str) -> String {
    let (own, others) = (marks(persona, kind, column, true, true), marks(persona, kind, column, false, true));
    let done = |marks: &BTreeMap<Label, Mark>| -> BTreeSet<Label> {
        marks.iter().filter(|(_, mark)| mark.is_done()).map(|(label, _)| *label).collect()
    };
    let bare = own.values().chain(others.values()).any(|mark| *mark == Mark::Bare);
    let (mine, theirs) = (done(&own), done(&others));
    let label = |found: &BTreeSet<Label>| if is_trail(kind) { String::new() } else { format!(" {}", up_to(found)) };
    let star = if bare { "*" } else { "" };
    match (mine.is_empty(), theirs.is_empty()) {
        (true, true) => {
            let all: BTreeSet<String> = own.values().chain(others.values()).map(|mark| mark.text()).collect();
            all.into_iter().collect::<Vec<_>>().join(" or ")
        }
        (false, true) => format!("own{}{star}", label(&mine)),
        (false, false) if mine != theirs => format!("✓{}, own{}{star}", label(&theirs), label(&mine)),
        _ => format!("✓{}{star}", label(&theirs)),
    }
}

/// What became of rows in words: one mark, or each with its labels.
fn answer(marks: &BTreeMap<Label, Mark>) -> String {
    let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (label, mark) in marks {
        labels.entry(mark.text()).or_default().push(format!("{label:?}"));
    }
    let alike = labels.len() == 1;
    let text =
        |(mark, labels): (String, Vec<String>)| if alike { mark } else { format!("{mark} ({})", labels.join(", ")) };
    labels.into_iter().map(text).collect::<Vec<_>>().join(" or ")
}

/// What a table leaves open: rows of other sources, and rows out of reach.
fn notes(persona: &Persona) -> Vec<String> {
    let mut notes = Vec::new();
    let mut theirs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for column in ["update", "patch", "delete"] {
        let changed = |kind: &&str| marks(persona, kind, column, true, true).values().any(|mark| mark.is_done());
        let answers: BTreeSet<String> = kinds()
            .into_iter()
            .filter(changed)
            .map(|kind| answer(&marks(persona, kind, column, false, true)))
            .collect();
        for answer in answers {
            theirs.entry(answer).or_default().push(column);
        }
    }
    if !theirs.is_empty() {
        let theirs: Vec<String> =
            theirs.into_iter().map(|(answer, columns)| format!("{} {answer}", columns.join(", "))).collect();
        notes.push(format!("What another source wrote: {}.", theirs.join("; ")));
    }
    // Columns that are alike are told of together.
    let mut alike: BTreeMap<(bool, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for (own, column) in
        [true, false].into_iter().flat_map(|own| READS.into_iter().chain(WRITES).map(move |of| (own, of)))
    {
        let open = |kind: &&str| marks(persona, kind, column, own, false).values().any(|mark| mark.is_done());
        let types: Vec<&str> = kinds().into_iter().filter(open).collect();
        if !types.is_empty() {
            alike.entry((own, types)).or_default().push(column);
        }
    }
    for ((own, types), columns) in alike {
        let whose = if own { ", of what their own source wrote" } else { "" };
        notes.push(format!("Also about people out of reach{whose}: {} of {}.", columns.join(", "), types.join(", ")));
    }
    notes
}

/// What a persona sees at most, over all types and ways to look.
fn highest(persona: &Persona) -> Vec<String> {
    let seen = |of: &dyn Fn(&str) -> bool, own: Option<bool>, near: bool| {
        let mut found = BTreeSet::new();
        for ((kind, column), cases) in &persona.cells.marks {
            let counted = of(kind) && READS.contains(column);
            let cases = cases.iter().filter(|(case, mark)| counted && mark.is_done() && case.near == near);
            found.extend(
                cases.filter(|(case, _)| own.is_none_or(|own| own == case.own)).map(|(case, _): (&Case, _)| case.label),
            );
        }
        found
    };
    let text = |found: BTreeSet<Label>| if found.is_empty() { "nothing".to_owned() } else { up_to(&found) };
    let (others, mine) = (seen(&about_somebody, Some(false), true), seen(&about_somebody, Some(true), true));
    let record = if mine.is_subset(&others) { String::new() } else { format!(", own rows {}", up_to(&mine)) };
    let patients = seen(&|kind| kind == "Patient", None, true);
    let patients = if others.is_empty() && mine.is_empty() && !patients.is_empty() { ", Patients alone" } else { "" };
    let trail = seen(&|kind| is_trail(kind), None, true);
    let trail_out = seen(&|kind| is_trail(kind), None, false);
    let outside = match [seen(&of_record, Some(true), false), seen(&of_record, Some(false), false)]
        .map(|found| found.is_empty())
    {
        [true, true] => "nothing",
        [false, true] => "own rows",
        _ => "rows of others",
    };
    vec![
        persona.name.clone(),
        format!("{}{record}{patients}", text(others)),
        text(seen(&|kind| compartment(kind) == Compartment::Nobody, None, true)),
        match (trail.is_empty(), trail_out.is_empty()) {
            (true, true) => "nothing",
            (false, true) => "about themselves",
            _ => "about everybody",
        }
        .to_owned(),
        outside.to_owned(),
    ]
}

/// Which requests were made for which column; columns with the same ones together.
fn requests(measured: &Measured) -> String {
    let mut columns: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (method, route, column) in &measured.requests {
        columns.entry(*column).or_default().push(format!("`{method} {}`", route.replace(r":\$[^/]*", "")));
    }
    let mut alike: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for (column, routes) in columns.into_iter().filter(|(column, _)| !["in reach", "roles"].contains(column)) {
        alike.entry(routes).or_default().push(column);
    }
    let mut rows: Vec<(String, String)> =
        alike.into_iter().map(|(routes, columns)| (columns.join(", "), routes.join(", "))).collect();
    rows.sort();
    rows.into_iter().map(|(columns, routes)| format!("- {columns}: {routes}\n")).collect()
}
