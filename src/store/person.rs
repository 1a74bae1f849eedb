//! Owns who a person is: which key a Patient id or NHS number stands for, found or made within a write.

use std::collections::HashMap;

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
    by_id: HashMap<String, (i64, bool)>,
}

impl People {
    /// Looks the ids up, each with whether the grant covers the person.
    pub async fn find(tx: &mut PgConnection, grant: &Grant, ids: Vec<String>) -> Result<People, StoreError> {
        if ids.is_empty() {
            return Ok(People::default());
        }
        let mut sql = Sql::default();
        let covered = reach::people(&mut sql, grant, "k");
        let ids = sql.bind(ids, "text[]");
        let statement = Expr::fill(
            "SELECT k.id, k.patient_id, {} AS covered FROM patient_key k WHERE k.id = ANY({})",
            &[&covered, &ids],
        );
        sql.push(&statement);
        let mut people = People::default();
        for row in sql.fetch(tx).await? {
            people.by_id.insert(row.try_get("id")?, (row.try_get("patient_id")?, row.try_get("covered")?));
        }
        Ok(people)
    }

    /// The person a clinical row is about. A source may write about a person whose Patient has not come yet; a user
    /// only about one in reach, and one out of reach is as one who is not there: `None`.
    pub async fn subject(&mut self, tx: &mut PgConnection, grant: &Grant, id: &str) -> Result<Option<i64>, StoreError> {
        let source = matches!(grant.reach(), Reach::Source { .. });
        match self.by_id.get(id) {
            Some((person, covered)) if source || *covered => Ok(Some(*person)),
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
            (Some((person, _)), Some(other)) if person != other => self.adopt(tx, id, person, other).await,
            (Some((person, _)), Some(_)) => Ok(Some(person)),
            (Some((person, _)), None) => self.renumber(tx, person, number).await,
            (None, Some(person)) => {
                self.name(tx, id, person).await?;
                Ok(Some(person))
            }
            (None, None) => self.make(tx, id, number).await.map(Some),
        }
    }

    /// Rows about a Patient may come before the Patient: then its id stands for a person of its own, of whom nothing is
    /// known. When the Patient comes and its number is known, those rows are that person's.
    async fn adopt(
        &mut self,
        tx: &mut PgConnection,
        id: &str,
        unknown: i64,
        person: i64,
    ) -> Result<Option<i64>, StoreError> {
        let known = "SELECT EXISTS (SELECT 1 FROM patient WHERE patient_id = $1) \
                     OR EXISTS (SELECT 1 FROM patient_history WHERE patient_id = $1) \
                     OR (SELECT nhs_number IS NOT NULL FROM person WHERE patient_id = $1)";
        if sqlx::query_scalar(known).bind(unknown).fetch_one(&mut *tx).await? {
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
        self.by_id.insert(id.to_owned(), (person, true));
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
        self.by_id.insert(id.to_owned(), (person, true));
        Ok(())
    }
}
