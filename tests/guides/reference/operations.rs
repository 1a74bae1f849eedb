//! docs/reference/operations.md, from the table of `src/http/operation/mod.rs`.

use lcr_facade::http::operation::{self, Operation};

use super::made_from;
use crate::tables::{code, codes, table};

pub fn page() -> String {
    let mut text = "# Operations\n\n".to_owned()
        + &made_from("the table that the routes and the CapabilityStatement come from (`src/http/operation/mod.rs`)");
    text += "What changes nothing and takes plain parameters answers GET and POST, the others POST alone. Parameters come in the query, a form,\n\
        or a Parameters resource. How each of them behaves is said in [the conventions](../api.md#operations) and, for those of access,\n\
        in [who sees what](../access.md).\n\n";
    let rows = operation::ALL.iter().map(|one| {
        let methods = if one.by_get { "GET, POST" } else { "POST" };
        vec![addresses(one), methods.to_owned(), one.doc.to_owned(), definition(one)]
    });
    text + &table(&["asked at", "by", "what a caller gets", "definition"], rows)
}

fn addresses(one: &Operation) -> String {
    let kinds = if one.kinds.is_empty() { vec!["[type]"] } else { one.kinds.to_vec() };
    let forms = kinds.iter().flat_map(|kind| {
        let of_type = one.on_type.then(|| format!("{kind}/${}", one.name));
        of_type.into_iter().chain(one.on_instance.then(|| format!("{kind}/[id]/${}", one.name)))
    });
    codes(forms.collect::<Vec<_>>().iter().map(String::as_str))
}

/// A link to what somebody else defined; our own canonicals are names, and lead nowhere.
fn definition(one: &Operation) -> String {
    match one.definition.contains("//hl7.org/") {
        true => format!("[{}]({})", one.definition.rsplit('/').next().unwrap_or_default(), one.definition),
        false => code(one.definition),
    }
}
