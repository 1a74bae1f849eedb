//! The end of a pair of twins that a change has told apart: their connections are given back.

// It drops the databases, which no part of the service does.
#![allow(clippy::disallowed_types)]

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::twins::{Twin, Twins};

/// Drops the databases of both, with whatever is connected.
pub async fn end(twins: Twins) {
    for twin in [twins.with, twins.without] {
        drop_database(&twin).await;
    }
}

async fn drop_database(twin: &Twin) {
    let mut own = PgConnection::connect(&twin.app.database).await.expect("a connection");
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut own).await.expect("a name");
    own.close().await.expect("an end");
    let server = twin.app.database.replace(&name, "postgres");
    let mut server = PgConnection::connect(&server).await.expect("a connection");
    let statement = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::query(statement).execute(&mut server).await.expect("a database less");
}
