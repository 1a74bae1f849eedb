//! Owns the care relationships: who is involved in whose care.

use super::{Store, StoreError};

/// One relationship as it comes from a source; the patient by NHS number.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Relationship {
    pub nhs_number: String,
    pub holder_kind: String,
    pub holder: String,
    pub basis: String,
    pub valid_from: String,
    #[serde(default)]
    pub valid_to: Option<String>,
    pub source: String,
    pub reason: String,
}

impl Store {
    /// Adds a relationship, once. `false`: no person has that NHS number.
    pub async fn relate(&self, r: &Relationship) -> Result<bool, StoreError> {
        let statement = "WITH who AS (SELECT patient_id FROM person WHERE nhs_number = $1), made AS ( \
                         INSERT INTO care_relationship (patient_id, holder_kind, holder, basis, valid_from, valid_to, source, reason) \
                         SELECT patient_id, $2, $3, $4, $5::text::timestamptz, $6::text::timestamptz, $7, $8 FROM who \
                         ON CONFLICT (patient_id, holder_key, basis, valid_from, source) \
                         DO UPDATE SET valid_to = excluded.valid_to, reason = excluded.reason RETURNING 1) \
                         SELECT count(*) FROM made";
        let query = sqlx::query_scalar(statement).bind(&r.nhs_number).bind(&r.holder_kind).bind(&r.holder);
        let query = query.bind(&r.basis).bind(&r.valid_from).bind(&r.valid_to).bind(&r.source).bind(&r.reason);
        let made: i64 = query.fetch_one(&self.pool).await?;
        Ok(made == 1)
    }

    /// Names a source and the URI it signs with, or changes that URI.
    pub async fn name_source(&self, name: &str, uri: Option<&str>) -> Result<(), StoreError> {
        let statement =
            "INSERT INTO source (name, uri) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET uri = excluded.uri";
        sqlx::query(statement).bind(name).bind(uri).execute(&self.pool).await?;
        Ok(())
    }
}
