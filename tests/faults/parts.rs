//! The parts that fail: a PostgreSQL and an `lcr serve`, each a process of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use lcr_facade::cluster::{Cluster, Durability};
use lcr_facade::smart;
use lcr_facade::store::{Store, create_database};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};

use crate::common::source_claims;

/// The database of every service here.
pub const RECORD: &str = "record";

/// How long something may take that has to come, on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds, asking again and again.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) -> Duration {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

/// A folder that is gone when the test ends.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A PostgreSQL that keeps what it was told to keep.
pub struct Postgres {
    pub home: PathBuf,
    cluster: Option<Cluster>,
}

impl Postgres {
    /// Starts one in this folder, with an empty record in it.
    pub async fn start(home: PathBuf) -> Postgres {
        let mut postgres = Postgres { home, cluster: None };
        postgres.again().await;
        create_database(&postgres.url("postgres"), RECORD).await.expect("a database");
        let store = Store::connect(&postgres.url(RECORD), 1).expect("a store");
        store.migrate().await.expect("migrations");
        store.close().await;
        postgres
    }

    /// Takes the cluster that is in a folder.
    pub async fn of(home: PathBuf) -> Postgres {
        let mut postgres = Postgres { home, cluster: None };
        postgres.again().await;
        postgres
    }

    /// Starts it again, as whoever supervises it would.
    pub async fn again(&mut self) {
        self.try_again().await.expect("a PostgreSQL");
    }

    /// The same; says why it does not start.
    pub async fn try_again(&mut self) -> Result<(), String> {
        drop(self.cluster.take());
        let home = self.home.clone();
        let start = move || Cluster::start(&home, Durability::Durable, &|_| ()).map_err(|error| error.to_string());
        self.cluster = Some(tokio::task::spawn_blocking(start).await.expect("a thread")?);
        Ok(())
    }

    pub fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("a PostgreSQL that runs")
    }

    pub fn url(&self, database: &str) -> String {
        self.cluster().url(database)
    }

    /// Sends the postmaster a signal.
    pub fn signal(&self, signal: Signal) {
        send(self.cluster().pid(), signal);
    }

    /// A connection to the record, as whoever owns it.
    pub async fn sql(&self) -> PgConnection {
        let began = Instant::now();
        loop {
            match PgConnection::connect(&self.url(RECORD)).await {
                Ok(connection) => return connection,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A statement whose outcome does not matter or is seen elsewhere.
    pub async fn run(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.sql().await).await.expect(statement);
    }

    /// A token of a client that shares in and reads its own.
    pub async fn token(&self) -> String {
        let store = Store::connect(&self.url(RECORD), 1).expect("a store");
        let token = smart::issue(&store, &source_claims("faults"), 24 * 3600).await.expect("a token");
        store.close().await;
        token
    }
}

pub fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    // One that has just ended by itself is as good as killed.
    let _ = kill_process(pid, signal);
}

/// A running `lcr serve`.
pub struct Service {
    process: Child,
    pub base: String,
    command: Box<dyn Fn() -> Command + Send>,
}

impl Service {
    /// Starts one over this database, with more in its surroundings, and waits until it is ready.
    pub async fn start(database: &str, name: &str, more: &[(&str, &str)]) -> Service {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let own = [
            ("LCR_DATABASE_URL", database.to_owned()),
            ("LCR_LISTEN", format!("127.0.0.1:{port}")),
            ("LCR_WORKERS", "2".to_owned()),
            ("LCR_CONNECTIONS", "4".to_owned()),
            // Its writes hold no more than what they are about.
            ("LCR_PROFILE", "off".to_owned()),
            ("RUST_LOG", "info".to_owned()),
        ];
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let surroundings: Vec<(String, String)> =
            own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{name}.log"));
        let _ = std::fs::remove_file(&log);
        let command = Box::new(move || {
            let log = File::options().create(true).append(true).open(&log).expect("a log");
            let mut command = Command::new(env!("CARGO_BIN_EXE_lcr"));
            command.arg("serve").envs(surroundings.iter().cloned()).stdout(Stdio::null()).stderr(log);
            command
        });
        let process = command().spawn().expect("lcr serve");
        let mut service = Service { process, base: format!("http://127.0.0.1:{port}"), command };
        service.ready().await;
        service
    }

    /// Waits until it says that it is ready; says how long that took.
    pub async fn ready(&mut self) -> Duration {
        let began = Instant::now();
        loop {
            if self.health().await == Some(200) {
                return began.elapsed();
            }
            assert!(self.ended().is_none(), "the service ended by itself, see its log under target/tmp");
            assert!(began.elapsed() < PATIENCE, "it is not ready within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The status of /health/ready.
    pub async fn health(&self) -> Option<u16> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
        Some(client.get(format!("{}/health/ready", self.base)).send().await.ok()?.status().as_u16())
    }

    pub fn signal(&self, signal: Signal) {
        send(self.process.id(), signal);
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("wait")
    }

    /// Waits for its end.
    pub async fn end(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "it has not ended within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts it again at the same address, as whoever supervises it would, and waits until it is ready.
    pub async fn again(&mut self) -> Duration {
        let began = Instant::now();
        // PostgreSQL may not take connections yet; then it ends, and is started again.
        while self.health().await != Some(200) {
            if self.ended().is_some() {
                self.process = (self.command)().spawn().expect("lcr serve");
            }
            assert!(began.elapsed() < PATIENCE, "it is not ready within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Numbers that look random and can be had again: which they are is printed with a failure by the seed.
pub struct Dice(pub u64);

impl Dice {
    /// Below this.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// A moment of up to so many milliseconds.
    pub async fn moment(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.below(most))).await;
    }
}
