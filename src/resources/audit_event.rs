//! AuditEvent: who looked at whose record. This service alone writes it, as rows of its audit trail; a view makes them
//! AuditEvents (`migrations/0012_audit_event.sql`), which are read and searched as the record is.

use super::spec::{Compartment, Kind, Param, ResourceSpec, Seen, param};

/// AuditEvent, R4 §6.3, in the shape of IHE BALP.
pub const AUDIT_EVENT: ResourceSpec = ResourceSpec {
    name: "AuditEvent",
    // Nothing is written by way of these.
    table: "reach.audit_event",
    history: "reach.audit_event",
    seen: Seen { current: "reach.audit_event", all: "reach.audit_event" },
    compartment: Compartment::Trail,
    members: &[],
    care_dates: &[],
    params: PARAMS,
};

const AGENTS: &[&str] = &["Device", "Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson"];
const ACTIONS: &str = "http://hl7.org/fhir/audit-event-action";
const OUTCOMES: &str = "http://hl7.org/fhir/audit-event-outcome";

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("action", Kind::Code(ACTIONS), "action", "action", "AuditEvent-action", "C(reate), R(ead), U(pdate), D(elete) or E(xecute, such as a search)"),
    param("address", Kind::Text, "agent.network.address", "address", "AuditEvent-address", "Where the request came from"),
    param("agent", Kind::Reference(AGENTS), "agent.who", "agent", "AuditEvent-agent", "Who asked, by identifier: agent:identifier=https://fhir.nhs.uk/Id/sds-user-id|…"),
    param("agent-role", Kind::Token, "agent.role", "agent_role", "AuditEvent-agent-role", "The role in which they asked"),
    param("altid", Kind::Token, "agent.altId", "altid", "AuditEvent-altid", "The user id of who asked"),
    param("date", Kind::Instant, "recorded", "updated_at", "AuditEvent-date", "When it was"),
    param("entity", Kind::Reference(&["Resource"]), "entity.what", "entity", "AuditEvent-entity", "What was read or written"),
    param("entity-role", Kind::Token, "entity.role", "entity_role", "AuditEvent-entity-role", "What its things were to the event: the patient (1), what was read or written (4), a query (24)"),
    param("entity-type", Kind::Token, "entity.type", "entity_type", "AuditEvent-entity-type", "What kinds of things it was about: a person (1), a resource or a query (2)"),
    param("outcome", Kind::Code(OUTCOMES), "outcome", "outcome", "AuditEvent-outcome", "0: it was answered; 4: it was refused"),
    param("patient", Kind::Reference(&["Patient"]), "entity.what", "patient", "AuditEvent-patient", "Whose record it was about; by NHS number: patient:identifier=https://fhir.nhs.uk/Id/nhs-number|…"),
    param("subtype", Kind::Token, "subtype", "subtype", "AuditEvent-subtype", "What was done: read, search-type, create …, or an override (110127)"),
    param("type", Kind::Token, "type", "type", "AuditEvent-type", "The kind of event: rest, a sign-in (110114), a security alert (110113)"),
];
