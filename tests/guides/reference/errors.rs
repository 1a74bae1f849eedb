//! docs/reference/errors.md, from the table of `src/openapi/errors.rs`.

use lcr_facade::openapi::errors;

use super::made_from;
use crate::tables::{code, table};

pub fn page() -> String {
    let mut text = "# Errors\n\n".to_owned()
        + &made_from("the table that the OpenAPI document's answers come from (`src/openapi/errors.rs`)");
    text += "Every refusal of the FHIR API is an OperationOutcome: `issue.code` for programs, `diagnostics` for whoever has to act on it, `expression` for\n\
        the place (an element, or `http.` and a parameter or header), `details.coding` with Spine's code. Nothing of other patients and nothing\n\
        internal is in it. What is hidden from a caller is refused exactly as what is not there.\n\
        \nThe addresses below `/oauth` answer as OAuth 2.0 has it: `error` for programs, `error_description` for people\n\
        ([sign in and tokens](../sign-in.md)).\n";
    for status in errors::statuses() {
        let own = errors::ALL.iter().filter(|failure| failure.status == status);
        let name = reqwest::StatusCode::from_u16(status).expect("a status");
        text += &format!("\n## {name}\n\n");
        let rows = own.map(|failure| {
            vec![
                code(failure.code.code()),
                code(failure.code.spine()),
                failure.when.to_owned(),
                failure.remedy.to_owned(),
            ]
        });
        text += &table(&["issue.code", "Spine's code", "when", "what to do"], rows);
    }
    text
}
