//! Owns overrides and claims: a short relationship that a user makes with a reason, the alert it raises, the telling of it,
//! and its review. Relationship, alert and audit row commit together or not at all.

use sqlx::PgConnection;
use uuid::Uuid;

use super::protection::Named;
use super::{AuditRow, Outcome, Store, StoreError, audit};
use crate::access::{Leave, Permission};

/// What a user asks for.
pub struct Claim<'a> {
    pub number: &'a str,
    pub birth_date: &'a str,
    pub reason: &'a str,
    /// How long it is to last.
    pub minutes: u32,
    /// What breaking glass is to go over. The store looks at the role once more.
    pub over_opt_out: bool,
    pub unseals: bool,
}

/// What they got.
#[derive(Debug)]
pub struct Opened {
    pub relationship_id: i64,
    /// RFC 3339, UTC.
    pub until: String,
    /// The ids of the person's Patients.
    pub patients: Vec<String>,
}

/// An override as its reviewer sees it.
#[derive(Debug, sqlx::FromRow)]
pub struct Alert {
    pub alert_id: Uuid,
    pub at: String,
    pub kind: String,
    pub client: String,
    pub user_id: String,
    pub role: String,
    pub organisation: Option<String>,
    pub reason: String,
    pub nhs_number: Option<String>,
    pub patient: Option<String>,
    pub patient_id: Option<i64>,
    pub ends: Option<String>,
    pub verdict: Option<String>,
    pub note: Option<String>,
    pub reviewed_by: Option<String>,
}

/// An alert to be told: it names who, never whom.
#[derive(Debug, sqlx::FromRow, serde::Serialize)]
pub struct Untold {
    pub alert_id: Uuid,
    pub at: String,
    pub kind: String,
    pub client: String,
    pub user_id: String,
    pub role: String,
    pub organisation: Option<String>,
    #[serde(skip)]
    pub attempts: i32,
}

impl Store {
    /// Opens a record by way of a relationship that the user makes. None: nobody has this number and date of birth, or what
    /// protects them was not to be gone over; which of these, nobody is told. Refused ones raise an alert too.
    pub async fn open(&self, leave: &Leave, claim: &Claim<'_>, row: &AuditRow) -> Result<Option<Opened>, StoreError> {
        let (kind, basis) = match leave.permission() {
            Permission::BreakGlass => ("break-glass", "break_glass"),
            Permission::SelfClaim => ("self-claim", "self_claimed"),
            _ => return Ok(None),
        };
        let breaks = leave.permission() == Permission::BreakGlass;
        let over_opt_out = breaks && claim.over_opt_out && leave.also(Permission::OverOptOut);
        let unseals = breaks && claim.unseals && leave.also(Permission::OpenSeal);
        let Some(user) = leave.caller().claims().user.clone() else { return Ok(None) };
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let person = Named::Born { number: claim.number, birth_date: claim.birth_date }.find(&mut tx).await?;
        let open = match person {
            Some(person) => !shut(&mut tx, person, over_opt_out, unseals).await?,
            None => false,
        };
        let Some(person) = person.filter(|_| open) else {
            raise(&mut tx, ("refused", None, None), leave, &user, claim.reason).await?;
            audit::insert(&mut tx, &[AuditRow { outcome: Outcome::Refused, ..row.clone() }]).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let make = "INSERT INTO care_relationship (patient_id, holder_kind, holder, basis, valid_from, valid_to, source, reason, over_opt_out, unseals) \
                    VALUES ($1, 'practitioner', $2, $3, clock_timestamp(), clock_timestamp() + make_interval(mins => $4), 'lcr', $5, $6, $7) \
                    RETURNING relationship_id, to_char(valid_to AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
        let make = sqlx::query_as(make).bind(person).bind(&user).bind(basis);
        let make = make.bind(i32::try_from(claim.minutes).unwrap_or(i32::MAX)).bind(claim.reason);
        let (relationship_id, until): (i64, String) = make.bind(over_opt_out).bind(unseals).fetch_one(&mut *tx).await?;
        raise(&mut tx, (kind, Some(person), Some(relationship_id)), leave, &user, claim.reason).await?;
        audit::insert(&mut tx, &[AuditRow { patient_id: Some(person), ..row.clone() }]).await?;
        let ids = "SELECT p.id FROM patient p WHERE p.patient_id = $1 ORDER BY p.id";
        let patients = sqlx::query_scalar(ids).bind(person).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(Some(Opened { relationship_id, until, patients }))
    }

    /// The alerts, the oldest first: those that nobody has looked at, or all. With an audit row for each person named.
    pub async fn alerts(&self, leave: &Leave, all: bool, most: i64, row: &AuditRow) -> Result<Vec<Alert>, StoreError> {
        if leave.permission() != Permission::Review {
            return Ok(Vec::new());
        }
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let list = "SELECT a.alert_id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, a.kind, a.client, a.user_id, a.role, \
                    a.organisation, a.reason, n.nhs_number, (SELECT min(k.id) FROM patient_key k WHERE k.patient_id = a.patient_id) AS patient, a.patient_id, \
                    to_char(coalesce(r.revoked_at, r.valid_to) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS ends, \
                    a.verdict, a.note, a.reviewed_by FROM access_alert a LEFT JOIN person n ON n.patient_id = a.patient_id \
                    LEFT JOIN care_relationship r ON r.patient_id = a.patient_id AND r.relationship_id = a.relationship_id \
                    WHERE $1 OR a.reviewed_at IS NULL ORDER BY a.at, a.alert_id LIMIT $2";
        let alerts: Vec<Alert> = sqlx::query_as(list).bind(all).bind(most).fetch_all(&mut *tx).await?;
        let mut people: Vec<i64> = alerts.iter().filter_map(|alert| alert.patient_id).collect();
        people.sort_unstable();
        people.dedup();
        let rows: Vec<AuditRow> = match &people[..] {
            [] => vec![row.clone()],
            _ => people.iter().map(|person| AuditRow { patient_id: Some(*person), ..row.clone() }).collect(),
        };
        audit::insert(&mut tx, &rows).await?;
        tx.commit().await?;
        Ok(alerts)
    }

    /// Notes what a reviewer found; an override that was not appropriate ends now. Whether there is such an alert.
    pub async fn review(
        &self,
        leave: &Leave,
        alert: Uuid,
        (verdict, note): (&str, Option<&str>),
        row: &AuditRow,
    ) -> Result<bool, StoreError> {
        if leave.permission() != Permission::Review {
            return Ok(false);
        }
        let claims = leave.caller().claims();
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let find = "UPDATE access_alert SET reviewed_at = now(), reviewed_by = $2, verdict = $3, note = $4 WHERE alert_id = $1 \
                    AND user_id <> $2 RETURNING patient_id, relationship_id";
        let reviewer = claims.user.as_deref().unwrap_or(&claims.client);
        let find = sqlx::query_as(find).bind(alert).bind(reviewer).bind(verdict).bind(note);
        let found: Option<(Option<i64>, Option<i64>)> = find.fetch_optional(&mut *tx).await?;
        let Some((patient_id, relationship_id)) = found else { return Ok(false) };
        if verdict == "inappropriate" {
            let end = "UPDATE care_relationship SET revoked_at = coalesce(revoked_at, now()) WHERE patient_id = $1 AND relationship_id = $2";
            sqlx::query(end).bind(patient_id).bind(relationship_id).execute(&mut *tx).await?;
        }
        audit::insert(&mut tx, &[AuditRow { patient_id, ..row.clone() }]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes alerts that are to be told now; they come again later unless `told` says that they arrived.
    pub async fn untold(&self) -> Result<Vec<Untold>, StoreError> {
        let take = "UPDATE access_alert a SET attempts = a.attempts + 1, \
                    next_try = now() + least(interval '1 hour', interval '5 seconds' * power(2, least(a.attempts, 12))) \
                    FROM (SELECT alert_id FROM access_alert WHERE told_at IS NULL AND next_try <= now() ORDER BY next_try LIMIT 20 \
                    FOR UPDATE SKIP LOCKED) due WHERE a.alert_id = due.alert_id \
                    RETURNING a.alert_id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, a.kind, a.client, a.user_id, \
                    a.role, a.organisation, a.attempts";
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.open = 'on'").await?;
        let due = sqlx::query_as(take).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(due)
    }

    /// Notes that an alert has arrived.
    pub async fn told(&self, alert: Uuid) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.open = 'on'").await?;
        sqlx::query("UPDATE access_alert SET told_at = now() WHERE alert_id = $1")
            .bind(alert)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

/// Whether a person is protected from what does not go over it.
async fn shut(tx: &mut PgConnection, person: i64, over_opt_out: bool, unseals: bool) -> Result<bool, StoreError> {
    let find = "SELECT EXISTS (SELECT 1 FROM person_protection p WHERE p.patient_id = $1 \
                AND (p.opted_out AND NOT $2 OR p.label > 4 AND NOT $3))";
    Ok(sqlx::query_scalar(find).bind(person).bind(over_opt_out).bind(unseals).fetch_one(tx).await?)
}

/// Raises an alert: its kind, the person and the relationship.
async fn raise(
    tx: &mut PgConnection,
    (kind, person, relationship): (&str, Option<i64>, Option<i64>),
    leave: &Leave,
    user: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let claims = leave.caller().claims();
    let raise = "INSERT INTO access_alert (alert_id, kind, patient_id, relationship_id, client, user_id, role, organisation, reason) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let raise = sqlx::query(raise).bind(Uuid::now_v7()).bind(kind).bind(person).bind(relationship).bind(&claims.client);
    raise.bind(user).bind(&claims.role).bind(&claims.organisation).bind(reason).execute(tx).await?;
    Ok(())
}
