//! Owns the grammar of SMART scopes (SMART App Launch 2.2 §3): `patient|user|system / Type . cruds`.

use super::grant::Interaction;

/// Whose data a scope opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    Patient,
    User,
    System,
}

/// One resource scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub context: Context,
    /// A resource type, or `*`.
    pub kind: String,
    create: bool,
    read: bool,
    update: bool,
    delete: bool,
    search: bool,
}

impl Scope {
    /// The resource scopes of a scope string. What is not one (`openid`, a misspelling, a granular scope this
    /// version does not serve) grants nothing.
    pub fn parse_all(text: &str) -> Vec<Scope> {
        text.split_ascii_whitespace().filter_map(Scope::parse).collect()
    }

    fn parse(text: &str) -> Option<Scope> {
        let (context, rest) = text.split_once('/')?;
        let (kind, actions) = rest.split_once('.')?;
        let context = match context {
            "patient" => Context::Patient,
            "user" => Context::User,
            "system" => Context::System,
            _ => return None,
        };
        // v1 words, and v2 letters, which come in the order of the word `cruds`.
        let letters = match actions {
            "read" => "rs",
            "write" => "cud",
            "*" => "cruds",
            letters => letters,
        };
        let mut order = "cruds".chars();
        if letters.is_empty() || !letters.chars().all(|letter| order.any(|known| known == letter)) {
            return None;
        }
        let may = |letter| letters.contains(letter);
        Some(Scope {
            context,
            kind: kind.to_owned(),
            create: may('c'),
            read: may('r'),
            update: may('u'),
            delete: may('d'),
            search: may('s'),
        })
    }

    /// Whether the scope covers this interaction with this type.
    pub fn allows(&self, kind: &str, interaction: Interaction) -> bool {
        let action = match interaction {
            Interaction::Create => self.create,
            Interaction::Read => self.read,
            Interaction::Update => self.update,
            Interaction::Delete => self.delete,
            Interaction::Search => self.search,
        };
        action && (self.kind == "*" || self.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        for (text, kind, interaction, allowed) in [
            ("user/Patient.rs", "Patient", Interaction::Search, true),
            ("user/Patient.rs", "Patient", Interaction::Create, false),
            ("user/Patient.rs", "Condition", Interaction::Read, false),
            ("system/*.cruds", "Condition", Interaction::Delete, true),
            ("patient/*.read", "CarePlan", Interaction::Search, true),
            ("patient/*.write", "CarePlan", Interaction::Read, false),
            ("user/Patient.sr", "Patient", Interaction::Read, false),
            ("user/Patient.", "Patient", Interaction::Read, false),
            ("users/Patient.r", "Patient", Interaction::Read, false),
            ("user/Observation.rs?category=laboratory", "Observation", Interaction::Read, false),
            ("openid fhirUser launch/patient", "Patient", Interaction::Read, false),
        ] {
            let scopes = Scope::parse_all(text);
            assert_eq!(scopes.iter().any(|s| s.allows(kind, interaction)), allowed, "{text}");
        }
    }
}
