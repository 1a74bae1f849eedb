//! docs/reference/search-parameters.md, from the parameter tables of `src/resources/`.

use lcr_facade::resources;
use lcr_facade::resources::spec::{Param, ResourceSpec};
use lcr_facade::search::{include, modifier};

use super::made_from;
use crate::tables::{code, codes, table};

/// How the values of each kind are written.
const KINDS: [(&str, &str); 8] = [
    ("token", "`code`, `system|code`, `|code` (no system), `system|` (any code of it)"),
    ("string", "text from its start, without regard to case and accents; `_content` and `_text` take words"),
    ("date", "a year, month, day or time; `eq`, `ne`, `lt`, `gt`, `le`, `ge`, `sa`, `eb`, `ap` before it"),
    ("quantity", "`number`, `number|system|code`, `number||unit`; prefixes as for dates"),
    (
        "reference",
        "`id`, `Type/id`, a URL; `parameter.other=…` and `parameter:Type.other=…` chain into what it refers to",
    ),
    ("uri", "the whole URI"),
    ("composite", "two values joined by `$`"),
    ("number", "a number; prefixes as for dates"),
];

pub fn page() -> String {
    let mut text = "# Search parameters\n\n".to_owned()
        + &made_from("the tables that parsing, indexing, SQL and the CapabilityStatement come from (`src/resources/`)");
    text += "All may be joined with `&`; alternatives of one are joined with `,`. What a search does where R4 leaves a choice is said in\n\
        [the conventions](../api.md#search). Each name leads to R4's definition; \"sorts\" says whether `_sort` takes it.\n\n";
    let served = || resources::served().flat_map(|spec| spec.all_params()).filter(|param| param.offered());
    let used = KINDS.into_iter().filter(|(kind, _)| served().any(|param| param.r4_type() == *kind));
    text +=
        &table(&["kind", "how a value is written"], used.map(|(kind, words)| vec![kind.to_owned(), words.to_owned()]));
    for param in served() {
        assert!(KINDS.iter().any(|(kind, _)| *kind == param.r4_type()), "{} is of a kind without words", param.code);
    }

    let first: &'static ResourceSpec = resources::ALL[0];
    let common: Vec<&Param> =
        first.all_params().filter(|param| !first.params.iter().any(|own| own.code == param.code)).collect();
    text += "\n## Every type\n\n";
    text += &rows(first, common.iter().copied());
    for spec in resources::served() {
        // Of those of every type, what this one takes otherwise.
        let other = common
            .iter()
            .copied()
            .filter(|param| modifier::modifiers(spec, param) != modifier::modifiers(first, param));
        text += &format!("\n## {}\n\n", spec.name);
        text += &rows(spec, spec.params.iter().filter(|param| param.offered()).chain(other));
    }
    text
}

fn rows<'a>(spec: &'static ResourceSpec, params: impl Iterator<Item = &'a Param>) -> String {
    let rows = params.map(|param| {
        let name = format!("[`{}`]({})", param.code, param.definition_url());
        let modifiers = codes(modifier::modifiers(spec, param));
        let targets = resources::ALL.iter().map(|target| target.name).filter(|target| include::refers(param, target));
        let sorts = if param.sortable() { "yes" } else { "no" };
        vec![
            name,
            param.r4_type().to_owned(),
            param.doc.to_owned(),
            modifiers,
            targets.collect::<Vec<_>>().join(", "),
            sorts.to_owned(),
        ]
    });
    table(&["parameter", "kind", "what it finds", "modifiers", "chains to", "sorts"], rows)
}

#[test]
fn the_page_has_every_parameter_that_is_offered() {
    let page = page();
    for spec in resources::served() {
        let part = page.split("\n## ").find(|part| part.starts_with(&format!("{}\n", spec.name))).expect(spec.name);
        for param in spec.params.iter().filter(|param| param.offered()) {
            assert!(part.contains(&format!("| [{}](", code(param.code))), "{} {}", spec.name, param.code);
        }
    }
}
