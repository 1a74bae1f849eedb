//! Owns `_summary` and `_elements` (R4 §3.1.1.7): a resource with less in it, marked SUBSETTED.

use super::elements::{Shape, TypeDef, type_def};
use super::json::{Json, Object};
use super::primitive::shorten;

/// How much of a resource is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Subset {
    /// As it is stored.
    #[default]
    All,
    /// What R4 marks as summary.
    Summary,
    /// Narrative, id, meta and what is required.
    Text,
    /// All but the narrative.
    Data,
    /// These elements, with what is required or modifies meaning.
    Elements(Vec<String>),
}

impl Subset {
    /// Reads `_summary`; `None` for `count`, which shows no resource at all.
    pub fn of_summary(value: &str) -> Result<Option<Subset>, String> {
        match value {
            "false" => Ok(Some(Subset::All)),
            "true" => Ok(Some(Subset::Summary)),
            "text" => Ok(Some(Subset::Text)),
            "data" => Ok(Some(Subset::Data)),
            "count" => Ok(None),
            _ => Err(format!("\"{}\" is not one of true, text, data, count, false", shorten(value))),
        }
    }

    /// Reads `_elements` for a type; only its own top-level elements can be named.
    pub fn of_elements(kind: &str, value: &str) -> Result<Subset, String> {
        let def = type_def(kind).ok_or_else(|| format!("{kind} is not a type"))?;
        let plain = |name: &str| name.trim().strip_prefix(&format!("{kind}.")).unwrap_or(name.trim()).to_owned();
        let names: Vec<String> = value.split(',').map(plain).collect();
        let known: Vec<&str> = def.children.iter().map(|child| child.name.trim_end_matches("[x]")).collect();
        // Clients name what JSON always has, too.
        match names.iter().find(|name| *name != "resourceType" && !known.contains(&name.as_str())) {
            Some(name) => Err(format!("{kind} has no element \"{}\"; it has {}", shorten(name), known.join(", "))),
            None => Ok(Subset::Elements(names)),
        }
    }

    /// The stored text with less in it. Text that is not a resource stays as it is.
    pub fn apply(&self, stored: String) -> String {
        if *self == Subset::All {
            return stored;
        }
        let Ok(Json::Object(resource)) = Json::parse(stored.as_bytes()) else { return stored };
        let Some(def) = resource.text("resourceType").and_then(type_def) else { return stored };
        Json::Object(self.cut(resource, def)).to_string()
    }

    fn cut(&self, resource: Object, def: &TypeDef) -> Object {
        let mut kept = Object::default();
        for (key, value) in resource.0 {
            let name = key.trim_start_matches('_');
            let shown = match def.member(name) {
                None => key == "resourceType",
                Some(_) if name == "id" || name == "meta" => true,
                Some((element, _)) => match self {
                    Subset::All => true,
                    Subset::Summary => element.summary || element.required,
                    Subset::Text => name == "text" || element.required,
                    Subset::Data => name != "text",
                    Subset::Elements(names) => {
                        let stem = element.name.trim_end_matches("[x]");
                        element.required || element.modifier || names.iter().any(|wanted| wanted == stem)
                    }
                },
            };
            if shown {
                let kind = def.member(name).map(|(_, kind)| kind.name);
                let value = if *self == Subset::Summary { summary(value, kind) } else { value };
                kept.0.push((key, value));
            }
        }
        mark(&mut kept);
        kept
    }
}

/// Within a backbone element too, only what is marked as summary.
fn summary(value: Json, kind: Option<&str>) -> Json {
    let Some(def) = kind.and_then(type_def).filter(|def| def.shape == Shape::Backbone) else { return value };
    match value {
        Json::Array(items) => Json::Array(items.into_iter().map(|item| summary(item, kind)).collect()),
        Json::Object(object) => {
            let shown =
                |name: &str| def.member(name.trim_start_matches('_')).is_some_and(|(e, _)| e.summary || e.required);
            let members = object.0.into_iter().filter(|(key, _)| shown(key));
            let inner = |key: &str| def.member(key).map(|(_, kind)| kind.name);
            Json::Object(Object(
                members
                    .map(|(key, value)| {
                        let kind = inner(&key);
                        (key, summary(value, kind))
                    })
                    .collect(),
            ))
        }
        other => other,
    }
}

fn mark(resource: &mut Object) {
    let tag = Json::object([
        ("system", Json::string("http://terminology.hl7.org/CodeSystem/v3-ObservationValue")),
        ("code", Json::string("SUBSETTED")),
    ]);
    let Some(Json::Object(mut meta)) = resource.get("meta").cloned() else { return };
    let mut tags = match meta.remove("tag") {
        Some(Json::Array(tags)) => tags,
        _ => Vec::new(),
    };
    tags.push(tag);
    meta.set("tag", Json::Array(tags));
    resource.set("meta", Json::Object(meta));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subset_keeps_what_r4_says() {
        let text = r#"{"resourceType":"Observation","id":"1","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div>x</div>"},
            "status":"final","code":{"text":"c"},"note":[{"text":"n"}],"valueString":"v","component":[{"code":{"text":"d"},"valueString":"w","referenceRange":[{"text":"r"}]}]}"#;
        let shown = |subset: Subset| subset.apply(text.to_owned());
        let summary = shown(Subset::Summary);
        assert!(
            summary.contains("SUBSETTED") && summary.contains("valueString") && summary.contains("\"w\""),
            "{summary}"
        );
        assert!(
            !summary.contains("note") && !summary.contains("referenceRange") && !summary.contains("div"),
            "{summary}"
        );
        let only = shown(Subset::of_elements("Observation", "value").expect("elements"));
        assert!(
            only.contains("\"v\"") && only.contains("status") && !only.contains("note") && !only.contains("div"),
            "{only}"
        );
        assert!(!shown(Subset::Data).contains("div") && shown(Subset::Text).contains("div"));
        assert_eq!(shown(Subset::All), text);
        assert!(Subset::of_elements("Observation", "banana").is_err() && Subset::of_summary("x").is_err());
        assert_eq!(Subset::of_summary("count"), Ok(None));
    }
}
