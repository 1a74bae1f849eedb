//! Owns the forms of a literal reference (R4 §2.3.0.1): `Type/id`, with or without version, absolute, urn, `#id`.

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
}
