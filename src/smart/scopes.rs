//! Owns what a client is granted of what it asks for: no more than its registration has, nor than the user's role may do.

use crate::access::Scope;
use crate::access::policy::{PATIENT, Permission, Policies};
use crate::access::scope::Context;
use crate::resources;

/// The scopes that open no resource type. Those of an Encounter count only where the record keeps Encounters.
const WORDS: [&str; 8] = [
    "openid",
    "fhirUser",
    "profile",
    "offline_access",
    "online_access",
    "launch",
    "launch/patient",
    "launch/encounter",
];

/// Whether Encounters can be read here.
pub fn keeps_encounters() -> bool {
    resources::find("Encounter").is_some()
}

/// Those of them that are served.
pub fn words() -> impl Iterator<Item = &'static str> {
    let permissions = Permission::SCOPED.into_iter().map(Permission::scope);
    WORDS.into_iter().filter(|word| *word != "launch/encounter" || keeps_encounters()).chain(permissions)
}

/// What smart-configuration lists: the words, and the widest resource scopes.
pub fn supported() -> Vec<String> {
    let mut all: Vec<String> = words().map(str::to_owned).collect();
    for context in ["patient", "user", "system"] {
        all.push(format!("{context}/*.cruds"));
        all.push(format!("{context}/*.rs"));
        all.push(format!("{context}/*.read"));
        all.extend(resources::served().map(|spec| format!("{context}/{}.cruds", spec.name)));
    }
    all
}

/// Whether a scope string has this word.
pub fn has(scope: &str, word: &str) -> bool {
    scope.split_ascii_whitespace().any(|known| known == word)
}

/// Whether a scope string has a resource scope of this context, `patient/` and so on.
pub fn has_context(scope: &str, context: &str) -> bool {
    scope.split_ascii_whitespace().any(|word| word.starts_with(context))
}

fn known(word: &str) -> Option<Scope> {
    Scope::parse(word).filter(|scope| scope.kind == "*" || resources::find(&scope.kind).is_some())
}

/// The words that are no scope of this service.
pub fn unknown(scope: &str) -> impl Iterator<Item = &str> {
    scope.split_ascii_whitespace().filter(|word| known(word).is_none() && !words().any(|known| known == *word))
}

/// What a registration lets a client have of what it asks for; what it may have only in part comes in that part.
pub fn of_client(asked: &str, registered: &str) -> Vec<String> {
    let may = Scope::parse_all(registered);
    let mut granted: Vec<String> = Vec::new();
    let mut grant = |word: String| {
        if !granted.contains(&word) {
            granted.push(word);
        }
    };
    for word in asked.split_ascii_whitespace() {
        if words().any(|known| known == word) {
            if has(registered, word) {
                grant(word.to_owned());
            }
            continue;
        }
        let Some(scope) = known(word) else { continue };
        if may.iter().any(|own| covers(own, &scope)) {
            grant(word.to_owned());
        } else {
            may.iter().filter_map(|own| scope.meet(own)).for_each(|part| grant(part.to_string()));
        }
    }
    granted
}

/// What of it makes sense for somebody in this role: types and interactions that the role has at all.
pub fn of_role(granted: &[String], role: &str, policies: &Policies) -> Vec<String> {
    let policy = policies.of_role(role);
    let fits = |word: &String| {
        if let Some(permission) = Permission::of_scope(word) {
            return policy.filter(|policy| policy.may(permission)).map(|_| word.clone());
        }
        let Some(scope) = known(word) else { return Some(word.clone()) };
        let context = match scope.context {
            Context::System => false,
            // A patient has no caseload: whose record it is, patient/ scopes say.
            Context::User => role != PATIENT,
            Context::Patient => true,
        };
        let policy = policy.filter(|_| context)?;
        if scope.kind == "*" {
            return Some(word.clone());
        }
        let left = scope.only(|interaction| policy.allows(&scope.kind, interaction))?;
        Some(if left == scope { word.clone() } else { left.to_string() })
    };
    granted.iter().filter_map(fits).collect()
}

/// What is asked for, if all of it was granted before; else the first word that was not.
pub fn within<'a>(asked: &'a str, granted: &str) -> Result<Vec<String>, &'a str> {
    let before = Scope::parse_all(granted);
    let mut words = Vec::new();
    for word in asked.split_ascii_whitespace() {
        let covered = has(granted, word) || known(word).is_some_and(|scope| before.iter().any(|g| covers(g, &scope)));
        if !covered {
            return Err(word);
        }
        words.push(word.to_owned());
    }
    Ok(words)
}

/// Whether one scope allows all that another does.
fn covers(wide: &Scope, narrow: &Scope) -> bool {
    narrow.meet(wide).is_some_and(|both| both == *narrow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_no_more_than_its_registration_has() {
        for (asked, registered, granted) in [
            ("openid patient/*.rs", "openid patient/*.rs", "openid patient/*.rs"),
            ("patient/*.read", "patient/*.rs", "patient/*.read"),
            ("patient/*.cruds", "patient/*.rs", "patient/*.rs"),
            ("patient/*.rs", "patient/Patient.r patient/Observation.rs", "patient/Patient.r patient/Observation.rs"),
            (
                "patient/Observation.rs",
                "patient/Observation.rs?category=laboratory",
                "patient/Observation.rs?category=laboratory",
            ),
            (
                "patient/Observation.rs?category=laboratory",
                "patient/*.rs",
                "patient/Observation.rs?category=laboratory",
            ),
            ("user/*.rs", "patient/*.rs", ""),
            ("patient/Encounter.rs launch/encounter", "patient/*.rs launch/encounter", ""),
            ("offline_access nonsense patient/*.xyz", "openid", ""),
            ("openid openid", "openid", "openid"),
        ] {
            assert_eq!(of_client(asked, registered).join(" "), granted, "{asked} of {registered}");
        }
    }

    #[test]
    fn a_role_narrows_what_it_cannot_do() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (granted, role, left) in [
            (
                "openid user/Observation.cruds user/CarePlan.cruds",
                "nurse",
                "openid user/Observation.rs user/CarePlan.cruds",
            ),
            ("user/Observation.rs user/*.rs", "social-worker", "user/*.rs"),
            ("user/*.rs patient/*.rs", PATIENT, "patient/*.rs"),
            ("system/*.rs", "doctor", ""),
            ("user/*.rs openid", "wizard", "openid"),
        ] {
            assert_eq!(of_role(&words(granted), role, &Policies::default()).join(" "), left, "{granted} for {role}");
        }
    }

    #[test]
    fn a_refresh_may_narrow_and_not_widen() {
        let granted = "openid patient/*.rs user/Observation.rs?category=laboratory";
        for (asked, ok) in [
            ("patient/*.rs", true),
            ("patient/Observation.r", true),
            ("user/Observation.r?category=laboratory", true),
            ("user/Observation.r?category=laboratory&status=final", true),
            ("user/Observation.rs", false),
            ("user/Observation.rs?category=vital-signs", false),
            ("patient/*.cruds", false),
            ("offline_access", false),
        ] {
            assert_eq!(within(asked, granted).is_ok(), ok, "{asked}");
        }
    }
}
