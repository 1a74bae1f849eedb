//! Organization: a practice, trust, council or part of one.

use super::spec::{BOOLEANS, Compartment, Kind, Param, ResourceSpec, Seen, param};

/// Organization, R4 §8.6.
pub const ORGANIZATION: ResourceSpec = ResourceSpec {
    name: "Organization",
    table: "organization",
    history: "organization_history",
    seen: Seen { current: "organization", all: "organization_history" },
    compartment: Compartment::Nobody,
    members: &[],
    care_dates: &[],
    params: PARAMS,
};

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("active", Kind::Code(BOOLEANS), "active", "active", "Organization-active", "Whether the organisation's record is in use"),
    param("address", Kind::Text, "address", "address", "Organization-address", "Any part of an address"),
    param("address-city", Kind::Text, "address.city", "address_city", "Organization-address-city", "Town or city of an address"),
    param("address-country", Kind::Text, "address.country", "address_country", "Organization-address-country", "Country of an address"),
    param("address-postalcode", Kind::Text, "address.postalCode", "address_postalcode", "Organization-address-postalcode", "Postcode of an address"),
    param("address-state", Kind::Text, "address.state", "address_state", "Organization-address-state", "State or county of an address"),
    param("address-use", Kind::Code("http://hl7.org/fhir/address-use"), "address.use", "address_use", "Organization-address-use", "What an address is for"),
    param("endpoint", Kind::Reference(&["Endpoint"]), "endpoint", "endpoint", "Organization-endpoint", "Technical address of the organisation's services"),
    param("identifier", Kind::Token, "identifier", "identifier", "Organization-identifier", "ODS code or another identifier"),
    param("name", Kind::Text, "name | alias", "name", "Organization-name", "Name, or another one it is known by"),
    param("partof", Kind::Reference(&["Organization"]), "partOf", "partof", "Organization-partof", "The organisation it is part of"),
    param("phonetic", Kind::Phonetic, "name", "phonetic", "Organization-phonetic", "A name that sounds the same (English Soundex)"),
    param("type", Kind::Token, "type", "type", "Organization-type", "What kind of organisation"),
];
