//! docs/reference/scopes.md, from the grammar of scopes, the words of the consent page and the roles.

use lcr_facade::access::scope::{letter, letters};
use lcr_facade::access::{Interaction, Permission, Policies, Scope};
use lcr_facade::resources;
use lcr_facade::smart::{describe, scopes};

use super::made_from;
use crate::tables::{code, codes, table};

/// What each letter allows over REST.
const LETTERS: [(Interaction, &str); 5] = [
    (Interaction::Create, "create; and, beside `u`, a conditional update that may create"),
    (Interaction::Read, "read, vread, the history of an instance, `$summary`; and, beside `u`, patch"),
    (Interaction::Update, "update, patch"),
    (Interaction::Delete, "delete"),
    (
        Interaction::Search,
        "search, of a type, a compartment or several types; the history of a type or of all; chains, `_has` and includes that enter the type; `$everything`, `$lastn`, `$match`; and the criteria of conditional interactions",
    ),
];

/// Forms of resource scopes, one of each.
const FORMS: [&str; 9] = [
    "patient/*.rs",
    "patient/Observation.rs",
    "user/*.cruds",
    "user/CarePlan.cud",
    "system/*.cruds",
    "user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
    "patient/Condition.read",
    "user/CarePlan.write",
    "user/*.*",
];

pub fn page() -> String {
    let mut text =
        "# Scopes\n\n".to_owned() + &made_from("the grammar of scopes, the words of the consent page and the roles");
    text += "What is granted is no more than the client's registration, the user's role and the launch allow; the token reply says what it was.\n\
        What a scope opens is narrowed again at each request, by care relationships and by what protects a person ([who sees what](../access.md)).\n\
        \n## Of signing in and launching\n\n";
    let own = |word: &&str| Permission::of_scope(word).is_none();
    text += &table(
        &["scope", "what a user reads"],
        scopes::words().filter(own).map(|word| vec![code(word), describe::scope(word)]),
    );

    text += "\n## Of resources\n\n`patient|user|system / type . letters`: whose records, which type (`*`: all), and what may be done. `patient/` is the patient of\n\
        the launch, `user/` the patients that the user may open, `system/` what a client without a user may. Letters come in the order of\n\
        `cruds`. The words of SMART v1 stand for letters: `read` is `rs`, `write` is `cud`, `*` is `cruds`. A scope after `?` with a token\n\
        parameter and its value (no modifiers) opens the rows that it finds alone; several are joined by `&`.\n\n";
    let forms = FORMS.iter().map(|form| {
        assert!(Scope::parse(form).is_some(), "{form} is no scope");
        vec![code(form), describe::scope(form)]
    });
    text += &table(&["scope", "what a user reads"], forms);

    text += "\n| letter | what it allows |\n|---|---|\n";
    assert!(
        letters(&LETTERS.iter().map(|(interaction, _)| letter(*interaction)).collect::<String>()),
        "all letters, in order"
    );
    for (interaction, words) in LETTERS {
        text += &format!("| `{}` | {words} |\n", letter(interaction));
    }

    text += "\nTypes, each as its widest scope of a user:\n\n";
    text += &table(
        &["scope", "what a user reads"],
        resources::served().map(|spec| {
            let scope = format!("user/{}.{}", spec.name, if spec.is_trail() { "rs" } else { "cruds" });
            vec![code(&scope), describe::scope(&scope)]
        }),
    );

    text += "\n## Of this record's own\n\nEach needs the scope and a role that may; SMART leaves names with two underscores to servers.\n\n";
    let policies = Policies::default();
    let rows = Permission::SCOPED.into_iter().map(|permission| {
        let roles = policies.roles().filter(|(_, policy)| policy.may(permission)).map(|(name, _)| name);
        vec![code(permission.scope()), describe::scope(permission.scope()), codes(roles)]
    });
    text + &table(&["scope", "what a user reads", "roles that may"], rows)
}
