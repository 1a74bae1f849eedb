//! The files of `fhir-profiles/` that checks go by, as the program carries them. A test finds one that is missing here.

/// The text of each: code systems, value sets, profiles.
pub const FILES: &[&str] = &[
    include_str!("../../fhir-profiles/CodeSystem/data-quality.json"),
    include_str!("../../fhir-profiles/CodeSystem/profile-rule.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-AllergyIntolerance.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-AuditEvent.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-CarePlan.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Condition.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-MedicationStatement.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Observation-Lab-Group.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Observation-Lab.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Observation-Vital.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Observation.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-OperationOutcome.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Organization.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Patient.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-Practitioner.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-PractitionerRole.json"),
    include_str!("../../fhir-profiles/StructureDefinition/LCR-SubmissionBundle.json"),
    include_str!("../../fhir-profiles/ValueSet/LCR-NHSNumberUnavailableReason.json"),
    include_str!("../../fhir-profiles/ValueSet/LCR-NHSNumberVerificationStatus.json"),
    include_str!("../../fhir-profiles/ValueSet/LCR-NoKnownAllergy.json"),
    include_str!("../../fhir-profiles/ValueSet/data-quality.json"),
];
