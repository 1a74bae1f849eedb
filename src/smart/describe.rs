//! Owns how a scope is said in words: to the user who is asked for it, and in the OpenAPI document.

use crate::access::scope::Context;
use crate::access::{Interaction, Scope};
use crate::resources;
use crate::resources::spec::Compartment;

/// What a scope lets an app do, in a sentence.
pub fn scope(word: &str) -> String {
    match word {
        "openid" => return "Know who you are".to_owned(),
        "fhirUser" | "profile" => return "See your own entry in the directory".to_owned(),
        "launch" => return "Take over the patient you were looking at".to_owned(),
        "launch/patient" => return "Know which patient you chose".to_owned(),
        "launch/encounter" => return "Know which encounter you were looking at".to_owned(),
        "online_access" => return "Keep working for up to 12 hours without asking again".to_owned(),
        "__break-glass" => return "Open a record in an emergency, with a reason that is reviewed".to_owned(),
        "__self-claim" => return "Say that you are involved in somebody's care".to_owned(),
        "__protect" => return "Set or lift opt-outs and restrictions".to_owned(),
        "__review" => return "Look at and review overrides".to_owned(),
        "__export" => return "Take out all it can open at once".to_owned(),
        "__relate" => return "Tell who is involved in whose care".to_owned(),
        "offline_access" => return "Keep working for up to 90 days, also while you are away".to_owned(),
        _ => {}
    }
    let Some(scope) = Scope::parse(word) else { return word.to_owned() };
    let may = |interaction| scope.allows(&scope.kind, interaction);
    let mut verbs = Vec::new();
    let reads = [(Interaction::Read, "open"), (Interaction::Search, "search")];
    let writes = [(Interaction::Create, "add"), (Interaction::Update, "change"), (Interaction::Delete, "delete")];
    verbs.extend(reads.into_iter().chain(writes).filter(|(i, _)| may(*i)).map(|(_, verb)| verb));
    let what = if scope.kind == "*" { "everything" } else { plain(&scope.kind) };
    let directory = resources::find(&scope.kind).is_some_and(|spec| spec.compartment == Compartment::Nobody);
    let whose = match scope.context {
        _ if directory => "in the directory",
        Context::Patient => "in this patient's record",
        Context::User => "in the records of all patients you can open",
        Context::System => "in the records this system can open",
    };
    let mut words = format!("{} {what} {whose}", list(&verbs));
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let only: Vec<String> =
        scope.narrow().iter().map(|test| format!("{} is {}", test.param.code, last_part(&test.value))).collect();
    if only.is_empty() { words } else { format!("{words}, where {}", only.join(" and ")) }
}

/// What a type is called by people.
fn plain(kind: &str) -> &str {
    match kind {
        "Patient" => "personal details",
        "Condition" => "problems and diagnoses",
        "Observation" => "results and observations",
        "MedicationStatement" => "medicines",
        "AllergyIntolerance" => "allergies",
        "CarePlan" => "care plans",
        "AuditEvent" => "who looked at the record",
        "Practitioner" | "PractitionerRole" => "staff details",
        "Organization" => "organisations",
        other => other,
    }
}

fn list(verbs: &[&str]) -> String {
    match verbs {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// The code of `system|code`, for each alternative.
fn last_part(value: &str) -> String {
    value.split(',').map(|part| part.rsplit('|').next().unwrap_or(part)).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::scope;

    #[test]
    fn a_scope_is_said_in_words() {
        for (word, said) in [
            ("patient/*.rs", "Open and search everything in this patient's record"),
            ("user/CarePlan.cud", "Add, change and delete care plans in the records of all patients you can open"),
            (
                "patient/Observation.rs?category=http://x|laboratory",
                "Open and search results and observations in this patient's record, where category is laboratory",
            ),
            ("user/Practitioner.r", "Open staff details in the directory"),
            ("offline_access", "Keep working for up to 90 days, also while you are away"),
        ] {
            assert_eq!(scope(word), said);
        }
    }
}
