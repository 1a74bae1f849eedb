//! Owns whose record a change belongs to.

use sqlx::{PgConnection, Row};

use super::{Refusal, Write, lock};
use crate::access::{Grant, Reach};
use crate::fhir::json::Object;
use crate::fhir::nhs_number;
use crate::fhir::reference::Reference;
use crate::resources::index;
use crate::resources::spec::Compartment;
use crate::store::StoreError;
use crate::store::person::{NOBODY, People};
use crate::store::sql::{Expr, Sql};

/// The people that the writes are, or refer to as subject.
pub async fn people(tx: &mut PgConnection, writes: &[&Write], base: &str) -> Result<People, StoreError> {
    let grants: Vec<&Grant> = writes.iter().map(|write| &write.grant).collect();
    let mut ids: Vec<String> = writes
        .iter()
        .filter_map(|write| lock::patient_id(write.grant.spec(), &write.id, write.resource(), base))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    People::find(tx, &grants, ids).await
}

/// The person a write's resource belongs to; for a deletion, the one its row is with now, if it is there.
pub async fn of(
    tx: &mut PgConnection,
    people: &mut People,
    write: &Write,
    base: &str,
) -> Result<Result<Option<i64>, Refusal>, StoreError> {
    match write.resource() {
        Some(resource) => Ok(of_resource(tx, people, write, resource, base).await?.map(Some)),
        None => current(tx, write).await.map(Ok),
    }
}

/// The person whose record a row is in now, held until the transaction ends.
async fn current(tx: &mut PgConnection, write: &Write) -> Result<Option<i64>, StoreError> {
    let mut sql = Sql::named("write: owner");
    let id = sql.bind(write.id.clone(), "text");
    let table = Expr::literal(write.grant.spec().table);
    sql.push(&Expr::fill("SELECT t.patient_id FROM {} t WHERE t.id = {} FOR UPDATE", &[&table, &id]));
    Ok(sql.fetch(tx).await?.first().map(|row| row.try_get("patient_id")).transpose()?)
}

async fn of_resource(
    tx: &mut PgConnection,
    people: &mut People,
    write: &Write,
    resource: &Object,
    base: &str,
) -> Result<Result<i64, Refusal>, StoreError> {
    let spec = write.grant.spec();
    if spec.is_person() {
        return Ok(Ok(people.patient(tx, &write.id, nhs_number::of(resource).next(), base).await?));
    }
    if spec.compartment == Compartment::Nobody {
        return Ok(Ok(NOBODY));
    }
    let source = matches!(write.grant.reach(), Reach::Source { .. });
    let number = index::logical_subject(spec, resource);
    match index::subject(spec, resource, base) {
        Some(Reference::Local { kind: "Patient", id }) => {
            let person = people.subject(tx, &write.grant, id).await?;
            Ok(person.ok_or_else(|| Refusal::NoPatient(format!("Patient/{id}"))))
        }
        Some(Reference::Other(condition)) if condition.contains('?') => {
            Ok(Err(Refusal::NoPatient("a conditional reference, which only a transaction resolves,".to_owned())))
        }
        // A logical reference names the person by NHS number.
        None if source && number.is_some() => {
            Ok(Ok(People::numbered(tx, number.unwrap_or_default()).await?.unwrap_or(NOBODY)))
        }
        // A source may share what is about no patient of this record; a user has no reach there.
        _ if source => Ok(Ok(NOBODY)),
        _ => Ok(Err(Refusal::NoPatient("a patient of this record".to_owned()))),
    }
}
