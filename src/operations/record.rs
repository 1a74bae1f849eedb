//! Operations that look: at the record, or at a resource that comes with them.

use super::{Operation, Run, may, must};
use crate::summary::{BUNDLE, COMPOSITION};

/// What a resource may be validated for.
pub const MODES: &[&str] = &["create", "update", "delete"];

const NO_RESOURCE: &str =
    "What is to be validated; a body that is no Parameters is the resource itself. Not for mode=delete";

pub const EVERYTHING: Operation = Operation {
    name: "everything",
    definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    kinds: &["Patient"],
    on_system: None,
    on_type: true,
    on_instance: true,
    by_get: true,
    doc: "A Patient's compartment and the professionals it refers to; of the type: of the patient of the launch",
    parameters: &[
        may("start", "date", "Care given on this day or later"),
        may("end", "date", "Care given on this day or earlier"),
        may("_since", "instant", "Only what was written since then"),
        may("_type", "string", "These types only, separated by commas").several(),
        may("_count", "unsignedInt", "In pages of this many; without it the answer is one Bundle, sent as it is read"),
    ],
    searches: false,
    returns: "Bundle",
    run: Run::Everything,
};

pub const LASTN: Operation = Operation {
    name: "lastn",
    definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    kinds: &["Observation"],
    on_system: None,
    on_type: true,
    on_instance: false,
    by_get: true,
    doc: "The newest Observations of each code; max says how many of each, 1 unless given",
    parameters: &[may("max", "positiveInt", "How many of each code, 1 unless given")],
    searches: true,
    returns: "Bundle",
    run: Run::Lastn,
};

pub const MATCH: Operation = Operation {
    name: "match",
    definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
    kinds: &["Patient"],
    on_system: None,
    on_type: true,
    on_instance: false,
    by_get: false,
    doc: "Patients who may be the one described, scored and graded; only those the caller could have found by search",
    parameters: &[
        must("resource", "Patient", "What is known of the person"),
        may("onlyCertainMatches", "boolean", "Whether only a certain match is wanted"),
        may("count", "positiveInt", "How many at most"),
    ],
    searches: false,
    returns: "Bundle",
    run: Run::Match,
};

pub const VALIDATE: Operation = Operation {
    name: "validate",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    kinds: &[],
    on_system: None,
    on_type: true,
    on_instance: true,
    by_get: false,
    doc: "Everything that is wrong with a resource; the record is not looked at",
    parameters: &[
        may("resource", "Resource", NO_RESOURCE),
        may("mode", "code", "What it would be sent for; update and delete are asked of one resource").of(MODES),
        may("profile", "uri", "A profile to check it against, beside R4"),
    ],
    searches: false,
    returns: "OperationOutcome",
    run: Run::Validate,
};

pub const SUMMARY: Operation = Operation {
    name: "summary",
    definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
    kinds: &["Patient"],
    on_system: None,
    on_type: false,
    on_instance: true,
    by_get: true,
    doc: "An International Patient Summary of what the caller may see",
    parameters: &[
        may("profile", "canonical", "The profile the summary has anyway; no other is made").of(&[COMPOSITION, BUNDLE])
    ],
    searches: false,
    returns: "Bundle",
    run: Run::Summary,
};

/// How the files of an export may be asked for.
pub const NDJSON: &[&str] = &["application/fhir+ndjson", "application/ndjson", "ndjson"];

pub const EXPORT: Operation = Operation {
    name: "export",
    definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
    kinds: &["Patient"],
    on_system: Some("http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"),
    on_type: true,
    on_instance: false,
    by_get: true,
    doc: "Begins an export of all within reach of a backend service, for whom Prefer: respond-async has to be sent; of Patient: of all patients' records",
    parameters: &[
        may("_type", "string", "These types only, separated by commas").several(),
        may("_since", "instant", "Only what was written since then"),
        may("_outputFormat", "string", "The format of the files").of(NDJSON),
        may(
            "_elements",
            "string",
            "These elements, with what is required or modifies meaning: element or Type.element, separated by commas",
        )
        .several(),
        may("_typeFilter", "string", "A search that narrows a type, Type?parameter=value; one for each type").several(),
        may("patient", "Reference", "Of Patient, by POST: the records of these patients only").several(),
    ],
    searches: false,
    returns: "nothing yet",
    run: Run::Export,
};
