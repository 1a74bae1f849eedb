//! Owns the making of a statement: text from this program's own literals, every value a bind.

use futures_util::TryStreamExt;
use sqlx::encode::Encode;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, PgConnection, PgExecutor, Postgres, Type};

use super::statement::timed;
use crate::access::Reach;

/// A statement in the making. Text comes in as an `Expr`, values only by `bind`.
pub struct Sql {
    name: &'static str,
    text: String,
    args: PgArguments,
    failed: bool,
    /// The reaches for which the statement's first row opens the second lock; none: each condition opens it for itself.
    reaches: Option<Vec<Reach>>,
}

impl Sql {
    /// An empty one, under the name by which figures and traces tell of it.
    pub fn named(name: &'static str) -> Sql {
        Sql { name, text: String::new(), args: PgArguments::default(), failed: false, reaches: None }
    }

    /// A statement whose first row is to open the second lock, with `reach::first`, before others are looked at.
    pub fn opening_first(name: &'static str) -> Sql {
        Sql { reaches: Some(Vec::new()), ..Sql::named(name) }
    }

    /// Whether the first row is to open the lock for this reach: from now on it is.
    pub fn opens_first(&mut self, reach: &Reach) -> bool {
        let Some(reaches) = &mut self.reaches else { return false };
        if !reaches.contains(reach) {
            reaches.push(reach.clone());
        }
        true
    }

    /// The reaches for which it is.
    pub fn reaches(&mut self) -> Vec<Reach> {
        self.reaches.take().unwrap_or_default()
    }

    /// Appends an expression, the only way text comes in.
    pub fn push(&mut self, text: &Expr) {
        self.text.push_str(&text.0);
    }

    /// Adds a value; gives the placeholder that stands for it, with its SQL type.
    pub fn bind<'q, T>(&mut self, value: T, sql_type: &'static str) -> Expr
    where
        T: Encode<'q, Postgres> + Type<Postgres>,
    {
        self.failed |= self.args.add(value).is_err();
        Expr(format!("${}::{sql_type}", self.args.len()))
    }

    /// Adds a value given as text, cast to its type by PostgreSQL.
    pub fn bind_text(&mut self, value: &str, sql_type: &'static str) -> Expr {
        let placeholder = self.bind(value.to_owned(), "text");
        match sql_type {
            "text" => placeholder,
            _ => Expr(format!("{}::{sql_type}", placeholder.0)),
        }
    }

    /// The text, for logs of plans and tests.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Runs it for all rows.
    pub async fn fetch<'c>(self, on: impl PgExecutor<'c>) -> Result<Vec<PgRow>, sqlx::Error> {
        let name = self.name;
        let (text, args) = self.made()?;
        timed(name, sqlx::query_with(text, args).fetch_all(on)).await
    }

    /// The one place where text that is not a literal becomes SQL: it was made of `Expr`s alone.
    fn made(self) -> Result<(AssertSqlSafe<String>, PgArguments), sqlx::Error> {
        match self.failed {
            true => Err(sqlx::Error::Encode("a value of the statement could not be encoded".into())),
            false => Ok((AssertSqlSafe(self.text), self.args)),
        }
    }

    /// Runs it, and shows each row where the driver has it.
    pub async fn each(
        self,
        on: &mut PgConnection,
        mut seen: impl FnMut(&PgRow) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        let name = self.name;
        let (text, args) = self.made()?;
        timed(name, async {
            let mut rows = sqlx::query_with(text, args).fetch(on);
            while let Some(row) = rows.try_next().await? {
                seen(&row)?;
            }
            Ok(())
        })
        .await
    }
}

/// A piece of SQL made of literals, column names of the tables in `resources`, and placeholders.
#[derive(Debug, Clone)]
pub struct Expr(String);

impl Expr {
    /// A literal.
    pub fn literal(text: &'static str) -> Expr {
        Expr(text.to_owned())
    }

    /// A name that cannot be bound, such as a database's: quoted, and what is no letter or digit left out.
    pub fn name(text: &str) -> Expr {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        Expr(format!("\"{plain}\""))
    }

    /// A number of this program's own: the place of a column or of a part.
    pub fn number(n: usize) -> Expr {
        Expr(n.to_string())
    }

    /// `alias.column`.
    pub fn column(alias: &'static str, column: &'static str) -> Expr {
        Expr(format!("{alias}.{column}"))
    }

    /// `alias.column_suffix`.
    pub fn column_part(alias: &'static str, column: &'static str, suffix: &'static str) -> Expr {
        Expr(format!("{alias}.{column}{suffix}"))
    }

    /// Fills `{}` places of a literal, in order.
    pub fn fill(template: &'static str, parts: &[&Expr]) -> Expr {
        let mut pieces = template.split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (at, piece) in pieces.enumerate() {
            text.push_str(parts.get(at).map_or("NULL", |part| part.0.as_str()));
            text.push_str(piece);
        }
        Expr(text)
    }

    /// Joins with a separator, in parentheses; the empty list is the constant given.
    pub fn join(parts: &[Expr], separator: &'static str, empty: &'static str) -> Expr {
        match parts {
            [] => Expr::literal(empty),
            [one] => one.clone(),
            many => Expr(format!("({})", many.iter().map(|part| part.0.as_str()).collect::<Vec<_>>().join(separator))),
        }
    }

    /// A joined list without the parentheses around it.
    pub fn list(parts: &[Expr]) -> Expr {
        Expr(parts.iter().map(|part| part.0.as_str()).collect::<Vec<_>>().join(", "))
    }

    /// All of them hold.
    pub fn all(parts: &[Expr]) -> Expr {
        Expr::join(parts, " AND ", "true")
    }

    /// One of them holds.
    pub fn any(parts: &[Expr]) -> Expr {
        Expr::join(parts, " OR ", "false")
    }
}
