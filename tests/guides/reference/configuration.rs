//! docs/reference/configuration.md, from the table of `src/config/settings.rs`.

use lcr_facade::config::settings::{ENVIRONMENT, Kind, SETTINGS, Setting, Unset};

use super::made_from;
use crate::tables::{code, table};

/// Each part of the page: the keys that begin so, its heading, and what is said under it.
const PARTS: [(&str, &str, &str); 11] = [
    ("", "The service", "At the top of the file, before any table."),
    (
        "limits.",
        "Limits",
        "`[limits]`: what one request may cost. Beyond a limit a request is refused with words that name it, or a page is cut to it with a warning.",
    ),
    (
        "load.",
        "Load",
        "`[load]`: how much the service takes on at once, how often somebody may ask, and how long anything may take.",
    ),
    (
        "tls.",
        "TLS",
        "`[tls]`: both, and the service speaks TLS 1.2 and 1.3 by itself; neither, and it speaks HTTP, for a proxy before it.",
    ),
    ("overrides.", "Overrides", "`[overrides]`: [breaking glass and claims of care](../access.md#breaking-glass)."),
    (
        "profile.",
        "Profiles",
        "`[profile]`: how strictly each source is held to [the profiles](../profiles.md#how-strictly).",
    ),
    ("metrics.", "Figures", "`[metrics]`: [what Prometheus reads](../run-in-production.md#watch-it)."),
    ("traces.", "Traces", "`[traces]`: [where spans go](../run-in-production.md#watch-it)."),
    (
        "role_policy.",
        "Roles",
        "`[role_policy.NAME]`: takes the place of the role of this name in `src/access/roles.toml`, or adds one ([roles](../access.md#roles)).",
    ),
    (
        "sensitive[].",
        "Sensitive codes",
        "`[[sensitive]]`, as often as there are labels ([labels](../access.md#labels)).",
    ),
    (
        "sign_in[].",
        "Sign-in",
        "`[[sign_in]]`, one for each OpenID provider that knows the users ([sign-in](../sign-in.md)). Without one nobody signs in, and backend services still get tokens.",
    ),
];

pub fn page() -> String {
    let mut text = "# Configuration\n\n".to_owned()
        + &made_from("the table that the program reads its configuration by (`src/config/settings.rs`)");
    text += "Settings come from a TOML file that `LCR_CONFIG` names, and from variables, which win. A key that is not here, and a value that is\n\
        not what it should be, stop the start with the key's name and what it should be.\n";
    for (begin, heading, words) in PARTS {
        text += &format!("\n## {heading}\n\n{words}\n\n");
        let own = SETTINGS.iter().filter(|setting| part(setting) == begin);
        let with_variables = own.clone().any(|setting| setting.variable.is_some());
        let rows = own.map(|setting| row(setting, setting.key.trim_start_matches(begin), with_variables));
        let head = ["key", "variable", "what it is", "unless set", "meaning"];
        let head: Vec<&str> = head.into_iter().filter(|column| with_variables || *column != "variable").collect();
        text += &table(&head, rows);
    }
    text += "\n## Variables alone\n\n";
    text += &table(
        &["variable", "meaning"],
        ENVIRONMENT.iter().map(|(name, meaning)| vec![code(name), (*meaning).to_owned()]),
    );
    text
}

/// The part of the page that a key is in.
fn part(setting: &Setting) -> &'static str {
    PARTS
        .iter()
        .map(|(begin, ..)| *begin)
        .filter(|begin| setting.key.starts_with(begin))
        .max_by_key(|begin| begin.len())
        .unwrap_or_default()
}

fn row(setting: &Setting, key: &str, with_variables: bool) -> Vec<String> {
    let unit = match setting.kind {
        Kind::Whole(.., unit) => format!(" ({unit})"),
        _ => String::new(),
    };
    let unset = match setting.default {
        Unset::Toml(text) => code(text),
        Unset::Nothing => String::new(),
        Unset::Required => "has to be set".to_owned(),
    };
    let key = key.trim_start_matches("NAME.");
    let variable = with_variables.then(|| setting.variable.map_or(String::new(), code));
    let rest = [setting.kind.words() + &unit, unset, setting.meaning.to_owned()];
    std::iter::once(code(key)).chain(variable).chain(rest).collect()
}

#[test]
fn every_setting_is_in_a_part_of_the_page() {
    let page = page();
    for setting in SETTINGS {
        assert!(part(setting).is_empty() != setting.key.contains('.'), "{} needs a part of the page", setting.key);
        assert!(page.contains(&setting.meaning.replace('|', "\\|")), "{}", setting.key);
    }
}
