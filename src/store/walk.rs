//! Owns the way through all that a search finds, a piece at a time, for answers that are sent as they are read. A row's text is
//! copied once, from where the driver has it into what is sent; no connection is held between two pieces.

use sqlx::Row;

use super::plan::{Key, beyond, conditions, sort_keys};
use super::sql::{Expr, Sql};
use super::{Store, StoreError, predicate, reach, terms};
use crate::search::Search;
use crate::search::cursor::Cursor;

/// A row of a piece, as the driver has it.
pub struct Passed<'r> {
    pub id: &'r str,
    pub patient_id: i64,
    /// The stored JSON, to be copied out.
    pub resource: &'r str,
}

impl Store {
    /// Shows each row of the search's next page, in the record's own order, and gives the search of the rows behind it; `None`
    /// where there are none. One statement, which begins with the grant's reach.
    pub async fn pass(&self, search: Search, mut each: impl FnMut(Passed<'_>)) -> Result<Option<Search>, StoreError> {
        let mut sql = Sql::named("walk");
        let by_person = search.by_person();
        let keys = sort_keys(&[], by_person);
        let all = conditions(&mut sql, &search);
        let order: Vec<Expr> = keys.iter().map(|key| key.order(false)).collect();
        let limit = sql.bind(i64::try_from(search.count()).unwrap_or(i64::MAX), "bigint");
        let resource = reach::shown(&mut sql, search.grant(), "t");
        let spec = search.grant().spec();
        let (table, order) = (Expr::literal(spec.seen.current), Expr::list(&order));
        let rows =
            Expr::fill("SELECT t.id, t.patient_id, {} AS resource FROM {} t WHERE {}", &[&resource, &table, &all]);
        let statement = match search.within() {
            None => {
                let behind = search.cursor().map(|cursor| beyond(&mut sql, &keys, cursor));
                let behind = behind.unwrap_or(Expr::literal("true"));
                Expr::fill("{} AND {} ORDER BY {} LIMIT {}", &[&rows, &behind, &order, &limit])
            }
            // One person after another: of several at once PostgreSQL reads and sorts all rows for each piece.
            Some(patient) => {
                let people = predicate::people_of_compartment(&mut sql, spec, patient);
                let opened = reach::opened(&mut sql, search.grant());
                let (person, id) = place(&mut sql, &keys, search.cursor());
                Expr::fill(
                    "SELECT t.id, t.patient_id, t.resource FROM unnest({}) u(person) CROSS JOIN LATERAL \
                     ({} AND t.patient_id = u.person AND t.id > CASE WHEN u.person = {} THEN {} ELSE '' END \
                     ORDER BY t.id LIMIT {}) t WHERE {} AND u.person >= {} ORDER BY {} LIMIT {}",
                    &[&people, &rows, &person, &id, &limit, &opened, &person, &order, &limit],
                )
            }
        };
        sql.push(&statement);
        let mut connection = self.pool.acquire().await?;
        terms::check(&mut connection, &search).await?;
        let (mut rows, mut last) = (0, Vec::new());
        let count = search.count();
        sql.each(&mut connection, |row| {
            let passed = Passed { id: row.try_get(0)?, patient_id: row.try_get(1)?, resource: row.try_get(2)? };
            rows += 1;
            if rows == count {
                last = vec![passed.id.to_owned()];
                if by_person {
                    last.insert(0, passed.patient_id.to_string());
                }
            }
            each(passed);
            Ok(())
        })
        .await?;
        // A full page may have rows behind it.
        Ok((rows == count).then(|| search.from(Cursor { keys: last, back: false })))
    }
}

/// The person and the id behind which a piece of a compartment begins. Of rows that are in no order of people, the id counts for
/// every person.
fn place(sql: &mut Sql, keys: &[Key], cursor: Option<&Cursor>) -> (Expr, Expr) {
    let none = (Expr::literal("u.person"), Expr::literal("''"));
    let Some(cursor) = cursor else { return none };
    let values: Vec<Expr> =
        keys.iter().zip(&cursor.keys).map(|(key, text)| sql.bind_text(text, key.sql_type)).collect();
    match &values[..] {
        [person, id] => (person.clone(), id.clone()),
        [id] => (none.0, id.clone()),
        _ => none,
    }
}
