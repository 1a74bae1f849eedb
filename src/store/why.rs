//! Owns what the sandbox tells of why somebody was refused: their last requests, out of the audit trail, and what stands
//! between a grant and what it was for. That is what "hidden equals absent" hides, so each statement here finds nothing in a
//! database that was not begun as a sandbox, whoever asks it; and the service's role cannot make one of another.

use sqlx::Row;

use super::reach::{self, Hurdle};
use super::sql::{Expr, Sql};
use super::{Store, StoreError};
use crate::access::Grant;
use crate::resources::spec::ResourceSpec;

/// A transaction that sees the whole record.
const WHOLE: &str = "BEGIN; SET LOCAL lcr.whole = 'on'";

/// The most people or relationships that are told.
const MOST: i64 = 200;

/// A row of the audit trail, as far as its own user is told.
#[derive(Debug, sqlx::FromRow)]
pub struct Asked {
    pub at: String,
    /// C, R, U, D or E.
    pub action: String,
    pub refused: bool,
    /// Whether it was about somebody.
    pub found: bool,
    /// The code of AuditEvent.type.
    pub kind: String,
    /// What was asked: an address under the base, or words.
    pub query: String,
    pub request: String,
}

/// What of the record a question is about.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// The resource with this id.
    Id(&'a str),
    /// What belongs to the person with a Patient of this id.
    Patient(&'a str),
    Everyone,
}

/// How much there is, and how much of it each hurdle keeps from the grant.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub there: i64,
    pub open: i64,
    pub kept: Vec<(Hurdle, i64)>,
}

/// What is known of a resource.
#[derive(Debug, sqlx::FromRow)]
pub struct Known {
    pub patient_id: i64,
    /// A Patient of the person it belongs to.
    pub patient: Option<String>,
    pub source: String,
    pub deleted: bool,
}

/// Somebody's care relationship with a person, now or once.
#[derive(Debug, sqlx::FromRow)]
pub struct Holder {
    pub key: String,
    pub basis: String,
    pub holds: bool,
    pub until: Option<String>,
}

/// A Patient to choose, with those whose care relationships with them hold now.
#[derive(Debug, sqlx::FromRow)]
pub struct SandboxPatient {
    pub patient_id: i64,
    pub id: String,
    pub resource: String,
    pub holders: Vec<String>,
}

impl Store {
    /// The last rows of the audit trail of this user through this client, the newest first.
    pub async fn last_asked(&self, client: &str, user: Option<&str>, most: i64) -> Result<Vec<Asked>, StoreError> {
        let list = "SELECT to_char(e.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at, e.action[1] AS action, \
                    e.outcome[1] <> '0' AS refused, e.patient IS NOT NULL AS found, split_part(e.type[1], '|', 2) AS kind, coalesce(q.query, q.what, '') AS query, \
                    coalesce(q.request, '') AS request FROM reach.audit_event e CROSS JOIN LATERAL ( \
                    SELECT max(convert_from(decode(x ->> 'query', 'base64'), 'UTF8')) AS query, \
                    max(x #>> '{what,reference}') FILTER (WHERE x #>> '{role,code}' = '4') AS what, \
                    max(x #>> '{what,identifier,value}') FILTER (WHERE x #>> '{type,code}' = 'XrequestId') AS request \
                    FROM json_array_elements(e.resource::json -> 'entity') x) q \
                    WHERE EXISTS (SELECT 1 FROM sandbox_mark) AND (e.user_id = $1 OR $1 IS NULL AND e.user_id IS NULL) \
                    AND e.agent @> ARRAY['=|' || $2] ORDER BY e.updated_at DESC, e.id DESC LIMIT $3";
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.trail = 'on'").await?;
        Ok(sqlx::query_as(list).bind(user).bind(client).bind(most).fetch_all(&mut *tx).await?)
    }

    /// How a grant stands to what it is for, by the very tests that its statements make.
    pub async fn standing(&self, grant: &Grant, of: Of<'_>) -> Result<Standing, StoreError> {
        let mut sql = Sql::named("explain");
        let hurdles = reach::hurdles(&mut sql, grant, "t");
        let passes: Vec<Expr> = hurdles.iter().map(|(_, test)| Expr::fill("coalesce({}, false)", &[test])).collect();
        let mut counts =
            vec![Expr::literal("count(*)"), Expr::fill("count(*) FILTER (WHERE {})", &[&Expr::all(&passes)])];
        counts.extend(passes.iter().map(|passes| Expr::fill("count(*) FILTER (WHERE NOT {})", &[passes])));
        let those = match of {
            Of::Id(id) => Expr::fill("t.id = {}", &[&sql.bind(id.to_owned(), "text")]),
            Of::Patient(id) => {
                let id = sql.bind(id.to_owned(), "text");
                Expr::fill("t.patient_id = (SELECT k.patient_id FROM patient_key k WHERE k.id = {})", &[&id])
            }
            Of::Everyone => Expr::literal("true"),
        };
        let table = Expr::literal(grant.spec().table);
        sql.push(&Expr::fill(
            "SELECT {} FROM {} t WHERE EXISTS (SELECT 1 FROM sandbox_mark) AND {}",
            &[&Expr::list(&counts), &table, &those],
        ));
        let mut tx = self.pool.begin_with(WHOLE).await?;
        let rows = sql.fetch(&mut *tx).await?;
        let Some(row) = rows.first() else { return Ok(Standing::default()) };
        let mut standing = Standing { there: row.try_get(0)?, open: row.try_get(1)?, kept: Vec::new() };
        for (at, (hurdle, _)) in hurdles.iter().enumerate() {
            standing.kept.push((*hurdle, row.try_get(2 + at)?));
        }
        standing.kept.retain(|(_, count)| *count > 0);
        Ok(standing)
    }

    /// What is known of a resource that is or was there.
    pub async fn known(&self, spec: &ResourceSpec, id: &str) -> Result<Option<Known>, StoreError> {
        let mut sql = Sql::named("explain");
        let id = sql.bind(id.to_owned(), "text");
        sql.push(&Expr::fill(
            "SELECT h.patient_id, (SELECT min(k.id) FROM patient_key k WHERE k.patient_id = h.patient_id) AS patient, s.name AS source, \
             h.verb = 'DELETE' AS deleted FROM {} h JOIN source s USING (source_id) \
             WHERE EXISTS (SELECT 1 FROM sandbox_mark) AND h.id = {} ORDER BY h.version DESC LIMIT 1",
            &[&Expr::literal(spec.history), &id],
        ));
        let mut tx = self.pool.begin_with(WHOLE).await?;
        let rows = sql.fetch(&mut *tx).await?;
        Ok(rows.first().map(sqlx::FromRow::from_row).transpose()?)
    }

    /// Whose care relationships with a person there are or were; those that hold now first.
    pub async fn holders(&self, patient_id: i64) -> Result<Vec<Holder>, StoreError> {
        let list = "SELECT holder_key AS key, basis, n.holds, to_char(coalesce(revoked_at, valid_to) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS until \
                    FROM care_relationship r CROSS JOIN LATERAL (SELECT r.revoked_at IS NULL AND r.valid_from <= now() \
                    AND (r.valid_to IS NULL OR r.valid_to > now()) AS holds) n \
                    WHERE EXISTS (SELECT 1 FROM sandbox_mark) AND patient_id = $1 ORDER BY n.holds DESC, holder_key LIMIT $2";
        let mut tx = self.pool.begin_with(WHOLE).await?;
        Ok(sqlx::query_as(list).bind(patient_id).bind(MOST).fetch_all(&mut *tx).await?)
    }

    /// The Patients of the sandbox.
    pub async fn sandbox_patients(&self) -> Result<Vec<SandboxPatient>, StoreError> {
        let list = "SELECT p.patient_id, p.id, p.resource, ARRAY(SELECT DISTINCT r.holder_key FROM care_relationship r WHERE r.patient_id = p.patient_id \
                    AND r.revoked_at IS NULL AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now())) AS holders \
                    FROM patient p WHERE EXISTS (SELECT 1 FROM sandbox_mark) ORDER BY p.id LIMIT $1";
        let mut tx = self.pool.begin_with(WHOLE).await?;
        Ok(sqlx::query_as(list).bind(MOST).fetch_all(&mut *tx).await?)
    }
}
