//! Processes: commands run to their end, the service while it is measured, and what each took of the machine, from /proc.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// Clock ticks of /proc a second: Linux has 100 on every architecture.
const TICKS: f64 = 100.0;

/// The `lcr` that was built with this program.
pub fn lcr() -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name("lcr");
    match path.is_file() {
        true => Ok(path),
        false => Err(format!("{} is not there: cargo build --release first (make bench does)", path.display()).into()),
    }
}

/// A command of `lcr`, with no setting but these.
pub fn command(database: &str) -> Result<Command, Failure> {
    let mut command = Command::new(lcr()?);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LCR_") || name == "RUST_LOG") {
        command.env_remove(name);
    }
    command.env("LCR_DATABASE_URL", database);
    Ok(command)
}

/// Runs to the end; gives what it printed, or says how it failed.
pub fn run(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name} cannot be run: {error}; `sh scripts/setup.sh bench` installs it"))?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(out.into_owned()),
        false => Err(format!("{name} ended with {}: {}{}", output.status, tail(&out), tail(&err)).into()),
    }
}

/// The last few lines.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

/// CPU-seconds of this process so far, of its threads and of its children that have ended.
pub fn cpu_of(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold spaces; 11 fields after it come utime, stime, cutime, cstime.
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// CPU-seconds of a PostgreSQL so far: the server and its processes.
pub fn cpu_of_postgres(server: u32) -> f64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    let children = pids.filter(|pid| parent_of(*pid) == Some(server));
    cpu_of(server) + children.map(cpu_of).sum::<f64>()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The running service.
pub struct Service {
    child: Child,
    pub address: String,
    /// Seconds from its start until it was ready.
    pub ready_after: f64,
}

impl Service {
    /// `lcr serve` as it comes: every setting but where it listens is the default.
    pub fn start(database: &str, log: &Path) -> Result<Service, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let log = fs::File::create(log)?;
        let mut command = command(database)?;
        command.arg("serve").env("LCR_LISTEN", &address);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let began = Instant::now();
        let mut service = Service { child: command.spawn()?, address, ready_after: 0.0 };
        while !service.is_ready() {
            if let Some(status) = service.child.try_wait()? {
                return Err(format!("lcr serve ended with {status}; its log says why").into());
            }
            if began.elapsed() > Duration::from_secs(30) {
                return Err("lcr serve was not ready after 30 s; its log says why".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        service.ready_after = began.elapsed().as_secs_f64();
        Ok(service)
    }

    /// Whether /health/ready says so.
    fn is_ready(&self) -> bool {
        use std::io::{Read, Write};
        let Ok(mut stream) = TcpStream::connect(&self.address) else { return false };
        let asked = write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        let mut answer = String::new();
        asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// CPU-seconds so far.
    pub fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }

    /// MiB of memory, now and at the most.
    pub fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1024.0
        };
        (field("VmRSS:"), field("VmHWM:"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // SIGTERM would let it finish what is under way; nothing is.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
