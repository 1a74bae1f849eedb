//! Owns what every resource begins with: type, id, profile, source, confidentiality and the
//! source's own identifier. One scribe per patient and type.

use serde_json::{Map, Value};

use super::fhir::{coding, identifier, list, object, one, reference, text};
use super::organisations::Organisation;
use super::people::Person;
use super::rng::{Rng, Subject};

/// Restricted resources in a thousand.
const RESTRICTED: u32 = 10;

pub(super) struct Scribe<'a> {
    pub(super) person: &'a Person,
    pub(super) rng: Rng,
    kind: &'static str,
    prefix: &'static str,
    serial: u32,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(person: &'a Person, subject: Subject) -> Self {
        let (kind, prefix) = match subject {
            Subject::Conditions => ("Condition", "CON"),
            Subject::Allergies => ("AllergyIntolerance", "ALG"),
            Subject::Medications => ("MedicationStatement", "MED"),
            Subject::Observations => ("Observation", "OBS"),
            Subject::CarePlans => ("CarePlan", "CPL"),
            Subject::Person | Subject::Patient | Subject::Relationships => ("Patient", "PAT"),
        };
        let rng = Rng::new(person.seed, person.index, subject);
        Self { person, rng, kind, prefix, serial: 0 }
    }

    /// A reference to the patient.
    pub(super) fn subject(&self) -> Value {
        reference("Patient", &self.person.id)
    }

    /// A resource shared by `source`: the common head, then `fields` that are not null.
    pub(super) fn resource<const N: usize>(&mut self, source: &Organisation, fields: [(&str, Value); N]) -> Value {
        let id = self.rng.uuid();
        self.resource_with_id(id, source, Vec::new(), fields)
    }

    /// As [`Self::resource`], with an id and identifiers decided elsewhere; the source's own
    /// identifier, unique within the source, comes last.
    pub(super) fn resource_with_id<const N: usize>(
        &mut self,
        id: String,
        source: &Organisation,
        mut identifiers: Vec<Value>,
        fields: [(&str, Value); N],
    ) -> Value {
        self.serial += 1;
        let own = format!("{}-{}-{}", self.prefix, self.person.index, self.serial);
        identifiers.push(identifier(&source.identifier_system(), &own));
        let mut map = Map::with_capacity(N + 4);
        map.insert("resourceType".to_owned(), text(self.kind));
        map.insert("id".to_owned(), text(id));
        map.insert("meta".to_owned(), self.meta(source));
        map.insert("identifier".to_owned(), list(identifiers));
        for (name, value) in fields {
            if !value.is_null() {
                map.insert(name.to_owned(), value);
            }
        }
        Value::Object(map)
    }

    fn meta(&mut self, source: &Organisation) -> Value {
        let profile = format!("https://fhir.hl7.org.uk/StructureDefinition/UKCore-{}", self.kind);
        // Personas look for these patients, so their demographics are never restricted.
        let exempt = self.kind == "Patient" && self.person.is_spotlit();
        let restricted = self.rng.permille(RESTRICTED) && !exempt;
        let security = if restricted {
            let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
            one(coding(system, "R", "restricted"))
        } else {
            Value::Null
        };
        object([("source", text(source.source())), ("profile", one(text(profile))), ("security", security)])
    }
}
