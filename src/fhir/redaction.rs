//! Owns what is left of a Patient whose whereabouts are restricted: no address, telecom, practice or contact, and nothing
//! that could repeat them. It is an allowlist: what is not known to be safe is taken out.

use super::json::{Json, Object};

/// The elements that are kept. A narrative, extensions and contained resources may repeat what is taken out.
const KEPT: [&str; 16] = [
    "resourceType",
    "id",
    "meta",
    "language",
    "identifier",
    "active",
    "name",
    "gender",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "maritalStatus",
    "multipleBirthBoolean",
    "multipleBirthInteger",
    "communication",
    "link",
];

/// Of `meta`: not the source, which may be the practice.
const KEPT_OF_META: [&str; 5] = ["versionId", "lastUpdated", "profile", "security", "tag"];

/// The system and code that say that something was taken out (v3 ObservationValue).
const MARK: (&str, &str) = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "REDACTED");

/// The Patient without what says where they are, and marked so.
pub fn whereabouts(patient: &Object) -> Object {
    let mut kept = Object::default();
    for (name, value) in &patient.0 {
        if KEPT.contains(&name.as_str()) {
            kept.set(name, value.clone());
        }
    }
    let mut meta = match kept.get("meta") {
        Some(Json::Object(meta)) => meta.clone(),
        _ => Object::default(),
    };
    meta.0.retain(|(name, _)| KEPT_OF_META.contains(&name.as_str()));
    let mut labels: Vec<Json> = meta.get("security").into_iter().flat_map(Json::items).cloned().collect();
    labels.push(Json::object([("system", Json::string(MARK.0)), ("code", Json::string(MARK.1))]));
    meta.set("security", Json::Array(labels));
    kept.set("meta", Json::Object(meta));
    kept.0.iter_mut().for_each(|(_, value)| strip(value));
    kept
}

/// Takes out, wherever they are, what may say anything: extensions, and who gave an identifier.
fn strip(value: &mut Json) {
    match value {
        Json::Object(object) => {
            object.0.retain(|(name, _)| !matches!(name.as_str(), "extension" | "assigner") && !name.starts_with('_'));
            object.0.iter_mut().for_each(|(_, value)| strip(value));
        }
        Json::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::whereabouts;
    use crate::fhir::json::Json;

    #[test]
    fn nothing_of_where_a_person_lives_is_left() {
        let text = r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"2","source":"https://practice.example","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}],
            "extension":[{"url":"x","valueString":"SW1A 1AA"}]},"text":{"status":"generated","div":"<div>SW1A 1AA</div>"},"contained":[{"resourceType":"Organization","id":"o","name":"SW1A 1AA"}],
            "extension":[{"url":"birthPlace","valueAddress":{"postalCode":"SW1A 1AA"}}],"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018","assigner":{"display":"SW1A 1AA"},
            "extension":[{"url":"x","valueString":"SW1A 1AA"}]}],"name":[{"family":"Attwood","extension":[{"url":"x","valueString":"SW1A 1AA"}]}],"telecom":[{"value":"SW1A 1AA"}],"gender":"other","birthDate":"1950-05-05",
            "_birthDate":{"extension":[{"url":"x","valueString":"SW1A 1AA"}]},"address":[{"postalCode":"SW1A 1AA"}],"contact":[{"address":{"postalCode":"SW1A 1AA"}}],"photo":[{"title":"SW1A 1AA"}],
            "generalPractitioner":[{"display":"SW1A 1AA"}],"managingOrganization":{"display":"SW1A 1AA"}}"#;
        let Json::Object(patient) = Json::parse(text.as_bytes()).expect("JSON") else { panic!("no object") };
        let left = Json::Object(whereabouts(&patient)).to_string();
        assert!(!left.contains("SW1A") && !left.contains("practice.example"), "{left}");
        for part in ["9990000018", "Attwood", "1950-05-05", "\"R\"", "REDACTED", "\"versionId\":\"2\""] {
            assert!(left.contains(part), "{part} is not in {left}");
        }
    }
}
