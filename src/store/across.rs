//! Owns the way from a search of several types to one SQL statement, and from its rows to a page.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::plan::{Key, beyond, conditions, counted, sort_keys};
use super::sql::{Expr, Sql};
use super::{Found, Proved, StoreError, person, proof, reach, terms};
use crate::access::Reach;
use crate::search::across::Across;
use crate::search::cursor::Cursor;

/// A statement that answers a search of several types; each type's rows begin with its own grant's reach.
pub struct AcrossPlan {
    across: Across,
    sql: Sql,
}

/// One page over several types.
pub struct AcrossPage {
    /// The rows, each with the place of its type among the search's parts.
    pub rows: Vec<(usize, Found)>,
    /// How many match in all, where asked for.
    pub total: Option<i64>,
    /// The people among them, where they are counted.
    pub counted: Vec<i64>,
    /// The people within reach whom the search asks about by name.
    pub asked: Vec<i64>,
    pub previous: Option<Cursor>,
    pub next: Option<Cursor>,
    pub across: Across,
}

impl AcrossPlan {
    /// Renders the search: the best rows of every type, and of those the best.
    pub fn of(across: Across) -> AcrossPlan {
        let mut sql = Sql::opening_first("search types");
        let back = across.cursor().is_some_and(|cursor| cursor.back);
        let size = i64::try_from(across.count()).unwrap_or(i64::MAX - 1) + i64::from(across.count() > 0);
        let limit = sql.bind(size, "bigint");
        let (mut arms, mut totals, mut people) = (Vec::new(), Vec::new(), Vec::new());
        let mut outer = Vec::new();
        for (place, part) in across.parts().iter().enumerate() {
            let table = Expr::literal(part.grant().spec().seen.current);
            let keys = keys(&across, place);
            let all = conditions(&mut sql, part);
            if across.total() {
                let (total, who) = counted(&table, &all);
                totals.push(total);
                people.push(who);
            }
            let resource = reach::shown(&mut sql, part.grant(), "t");
            let page = match across.cursor() {
                Some(cursor) => Expr::all(&[all, beyond(&mut sql, &keys, cursor)]),
                None => all,
            };
            let texts: Vec<Expr> = keys.iter().map(|key| Expr::fill("({})::text", &[&key.expr])).collect();
            let order: Vec<Expr> = keys.iter().map(|key| key.order(back)).collect();
            let sorted: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
            arms.push(Expr::fill(
                "(SELECT t.id, t.patient_id, {} AS resource, {}::int AS place, ARRAY[{}] AS keys, {} FROM {} t WHERE {} ORDER BY {} LIMIT {})",
                &[
                    &resource,
                    &Expr::number(place),
                    &Expr::list(&texts),
                    &Expr::list(&sorted),
                    &table,
                    &page,
                    &Expr::list(&order),
                    &limit,
                ],
            ));
            // The keys are the columns behind the first five.
            let at = |(n, key): (usize, Key)| Key { expr: Expr::number(n + 6), ..key }.order(back);
            outer = keys.into_iter().enumerate().map(at).collect();
        }
        let total = match across.total() {
            true => Expr::fill(
                "{} AS total, ({}) AS counted",
                &[&Expr::join(&totals, " + ", "0"), &Expr::join(&people, " || ", "NULL::bigint[]")],
            ),
            false => Expr::literal("NULL::bigint AS total, NULL::bigint[] AS counted"),
        };
        let proved = match across.parts().first() {
            Some(part) => proof::column(&mut sql, part.grant().caller()),
            None => Expr::literal("false AS proved"),
        };
        let asked = asked(&mut sql, &across);
        let opened = reach::first(&mut sql);
        let statement = Expr::fill(
            "SELECT n.*, r.* FROM (SELECT {}, {}, {}, {} AS asked) n LEFT JOIN LATERAL (SELECT * FROM ({}) u ORDER BY {} LIMIT {}) r ON true",
            &[&opened, &proved, &total, &asked, &Expr::join(&arms, " UNION ALL ", "NULL"), &Expr::list(&outer), &limit],
        );
        sql.push(&statement);
        AcrossPlan { across, sql }
    }

    /// Runs it: one statement, once what it names is known.
    pub async fn run(self, on: &mut PgConnection) -> Result<Proved<AcrossPage>, StoreError> {
        let AcrossPlan { across, sql } = self;
        for part in across.parts() {
            terms::check(on, part).await?;
        }
        proof::of(sql.fetch(on).await?, |rows| AcrossPage::of(across, rows))
    }
}

impl AcrossPage {
    /// Reads the rows of the statement.
    fn of(across: Across, answer: Vec<PgRow>) -> Result<AcrossPage, StoreError> {
        let (mut total, mut counted, mut asked, mut rows) = (None, Vec::new(), None, Vec::new());
        for row in answer {
            if asked.is_none() {
                asked = row.try_get("asked")?;
            }
            if across.total() {
                total = Some(row.try_get("total")?);
                counted = row.try_get("counted")?;
            }
            let id: Option<String> = row.try_get("id")?;
            let Some(id) = id else { continue };
            let place: i32 = row.try_get("place")?;
            let found = Found {
                id,
                patient_id: row.try_get("patient_id")?,
                resource: row.try_get("resource")?,
                keys: row.try_get("keys")?,
            };
            rows.push((usize::try_from(place).unwrap_or_default(), found));
        }
        let back = across.cursor().is_some_and(|cursor| cursor.back);
        let more = rows.len() > across.count();
        rows.truncate(across.count());
        if back {
            rows.reverse();
        }
        let at = |row: Option<&(usize, Found)>, back| row.map(|(_, row)| Cursor { keys: row.keys.clone(), back });
        let previous = at(rows.first(), true).filter(|_| if back { more } else { across.cursor().is_some() });
        let next = at(rows.last(), false).filter(|_| back || more);
        Ok(AcrossPage { rows, total, counted, asked: asked.unwrap_or_default(), previous, next, across })
    }
}

/// The people whom the parts name and their grants cover: the same names within the same reach are asked about once.
fn asked(sql: &mut Sql, across: &Across) -> Expr {
    let mut done: Vec<(&Reach, Vec<String>)> = Vec::new();
    let mut people = Vec::new();
    for part in across.parts() {
        let question = (part.grant().reach(), person::named(part));
        if done.contains(&question) {
            continue;
        }
        people.extend(person::asked(sql, part));
        done.push(question);
    }
    Expr::join(&people, " || ", "NULL::bigint[]")
}

/// The sort keys of one type's rows: those asked for, or else none before the type; then type, person and id.
fn keys(across: &Across, place: usize) -> Vec<Key> {
    let part = &across.parts()[place];
    let mut keys = sort_keys(part.sort(), across.by_person());
    let descending = keys.last().is_some_and(|key| key.descending);
    let kind = Key { expr: Expr::fill("{}::int", &[&Expr::number(place)]), sql_type: "integer", descending };
    let at = if across.sort().is_empty() { 0 } else { keys.len() - 1 };
    keys.insert(at, kind);
    keys
}

impl super::Store {
    /// Runs a search of several types.
    pub async fn search_across(&self, plan: AcrossPlan) -> Result<Proved<AcrossPage>, StoreError> {
        let mut reading = self.reading().await?;
        let page = plan.run(reading.on()).await?;
        self.held.keep(reading);
        Ok(page)
    }
}
