//! Owns the forms of a literal reference (R4 §2.3.0.1): `Type/id`, with or without version, absolute, urn, `#id`.

use std::borrow::Cow;

use super::elements::is_resource_type;
use super::primitive::is_id;

/// A reference string, taken apart.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Reference<'a> {
    /// In this record: relative, or absolute on this service's own base.
    Local { kind: &'a str, id: &'a str },
    /// `#id` of a contained resource.
    Contained(&'a str),
    /// Anything else: another server's URL, `urn:uuid:…`; compared as it is, without a version.
    Other(&'a str),
}

/// Takes a reference apart. `base` is this service's public base URL, without a slash at its end.
pub fn parse<'a>(text: &'a str, base: &str) -> Reference<'a> {
    if let Some(id) = text.strip_prefix('#') {
        return Reference::Contained(id);
    }
    let relative = match text.strip_prefix(base) {
        Some(rest) if !base.is_empty() => rest.strip_prefix('/').unwrap_or(text),
        _ => text,
    };
    let plain = without_version(relative);
    match plain.split_once('/') {
        Some((kind, id)) if is_resource_type(kind) && is_id(id) => Reference::Local { kind, id },
        _ => Reference::Other(without_version(text)),
    }
}

/// The reference without `/_history/n`.
pub fn without_version(text: &str) -> &str {
    text.split_once("/_history/").map_or(text, |(plain, _)| plain)
}

/// The texts of all literal references in a resource's JSON, found without reading the rest of it: a member named
/// `reference`, which in JSON no text within a string can look like, since its quotes would be escaped.
pub fn within(json: &str) -> impl Iterator<Item = Cow<'_, str>> {
    const NAME: &str = "\"reference\"";
    json.match_indices(NAME).filter_map(|(at, _)| {
        let value = json[at + NAME.len()..].trim_start().strip_prefix(':')?.trim_start();
        let text = value.strip_prefix('"')?;
        match text.find(['"', '\\'])? {
            end if text.as_bytes()[end] == b'"' => Some(Cow::Borrowed(&text[..end])),
            // An escape: JSON's own reader takes it out.
            _ => serde_json::Deserializer::from_str(value).into_iter::<String>().next()?.ok().map(Cow::Owned),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let base = "http://x/fhir";
        let local = |kind, id| Reference::Local { kind, id };
        for (text, wanted) in [
            ("Patient/1", local("Patient", "1")),
            ("Patient/1/_history/2", local("Patient", "1")),
            ("http://x/fhir/Patient/1", local("Patient", "1")),
            ("http://y/fhir/Patient/1/_history/3", Reference::Other("http://y/fhir/Patient/1")),
            ("http://x/fhirPatient/1", Reference::Other("http://x/fhirPatient/1")),
            ("#p", Reference::Contained("p")),
            ("urn:uuid:1", Reference::Other("urn:uuid:1")),
            ("Patient/../1", Reference::Other("Patient/../1")),
            ("Banana/1", Reference::Other("Banana/1")),
        ] {
            assert_eq!(parse(text, base), wanted, "{text}");
        }
    }

    #[test]
    fn references_are_found_in_text() {
        let text = r#"{"a":{"reference":"Patient/1"},"b":[{"reference" : "X/\u0041"}],"c":"\"reference\":\"no\"","d":"reference","e":{"display":"reference"}}"#;
        assert_eq!(within(text).collect::<Vec<_>>(), ["Patient/1", "X/A"]);
        for cut in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            within(&text[..cut]).for_each(drop);
        }
    }
}
