//! Owns what a row of the audit trail says was asked: of which type, which resource, which person.

use crate::access::Interaction;
use crate::access::policy::Permission;
use crate::fhir::nhs_number;
use crate::search::query;

/// What was asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Question {
    /// One resource.
    Row { kind: String, id: String, interaction: Interaction },
    /// A type, or what a type has of some people.
    Rows { kind: String, interaction: Interaction, whom: Vec<Whom> },
    /// An operation that is more than reading or writing.
    Beyond { operation: String, permission: Permission },
}

/// Whom a search names.
#[derive(Debug, PartialEq, Eq)]
pub enum Whom {
    Patient(String),
    Number(String),
}

/// The operations that a permission opens.
const BEYOND: [(&str, Permission); 9] = [
    ("$break-glass", Permission::BreakGlass),
    ("$self-claim", Permission::SelfClaim),
    ("$protect", Permission::Protect),
    ("$access-alerts", Permission::Review),
    ("$review", Permission::Review),
    ("$relate", Permission::Relate),
    ("$relationships", Permission::Relate),
    ("$end-relationship", Permission::Relate),
    ("$export", Permission::Export),
];

/// Reads a row's action and what it says was asked. None: nothing that can be explained from the record.
pub fn read(action: &str, asked: &str) -> Option<Question> {
    let asked = asked.strip_suffix(" for a launch").or_else(|| asked.strip_suffix(" to choose from")).unwrap_or(asked);
    let (path, parameters) = asked.split_once('?').unwrap_or((asked, ""));
    let interaction = |otherwise| match action {
        "C" => Interaction::Create,
        "R" => Interaction::Read,
        "U" => Interaction::Update,
        "D" => Interaction::Delete,
        _ => otherwise,
    };
    let parts: Vec<&str> = path.split('/').collect();
    let plain = |part: &str| !part.is_empty() && !part.starts_with(['$', '_']);
    match parts[..] {
        ["Patient", id, kind] if action == "E" && plain(kind) => {
            let kind = if kind == "*" { "Patient" } else { kind }.to_owned();
            Some(Question::Rows { kind, interaction: Interaction::Search, whom: vec![Whom::Patient(id.to_owned())] })
        }
        [kind, operation] if kind == "Patient" && operation.starts_with('$') => {
            let (_, permission) = BEYOND.into_iter().find(|(name, _)| *name == operation)?;
            Some(Question::Beyond { operation: operation.to_owned(), permission })
        }
        [kind, id, ..] if plain(kind) && plain(id) => {
            let (kind, id) = (kind.to_owned(), id.to_owned());
            Some(Question::Row { kind, id, interaction: interaction(Interaction::Read) })
        }
        [kind] if plain(kind) && kind.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            let whom = whom(kind, parameters);
            Some(Question::Rows { kind: kind.to_owned(), interaction: interaction(Interaction::Search), whom })
        }
        _ => None,
    }
}

/// Whom a query names, by id or by NHS number.
fn whom(kind: &str, parameters: &str) -> Vec<Whom> {
    let mut named = Vec::new();
    for (name, value) in query::pairs(parameters).unwrap_or_default() {
        let name = name.replace(":Patient", "");
        let values = value.split(',').map(str::to_owned);
        match name.as_str() {
            "patient" | "subject" => {
                named.extend(values.map(|id| Whom::Patient(id.strip_prefix("Patient/").unwrap_or(&id).to_owned())))
            }
            "_id" if kind == "Patient" => named.extend(values.map(Whom::Patient)),
            "identifier" | "patient.identifier" | "subject.identifier" if name.contains('.') || kind == "Patient" => {
                let number =
                    |value: String| value.strip_prefix(nhs_number::SYSTEM)?.strip_prefix('|').map(str::to_owned);
                named.extend(values.filter_map(number).map(Whom::Number));
            }
            _ => {}
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_trail_says_what_was_asked() {
        let row = |kind: &str, id: &str, interaction| Question::Row { kind: kind.into(), id: id.into(), interaction };
        let rows = |kind: &str, interaction, whom| Question::Rows { kind: kind.into(), interaction, whom };
        let patient = |id: &str| vec![Whom::Patient(id.into())];
        for (action, asked, question) in [
            ("R", "Observation/7", Some(row("Observation", "7", Interaction::Read))),
            ("R", "Observation/7/_history/2", Some(row("Observation", "7", Interaction::Read))),
            ("U", "CarePlan/7", Some(row("CarePlan", "7", Interaction::Update))),
            ("E", "Patient/7/$everything?", Some(row("Patient", "7", Interaction::Read))),
            ("R", "Patient/7 for a launch", Some(row("Patient", "7", Interaction::Read))),
            ("C", "CarePlan", Some(rows("CarePlan", Interaction::Create, Vec::new()))),
            ("E", "Observation?patient=Patient/7&code=x", Some(rows("Observation", Interaction::Search, patient("7")))),
            ("E", "Patient/7/Condition?", Some(rows("Condition", Interaction::Search, patient("7")))),
            ("E", "Patient?_id=7", Some(rows("Patient", Interaction::Search, patient("7")))),
            (
                "E",
                "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990791902",
                Some(rows("Patient", Interaction::Search, vec![Whom::Number("9990791902".into())])),
            ),
            (
                "E",
                "Patient/$break-glass",
                Some(Question::Beyond { operation: "$break-glass".into(), permission: Permission::BreakGlass }),
            ),
            ("E", "transaction", Some(rows("transaction", Interaction::Search, Vec::new()))),
            ("E", "access_denied: the user did not let the app in", None),
            ("E", "scope=openid", None),
        ] {
            assert_eq!(read(action, asked), question, "{asked}");
        }
    }
}
