//! PractitionerRole: what a practitioner does for an organisation, and when.

use super::spec::{BOOLEANS, Compartment, Kind, Param, ResourceSpec, Seen, param};

/// PractitionerRole, R4 §8.5.
pub const PRACTITIONER_ROLE: ResourceSpec = ResourceSpec {
    name: "PractitionerRole",
    table: "practitioner_role",
    history: "practitioner_role_history",
    seen: Seen { current: "practitioner_role", all: "practitioner_role_history" },
    compartment: Compartment::Nobody,
    members: &[],
    care_dates: &[],
    params: PARAMS,
};

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("active", Kind::Code(BOOLEANS), "active", "active", "PractitionerRole-active", "Whether the role is in use"),
    param("date", Kind::Date, "period", "date", "PractitionerRole-date", "When the practitioner has the role"),
    param("email", Kind::Token, "telecom[system=email]", "email", "individual-email", "E-mail address"),
    param("endpoint", Kind::Reference(&["Endpoint"]), "endpoint", "endpoint", "PractitionerRole-endpoint", "Technical address of the role's services"),
    param("identifier", Kind::Token, "identifier", "identifier", "PractitionerRole-identifier", "SDS role profile id or another identifier"),
    param("location", Kind::Reference(&["Location"]), "location", "location", "PractitionerRole-location", "Where the practitioner works in the role"),
    param("organization", Kind::Reference(&["Organization"]), "organization", "organization", "PractitionerRole-organization", "The organisation the practitioner works for"),
    param("phone", Kind::Token, "telecom[system=phone]", "phone", "individual-phone", "Telephone number"),
    param("practitioner", Kind::Reference(&["Practitioner"]), "practitioner", "practitioner", "PractitionerRole-practitioner", "Who has the role"),
    param("role", Kind::Token, "code", "role", "PractitionerRole-role", "What the practitioner does"),
    param("service", Kind::Reference(&["HealthcareService"]), "healthcareService", "service", "PractitionerRole-service", "The service the practitioner works in"),
    param("specialty", Kind::Token, "specialty", "specialty", "PractitionerRole-specialty", "Clinical specialty"),
    param("telecom", Kind::Token, "telecom", "telecom", "individual-telecom", "Any contact detail"),
];
