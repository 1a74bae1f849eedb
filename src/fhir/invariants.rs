//! Owns R4's own rules on combinations of elements (`ElementDefinition.constraint`, severity
//! error) for the types this record keeps and the data types they are made of.
//!
//! Each rule is named by its key in the specification, so that a reader can look it up.

use std::collections::HashSet;

use super::json::{Json, Object};
use super::primitive::shorten;

type Broken = Vec<String>;

/// The rules that are kept here and in `decode`, by their keys: profiles inherit them, and need not ask again.
pub const KEYS: &[&str] = &[
    "age-1", "ait-1", "ait-2", "att-1", "cnt-3", "con-1", "con-2", "con-4", "con-5", "cpl-3", "cpt-2", "dis-1",
    "dom-2", "dom-3", "dom-4", "dom-5", "drq-1", "drq-2", "drt-1", "ele-1", "exp-1", "ext-1", "obs-3", "obs-6",
    "obs-7", "org-1", "org-2", "org-3", "pat-1", "per-1", "qty-3", "rat-1", "ref-1", "rng-2", "tim-1", "tim-10",
    "tim-2", "tim-4", "tim-5", "tim-6", "tim-7", "tim-8", "tim-9", "trd-1", "trd-2", "trd-3", "txt-1", "txt-2",
];

fn rule(broken: &mut Broken, holds: bool, words: &str) {
    if !holds {
        broken.push(words.to_owned());
    }
}

fn has(object: &Object, name: &str) -> bool {
    object.get(name).is_some()
}

/// Whether a CodeableConcept member has a coding of one of HL7's own code systems with this code.
fn coded(object: &Object, name: &str, system: &str, code: &str) -> bool {
    let own = |coding: &Object| {
        let short = coding.text("system").and_then(|url| url.strip_prefix("http://terminology.hl7.org/CodeSystem/"));
        short == Some(system) && coding.text("code") == Some(code)
    };
    object.objects(name).flat_map(|concept| concept.objects("coding")).any(own)
}

/// Rules of a resource type.
pub fn of_resource(kind: &str, r: &Object, contained: bool) -> Broken {
    let mut broken = Vec::new();
    let b = &mut broken;
    let verification = if kind == "Condition" { "condition-ver-status" } else { "allergyintolerance-verification" };
    let in_error = coded(r, "verificationStatus", verification, "entered-in-error");
    match kind {
        "Condition" => {
            let ended = ["resolved", "remission", "inactive"]
                .iter()
                .any(|code| coded(r, "clinicalStatus", "condition-clinical", code));
            let abated = r.0.iter().any(|(key, _)| key.starts_with("abatement"));
            rule(
                b,
                !abated || ended || in_error,
                "con-4: a condition with an abatement needs a clinicalStatus of inactive, resolved or remission",
            );
            rule(
                b,
                !(in_error && has(r, "clinicalStatus")),
                "con-5: clinicalStatus must not be there when verificationStatus is entered-in-error",
            );
            let staged = r.objects("stage").all(|stage| has(stage, "summary") || has(stage, "assessment"));
            rule(b, staged, "con-1: a stage needs a summary or an assessment");
            let evident = r.objects("evidence").all(|e| has(e, "code") || has(e, "detail"));
            rule(b, evident, "con-2: an evidence needs a code or a detail");
        }
        "AllergyIntolerance" => {
            rule(
                b,
                in_error || has(r, "clinicalStatus"),
                "ait-1: clinicalStatus must be there unless verificationStatus is entered-in-error",
            );
            rule(
                b,
                !(in_error && has(r, "clinicalStatus")),
                "ait-2: clinicalStatus must not be there when verificationStatus is entered-in-error",
            );
        }
        "Observation" => {
            let valued = r.0.iter().any(|(key, _)| key.starts_with("value"));
            rule(
                b,
                !(valued && has(r, "dataAbsentReason")),
                "obs-6: dataAbsentReason must not be there when there is a value",
            );
            let same_code = r
                .objects("component")
                .any(|c| matches!((r.get("code"), c.get("code")), (Some(a), Some(b)) if share_coding(a, b)));
            rule(
                b,
                !(valued && same_code),
                "obs-7: a component has the Observation's own code, so the Observation must have no value of its own",
            );
            let ranged = r.objects("referenceRange").all(|x| has(x, "low") || has(x, "high") || has(x, "text"));
            rule(b, ranged, "obs-3: a referenceRange needs a low, a high or a text");
        }
        "Patient" => {
            let contact = |c: &Object| ["name", "telecom", "address", "organization"].iter().any(|name| has(c, name));
            rule(
                b,
                r.objects("contact").all(contact),
                "pat-1: a contact needs a name, telecom, address or organization",
            );
        }
        "Organization" => {
            rule(b, has(r, "identifier") || has(r, "name"), "org-1: an organization needs an identifier or a name");
            let home = |name: &str| r.objects(name).any(|one| one.text("use") == Some("home"));
            rule(b, !home("address"), "org-2: an organization's address is not somebody's home");
            rule(b, !home("telecom"), "org-3: an organization's telecom is not somebody's at home");
        }
        "CarePlan" => {
            let either = r.objects("activity").all(|a| !(has(a, "detail") && has(a, "reference")));
            rule(b, either, "cpl-3: an activity has a reference or a detail, not both");
        }
        _ => {}
    }
    if contained {
        let meta =
            r.objects("meta").any(|meta| has(meta, "versionId") || has(meta, "lastUpdated") || has(meta, "security"));
        rule(b, !meta, "dom-4, dom-5: a contained resource has no versionId, lastUpdated or security label");
    }
    broken
}

/// A Quantity member's value.
fn number(o: &Object, name: &str) -> Option<f64> {
    let quantity = o.get(name)?.as_object()?;
    quantity.get("value")?.to_string().parse().ok()
}

/// Rules of Timing.repeat.
fn timing(b: &mut Broken, o: &Object) {
    let needs = |b: &mut Broken, name: &str, other: &str, words: &str| rule(b, !has(o, name) || has(o, other), words);
    needs(b, "duration", "durationUnit", "tim-1: a duration needs its unit");
    needs(b, "period", "periodUnit", "tim-2: a period needs its unit");
    needs(b, "periodMax", "period", "tim-6: a periodMax needs a period");
    needs(b, "durationMax", "duration", "tim-7: a durationMax needs a duration");
    needs(b, "countMax", "count", "tim-8: a countMax needs a count");
    let below = |name: &str| o.get(name).is_some_and(|value| value.to_string().starts_with('-'));
    rule(b, !below("duration"), "tim-4: a duration is not below 0");
    rule(b, !below("period"), "tim-5: a period is not below 0");
    let when: Vec<&str> = o.get("when").into_iter().flat_map(Json::items).filter_map(Json::as_str).collect();
    let meal_itself = when.iter().any(|code| ["C", "CM", "CD", "CV"].contains(code));
    rule(
        b,
        !has(o, "offset") || (!when.is_empty() && !meal_itself),
        "tim-9: an offset needs a when that is not a meal itself",
    );
    rule(b, !has(o, "timeOfDay") || when.is_empty(), "tim-10: a timeOfDay and a when exclude each other");
}

/// Rules of TriggerDefinition.
fn trigger(b: &mut Broken, o: &Object) {
    let timed = o.0.iter().any(|(key, _)| key.starts_with("timing"));
    rule(b, !(has(o, "data") && timed), "trd-1: a trigger has data or a timing, not both");
    rule(b, !has(o, "condition") || has(o, "data"), "trd-2: a condition needs data to be about");
    let needed = match o.text("type") {
        Some("named-event") => has(o, "name"),
        Some("periodic") => timed,
        Some(kind) => !kind.starts_with("data-") || has(o, "data"),
        None => true,
    };
    rule(b, needed, "trd-3: a named event needs its name, a periodic one its timing, one of data its data");
}

fn share_coding(a: &Json, b: &Json) -> bool {
    let codings = |concept: &Json| -> Vec<(Option<String>, Option<String>)> {
        let list = concept.as_object().into_iter().flat_map(|c| c.objects("coding"));
        list.map(|c| (c.text("system").map(str::to_owned), c.text("code").map(str::to_owned))).collect()
    };
    let other = codings(b);
    codings(a).iter().any(|coding| coding.1.is_some() && other.contains(coding))
}

/// Rules of a data type or backbone element.
pub fn of_datatype(kind: &str, o: &Object) -> Broken {
    let mut broken = Vec::new();
    let b = &mut broken;
    match kind {
        "Extension" => {
            let valued = o.0.iter().any(|(key, _)| key.trim_start_matches('_').starts_with("value"));
            rule(
                b,
                valued != has(o, "extension"),
                "ext-1: an extension has a value or extensions of its own, one of the two",
            );
        }
        "Period" => {
            let ends = (
                o.text("start").and_then(super::date::parse_date_time),
                o.text("end").and_then(super::date::parse_date_time),
            );
            rule(b, !matches!(ends, (Some(start), Some(end)) if start.lo >= end.hi), "per-1: start is after end");
        }
        "Quantity" | "Age" | "Duration" | "Distance" | "Count" => {
            rule(b, !has(o, "code") || has(o, "system"), "qty-3: a unit given as a code needs its system");
            let value = o.get("value").map(ToString::to_string).and_then(|text| text.parse::<f64>().ok());
            let ucum = o.text("system").is_none_or(|system| system == super::quantity::UCUM);
            let whole = value.is_none() || has(o, "code");
            let aged = kind != "Age" || (ucum && whole && value.is_none_or(|v| v > 0.0));
            rule(b, aged, "age-1: an age is above 0, in a UCUM unit of time");
            rule(b, kind != "Distance" || (ucum && whole), "dis-1: a distance has a UCUM unit of length");
            let one = o.text("code").is_none_or(|code| code == "1");
            let counted = ucum && whole && one && !o.get("value").is_some_and(|value| value.to_string().contains('.'));
            rule(b, kind != "Count" || counted, "cnt-3: a count is a whole number of the UCUM unit 1");
            let lasting = o.text("system") == Some(super::quantity::UCUM) && value.is_some();
            let timed = kind != "Duration" || !has(o, "code") || lasting;
            rule(b, timed, "drt-1: a duration with a code has a value, and its code is a UCUM unit of time");
        }
        "Range" => {
            let ends = (number(o, "low"), number(o, "high"));
            rule(b, !matches!(ends, (Some(low), Some(high)) if low > high), "rng-2: low is above high");
        }
        "Timing.repeat" => timing(b, o),
        "ContactPoint" => {
            rule(b, !has(o, "value") || has(o, "system"), "cpt-2: a value needs the system it is in: phone, email, …")
        }
        "Attachment" => rule(b, !has(o, "data") || has(o, "contentType"), "att-1: data needs a contentType"),
        "Ratio" => {
            let both = has(o, "numerator") == has(o, "denominator") && (has(o, "numerator") || has(o, "extension"));
            rule(b, both, "rat-1: numerator and denominator come together, or an extension in their place")
        }
        "Expression" => {
            let either = has(o, "expression") || has(o, "reference");
            rule(b, either, "exp-1: an expression is given, or a reference to where it is")
        }
        "DataRequirement.codeFilter" | "DataRequirement.dateFilter" => {
            let key = if kind.ends_with("codeFilter") { "drq-1" } else { "drq-2" };
            let words = format!("{key}: a filter has a path or a searchParam, one of the two");
            rule(b, has(o, "path") != has(o, "searchParam"), &words)
        }
        "TriggerDefinition" => trigger(b, o),
        _ => {}
    }
    broken
}

/// ref-1 and dom-3: every reference to `#x` has its contained resource, and every contained resource its reference.
pub fn references(resource: &Object) -> Broken {
    let contained: Vec<&Object> = resource.objects("contained").collect();
    let (mut wanted, mut back) = (HashSet::new(), HashSet::new());
    for (key, value) in &resource.0 {
        if key != "contained" {
            local_links(key, value, &mut wanted);
        }
    }
    for (at, inner) in contained.iter().enumerate() {
        let mut own = HashSet::new();
        inner.0.iter().for_each(|(key, value)| local_links(key, value, &mut own));
        if own.iter().any(|(_, target)| target.is_empty()) {
            back.insert(at);
        }
        wanted.extend(own);
    }
    let ids: HashSet<&str> = contained.iter().filter_map(|inner| inner.text("id")).collect();
    let mut broken = Vec::new();
    for (is_reference, target) in &wanted {
        if *is_reference && !target.is_empty() && !ids.contains(target) {
            broken.push(format!(
                "ref-1: there is a reference to #{}, but no contained resource has that id",
                shorten(target)
            ));
        }
    }
    let named: HashSet<&str> = wanted.iter().map(|(_, target)| *target).collect();
    for (at, inner) in contained.iter().enumerate() {
        if inner.text("id").is_none_or(|id| !named.contains(id)) && !back.contains(&at) {
            broken.push("dom-3: a contained resource needs an id that something in the resource refers to".to_owned());
        }
    }
    broken.sort();
    broken
}

/// Finds every `#x`, with whether it stands in a Reference.
fn local_links<'a>(key: &str, value: &'a Json, found: &mut HashSet<(bool, &'a str)>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| local_links(key, item, found)),
        // A resource within (a Bundle's entry) has its own contained ones.
        Json::Object(object) if !has(object, "resourceType") => {
            object.0.iter().for_each(|(key, value)| local_links(key, value, found));
        }
        Json::String(text) => {
            if let Some(target) = text.strip_prefix('#') {
                found.insert((key == "reference", target));
            }
        }
        _ => {}
    }
}
