//! Keeps answers for the outside validator: each that is FHIR in JSON, once, in the folder that `LCR_KEEP_ANSWERS` names. Without
//! it nothing is kept.

use std::path::PathBuf;

use super::Reply;

/// The folder, if answers are kept.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("LCR_KEEP_ANSWERS").map(PathBuf::from)
}

/// Keeps an answer, under a name that follows from its text.
pub fn keep(reply: &Reply) {
    let Some(folder) = folder() else { return };
    if reply.header("content-type").starts_with("application/fhir+json") && !reply.text.is_empty() {
        std::fs::create_dir_all(&folder).expect("LCR_KEEP_ANSWERS");
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, reply.text.as_bytes());
        std::fs::write(folder.join(format!("{name}.json")), &reply.text).expect("LCR_KEEP_ANSWERS");
    }
}
