//! Owns the marks of degraded data: `meta.tag`s of the server's, which say what is missing. Which broken rule gives which mark
//! stands in the CodeSystem of the marks.

use std::collections::{BTreeMap, BTreeSet};

use super::CANONICAL;
use crate::fhir::json::{Json, Object};
use crate::fhir::meta;

/// The mark of what breaks its profile and was taken all the same.
pub const NOT_CONFORMANT: &str = "not-conformant";

/// Which rule gives which mark, and what each is called.
#[derive(Debug, Default)]
pub struct Marks {
    by_rule: BTreeMap<String, String>,
    display: BTreeMap<String, String>,
}

/// The code system of the marks.
pub fn system() -> String {
    format!("{CANONICAL}/CodeSystem/data-quality")
}

/// Whether this is the code system of the marks.
pub fn is_ours(url: &str) -> bool {
    url.strip_prefix(CANONICAL) == Some("/CodeSystem/data-quality")
}

impl Marks {
    /// Reads the CodeSystem.
    pub fn of(system: &Object) -> Marks {
        let mut marks = Marks::default();
        for concept in system.objects("concept") {
            let Some(code) = concept.text("code") else { continue };
            let display = concept.text("display").unwrap_or(code);
            marks.display.insert(code.to_owned(), display.to_owned());
            for property in concept.objects("property").filter(|property| property.text("code") == Some("rule")) {
                let rule = property.text("valueString").unwrap_or_default();
                marks.by_rule.insert(rule.to_owned(), code.to_owned());
            }
        }
        marks
    }

    /// The mark that a broken rule gives.
    pub fn of_rule(&self, rule: &str) -> Option<&str> {
        self.by_rule.get(rule).map(String::as_str)
    }

    /// Puts these marks into the resource's tags, and takes out those of them that came with it.
    pub fn put(&self, resource: &mut Object, codes: &BTreeSet<String>) {
        let is_mark = |tag: &Json| tag.as_object().and_then(|tag| tag.text("system")).is_some_and(is_ours);
        let marked = resource
            .objects("meta")
            .flat_map(|meta| meta.objects("tag"))
            .any(|tag| tag.text("system").is_some_and(is_ours));
        if codes.is_empty() && !marked {
            return;
        }
        let mut own = resource.objects("meta").next().cloned().unwrap_or_default();
        let mut tags: Vec<Json> = own.get("tag").map(|tags| tags.items().cloned().collect()).unwrap_or_default();
        tags.retain(|tag| !is_mark(tag));
        tags.extend(codes.iter().map(|code| {
            Json::object([
                ("system", Json::string(system())),
                ("code", Json::string(code.clone())),
                ("display", Json::string(self.display.get(code).unwrap_or(code).clone())),
            ])
        }));
        match tags.is_empty() {
            true => drop(own.remove("tag")),
            false => own.set("tag", Json::Array(tags)),
        }
        match own.0.is_empty() {
            true => drop(resource.remove("meta")),
            false => meta::set(resource, own),
        }
    }
}
