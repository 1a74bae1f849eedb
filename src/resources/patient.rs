//! Patient: the person whose record this is.

use super::spec::{BOOLEANS, Compartment, Kind, Param, ResourceSpec, Seen, param};

/// Patient, R4 §8.1.
pub const PATIENT: ResourceSpec = ResourceSpec {
    name: "Patient",
    table: "patient",
    history: "patient_history",
    seen: Seen { current: "reach.patient", all: "reach.patient_history" },
    compartment: Compartment::Person,
    members: &["link"],
    care_dates: &[],
    params: PARAMS,
};

const GENDERS: &str = "http://hl7.org/fhir/administrative-gender";

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("active", Kind::Code(BOOLEANS), "active", "active", "Patient-active", "Whether the patient record is in use"),
    param("address", Kind::Text, "address", "address", "individual-address", "Any part of an address"),
    param("address-city", Kind::Text, "address.city", "address_city", "individual-address-city", "Town or city of an address"),
    param("address-country", Kind::Text, "address.country", "address_country", "individual-address-country", "Country of an address"),
    param("address-postalcode", Kind::Text, "address.postalCode", "address_postalcode", "individual-address-postalcode", "Postcode of an address"),
    param("address-state", Kind::Text, "address.state", "address_state", "individual-address-state", "State or county of an address"),
    param("address-use", Kind::Code("http://hl7.org/fhir/address-use"), "address.use", "address_use", "individual-address-use", "What an address is for"),
    param("birthdate", Kind::Date, "birthDate", "birthdate", "individual-birthdate", "Date of birth"),
    param("death-date", Kind::Date, "deceased[dateTime]", "death_date", "Patient-death-date", "Date of death"),
    param("deceased", Kind::Truth, "deceased[x]", "deceased", "Patient-deceased", "Whether the person has died"),
    param("email", Kind::Token, "telecom[system=email]", "email", "individual-email", "E-mail address"),
    param("family", Kind::Text, "name.family", "family", "individual-family", "Family name"),
    param("gender", Kind::Code(GENDERS), "gender", "gender", "individual-gender", "Administrative gender"),
    param("general-practitioner", Kind::Reference(&["Practitioner", "Organization", "PractitionerRole"]), "generalPractitioner", "general_practitioner", "Patient-general-practitioner", "The registered practice or practitioner"),
    param("given", Kind::Text, "name.given", "given", "individual-given", "Given name"),
    param("identifier", Kind::Token, "identifier", "identifier", "Patient-identifier", "NHS number or another identifier"),
    param("language", Kind::Token, "communication.language", "language", "Patient-language", "Language the person speaks"),
    param("link", Kind::Reference(&["Patient", "RelatedPerson"]), "link.other", "link", "Patient-link", "Another record of the same person"),
    param("name", Kind::Text, "name", "name", "Patient-name", "Any part of a name"),
    param("organization", Kind::Reference(&["Organization"]), "managingOrganization", "organization", "Patient-organization", "The organisation that keeps the patient record"),
    param("phone", Kind::Token, "telecom[system=phone]", "phone", "individual-phone", "Telephone number"),
    param("phonetic", Kind::Phonetic, "name.family | name.given", "phonetic", "individual-phonetic", "A family or given name that sounds the same (English Soundex)"),
    param("telecom", Kind::Token, "telecom", "telecom", "individual-telecom", "Any contact detail"),
];
