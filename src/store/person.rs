//! Owns who a person is: which key a Patient id or NHS number stands for, found or made within a write.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, Row};

use super::sql::{Expr, Sql};
use super::{StoreError, reach};
use crate::access::{Grant, Reach};
use crate::resources;

/// The key of rows that belong to nobody: their subject is no patient of this record.
pub const NOBODY: i64 = 0;

/// The people a write deals with, by Patient id.
#[derive(Default)]
pub struct People {
    by_id: HashMap<String, i64>,
    /// Which of them each reach covers. The grants of one caller may differ in reach from interaction to interaction.
    covered: Vec<(Reach, HashSet<String>)>,
}

impl People {
    /// Looks the ids up, each with whether the grants cover the person.
    pub async fn find(tx: &mut PgConnection, grants: &[&Grant], ids: Vec<String>) -> Result<People, StoreError> {
        let mut people = People::default();
        for grant in grants {
            if ids.is_empty() || people.covered.iter().any(|(reach, _)| reach == grant.reach()) {
                continue;
            }
            let mut sql = Sql::default();
            let covered = reach::people(&mut sql, grant, "k");
            let wanted = sql.bind(ids.clone(), "text[]");
            sql.push(&Expr::fill(
                "SELECT k.id, k.patient_id, {} AS covered FROM patient_key k WHERE k.id = ANY({})",
                &[&covered, &wanted],
            ));
            let mut inside = HashSet::new();
            for row in sql.fetch(&mut *tx).await? {
                let id: String = row.try_get("id")?;
                if row.try_get("covered")? {
                    inside.insert(id.clone());
                }
                people.by_id.insert(id, row.try_get("patient_id")?);
            }
            people.covered.push((grant.reach().clone(), inside));
        }
        Ok(people)
    }

    fn covers(&self, grant: &Grant, id: &str) -> bool {
        self.covered.iter().any(|(reach, inside)| reach == grant.reach() && inside.contains(id))
    }

    /// The person a clinical row is about. A source may write about a person whose Patient has not come yet; a user
    /// only about one in reach, and one out of reach is as one who is not there: `None`.
    pub async fn subject(&mut self, tx: &mut PgConnection, grant: &Grant, id: &str) -> Result<Option<i64>, StoreError> {
        let source = matches!(grant.reach(), Reach::Source { .. });
        match self.by_id.get(id) {
            Some(person) if source || self.covers(grant, id) => Ok(Some(*person)),
            None if source => self.make(tx, id, None).await.map(Some),
            _ => Ok(None),
        }
    }

    /// The person a Patient resource is, by its id or else its NHS number. `None`: the number is somebody else's.
    pub async fn patient(
        &mut self,
        tx: &mut PgConnection,
        id: &str,
        number: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let numbered: Option<i64> = match number {
            Some(number) => {
                let find = sqlx::query_scalar("SELECT patient_id FROM person WHERE nhs_number = $1").bind(number);
                find.fetch_optional(&mut *tx).await?
            }
            None => None,
        };
        match (self.by_id.get(id).copied(), numbered) {
            (Some(person), Some(other)) if person != other => self.adopt(tx, id, person, other).await,
            (Some(person), Some(_)) => Ok(Some(person)),
            (Some(person), None) => self.renumber(tx, person, number).await,
            (None, Some(person)) => {
                self.name(tx, id, person).await?;
                Ok(Some(person))
            }
            (None, None) => self.make(tx, id, number).await.map(Some),
        }
    }

    /// A person of no known number turns out to be one who has it: rows may come before their Patient does, and a number
    /// may be traced later. What was the one's is the other's then. A person with another number stays who they are.
    async fn adopt(
        &mut self,
        tx: &mut PgConnection,
        id: &str,
        unknown: i64,
        person: i64,
    ) -> Result<Option<i64>, StoreError> {
        let numbered = "SELECT nhs_number IS NOT NULL FROM person WHERE patient_id = $1";
        if sqlx::query_scalar(numbered).bind(unknown).fetch_one(&mut *tx).await? {
            return Ok(None);
        }
        for spec in resources::ALL {
            for table in [spec.table, spec.history] {
                let mut sql = Sql::default();
                let (from, to) = (sql.bind(unknown, "bigint"), sql.bind(person, "bigint"));
                let table = Expr::literal(table);
                sql.push(&Expr::fill("UPDATE {} SET patient_id = {} WHERE patient_id = {}", &[&table, &to, &from]));
                sql.fetch(&mut *tx).await?;
            }
        }
        sqlx::query("UPDATE patient_key SET patient_id = $2 WHERE patient_id = $1")
            .bind(unknown)
            .bind(person)
            .execute(&mut *tx)
            .await?;
        self.by_id.insert(id.to_owned(), person);
        Ok(Some(person))
    }

    /// Gives a person a number that nobody has. One whom several Patients share keeps the number they agree on.
    async fn renumber(
        &mut self,
        tx: &mut PgConnection,
        person: i64,
        number: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let Some(number) = number else { return Ok(Some(person)) };
        let change = sqlx::query(
            "UPDATE person SET nhs_number = $2 WHERE patient_id = $1 AND (nhs_number IS NULL \
             OR (SELECT count(*) FROM patient_key k WHERE k.patient_id = $1) = 1)",
        );
        let changed = change.bind(person).bind(number).execute(&mut *tx).await?.rows_affected();
        Ok((changed == 1).then_some(person))
    }

    async fn make(&mut self, tx: &mut PgConnection, id: &str, number: Option<&str>) -> Result<i64, StoreError> {
        let make = sqlx::query_scalar("INSERT INTO person (nhs_number) VALUES ($1) RETURNING patient_id").bind(number);
        let person = make.fetch_one(&mut *tx).await?;
        self.name(tx, id, person).await?;
        Ok(person)
    }

    async fn name(&mut self, tx: &mut PgConnection, id: &str, person: i64) -> Result<(), StoreError> {
        let name = sqlx::query("INSERT INTO patient_key (id, patient_id) VALUES ($1, $2)").bind(id).bind(person);
        name.execute(&mut *tx).await?;
        self.by_id.insert(id.to_owned(), person);
        Ok(())
    }
}
