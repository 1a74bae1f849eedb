//! docs/reference/operations.md, from the table of `src/operations/`.

use lcr_facade::operations::{self, Operation, Parameter};

use super::made_from;
use crate::tables::{code, codes, table};

pub fn page() -> String {
    let mut text = "# Operations\n\n".to_owned()
        + &made_from("the table that routes, CapabilityStatement and OpenAPI document come from (`src/operations/`)");
    text += "What changes nothing and takes plain parameters answers GET and POST, the others POST alone. Parameters come in the query, a form,\n\
        or a Parameters resource. How each of them behaves is said in [the conventions](../api.md#operations) and, for those of access,\n\
        in [who sees what](../access.md).\n";
    for one in operations::ALL {
        text += &format!("\n## `${}`\n\n{}.\n\n", one.name, one.doc);
        let by = if one.by_get { "GET or POST" } else { "POST" };
        text += &format!("Asked at {} by {by}; the answer is {}. {}\n", addresses(one), one.returns, definition(one));
        if one.searches {
            text += "\nSearch parameters of the type narrow it.\n";
        }
        if !one.parameters.is_empty() {
            text += "\n";
            text += &table(&["parameter", "type", "", "what it says"], one.parameters.iter().map(row));
        }
    }
    text
}

fn row(parameter: &Parameter) -> Vec<String> {
    let must = if parameter.required { "has to be there" } else { "" };
    let many = if parameter.many { "may be there several times" } else { "" };
    let how: Vec<&str> = [must, many].into_iter().filter(|words| !words.is_empty()).collect();
    let values = match parameter.codes {
        [] => String::new(),
        known => format!(": {}", codes(known.iter().copied())),
    };
    vec![code(parameter.name), parameter.kind.to_owned(), how.join("; "), format!("{}{values}", parameter.doc)]
}

fn addresses(one: &Operation) -> String {
    let kinds = if one.kinds.is_empty() { vec!["[type]"] } else { one.kinds.to_vec() };
    let forms = kinds.iter().flat_map(|kind| {
        let of_type = one.on_type.then(|| format!("{kind}/${}", one.name));
        of_type.into_iter().chain(one.on_instance.then(|| format!("{kind}/[id]/${}", one.name)))
    });
    codes(forms.collect::<Vec<_>>().iter().map(String::as_str))
}

/// Where somebody else has defined it; our own canonicals are names, and lead nowhere.
fn definition(one: &Operation) -> String {
    match one.is_ours() {
        false => format!("Defined by [HL7]({}).", one.definition_url()),
        true => format!("This record's own: {}.", code(&one.definition_url())),
    }
}
