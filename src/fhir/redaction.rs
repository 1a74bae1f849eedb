//! Owns what is left of a Patient whose whereabouts are restricted: no address, telecom, practice or contact, and nothing
//! that could repeat them. It is an allowlist: what is not known to be safe is taken out.

use super::json::{Json, Object};

/// The extensions of which the code is kept, and no more: whether the NHS number is verified, and why there is none. A Patient
/// without them does not conform to its profile.
const KEPT_EXTENSIONS: [&str; 2] = [
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason",
];

/// What their codes may be: what is in no list may say anything.
const SYSTEMS: [&str; 5] = [
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusWales",
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberUnavailableReason",
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-WithheldIdentityReason",
    "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
];
const CODES: [&str; 15] = [
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "08",
    "97",
    "99",
    "nn",
    "NI",
    "nhs-number-not-known",
    "overseas-patient",
    "devolved-nation",
];

/// The elements that are kept. A narrative, other extensions and contained resources may repeat what is taken out.
const KEPT: [&str; 17] = [
    "resourceType",
    "id",
    "meta",
    "extension",
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
    strip(&mut kept);
    kept
}

/// Takes out, wherever they are, what may say anything: extensions but two, and who gave an identifier.
fn strip(object: &mut Object) {
    let codes: Vec<Json> = object.objects("extension").filter_map(code_alone).collect();
    object.0.retain(|(name, _)| !matches!(name.as_str(), "extension" | "assigner") && !name.starts_with('_'));
    object.0.iter_mut().for_each(|(_, value)| strip_value(value));
    if !codes.is_empty() {
        object.set("extension", Json::Array(codes));
    }
}

fn strip_value(value: &mut Json) {
    match value {
        Json::Object(object) => strip(object),
        Json::Array(items) => items.iter_mut().for_each(strip_value),
        _ => {}
    }
}

/// One of the two extensions, as system and code alone: a display or a text may say anything, and so may what is no code.
fn code_alone(extension: &Object) -> Option<Json> {
    let one_of = |known: &[&'static str], text: &str| known.iter().copied().find(|known| *known == text);
    let url = one_of(&KEPT_EXTENSIONS, extension.text("url")?)?;
    let value = extension.get("valueCodeableConcept")?.as_object()?;
    let coding = value.objects("coding").find_map(|coding| {
        let (system, code) = (one_of(&SYSTEMS, coding.text("system")?)?, one_of(&CODES, coding.text("code")?)?);
        Some(Json::object([("system", Json::string(system)), ("code", Json::string(code))]))
    })?;
    let concept = Json::object([("coding", Json::Array(vec![coding]))]);
    Some(Json::object([("url", Json::string(url)), ("valueCodeableConcept", concept)]))
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

    #[test]
    fn whether_a_number_is_verified_is_left_as_a_code_alone() {
        let text = r#"{"resourceType":"Patient","extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason",
            "valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberUnavailableReason","code":"SW1A1AA"}]}}],
            "identifier":[{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{"text":"SW1A 1AA",
            "coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"01","display":"SW1A 1AA"}]}}],"value":"9990000018"}]}"#;
        let Json::Object(patient) = Json::parse(text.as_bytes()).expect("JSON") else { panic!("no object") };
        let left = Json::Object(whereabouts(&patient)).to_string();
        assert!(!left.contains("SW1A") && !left.contains("Unavailable"), "{left}");
        assert!(left.contains(r#""valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"01"}]}"#), "{left}");
    }
}
