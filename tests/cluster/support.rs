//! Temporary homes, psql, and another process that holds a cluster.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lcr_facade::cluster::{Cluster, Durability, Tools};

/// A folder that is gone when the test ends.
pub struct Temp(pub PathBuf);

impl Temp {
    pub fn new() -> Temp {
        Temp::under(&std::env::temp_dir(), 0o755)
    }

    pub fn under(parent: &Path, mode: u32) -> Temp {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = parent.join(format!("lcr-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        Temp(path)
    }

    pub fn home(&self) -> PathBuf {
        self.0.join("home")
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn start(home: &Path) -> Cluster {
    Cluster::start(home, Durability::Throwaway, &|text| eprintln!("{text}")).unwrap()
}

pub fn psql(url: &str) -> Command {
    let psql = Tools::find().unwrap().unwrap().program("psql");
    let mut command = Command::new(if psql.exists() { psql } else { "psql".into() });
    command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]);
    command
}

pub fn query(url: &str, sql: &str) -> String {
    let output = psql(url).args(["-c", sql]).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().into()
}

pub fn kill(signal: &str, pid: u32) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status().unwrap().success());
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// Whether the process runs (a zombie does not).
pub fn alive(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

pub fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Another process that holds a cluster: this test program again, running `hold` below.
pub struct Holder {
    pub process: Child,
    /// Kept open: the test program dies of a broken pipe otherwise.
    _stdout: BufReader<ChildStdout>,
    pub url: String,
    pub postgres: u32,
}

impl Holder {
    pub fn command(program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["--exact", "hold", "--nocapture", "--test-threads=1"]);
        command.env("HOLD_HOME", home).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    pub fn start(home: &Path) -> Holder {
        Holder::run(&mut Holder::command(&std::env::current_exe().unwrap(), home))
    }

    pub fn run(command: &mut Command) -> Holder {
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut said = Vec::new();
        for line in stdout.by_ref().lines().map_while(Result::ok) {
            if let Some((_, ready)) = line.split_once("ready: ") {
                let (url, postgres) = ready.split_once(' ').unwrap();
                return Holder { process, _stdout: stdout, url: url.into(), postgres: postgres.parse().unwrap() };
            }
            said.push(line);
        }
        let status = process.wait().unwrap();
        panic!("the holder failed, {status}: {said:?}");
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn end(&mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}
