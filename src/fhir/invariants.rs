//! Owns R4's own rules on combinations of elements (`ElementDefinition.constraint`, severity
//! error) for the types this record keeps and the data types they are made of.
//!
//! Each rule is named by its key in the specification, so that a reader can look it up.

use super::json::{Json, Object};

type Broken = Vec<String>;

fn rule(broken: &mut Broken, holds: bool, words: &str) {
    if !holds {
        broken.push(words.to_owned());
    }
}

fn has(object: &Object, name: &str) -> bool {
    object.get(name).is_some()
}

/// Whether a CodeableConcept member has a coding with this code.
fn coded(object: &Object, name: &str, code: &str) -> bool {
    object.objects(name).flat_map(|concept| concept.objects("coding")).any(|coding| coding.text("code") == Some(code))
}

/// Rules of a resource type.
pub fn of_resource(kind: &str, r: &Object, contained: bool) -> Broken {
    let mut broken = Vec::new();
    let b = &mut broken;
    let in_error = coded(r, "verificationStatus", "entered-in-error");
    match kind {
        "Condition" => {
            let ended = ["resolved", "remission", "inactive"].iter().any(|code| coded(r, "clinicalStatus", code));
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
        }
        "ContactPoint" => {
            rule(b, !has(o, "value") || has(o, "system"), "cpt-2: a value needs the system it is in: phone, email, …")
        }
        "Attachment" => rule(b, !has(o, "data") || has(o, "contentType"), "att-1: data needs a contentType"),
        "Ratio" => {
            rule(b, has(o, "numerator") == has(o, "denominator"), "rat-1: numerator and denominator come together")
        }
        _ => {}
    }
    broken
}

/// ref-1: a reference to `#x` needs a contained resource of that id. `around` is the resource that contains this one.
pub fn references(resource: &Object, around: Option<&Object>) -> Broken {
    let home = around.unwrap_or(resource);
    let ids: Vec<&str> = home.objects("contained").filter_map(|c| c.text("id")).collect();
    let mut broken = Vec::new();
    for (_, value) in resource.0.iter().filter(|(key, _)| around.is_some() || key != "contained") {
        local_references(value, &mut |target| {
            if !target.is_empty() && !ids.contains(&target) {
                broken.push(format!("ref-1: there is a reference to #{target}, but no contained resource has that id"));
            }
        });
    }
    broken
}

fn local_references(value: &Json, found: &mut dyn FnMut(&str)) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| local_references(item, found)),
        // A resource within (a Bundle's entry) has its own contained ones.
        Json::Object(object) if !has(object, "resourceType") => {
            for (key, value) in &object.0 {
                match value.as_str() {
                    Some(text) if key == "reference" => text.strip_prefix('#').into_iter().for_each(&mut *found),
                    _ => local_references(value, found),
                }
            }
        }
        _ => {}
    }
}
