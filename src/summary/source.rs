//! Owns what the document's resources say of one another, in words: who recorded a fact and which organisation shares it,
//! and what a medicine or plan is for.

use std::collections::HashMap;

use super::words;
use crate::fhir::json::{Json, Object};
use crate::fhir::reference;

/// The identifier system of organisations' ODS codes.
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";

/// Names of organisations, as the document's own resources give them.
#[derive(Debug, Default)]
pub struct Sources {
    names: HashMap<String, String>,
    /// What the document's own resources are about, by `Type/id`.
    titles: HashMap<String, String>,
}

impl Sources {
    /// Learns the names that a resource mentions.
    pub fn learn(&mut self, resource: &Object) {
        if let (Some(Json::Object(identifier)), Some(display)) = (resource.get("identifier"), resource.text("display"))
            && identifier.text("system") == Some(ODS)
            && let Some(code) = identifier.text("value")
        {
            self.names.entry(code.to_owned()).or_insert_with(|| display.to_owned());
        }
        for (_, value) in &resource.0 {
            value.items().filter_map(Json::as_object).for_each(|inner| self.learn(inner));
        }
    }

    /// Learns what a resource of the document is about.
    pub fn learn_title(&mut self, resource: &Object) {
        let title = resource.objects("code").map(words::concept).next();
        if let (Some(kind), Some(id), Some(title)) = (resource.text("resourceType"), resource.text("id"), title) {
            self.titles.insert(format!("{kind}/{id}"), title);
        }
    }

    /// What a reference is to: as it says, or as the resource in this document does.
    pub fn title(&self, reference: &Object) -> Option<String> {
        let known = || {
            let mut parts = reference::without_version(reference.text("reference")?).rsplit('/');
            let id = parts.next()?;
            self.titles.get(&format!("{}/{id}", parts.next()?)).cloned()
        };
        reference.text("display").map(str::to_owned).or_else(known).filter(|title| !title.is_empty())
    }

    /// Who said it, and whose record it is from. `by` are the elements that name who, in order of preference.
    pub fn of(&self, resource: &Object, by: &[&str]) -> String {
        let organisation =
            resource.objects("meta").find_map(|meta| meta.text("source")).map(|uri| self.name(tail(uri)));
        let mut parts: Vec<String> =
            by.iter().flat_map(|name| resource.objects(name)).filter_map(|who| self.who(who)).collect();
        parts.extend(organisation);
        parts.dedup();
        // An organisation that speaks for itself is named once.
        if let [first, .., last] = &parts[..]
            && first == last
        {
            parts.pop();
        }
        parts.join(", ")
    }

    fn who(&self, reference: &Object) -> Option<String> {
        if let Some(display) = reference.text("display") {
            return Some(display.to_owned());
        }
        let identifier = reference.get("identifier").and_then(Json::as_object)?;
        identifier.text("value").filter(|_| identifier.text("system") == Some(ODS)).map(|code| self.name(code))
    }

    fn name(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }
}

/// The last part of a source's URI.
fn tail(uri: &str) -> &str {
    let plain = uri.split('#').next().unwrap_or(uri).trim_end_matches('/');
    plain.rsplit(['/', ':']).next().unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisations_are_named_by_what_the_document_says() {
        let read = |text: &str| match Json::parse(text.as_bytes()) {
            Ok(Json::Object(object)) => object,
            other => panic!("{other:?}"),
        };
        let mut sources = Sources::default();
        sources.learn(&read(
            r#"{"performer":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Y1"},"display":"A Surgery"}]}"#,
        ));
        for (text, words) in [
            (r#"{"meta":{"source":"https://x/source/Y1"},"recorder":{"display":"Dr B"}}"#, "Dr B, A Surgery"),
            (r#"{"meta":{"source":"https://x/source/Y1"},"recorder":{"display":"A Surgery"}}"#, "A Surgery"),
            (r#"{"meta":{"source":"urn:lab#7"}}"#, "lab"),
            (r#"{"recorder":{"reference":"Practitioner/1"}}"#, ""),
        ] {
            assert_eq!(sources.of(&read(text), &["recorder"]), words, "{text}");
        }
    }
}
