//! The rows whose fate is measured: of each type one for every case, about people who are in reach or not.

use lcr_facade::resources;
use lcr_facade::resources::spec::Compartment;
use serde_json::{Value, json};

/// Everybody's date of birth.
pub const BORN: &str = "1950-05-05";

/// What nobody may read of a restricted person.
pub const STREET: &str = "1 Hidden Lane";

/// Where an event of the audit trail has what was asked.
const QUERY: &str = "\"query\"";

/// Whether a row is shown without what some may not see of it.
pub fn is_bare(kind: &str, text: &str) -> bool {
    kind == "Patient" && !text.contains(STREET) || is_trail(kind) && !text.contains(QUERY)
}

/// A confidentiality label: Normal, Restricted, Very restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    N,
    R,
    V,
}

pub const LABELS: [Label; 3] = [Label::N, Label::R, Label::V];

/// What a row is to the persona.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// Whether the persona's own source wrote it.
    pub own: bool,
    /// Whether it is about somebody in reach; of nobody's rows always.
    pub near: bool,
    pub label: Label,
}

/// A person of the record.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id of their Patient.
    pub id: String,
    pub number: String,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    pub kind: &'static str,
    pub id: String,
    pub case: Case,
    /// Who wrote it.
    pub source: String,
    /// Whom it is about.
    pub about: Person,
}

impl Row {
    pub fn address(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }

    pub fn resource(&self) -> Value {
        example(self.kind, &self.id, &self.about, self.case.label)
    }
}

/// Whose record rows of a type belong to.
pub fn compartment(kind: &str) -> Compartment {
    resources::find(kind).expect("a served type").compartment
}

/// The types whose rows are about a person without being that person.
pub fn about_somebody(kind: &str) -> bool {
    matches!(compartment(kind), Compartment::Subject(_))
}

/// The types of a person's own record: the Patient and what is about it.
pub fn of_record(kind: &str) -> bool {
    kind == "Patient" || about_somebody(kind)
}

/// Every served type by name.
pub fn kinds() -> Vec<&'static str> {
    resources::served().map(|spec| spec.name).collect()
}

/// The audit trail's type.
pub fn is_trail(kind: &str) -> bool {
    compartment(kind) == Compartment::Trail
}

/// The cases in which a type is looked at, for a persona with or without a source of its own.
pub fn cases(kind: &str, has_source: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for own in [false, true] {
        if own && (!has_source || is_trail(kind)) {
            continue;
        }
        let labels = if is_trail(kind) { &LABELS[..1] } else { &LABELS[..] };
        cases.extend(labels.iter().map(|label| Case { own, near: true, label: *label }));
        if compartment(kind) != Compartment::Nobody {
            cases.push(Case { own, near: false, label: Label::N });
        }
    }
    cases
}

/// The first NHS numbers of the 999 test range: nine digits and their Modulus 11 check digit.
pub fn numbers() -> impl Iterator<Item = String> {
    (999_000_000_u32..999_999_999).filter_map(|nine| {
        let digits = nine.to_string();
        let sum: u32 = digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = (11 - sum % 11) % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    })
}

/// A small resource of this type about this person; a Patient is that person.
pub fn example(kind: &str, id: &str, about: &Person, label: Label) -> Value {
    let subject = json!({"reference": format!("Patient/{}", about.id)});
    let code = json!({"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]});
    let status = |name: &str| json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{name}-clinical"), "code": "active"}]});
    let mut resource = match kind {
        "Patient" => json!({"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": about.number}],
            "name": [{"family": "Attwood", "given": ["Rowan"]}], "gender": "other", "birthDate": BORN,
            "address": [{"line": [STREET], "city": "London", "postalCode": "SW1A 1AA"}]}),
        "Condition" => json!({"code": code, "subject": subject, "clinicalStatus": status("condition")}),
        "Observation" => json!({"code": code, "subject": subject, "status": "final", "effectiveDateTime": "2024-02-03",
            "valueQuantity": {"value": 5.5, "system": "http://unitsofmeasure.org", "code": "mmol/L"}}),
        "MedicationStatement" => json!({"medicationCodeableConcept": code, "subject": subject, "status": "active",
            "effectiveDateTime": "2024-02-03"}),
        "AllergyIntolerance" => {
            json!({"code": code, "patient": subject, "clinicalStatus": status("allergyintolerance")})
        }
        "CarePlan" => json!({"subject": subject, "status": "active", "intent": "plan"}),
        "Practitioner" => json!({"name": [{"family": "Adeyemi"}]}),
        "PractitionerRole" => json!({"active": true}),
        "Organization" => json!({"name": "Ward A"}),
        "AuditEvent" => {
            json!({"type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
            "recorded": "2024-02-03T00:00:00Z", "agent": [{"requestor": true}], "source": {"observer": {"display": "x"}}})
        }
        other => {
            panic!("tests/matrix/rows.rs has no example of {other}: add one, so that the matrix can have its rows")
        }
    };
    resource["resourceType"] = kind.into();
    resource["id"] = id.into();
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    if label != Label::N {
        resource["meta"] = json!({"security": [{"system": system, "code": format!("{label:?}")}]});
    }
    resource
}
