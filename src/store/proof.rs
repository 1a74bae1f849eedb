//! Owns the proof that a caller's token is in force: a column that a statement brings beside its answer, in the same round
//! trip, so that claims which were read a moment ago are good for nothing once the token has ended.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::StoreError;
use super::sql::{Expr, Sql};
use crate::access::Caller;

/// What a statement brought that has shown the caller's token in force. Nothing else makes one.
pub struct Proved<T>(T);

impl<T> Proved<T> {
    /// A look at what it brought.
    pub(super) fn get(&self) -> &T {
        &self.0
    }

    /// What it brought.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// The same proof of what was made of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Proved<U> {
        Proved(make(self.0))
    }
}

/// The column `proved`: whether the token is in force, in the very row that the claims were read from. A caller who was looked
/// up for this request needs no more.
pub(super) fn column(sql: &mut Sql, caller: &Caller) -> Expr {
    let Some(mark) = caller.mark() else { return Expr::literal("true AS proved") };
    let (hash, row) = (sql.bind(mark.hash.to_vec(), "bytea"), sql.bind(mark.row.clone(), "text"));
    Expr::fill(
        "EXISTS (SELECT 1 FROM token o WHERE o.hash = {} AND o.xmin = {}::xid AND o.expires_at > now()) AS proved",
        &[&hash, &row],
    )
}

/// What was made of the rows of a statement that has the column: it has a row at least, whatever it finds.
pub(super) fn of<T>(
    rows: Vec<PgRow>,
    make: impl FnOnce(Vec<PgRow>) -> Result<T, StoreError>,
) -> Result<Proved<T>, StoreError> {
    match rows.first().map(|row| row.try_get("proved")).transpose()? {
        Some(true) => make(rows).map(Proved),
        _ => Err(StoreError::TokenEnded),
    }
}
