//! Owns which rows a patient summary is made of, in one statement: a part for each section, each under the Grant of its type.

use sqlx::Row;

use super::lastn::CODES;
use super::sql::{Expr, Sql};
use super::{Store, StoreError, reach};
use crate::access::{Grant, Interaction, Reach};
use crate::resources::spec::Compartment;
use crate::summary::section::Topic;

/// The most rows of one part.
const MOST: i64 = 200;

/// How a part is taken from its table.
struct Selection {
    topic: Topic,
    /// The type, whose grant it needs.
    kind: &'static str,
    /// Which rows. What was entered in error or refuted is in no part.
    which: &'static str,
    /// The newest first.
    order: &'static str,
    /// Whether only the newest of each code is wanted.
    newest: bool,
}

const CURRENT: &str = "NOT coalesce(t.verification_status && ARRAY[\
    'http://terminology.hl7.org/CodeSystem/condition-ver-status|entered-in-error',\
    'http://terminology.hl7.org/CodeSystem/condition-ver-status|refuted'], false) \
    AND NOT coalesce(t.clinical_status && ARRAY['http://terminology.hl7.org/CodeSystem/condition-clinical|inactive',\
    'http://terminology.hl7.org/CodeSystem/condition-clinical|remission','http://terminology.hl7.org/CodeSystem/condition-clinical|resolved'], false)";
const PAST: &str = "NOT coalesce(t.verification_status && ARRAY[\
    'http://terminology.hl7.org/CodeSystem/condition-ver-status|entered-in-error',\
    'http://terminology.hl7.org/CodeSystem/condition-ver-status|refuted'], false) \
    AND t.clinical_status && ARRAY['http://terminology.hl7.org/CodeSystem/condition-clinical|inactive',\
    'http://terminology.hl7.org/CodeSystem/condition-clinical|remission','http://terminology.hl7.org/CodeSystem/condition-clinical|resolved']";
const TRUE_ALLERGIES: &str = "NOT coalesce(t.verification_status && ARRAY[\
    'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification|entered-in-error',\
    'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification|refuted'], false)";
const TAKEN: &str = "(t.status && ARRAY['active','intended','on-hold','unknown','not-taken'] \
    OR t.status && ARRAY['completed','stopped'] AND t.effective_hi > now() - interval '12 months')";
const VITAL: &str = "NOT t.status && ARRAY['entered-in-error','cancelled'] \
    AND t.category && ARRAY['http://terminology.hl7.org/CodeSystem/observation-category|vital-signs']";
const SOCIAL: &str = "NOT t.status && ARRAY['entered-in-error','cancelled'] \
    AND t.category && ARRAY['http://terminology.hl7.org/CodeSystem/observation-category|social-history']";
const OTHER: &str = "NOT t.status && ARRAY['entered-in-error','cancelled'] \
    AND NOT coalesce(t.category && ARRAY['http://terminology.hl7.org/CodeSystem/observation-category|vital-signs',\
    'http://terminology.hl7.org/CodeSystem/observation-category|social-history'], false)";
const OPEN: &str = "t.status && ARRAY['draft','active','on-hold','unknown']";

const BY_ONSET: &str = "coalesce(t.onset_date_lo, t.recorded_date_lo) DESC NULLS LAST, t.updated_at DESC, t.id";
const BY_DATE: &str = "t.date_lo DESC NULLS LAST, t.updated_at DESC, t.id";

#[rustfmt::skip]
const SELECTIONS: [Selection; 8] = [
    Selection { topic: Topic::Allergies, kind: "AllergyIntolerance", which: TRUE_ALLERGIES, order: BY_DATE, newest: false },
    Selection { topic: Topic::Problems, kind: "Condition", which: CURRENT, order: BY_ONSET, newest: false },
    Selection { topic: Topic::Medicines, kind: "MedicationStatement", which: TAKEN,
        order: "t.effective_lo DESC NULLS LAST, t.updated_at DESC, t.id", newest: false },
    Selection { topic: Topic::Results, kind: "Observation", which: OTHER, order: BY_DATE, newest: true },
    Selection { topic: Topic::VitalSigns, kind: "Observation", which: VITAL, order: BY_DATE, newest: true },
    Selection { topic: Topic::SocialHistory, kind: "Observation", which: SOCIAL, order: BY_DATE, newest: true },
    Selection { topic: Topic::PastIllness, kind: "Condition", which: PAST, order: BY_ONSET, newest: false },
    Selection { topic: Topic::Plans, kind: "CarePlan", which: OPEN, order: BY_DATE, newest: false },
];

/// The type whose rows a section is made of.
pub fn summarised(topic: Topic) -> &'static str {
    selection(topic).map_or("", |selection| selection.kind)
}

fn selection(topic: Topic) -> Option<&'static Selection> {
    SELECTIONS.iter().find(|selection| selection.topic == topic)
}

/// A summary to be made: only Grants to search make the parts of one.
pub struct SummaryTarget {
    patient: String,
    parts: Vec<(&'static Selection, Grant)>,
}

/// One row.
pub struct SummaryRow {
    pub topic: Topic,
    /// The stored JSON, to be copied out.
    pub resource: String,
}

impl SummaryTarget {
    /// Of this Patient; nothing yet.
    pub fn new(patient: &str) -> SummaryTarget {
        SummaryTarget { patient: patient.to_owned(), parts: Vec::new() }
    }

    /// With this section, if the grant is one to search its type.
    pub fn add(&mut self, topic: Topic, grant: Grant) {
        if let Some(selection) = selection(topic)
            && grant.interaction() == Interaction::Search
            && grant.spec().name == selection.kind
        {
            self.parts.push((selection, grant));
        }
    }

    /// What a source shares about somebody whom it is not related to counts for the Patient it names alone: that two Patients
    /// are one person, it is not told.
    fn named(&self, sql: &mut Sql, grant: &Grant) -> Expr {
        match (grant.reach(), grant.spec().compartment) {
            (Reach::Source { .. }, Compartment::Subject(element)) => {
                let target = sql.bind(vec![format!("Patient/{}", self.patient)], "text[]");
                let named = Expr::fill("{} && {}", &[&Expr::column("t", element), &target]);
                Expr::any(&[named, reach::people(sql, grant, "t")])
            }
            _ => Expr::literal("true"),
        }
    }

    fn statement(&self) -> Sql {
        let mut sql = Sql::named("summary");
        let mut parts = Vec::new();
        for (at, (selection, grant)) in (0_i32..).zip(&self.parts) {
            let reach = reach::rows(&mut sql, grant, "t");
            let patient = sql.bind(self.patient.clone(), "text");
            let person =
                Expr::fill("t.patient_id = (SELECT k.patient_id FROM patient_key k WHERE k.id = {})", &[&patient]);
            let conditions = Expr::all(&[reach, person, self.named(&mut sql, grant), Expr::literal(selection.which)]);
            let table = Expr::literal(grant.spec().seen.current);
            let order = Expr::literal(selection.order);
            let rows = if selection.newest {
                let ranked = "(SELECT t.*, row_number() OVER (PARTITION BY {} ORDER BY {}) AS rank FROM {} t WHERE {}) t WHERE t.rank = 1";
                Expr::fill(ranked, &[&Expr::literal(CODES), &order, &table, &conditions])
            } else {
                Expr::fill("{} t WHERE {}", &[&table, &conditions])
            };
            let at = sql.bind(at, "integer");
            let limit = sql.bind(MOST + 1, "bigint");
            parts.push(Expr::fill(
                "(SELECT {} AS part, row_number() OVER (ORDER BY {}) AS place, t.resource FROM {} ORDER BY {} LIMIT {})",
                &[&at, &order, &rows, &order, &limit],
            ));
        }
        let nothing = "SELECT NULL::integer AS part, NULL::bigint AS place, NULL::text AS resource WHERE false";
        let all = Expr::join(&parts, " UNION ALL ", nothing);
        sql.push(&Expr::fill("SELECT s.part, s.resource FROM ({}) s ORDER BY s.part, s.place", &[&all]));
        sql
    }
}

impl Store {
    /// The rows of all parts, the newest of each first, and the topics of which there are more.
    pub async fn summary(&self, target: &SummaryTarget) -> Result<(Vec<SummaryRow>, Vec<Topic>), StoreError> {
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let (mut rows, mut cut): (Vec<SummaryRow>, Vec<Topic>) = (Vec::new(), Vec::new());
        for row in target.statement().fetch(&self.pool).await? {
            let part = usize::try_from(row.try_get::<i32, _>("part")?).unwrap_or(usize::MAX);
            let Some((selection, _)) = target.parts.get(part) else { continue };
            let topic = selection.topic;
            if rows.iter().filter(|row| row.topic == topic).count() == most {
                cut.push(topic);
                continue;
            }
            rows.push(SummaryRow { topic, resource: row.try_get("resource")? });
        }
        Ok((rows, cut))
    }
}
