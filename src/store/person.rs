//! Owns who a person is: which key a Patient id or NHS number stands for, found or made within a write.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, Row};

use super::sql::{Expr, Sql};
use super::{StoreError, protection, reach};
use crate::access::{Grant, Reach};
use crate::resources::{self, spec::Compartment};
use crate::search::value::Test;
use crate::search::{Filter, Search};

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
            let mut sql = Sql::named("person");
            let opened = reach::opened(&mut sql, grant);
            let covered = reach::people(&mut sql, grant, "k");
            let wanted = sql.bind(ids.clone(), "text[]");
            sql.push(&Expr::fill(
                "SELECT k.id, k.patient_id, {} AS covered FROM patient_key k WHERE {} AND k.id = ANY({})",
                &[&covered, &opened, &wanted],
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

    /// The person who has this NHS number, if anyone here does.
    pub async fn numbered(tx: &mut PgConnection, number: &str) -> Result<Option<i64>, StoreError> {
        let find = sqlx::query_scalar("SELECT patient_id FROM person WHERE nhs_number = $1").bind(number);
        Ok(find.fetch_optional(&mut *tx).await?)
    }

    /// The person a Patient resource is, by its id or else its NHS number.
    pub async fn patient(
        &mut self,
        tx: &mut PgConnection,
        id: &str,
        number: Option<&str>,
        base: &str,
    ) -> Result<i64, StoreError> {
        let numbered: Option<i64> = match number {
            Some(number) => People::numbered(tx, number).await?,
            None => None,
        };
        match (self.by_id.get(id).copied(), numbered) {
            (Some(person), Some(other)) if person != other => self.become_other(tx, id, (person, other), base).await,
            (Some(person), Some(_)) => Ok(person),
            (Some(person), None) => self.number(tx, id, person, number, base).await,
            (None, Some(person)) => {
                self.name(tx, id, person).await?;
                Ok(person)
            }
            (None, None) => self.make(tx, id, number).await,
        }
    }

    /// A Patient turns out to be another person: its rows came before it did, its number was traced, or was wrong before.
    /// Its rows go with it: those that refer to it. What was known of the person with the old number stays with that number:
    /// care relationships above all, and the rows of other Patients of theirs, of which the caller may know nothing.
    async fn become_other(
        &mut self,
        tx: &mut PgConnection,
        id: &str,
        (person, other): (i64, i64),
        base: &str,
    ) -> Result<i64, StoreError> {
        for spec in resources::ALL {
            for (table, current) in [(spec.table, true), (spec.history, false)] {
                let mut sql = Sql::named("person: move");
                let (from, to) = (sql.bind(person, "bigint"), sql.bind(other, "bigint"));
                let table = Expr::literal(table);
                let own = match (spec.compartment, current) {
                    (Compartment::Person, _) => Expr::fill("t.id = {}", &[&sql.bind(id.to_owned(), "text")]),
                    (Compartment::Subject(element), true) => {
                        let target = sql.bind(vec![format!("Patient/{id}")], "text[]");
                        Expr::fill("{} && {}", &[&Expr::column("t", element), &target])
                    }
                    (Compartment::Subject(element), false) => {
                        let targets = sql.bind(vec![format!("Patient/{id}"), format!("{base}/Patient/{id}")], "text[]");
                        let element = sql.bind(element.to_owned(), "text");
                        // A deletion was of whom the version before it was of.
                        let told = "coalesce(t.resource, (SELECT p.resource FROM {} p WHERE p.id = t.id AND p.version = t.version - 1))";
                        Expr::fill(
                            "regexp_replace({}::json -> {} ->> 'reference', '/_history/[^/]*$', '') = ANY({})",
                            &[&Expr::fill(told, &[&table]), &element, &targets],
                        )
                    }
                    (Compartment::Nobody | Compartment::Trail, _) => continue,
                };
                let follow = "UPDATE {} t SET patient_id = {} WHERE t.patient_id = {} AND {}";
                sql.push(&Expr::fill(follow, &[&table, &to, &from, &own]));
                sql.fetch(&mut *tx).await?;
            }
        }
        let follow = sqlx::query("UPDATE patient_key SET patient_id = $2 WHERE id = $1").bind(id).bind(other);
        follow.execute(&mut *tx).await?;
        protection::follow(tx, person, other).await?;
        self.by_id.insert(id.to_owned(), other);
        Ok(other)
    }

    /// Gives a person without a number one that nobody has; one who has another number becomes a new person.
    async fn number(
        &mut self,
        tx: &mut PgConnection,
        id: &str,
        person: i64,
        number: Option<&str>,
        base: &str,
    ) -> Result<i64, StoreError> {
        let Some(number) = number else { return Ok(person) };
        let give = sqlx::query("UPDATE person SET nhs_number = $2 WHERE patient_id = $1 AND nhs_number IS NULL");
        if give.bind(person).bind(number).execute(&mut *tx).await?.rows_affected() == 1 {
            return Ok(person);
        }
        let other = self.new_person(tx, id, Some(number)).await?;
        self.become_other(tx, id, (person, other), base).await
    }

    async fn make(&mut self, tx: &mut PgConnection, id: &str, number: Option<&str>) -> Result<i64, StoreError> {
        let person = self.new_person(tx, id, number).await?;
        self.name(tx, id, person).await?;
        Ok(person)
    }

    /// A person's key follows from their NHS number, or else the first id they are known by, and a secret of this database: a
    /// running one would tell in orders and cursors how many people there are, and who came first.
    async fn new_person(&self, tx: &mut PgConnection, id: &str, number: Option<&str>) -> Result<i64, StoreError> {
        let make = "INSERT INTO person (patient_id, nhs_number) SELECT ('x' || left(encode(sha256(s.secret || sha256(convert_to($1, 'UTF8'))), 'hex'), 16))::bit(64)::bigint \
                    & 9223372036854775807, $2 FROM service_key s WHERE s.name = 'person' RETURNING patient_id";
        let seed = number.map_or_else(|| format!("Patient/{id}"), |number| format!("nhs/{number}"));
        Ok(sqlx::query_scalar(make).bind(seed).bind(number).fetch_one(&mut *tx).await?)
    }

    async fn name(&mut self, tx: &mut PgConnection, id: &str, person: i64) -> Result<(), StoreError> {
        let name = sqlx::query("INSERT INTO patient_key (id, patient_id) VALUES ($1, $2)").bind(id).bind(person);
        name.execute(&mut *tx).await?;
        self.by_id.insert(id.to_owned(), person);
        Ok(())
    }
}

/// The Patient ids that a search names as what its rows refer to, or as what they are.
pub fn named(search: &Search) -> Vec<String> {
    let is_person = search.grant().spec().is_person();
    let ids = search.filters().iter().filter_map(|filter| match filter {
        Filter::Own { test: Test::Targets(targets), .. } => Some(
            targets.iter().filter_map(|target| target.strip_prefix("Patient/")).map(str::to_owned).collect::<Vec<_>>(),
        ),
        Filter::Own { test: Test::Ids(ids), .. } if is_person => Some(ids.clone()),
        Filter::Compartment { patient } => Some(vec![patient.clone()]),
        _ => None,
    });
    ids.flatten().collect()
}

/// The same people as an array, in a statement of the search's own; none where it names nobody.
pub fn asked(sql: &mut Sql, search: &Search) -> Option<Expr> {
    let names = named(search);
    if names.is_empty() {
        return None;
    }
    let opened = reach::opened(sql, search.grant());
    let covered = reach::people(sql, search.grant(), "k");
    let wanted = sql.bind(names, "text[]");
    // IS TRUE keeps PostgreSQL from beginning with everybody in the holders' care.
    let people = "ARRAY(SELECT k.patient_id FROM patient_key k WHERE {} AND k.id = ANY({}) AND ({}) IS TRUE)";
    Some(Expr::fill(people, &[&opened, &wanted, &covered]))
}

/// Those of them whom the search's grant covers.
pub async fn asked_about(on: &mut PgConnection, search: &Search) -> Result<Vec<i64>, StoreError> {
    let people = People::find(on, &[search.grant()], named(search)).await?;
    Ok(people.by_id.iter().filter(|(id, _)| people.covers(search.grant(), id)).map(|(_, person)| *person).collect())
}
