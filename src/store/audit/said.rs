//! Owns how rows go to PostgreSQL: as records of the type `audit_said`, each field in the wire's binary form. JSON, in which
//! they went before, was made here and parsed there, field by field.

use std::borrow::Cow;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::PgRecordEncoder;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

use super::chain::Entry;

/// The type of migrations/0014.
const NAME: &str = "audit_said";

/// A row, and those whose care relationships with its person would be why; of a row about nobody, no one's.
pub struct Said<'a> {
    pub entry: Entry<'a>,
    pub holders: Option<Vec<Cow<'a, str>>>,
}

impl Type<Postgres> for Said<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name(NAME)
    }
}

impl PgHasArrayType for Said<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::array_of(NAME)
    }
}

impl Encode<'_, Postgres> for Said<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let entry = &self.entry;
        let mut record = PgRecordEncoder::new(buffer);
        // In the order of the type's attributes.
        record
            .encode(entry.at)?
            .encode(entry.request_id)?
            .encode(&*entry.client)?
            .encode(entry.user_id.as_deref())?
            .encode(&*entry.role)?
            .encode(entry.organisation.as_deref())?
            .encode(entry.address.as_deref())?
            .encode(&*entry.purpose)?
            .encode(&*entry.action)?
            .encode(&*entry.resource_type)?
            .encode(&*entry.query)?
            .encode(entry.what.as_deref())?
            .encode(entry.patient_id)?
            .encode(entry.outcome)?
            .encode(self.holders.as_deref())?;
        record.finish();
        Ok(IsNull::No)
    }
}
