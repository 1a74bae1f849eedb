//! A private PostgreSQL server of our own, for `lcr demo` and for tests: found or installed, initialised, started, stopped.
//! It owns `<home>/pg` and nothing else: it never looks at, connects to or stops a server that is not of that folder.
//!
//! ```text
//! <home>/pg/lock       held (flock) by the process that runs the server; names its pid
//! <home>/pg/data       the data folder; `data.new` while it is being made
//! <home>/pg/sock       the unix socket, the only way in; a short folder elsewhere when this path is too long
//! <home>/pg/log        what the server says (`log.1`: the run before)
//! <home>/pg/elsewhere  a link to where data and sock are, when the server's user cannot enter <home>
//! ```

mod error;
mod home;
mod install;
mod leftover;
mod locate;
mod run_as;

pub use error::ClusterError;
pub use install::Tools;
pub use locate::{Address, locate};

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use home::Home;
use locate::PidFile;
use run_as::RunAs;
use rustix::process::{Pid, Signal, kill_process};

/// The one superuser of a private cluster.
const ROLE: &str = "lcr";
/// How long the server may stay silent while it starts. A recovery that reports progress may take longer.
const SILENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// What a crash of the machine may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit is on disk when it returns.
    Durable,
    /// Nothing is flushed, and a server that is killed may lose its last commits: for tests.
    Throwaway,
}

/// A running private PostgreSQL; dropping it stops the server.
#[derive(Debug)]
pub struct Cluster {
    child: Child,
    address: Address,
    home: Home,
    /// Keeps the thread alive that started the server: the kernel stops the server when that thread ends.
    _starter: Sender<()>,
}

impl Cluster {
    /// Starts the server of `home`, making (and, where needed, installing) what is missing. `say` hears what goes on.
    pub fn start(home: &Path, durability: Durability, say: &dyn Fn(&str)) -> Result<Cluster, ClusterError> {
        let mut home = Home::lock(home)?;
        let tools = install::find_or_install(home.data_version()?, say)?;
        let run_as = match RunAs::choose(&home, &tools) {
            Err(ClusterError::CannotEnter { .. }) if !home.has_data() => {
                home.move_elsewhere(durability, say)?;
                RunAs::choose(&home, &tools)?
            }
            chosen => chosen?,
        };
        if home.has_data() {
            leftover::stop_server(&home, say)?;
        } else {
            say(&format!("making a private PostgreSQL {} in {}", tools.major, home.data().display()));
            home.init(&tools, &run_as, durability)?;
        }
        home.forget_last_run(&run_as)?;
        let address = Address::new(home.make_socket_dir(&run_as)?);
        let mut command = run_as.command(&tools.program("postgres"));
        command.arg("-D").arg(home.data());
        for setting in settings(durability, &home, &address)? {
            command.arg("-c").arg(setting);
        }
        let log = home.open_log()?;
        // A group of its own: Ctrl-C in the terminal must reach `lcr` alone, which still needs the server to finish its work.
        command.stdin(Stdio::null()).stdout(log.1).stderr(log.0).process_group(0);
        let (child, starter) = spawn(command).map_err(|error| home.failed("be run", error.to_string()))?;
        let mut cluster = Cluster { child, address, home, _starter: starter };
        cluster.wait_ready(say)?;
        Ok(cluster)
    }

    /// A URL for `database`, as sqlx and libpq read it.
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// The folder that holds the server's unix socket.
    pub fn socket_dir(&self) -> &Path {
        self.address.socket_dir()
    }

    /// The pid of the server.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server and says when that failed; a drop does the same in silence.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        let status = self.halt()?;
        match status.success() {
            true => Ok(()),
            false => Err(self.home.failed("stop cleanly", status.to_string())),
        }
    }

    fn wait_ready(&mut self, say: &dyn Fn(&str)) -> Result<(), ClusterError> {
        let begin = Instant::now();
        let (mut said, mut heard, mut log_size) = (begin, begin, 0);
        loop {
            match self.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => return Err(self.home.failed("start", format!("it ended with {status}"))),
                Err(error) => return Err(self.home.failed("be watched", error.to_string())),
            }
            let ready = PidFile::read(self.home.data())
                .is_ok_and(|file| file.is_some_and(|file| file.ready && file.pid == self.child.id()));
            if ready && UnixStream::connect(self.address.socket()).is_ok() {
                return Ok(());
            }
            let size = self.home.log_size();
            if size != log_size {
                (heard, log_size) = (Instant::now(), size);
            }
            if heard.elapsed() > SILENCE {
                let failed = self.home.failed("start", format!("no sign of progress for {} s", SILENCE.as_secs()));
                return Err(failed);
            }
            if said.elapsed() > Duration::from_secs(2) {
                said = Instant::now();
                let last = self.home.log_tail(1);
                say(&format!("waiting for PostgreSQL, {} s so far: {last}", begin.elapsed().as_secs()));
            }
            thread::sleep(POLL);
        }
    }

    /// Fast shutdown; then, for one that hangs, immediate shutdown (recovered at the next start), then the kill.
    fn halt(&mut self) -> Result<ExitStatus, ClusterError> {
        for (signal, patience) in [(Signal::INT, 30), (Signal::QUIT, 5), (Signal::KILL, 5)] {
            // Asked for first: once reaped, the pid may be another process's.
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(status);
            }
            if let Err(error) = kill_process(Pid::from_child(&self.child), signal) {
                return Err(self.home.failed("be stopped", error.to_string()));
            }
            let deadline = Instant::now() + Duration::from_secs(patience);
            while Instant::now() < deadline {
                if let Ok(Some(status)) = self.child.try_wait() {
                    return Ok(status);
                }
                thread::sleep(POLL / 2);
            }
        }
        Err(ClusterError::Leftover { pid: self.child.id() })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nobody is left to tell: the next start finds and stops what would not end.
        let _ = self.halt();
        self.home.leave_socket_dir(self.address.socket_dir());
    }
}

/// Starts `command` from a thread that lives until the sender is dropped. The parent-death signal fires when the *thread*
/// that forked ends, so the caller's own thread (of a pool, of a test) will not do.
fn spawn(mut command: Command) -> io::Result<(Child, Sender<()>)> {
    let (started, child) = channel();
    let (starter, end) = channel::<()>();
    thread::Builder::new().name("postgres-parent".into()).spawn(move || {
        let _ = started.send(command.spawn());
        let _ = end.recv();
    })?;
    let child = child.recv().map_err(io::Error::other)??;
    Ok((child, starter))
}

fn settings(durability: Durability, home: &Home, address: &Address) -> Result<Vec<String>, ClusterError> {
    let mut settings: Vec<String> = [
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "timezone=UTC",
        "log_timezone=UTC",
        "lc_messages=C",
        "max_connections=200",
        "shared_buffers=128MB",
        "wal_level=replica",
        "jit=off",
        "log_checkpoints=off",
        "logging_collector=off",
        "log_destination=stderr",
    ]
    .map(String::from)
    .to_vec();
    if durability == Durability::Throwaway {
        settings.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=off"].map(String::from));
    }
    settings.push(format!("unix_socket_directories={}", address.socket_dir().display()));
    settings.push(format!("cluster_name={}", home.cluster_name()?));
    Ok(settings)
}
