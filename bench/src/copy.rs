//! The limit of loading and of giving everything: COPY of the same rows, in with the same indexes and histories, and out.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::time::Instant;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::record::{Record, has_json, tables};
use crate::{Failure, say};

const PIECE: usize = 1 << 20;

/// Copies every table of the record into a twin with the same indexes, and every resource out.
pub async fn measure(record: &mut Record, connection: &mut PgConnection) -> Result<(), Failure> {
    say("COPY of the same rows, out and in");
    let tables = tables(connection).await?;
    run(connection, "DROP SCHEMA IF EXISTS twin CASCADE").await?;
    run(connection, "CREATE SCHEMA twin").await?;
    record.loading.copy_in = 0.0;
    for (table, _) in &tables {
        run(connection, &format!("CREATE TABLE twin.{table} (LIKE public.{table} INCLUDING ALL)")).await?;
        let file = record.folder.join(format!("{table}.copy"));
        let columns = columns(connection, table).await?;
        copy_out(connection, &format!("COPY (SELECT {columns} FROM public.{table}) TO STDOUT"), Some(&file)).await?;
        let began = Instant::now();
        copy_in(connection, &format!("COPY twin.{table} ({columns}) FROM STDIN"), &file).await?;
        record.loading.copy_in += began.elapsed().as_secs_f64();
        std::fs::remove_file(&file)?;
    }
    run(connection, "DROP SCHEMA twin CASCADE").await?;
    record.loading.copy_out = 0.0;
    for (table, is_history) in &tables {
        if !is_history && has_json(connection, table).await? {
            let (seconds, _) =
                timed_out(connection, &format!("COPY (SELECT resource FROM public.{table}) TO STDOUT")).await?;
            record.loading.copy_out += seconds;
        }
    }
    Ok(())
}

/// Seconds and bytes of a COPY to nowhere.
pub async fn timed_out(connection: &mut PgConnection, statement: &str) -> Result<(f64, u64), Failure> {
    let began = Instant::now();
    let bytes = copy_out(connection, statement, None).await?;
    Ok((began.elapsed().as_secs_f64(), bytes))
}

/// The columns that a COPY names: those that are not generated.
async fn columns(connection: &mut PgConnection, table: &str) -> Result<String, Failure> {
    let find = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''";
    Ok(sqlx::query_scalar(find).bind(format!("public.{table}")).fetch_one(connection).await?)
}

async fn run(connection: &mut PgConnection, statement: &str) -> Result<(), Failure> {
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(connection).await?;
    Ok(())
}

async fn copy_out(
    connection: &mut PgConnection,
    statement: &str,
    file: Option<&std::path::Path>,
) -> Result<u64, Failure> {
    let mut to = file.map(File::create).transpose()?.map(|file| BufWriter::with_capacity(PIECE, file));
    let mut stream = connection.copy_out_raw(statement).await?;
    let mut bytes = 0;
    while let Some(piece) = stream.try_next().await? {
        bytes += piece.len() as u64;
        if let Some(to) = &mut to {
            to.write_all(&piece)?;
        }
    }
    if let Some(mut to) = to {
        to.flush()?;
    }
    Ok(bytes)
}

async fn copy_in(connection: &mut PgConnection, statement: &str, file: &std::path::Path) -> Result<(), Failure> {
    let mut from = BufReader::with_capacity(PIECE, File::open(file)?);
    let mut copy = connection.copy_in_raw(statement).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            break;
        }
        copy.send(&piece[..read]).await?;
    }
    copy.finish().await?;
    Ok(())
}
