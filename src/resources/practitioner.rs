//! Practitioner: a person who gives care, under the identifiers their profession knows them by.

use super::spec::{BOOLEANS, Compartment, Kind, Param, ResourceSpec, Seen, param};

/// Practitioner, R4 §8.4.
pub const PRACTITIONER: ResourceSpec = ResourceSpec {
    name: "Practitioner",
    table: "practitioner",
    history: "practitioner_history",
    seen: Seen { current: "practitioner", all: "practitioner_history" },
    compartment: Compartment::Nobody,
    members: &[],
    care_dates: &[],
    params: PARAMS,
};

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("active", Kind::Code(BOOLEANS), "active", "active", "Practitioner-active", "Whether the practitioner's record is in use"),
    param("address", Kind::Text, "address", "address", "individual-address", "Any part of an address"),
    param("address-city", Kind::Text, "address.city", "address_city", "individual-address-city", "Town or city of an address"),
    param("address-country", Kind::Text, "address.country", "address_country", "individual-address-country", "Country of an address"),
    param("address-postalcode", Kind::Text, "address.postalCode", "address_postalcode", "individual-address-postalcode", "Postcode of an address"),
    param("address-state", Kind::Text, "address.state", "address_state", "individual-address-state", "State or county of an address"),
    param("address-use", Kind::Code("http://hl7.org/fhir/address-use"), "address.use", "address_use", "individual-address-use", "What an address is for"),
    param("communication", Kind::Token, "communication", "communication", "Practitioner-communication", "Language the practitioner speaks"),
    param("email", Kind::Token, "telecom[system=email]", "email", "individual-email", "E-mail address"),
    param("family", Kind::Text, "name.family", "family", "individual-family", "Family name"),
    param("gender", Kind::Code("http://hl7.org/fhir/administrative-gender"), "gender", "gender", "individual-gender", "Administrative gender"),
    param("given", Kind::Text, "name.given", "given", "individual-given", "Given name"),
    param("identifier", Kind::Token, "identifier", "identifier", "Practitioner-identifier", "SDS user id, GMC number or another identifier"),
    param("name", Kind::Text, "name", "name", "Practitioner-name", "Any part of a name"),
    param("phone", Kind::Token, "telecom[system=phone]", "phone", "individual-phone", "Telephone number"),
    param("phonetic", Kind::Phonetic, "name.family | name.given", "phonetic", "individual-phonetic", "A family or given name that sounds the same (English Soundex)"),
    param("telecom", Kind::Token, "telecom", "telecom", "individual-telecom", "Any contact detail"),
];
