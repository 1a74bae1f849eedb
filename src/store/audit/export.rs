//! Owns the audit trail as a whole, for the operator: every row as an AuditEvent, in the order of time.

use futures_util::TryStreamExt;
use sqlx::Row;
use time::OffsetDateTime;

use crate::fhir::date::to_text;
use crate::store::{Store, StoreError};

impl Store {
    /// Gives each AuditEvent of this stretch of time to `each`, until it says to stop. How many there were.
    pub async fn export_audit(
        &self,
        from: OffsetDateTime,
        to: OffsetDateTime,
        each: &mut (dyn FnMut(&str) -> bool + Send),
    ) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.trail = 'on'").await?;
        let events = "SELECT e.resource FROM reach.audit_event e WHERE e.updated_at >= $1::text::timestamptz AND e.updated_at < $2::text::timestamptz \
                      ORDER BY e.updated_at, e.id";
        let mut rows = sqlx::query(events).bind(to_text(from)).bind(to_text(to)).fetch(&mut *tx);
        let mut count = 0;
        while let Some(row) = rows.try_next().await? {
            count += 1;
            if !each(row.try_get("resource")?) {
                break;
            }
        }
        Ok(count)
    }
}
