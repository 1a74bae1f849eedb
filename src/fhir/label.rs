//! Owns where a resource says how confidential it is (HL7 v3 Confidentiality in `meta.security`).

use super::json::Object;

/// The names its code system goes by.
const SYSTEMS: [&str; 3] = [
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "http://hl7.org/fhir/v3/Confidentiality",
    "urn:oid:2.16.840.1.113883.5.25",
];

/// The codes of its confidentiality labels; one without a code is None.
pub fn confidentiality(resource: &Object) -> impl Iterator<Item = Option<&str>> {
    let labels = resource.objects("meta").flat_map(|meta| meta.objects("security"));
    let own = labels.filter(|label| label.text("system").is_some_and(|system| SYSTEMS.contains(&system)));
    own.map(|label| label.text("code"))
}
