//! Owns the grammar of SMART scopes (SMART App Launch 2.2 §3): `patient|user|system / Type . cruds ? parameter=value`,
//! and what two of them have in common.

use std::fmt;

use percent_encoding::percent_decode_str;

use super::grant::Interaction;
use crate::resources;
use crate::resources::spec::Param;

/// Whose data a scope opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    Patient,
    User,
    System,
}

const CONTEXTS: [(&str, Context); 3] =
    [("patient", Context::Patient), ("user", Context::User), ("system", Context::System)];

/// Every letter, in the order a scope has them.
const LETTERS: [(char, Interaction); 5] = [
    ('c', Interaction::Create),
    ('r', Interaction::Read),
    ('u', Interaction::Update),
    ('d', Interaction::Delete),
    ('s', Interaction::Search),
];

/// The letter of an interaction.
pub fn letter(interaction: Interaction) -> char {
    LETTERS.iter().find(|(_, known)| *known == interaction).map_or('-', |(letter, _)| *letter)
}

/// Whether a text is some of the letters, in the order of the word `cruds`.
pub fn letters(text: &str) -> bool {
    let mut order = LETTERS.iter();
    !text.is_empty() && text.chars().all(|letter| order.any(|(known, _)| *known == letter))
}

/// What a granular scope asks of a row: one token parameter and its alternatives, as in a query.
#[derive(Debug, Clone)]
pub struct Narrow {
    pub param: &'static Param,
    pub value: String,
}

impl PartialEq for Narrow {
    fn eq(&self, other: &Narrow) -> bool {
        self.param.code == other.param.code && self.value == other.value
    }
}

impl Eq for Narrow {}

/// One resource scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub context: Context,
    /// A resource type, or `*`.
    pub kind: String,
    letters: String,
    narrow: Vec<Narrow>,
}

impl Scope {
    /// The resource scopes of a scope string. What is not one (`openid`, a misspelling, a granular scope by something that
    /// is no token parameter of the type) grants nothing.
    pub fn parse_all(text: &str) -> Vec<Scope> {
        text.split_ascii_whitespace().filter_map(Scope::parse).collect()
    }

    /// One scope.
    pub fn parse(text: &str) -> Option<Scope> {
        let (context, rest) = text.split_once('/')?;
        let (kind, actions) = rest.split_once('.')?;
        let context = CONTEXTS.iter().find(|(name, _)| *name == context)?.1;
        let (actions, query) =
            actions.split_once('?').map_or((actions, None), |(actions, query)| (actions, Some(query)));
        // v1 words, and v2 letters, which come in the order of the word `cruds`.
        let letters = match (actions, query) {
            ("read", None) => "rs",
            ("write", None) => "cud",
            ("*", None) => "cruds",
            (letters, _) => letters,
        };
        if !self::letters(letters) {
            return None;
        }
        let narrow = query.map_or(Some(Vec::new()), |query| tests(kind, query))?;
        Some(Scope { context, kind: kind.to_owned(), letters: letters.to_owned(), narrow })
    }

    /// Whether the scope covers this interaction with this type, for all rows or for some.
    pub fn allows(&self, kind: &str, interaction: Interaction) -> bool {
        self.letters.contains(letter(interaction)) && (self.kind == "*" || self.kind == kind)
    }

    /// What a row has to satisfy, all of it; empty: nothing.
    pub fn narrow(&self) -> &[Narrow] {
        &self.narrow
    }

    /// What both scopes allow.
    pub fn meet(&self, other: &Scope) -> Option<Scope> {
        let kind = match (self.kind.as_str(), other.kind.as_str()) {
            ("*", kind) | (kind, "*") => kind,
            (one, two) if one == two => one,
            _ => return None,
        };
        let mut narrow = self.narrow.clone();
        narrow.extend(other.narrow.iter().filter(|test| !self.narrow.contains(test)).cloned());
        let letters: String = self.letters.chars().filter(|letter| other.letters.contains(*letter)).collect();
        (self.context == other.context && !letters.is_empty()).then(|| Scope {
            context: self.context,
            kind: kind.to_owned(),
            letters,
            narrow,
        })
    }

    /// The scope without the interactions that `may` denies.
    pub fn only(&self, may: impl Fn(Interaction) -> bool) -> Option<Scope> {
        let left = LETTERS.iter().filter(|(letter, i)| self.letters.contains(*letter) && may(*i));
        let letters: String = left.map(|(letter, _)| *letter).collect();
        (!letters.is_empty()).then(|| Scope { letters, ..self.clone() })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = CONTEXTS.iter().find(|(_, context)| *context == self.context).map_or("", |(name, _)| name);
        write!(f, "{context}/{}.{}", self.kind, self.letters)?;
        for (at, test) in self.narrow.iter().enumerate() {
            let value = test.value.replace('%', "%25").replace('&', "%26").replace(' ', "%20");
            write!(f, "{}{}={value}", if at == 0 { '?' } else { '&' }, test.param.code)?;
        }
        Ok(())
    }
}

/// The tests of a granular scope, if all of them are by token parameters that the type has.
fn tests(kind: &str, query: &str) -> Option<Vec<Narrow>> {
    let spec = resources::find(kind)?;
    let test = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value).decode_utf8().ok().filter(|value| !value.contains('\0'))?;
        let param = spec.param(name).filter(|param| param.offered() && param.r4_type() == "token")?;
        let empty = value.split(',').any(str::is_empty);
        (!empty).then(|| Narrow { param, value: value.into_owned() })
    };
    query.split('&').map(test).collect()
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
            ("user/Observation.rs?category=laboratory", "Observation", Interaction::Read, true),
            ("user/Observation.rs?category=laboratory", "Observation", Interaction::Update, false),
            ("user/Observation.rs?date=2020", "Observation", Interaction::Read, false),
            ("user/Observation.rs?category:not=laboratory", "Observation", Interaction::Read, false),
            ("user/Observation.rs?category=", "Observation", Interaction::Read, false),
            ("user/Observation.rs?", "Observation", Interaction::Read, false),
            ("user/Observation.rs?category=a&gender=male", "Observation", Interaction::Read, false),
            ("user/Observation.read?category=laboratory", "Observation", Interaction::Read, false),
            ("user/*.rs?_id=1", "Observation", Interaction::Read, false),
            ("openid fhirUser launch/patient", "Patient", Interaction::Read, false),
        ] {
            let scopes = Scope::parse_all(text);
            assert_eq!(scopes.iter().any(|s| s.allows(kind, interaction)), allowed, "{text}");
        }
    }

    #[test]
    fn what_two_scopes_have_in_common() {
        for (one, two, both) in [
            ("patient/*.rs", "patient/Observation.cruds", "patient/Observation.rs"),
            ("patient/*.read", "patient/*.cruds", "patient/*.rs"),
            ("user/Patient.rs", "patient/Patient.rs", ""),
            ("user/Patient.r", "user/Patient.s", ""),
            ("user/Patient.r", "user/Condition.r", ""),
            ("user/Observation.rs?category=a,b", "user/*.rs", "user/Observation.rs?category=a,b"),
            (
                "user/Observation.rs?category=a",
                "user/Observation.r?category=a&status=final",
                "user/Observation.r?category=a&status=final",
            ),
            ("user/Observation.rs?code=a%20%26b", "user/*.rs", "user/Observation.rs?code=a%20%26b"),
        ] {
            let scope = |text| Scope::parse(text).expect("a scope");
            assert_eq!(scope(one).meet(&scope(two)).map_or(String::new(), |s| s.to_string()), both, "{one} and {two}");
        }
    }
}
