//! Owns the search for people who may be one described, by keys that indexes answer. Who of them it is, `matching` decides.

use sqlx::Row;

use super::sql::{Expr, Sql};
use super::{Store, StoreError, reach};
use crate::access::{Grant, Interaction};

/// The most Patients that are looked at.
const MOST: i64 = 1_000;

/// What is known of the person looked for, in the forms that columns have.
#[derive(Debug, Default)]
pub struct Keys {
    /// `system|value`.
    pub identifiers: Vec<String>,
    /// Days of birth that may be meant.
    pub births: Vec<String>,
    /// Days of birth that a slip would make.
    pub slips: Vec<String>,
    /// Names as they are stored.
    pub names: Vec<String>,
    /// Sounds of any name.
    pub sounds: Vec<String>,
    /// Sounds of a family name with one of a given name.
    pub pairs: Vec<[String; 2]>,
    /// Folded, without blanks.
    pub postcodes: Vec<String>,
}

impl Keys {
    /// Whether they find anybody at all.
    pub fn suffice(&self) -> bool {
        !self.identifiers.is_empty() || self.by_birth() || self.by_place()
    }

    fn by_birth(&self) -> bool {
        !self.births.is_empty() && (!self.names.is_empty() || !self.postcodes.is_empty())
    }

    fn by_place(&self) -> bool {
        !self.postcodes.is_empty() && !self.names.is_empty()
    }
}

/// A search for candidates: only a Grant to search makes one.
pub struct Candidates {
    grant: Grant,
    keys: Keys,
}

/// Somebody it may be.
pub struct Candidate {
    pub id: String,
    pub patient_id: i64,
    pub resource: String,
}

impl Candidates {
    /// None where the grant is not one to search.
    pub fn new(grant: Grant, keys: Keys) -> Option<Candidates> {
        let may = grant.spec().is_person() && grant.interaction() == Interaction::Search;
        may.then_some(Candidates { grant, keys })
    }

    /// The statement: one arm for each way to be found, so that each has its index. In each the reach comes first.
    pub fn statement(&self) -> Sql {
        let mut sql = Sql::named("match");
        let keys = &self.keys;
        let mut arms = Vec::new();
        if !keys.identifiers.is_empty() {
            let identifiers = sql.bind(keys.identifiers.clone(), "text[]");
            arms.push(self.arm(&mut sql, Expr::fill("t.identifier && {}", &[&identifiers])));
        }
        if keys.by_birth() {
            let (births, sounds) = (sql.bind(keys.births.clone(), "text[]"), sql.bind(keys.sounds.clone(), "text[]"));
            let (names, places) = (sql.bind(keys.names.clone(), "text[]"), sql.bind(keys.postcodes.clone(), "text[]"));
            let born = "t.birthdate_lo = ANY({}::timestamptz[]) AND (t.phonetic && {} OR t.family && {} OR t.given && {} \
                        OR postcode_keys(t.address_postalcode) && {})";
            arms.push(self.arm(&mut sql, Expr::fill(born, &[&births, &sounds, &names, &names, &places])));
        }
        if !keys.slips.is_empty() {
            let slips = sql.bind(keys.slips.clone(), "text[]");
            for pair in &keys.pairs {
                let pair = sql.bind(pair.to_vec(), "text[]");
                let sounding = "t.phonetic @> {} AND t.birthdate_lo = ANY({}::timestamptz[])";
                arms.push(self.arm(&mut sql, Expr::fill(sounding, &[&pair, &slips])));
            }
        }
        if keys.by_place() {
            let (places, sounds) =
                (sql.bind(keys.postcodes.clone(), "text[]"), sql.bind(keys.sounds.clone(), "text[]"));
            let names = sql.bind(keys.names.clone(), "text[]");
            let living =
                "postcode_keys(t.address_postalcode) && {} AND (t.phonetic && {} OR t.family && {} OR t.given && {})";
            arms.push(self.arm(&mut sql, Expr::fill(living, &[&places, &sounds, &names, &names])));
        }
        let limit = sql.bind(MOST + 1, "bigint");
        let all = Expr::join(
            &arms,
            " UNION ALL ",
            "SELECT NULL::text AS id, NULL::bigint AS patient_id, NULL::text AS resource WHERE false",
        );
        let statement = "SELECT DISTINCT ON (c.id) c.id, c.patient_id, c.resource FROM ({}) c ORDER BY c.id LIMIT {}";
        sql.push(&Expr::fill(statement, &[&all, &limit]));
        sql
    }

    fn arm(&self, sql: &mut Sql, found: Expr) -> Expr {
        let reach = reach::rows(sql, &self.grant, "t");
        let found = Expr::all(&[reach, found]);
        let resource = reach::shown(sql, &self.grant, "t");
        let table = Expr::literal(self.grant.spec().seen.current);
        Expr::fill("SELECT t.id, t.patient_id, {} AS resource FROM {} t WHERE {}", &[&resource, &table, &found])
    }
}

impl Store {
    /// Everybody within the grant who may be meant.
    pub async fn candidates(&self, candidates: &Candidates) -> Result<Vec<Candidate>, StoreError> {
        let rows = candidates.statement().fetch(&self.pool).await?;
        if rows.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
            return Err(StoreError::TooMany {
                what: "patients who may be meant",
                most: rows.len() - 1,
                remedy: ": say more of the person, such as the NHS number",
            });
        }
        let read = |row: &sqlx::postgres::PgRow| {
            Ok(Candidate {
                id: row.try_get("id")?,
                patient_id: row.try_get("patient_id")?,
                resource: row.try_get("resource")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
