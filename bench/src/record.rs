//! The record that is measured: generated once, imported into a PostgreSQL of its own, and what that took.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lcr_facade::cluster::{Cluster, Durability};
use lcr_facade::store::create_database;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::options::Options;
use crate::process::{self, cpu_of_postgres};
use crate::{Failure, heavy, say, workload};

/// The database's name.
pub const DATABASE: &str = "bench";

/// What loading took, kept beside the data for runs that load nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Loading {
    pub rows: i64,
    /// Seconds by the clock of `lcr import`.
    pub seconds: f64,
    /// CPU-seconds of `lcr import`.
    pub cpu: f64,
    /// CPU-seconds of PostgreSQL meanwhile.
    pub cpu_postgres: f64,
    /// Bytes of the current rows with their indexes, and of their JSON.
    pub disk: i64,
    pub json: i64,
    /// Bytes of the histories, for the record.
    pub history: i64,
    /// Seconds of COPY of the same rows into the same tables, and out.
    pub copy_in: f64,
    pub copy_out: f64,
    /// The id of the patient who has more Observations than anybody.
    pub heavy: Option<String>,
}

/// A loaded record and its running PostgreSQL.
pub struct Record {
    pub cluster: Cluster,
    pub url: String,
    pub folder: PathBuf,
    pub patients: u32,
    pub loading: Loading,
}

impl Record {
    /// The record of so many patients: taken as it is where that is wanted and it is there, else made anew.
    pub async fn of(options: &Options, patients: u32) -> Result<Record, Failure> {
        let folder = options.folder.join(patients.to_string());
        fs::create_dir_all(&folder)?;
        let (home, notes) = (folder.join("home"), folder.join("loading.json"));
        let known: Option<Loading> =
            fs::read(&notes).ok().and_then(|text| serde_json::from_slice(&text).ok()).filter(|_| options.reuse);
        if known.is_none() {
            forget(&home)?;
            let _ = fs::remove_file(&notes);
        }
        let (place, words) = (home.clone(), |words: &str| say(words));
        let started = tokio::task::spawn_blocking(move || Cluster::start(&place, Durability::Durable, &words));
        let cluster = started.await??;
        let mut record = Record { url: cluster.url(DATABASE), cluster, folder, patients, loading: Loading::default() };
        match known {
            Some(loading) => record.loading = loading,
            None => {
                record.load(options.heavy).await?;
                fs::write(&notes, serde_json::to_vec_pretty(&record.loading)?)?;
            }
        }
        Ok(record)
    }

    /// A connection as the owner of everything.
    pub async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    /// CPU-seconds of PostgreSQL so far.
    pub fn cpu(&self) -> f64 {
        cpu_of_postgres(self.cluster.pid())
    }

    /// What the server says.
    pub fn log(&self) -> PathBuf {
        self.folder.join("home/pg/log")
    }

    /// Runs `lcr` with these words on this database.
    pub fn lcr(&self, words: &[&str]) -> Result<String, Failure> {
        process::run(process::command(&self.url)?.args(words))
    }

    /// The generated files.
    fn generated(&self) -> Result<PathBuf, Failure> {
        let data = self.folder.join("data");
        if !data.is_dir() {
            say(&format!("generating {} patients", self.patients));
            // It gets its name when it is whole.
            let making = self.folder.join("data.new");
            let (number, out) = (self.patients.to_string(), making.to_string_lossy().into_owned());
            self.lcr(&["sandbox", "generate", "--patients", &number, "--seed", "1", "--out", &out])?;
            fs::rename(&making, &data)?;
        }
        Ok(data)
    }

    async fn load(&mut self, heavy: usize) -> Result<(), Failure> {
        let data = self.generated()?;
        create_database(&self.cluster.url("postgres"), DATABASE).await?;
        self.lcr(&["migrate"])?;
        say("lcr import");
        let (began, cpu) = (Instant::now(), self.cpu());
        let children = process::cpu_of(std::process::id());
        self.lcr(&["import", &data.join("record.ndjson").to_string_lossy()])?;
        self.loading.seconds = began.elapsed().as_secs_f64();
        self.loading.cpu_postgres = self.cpu() - cpu;
        // The command has ended, so its time is in this process's children's.
        self.loading.cpu = process::cpu_of(std::process::id()) - children;
        self.lcr(&["relationship", "import", &data.join("relationships.csv").to_string_lossy()])?;
        let mut connection = self.connect().await?;
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await?;
        self.sizes(&mut connection).await?;
        crate::copy::measure(self, &mut connection).await?;
        if let Some(patient) = workload::candidate(&mut connection).await? {
            heavy::import(self, &patient, heavy)?;
            self.loading.heavy = Some(patient);
            sqlx::query("VACUUM ANALYZE").execute(&mut connection).await?;
        }
        Ok(())
    }

    async fn sizes(&mut self, connection: &mut PgConnection) -> Result<(), Failure> {
        for (table, is_history) in tables(connection).await? {
            let size = format!("SELECT pg_total_relation_size('public.{table}')");
            let size: i64 = sqlx::query_scalar(AssertSqlSafe(size)).fetch_one(&mut *connection).await?;
            if is_history {
                self.loading.history += size;
                continue;
            }
            self.loading.disk += size;
            if has_json(connection, &table).await? {
                let sums =
                    format!("SELECT count(*), coalesce(sum(octet_length(resource)), 0)::bigint FROM public.{table}");
                let (rows, json): (i64, i64) = sqlx::query_as(AssertSqlSafe(sums)).fetch_one(&mut *connection).await?;
                self.loading.rows += rows;
                self.loading.json += json;
            }
        }
        Ok(())
    }
}

/// The tables of the record: those that have a history, their histories, and who a person is.
pub async fn tables(connection: &mut PgConnection) -> Result<Vec<(String, bool)>, Failure> {
    let find = "SELECT c.relname::text, c.relname LIKE '%\\_history' FROM pg_class c \
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (c.relname IN ('person', 'patient_key') \
        OR EXISTS (SELECT 1 FROM pg_class h WHERE h.relnamespace = c.relnamespace \
            AND (h.relname = c.relname || '_history' OR c.relname = h.relname || '_history'))) ORDER BY 2, 1";
    Ok(sqlx::query_as(find).fetch_all(connection).await?)
}

/// Whether the table keeps resources as JSON text.
pub async fn has_json(connection: &mut PgConnection, table: &str) -> Result<bool, Failure> {
    let find = "SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'resource' AND NOT attisdropped)";
    Ok(sqlx::query_scalar(find).bind(format!("public.{table}")).fetch_one(connection).await?)
}

/// Removes a cluster of an earlier run, wherever its data is.
fn forget(home: &Path) -> Result<(), Failure> {
    if let Ok(elsewhere) = fs::read_link(home.join("pg/elsewhere")) {
        fs::remove_dir_all(elsewhere)?;
    }
    match fs::remove_dir_all(home) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
