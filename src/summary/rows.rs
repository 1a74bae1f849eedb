//! Owns how one resource of each type reads as a line of its section's table.

use super::Entry;
use super::source::Sources;
use super::words;
use super::xhtml::Cell;
use crate::fhir::json::{Json, Object};

/// The concept of a member that has one.
fn one(object: &Object, name: &str) -> String {
    object.objects(name).map(words::concept).next().unwrap_or_default()
}

/// The code of the first coding of a member.
pub fn first_code<'a>(object: &'a Object, name: &str) -> &'a str {
    object.objects(name).flat_map(|concept| concept.objects("coding")).find_map(|c| c.text("code")).unwrap_or_default()
}

/// Clinical status, with the verification where it is not confirmed.
fn status(object: &Object) -> String {
    let clinical = words::code(first_code(object, "clinicalStatus"));
    let verified = match first_code(object, "verificationStatus") {
        "" | "confirmed" => String::new(),
        other => words::code(other),
    };
    [clinical, verified].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn text_day(object: &Object, name: &str) -> String {
    object.text(name).map(words::day).unwrap_or_default()
}

/// A line of the problem list.
pub fn problem(entry: &Entry, sources: &Sources) -> Vec<Cell> {
    let r = &entry.json;
    vec![
        name_of_problem(r),
        Cell::of(status(r)),
        Cell::of(one(r, "severity")),
        Cell::of(words::when(r, "onset")),
        Cell::short(text_day(r, "recordedDate")),
        Cell::of(sources.of(r, &["recorder"])),
    ]
}

/// A line of past problems.
pub fn past_problem(entry: &Entry, sources: &Sources) -> Vec<Cell> {
    let r = &entry.json;
    vec![
        name_of_problem(r),
        Cell::of(status(r)),
        Cell::of(one(r, "severity")),
        Cell::of(words::when(r, "onset")),
        Cell::of(words::when(r, "abatement")),
        Cell::of(sources.of(r, &["recorder"])),
    ]
}

fn name_of_problem(r: &Object) -> Cell {
    Cell::of(one(r, "code")).with([words::concepts(r, "bodySite"), words::notes(r)])
}

/// A line of allergies.
pub fn allergy(entry: &Entry, sources: &Sources) -> Vec<Cell> {
    let r = &entry.json;
    let reactions = r.objects("reaction").map(|reaction| {
        let severity = reaction.text("severity").map(|severity| format!(" ({severity})")).unwrap_or_default();
        let shown = words::concepts(reaction, "manifestation");
        let words = if shown.is_empty() { reaction.text("description").unwrap_or_default().to_owned() } else { shown };
        if words.is_empty() { String::new() } else { format!("{words}{severity}") }
    });
    let reactions: Vec<String> = reactions.filter(|words| !words.is_empty()).collect();
    let substance = r.objects("reaction").find_map(|reaction| reaction.objects("substance").map(words::concept).next());
    let name = Some(one(r, "code")).filter(|name| !name.is_empty()).or(substance).unwrap_or_default();
    let criticality = match r.text("criticality") {
        Some("high") => Cell::strong("high"),
        Some(other) => Cell::of(words::code(other)),
        None => Cell::default(),
    };
    let kind = r.text("type").filter(|kind| *kind == "intolerance").unwrap_or_default().to_owned();
    let name = if first_code(r, "clinicalStatus") == "active" { Cell::strong(name) } else { Cell::of(name) };
    vec![
        name.with([kind, words::notes(r)]),
        Cell::of(reactions.join("; ")),
        criticality,
        Cell::of(status(r)),
        Cell::of(words::when(r, "onset")),
        Cell::short(text_day(r, "recordedDate")),
        Cell::of(sources.of(r, &["recorder"])),
    ]
}

/// The sentence for a source's word that there is nothing.
pub fn absence(entry: &Entry, sources: &Sources, contradicted: bool) -> String {
    let r = &entry.json;
    let on = r.text("recordedDate").map(|date| format!(" on {}", words::day(date))).unwrap_or_default();
    let source = sources.of(r, &["recorder"]);
    let by = if source.is_empty() { String::new() } else { format!(" by {source}") };
    let caution = if contradicted { ". Other entries of this section say otherwise" } else { "" };
    format!("{}: recorded{on}{by}{caution}.", one(r, "code"))
}

/// A line of medicines.
pub fn medicine(entry: &Entry, sources: &Sources) -> Vec<Cell> {
    let r = &entry.json;
    let reasons = r.objects("reasonReference").filter_map(|reason| sources.title(reason));
    let reasons: Vec<String> = r.objects("reasonCode").map(words::concept).chain(reasons).collect();
    let effective = words::when(r, "effective");
    let status_reason = words::concepts(r, "statusReason");
    vec![
        Cell::of(medicine_name(r)).with([words::notes(r)]),
        Cell::of(r.objects("dosage").map(dosage).filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ")),
        Cell::of(words::code(r.text("status").unwrap_or_default())).with([status_reason]),
        Cell::of(effective),
        Cell::of(reasons.join(", ")),
        Cell::of(sources.of(r, &["informationSource"])),
    ]
}

/// The medicine's name: coded here, or in a Medication that is contained or elsewhere.
fn medicine_name(r: &Object) -> String {
    let coded = one(r, "medicationCodeableConcept");
    if !coded.is_empty() {
        return coded;
    }
    let Some(Json::Object(reference)) = r.get("medicationReference") else { return String::new() };
    let target = reference.text("reference").unwrap_or_default();
    let within = target.strip_prefix('#').and_then(|id| {
        r.objects("contained").find(|inner| inner.text("id") == Some(id)).map(|inner| one(inner, "code"))
    });
    let display = reference.text("display").map(str::to_owned);
    display.or(within).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("see {target}"))
}

fn dosage(dosage: &Object) -> String {
    if let Some(text) = dosage.text("text") {
        return text.to_owned();
    }
    let doses = dosage.objects("doseAndRate").filter_map(|rate| {
        let quantity = rate.get("doseQuantity").and_then(Json::as_object).map(words::quantity);
        quantity.or_else(|| rate.get("doseRange").and_then(Json::as_object).map(words::range))
    });
    let timing = dosage.objects("timing").map(|timing| {
        let coded = one(timing, "code");
        if coded.is_empty() { timing.objects("repeat").map(repeat).collect::<Vec<_>>().join(" ") } else { coded }
    });
    let route = one(dosage, "route");
    let needed = match dosage.get("asNeededBoolean") {
        Some(Json::Bool(true)) => "as needed".to_owned(),
        _ => {
            dosage.objects("asNeededCodeableConcept").map(|c| format!("as needed for {}", words::concept(c))).collect()
        }
    };
    let parts = doses.chain(timing).chain([route, needed]).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

/// How often, of Timing.repeat: "2 times every 1 d".
fn repeat(repeat: &Object) -> String {
    let number = |name: &str| repeat.get(name).map(ToString::to_string);
    let unit = match repeat.text("periodUnit") {
        Some("h") => "hour",
        Some("d") => "day",
        Some("wk") => "week",
        Some("mo") => "month",
        Some("min") => "minute",
        Some(other) => other,
        None => return String::new(),
    };
    let times = match number("frequency").as_deref() {
        None | Some("1") => "once".to_owned(),
        Some("2") => "twice".to_owned(),
        Some(n) => format!("{n} times"),
    };
    match number("period").as_deref() {
        None | Some("1") => format!("{times} a {unit}"),
        Some(n) => format!("{times} every {n} {unit}s"),
    }
}

/// A line of results, vital signs or social history.
pub fn result(entry: &Entry, sources: &Sources) -> Vec<Cell> {
    let r = &entry.json;
    let components = r.objects("component").map(|component| {
        let flag = Some(words::flags(component)).filter(|flag| !flag.is_empty() && flag != "Normal");
        let flag = flag.map(|flag| format!(" ({flag})")).unwrap_or_default();
        format!("{}: {}{flag}", one(component, "code"), words::value(component))
    });
    let ranges = r.objects("component").filter_map(|component| {
        Some(words::reference_ranges(component))
            .filter(|range| !range.is_empty())
            .map(|range| format!("{}: {range}", one(component, "code")))
    });
    let flags = words::flags(r);
    let flag = if flags == "Normal" { Cell::of(flags) } else { Cell::strong(flags) };
    let when = [words::when(r, "effective"), text_day(r, "issued")].into_iter().find(|when| !when.is_empty());
    let status = match r.text("status") {
        Some("final") | None => String::new(),
        Some(other) => words::code(other),
    };
    vec![
        Cell::of(one(r, "code")).with([words::concepts(r, "bodySite"), words::notes(r)]),
        Cell::lines([words::value(r)].into_iter().chain(components)),
        flag,
        Cell::lines([words::reference_ranges(r)].into_iter().chain(ranges)),
        Cell::short(when.unwrap_or_default()),
        Cell::of(status),
        Cell::of(sources.of(r, &["performer"])),
    ]
}

/// A line of plans.
pub fn plan(entry: &Entry, sources: &Sources) -> Vec<Cell> {
    let r = &entry.json;
    let title = r.text("title").map_or_else(|| words::concepts(r, "category"), str::to_owned);
    let title = if title.is_empty() { "Care plan".to_owned() } else { title };
    let activities = r.objects("activity").filter_map(|activity| {
        let detail = activity.objects("detail").next()?;
        let name = one(detail, "code");
        let description = detail.text("description").unwrap_or_default();
        let name = if name.is_empty() { description.to_owned() } else { name };
        let status = detail.text("status").map(|status| format!(" ({})", words::code(status))).unwrap_or_default();
        let more =
            if description.is_empty() || description == name { String::new() } else { format!(": {description}") };
        (!name.is_empty()).then(|| format!("{name}{status}{more}"))
    });
    let period = r.get("period").and_then(Json::as_object).map(words::period).unwrap_or_default();
    let addressed: Vec<String> = r.objects("addresses").filter_map(|problem| sources.title(problem)).collect();
    vec![
        Cell::of(title).with([r.text("description").unwrap_or_default().to_owned(), words::notes(r)]),
        Cell::of(addressed.join(", ")),
        Cell::lines(activities),
        Cell::of(words::code(r.text("status").unwrap_or_default())),
        Cell::of(period),
        Cell::of(sources.of(r, &["author"])),
    ]
}
