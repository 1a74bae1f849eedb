//! A real `lcr` beside a test's database, with its log in a file.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A port that nobody listens on.
pub fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Waits until something is so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{what}: not after two minutes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A process that runs.
pub struct Service {
    process: Child,
    pub url: String,
    log: PathBuf,
}

impl Service {
    /// Starts `lcr serve` or `lcr demo`, and waits until it is ready.
    pub async fn start(command: &str, database: &str, settings: &[(&str, &str)]) -> Service {
        let address = free_address();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let log = folder.join(format!("observe-{}.log", address.replace(':', "-")));
        let process = Command::new(env!("CARGO_BIN_EXE_lcr"))
            .arg(command)
            .env("LCR_LISTEN", &address)
            .env("LCR_DATABASE_URL", database)
            .env("LCR_HOME", folder.join("observe-home"))
            .env("LCR_LOG_FORMAT", "json")
            .env("LCR_WORKERS", "2")
            .env_remove("RUST_LOG")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("lcr starts");
        let mut service = Service { process, url: format!("http://{address}"), log };
        let client = reqwest::Client::new();
        let probe = format!("{}/health/ready", service.url);
        until("lcr is ready", async || {
            let ended = service.process.try_wait().expect("its state");
            assert!(ended.is_none(), "lcr ended by itself: {}", service.log());
            client.get(&probe).send().await.is_ok_and(|answer| answer.status() == 200).then_some(())
        })
        .await;
        service
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// Stops it as an operator would: what it has to say it says. Gives its log.
    pub async fn stop(mut self) -> String {
        let id = i32::try_from(self.process.id()).expect("a process id");
        kill_process(Pid::from_raw(id).expect("a process"), Signal::TERM).expect("a signal");
        until("lcr stops", async || self.process.try_wait().expect("its state")).await;
        self.log()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}
