//! The folders and files of a private cluster: the lock, the data folder and how it is made, the socket's folder, the log.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::install::Tools;
use super::locate::SOCKET;
use super::run_as::RunAs;
use super::{ClusterError, Durability, POLL, ROLE, leftover};

/// The longest socket path that every system takes (Linux: 107 bytes, macOS: 103).
const LONGEST_SOCKET: usize = 103;

/// A locked `<home>/pg`.
#[derive(Debug)]
pub(super) struct Home {
    /// `<home>/pg`, absolute.
    pg: PathBuf,
    /// Where data and sock are: `pg`, or what `pg/elsewhere` links to.
    place: PathBuf,
    data: PathBuf,
    /// Locked until dropped, or until this process dies.
    lock: File,
}

/// Where the data of `<home>/pg` is.
pub(super) fn place_of(pg: &Path) -> PathBuf {
    fs::read_link(pg.join("elsewhere")).unwrap_or_else(|_| pg.into())
}

fn make_pg(home: &Path) -> io::Result<PathBuf> {
    if let Some(parent) = home.parent() {
        fs::create_dir_all(parent)?;
    }
    let pg = home.join("pg");
    for folder in [home, &pg] {
        match fs::create_dir(folder) {
            // Whatever the umask: another user will run the server, and must find data and sock in there.
            Ok(()) if rustix::process::geteuid().is_root() => {
                fs::set_permissions(folder, Permissions::from_mode(0o711))?
            }
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    pg.canonicalize()
}

fn folder_error(path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    move |source| ClusterError::Folder { path: path.into(), source }
}

impl Home {
    /// Makes `<home>/pg` where it is missing and takes its lock, or says who has it.
    pub fn lock(home: &Path) -> Result<Home, ClusterError> {
        let pg = make_pg(home).map_err(folder_error(home))?;
        // Such a name could not be given to the server, or told apart in its pid file.
        if pg.to_str().is_none_or(|path| path.contains(char::is_control)) {
            let source = io::Error::other("its name must be UTF-8 without control characters");
            return Err(ClusterError::Folder { path: home.into(), source });
        }
        let lock_path = pg.join("lock");
        let open = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&lock_path);
        let mut lock = open.map_err(folder_error(&lock_path))?;
        // A killed holder's lock is gone only when the kernel has taken the process apart, so one refusal proves nothing.
        let deadline = Instant::now() + Duration::from_millis(300);
        while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(folder_error(&lock_path)(error.into()));
            }
            if Instant::now() > deadline {
                let mut pid = String::new();
                let _ = lock.read_to_string(&mut pid);
                return Err(ClusterError::Busy { home: home.into(), pid: pid.trim().into() });
            }
            thread::sleep(POLL);
        }
        let written = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        written.map_err(folder_error(&lock_path))?;
        let place = place_of(&pg);
        Ok(Home { data: place.join("data"), pg, place, lock })
    }

    pub fn place(&self) -> &Path {
        &self.place
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn has_data(&self) -> bool {
        fs::symlink_metadata(&self.data).is_ok()
    }

    /// The major version of PostgreSQL that made the data, if there is any.
    pub fn data_version(&self) -> Result<Option<(u32, &Path)>, ClusterError> {
        if !self.has_data() {
            return Ok(None);
        }
        let text =
            fs::read_to_string(self.data.join("PG_VERSION")).map_err(|source| match fs::metadata(&self.data) {
                Ok(data) if source.kind() == ErrorKind::PermissionDenied => ClusterError::owned(&self.data, data.uid()),
                _ => ClusterError::Folder { path: self.data.clone(), source },
            })?;
        let unclear = || io::Error::other("PG_VERSION does not hold a version");
        let version = text.trim().parse().map_err(|_| folder_error(&self.data)(unclear()))?;
        Ok(Some((version, &self.data)))
    }

    /// A name that no other cluster's processes carry, and that a copied folder does not inherit.
    pub fn cluster_name(&self) -> Result<String, ClusterError> {
        let data = fs::metadata(&self.data).map_err(folder_error(&self.data))?;
        Ok(format!("lcr-{:x}-{:x}", data.dev(), data.ino()))
    }

    /// Puts the data under a folder that any user may enter, and a link to it here.
    pub fn move_elsewhere(&mut self, durability: Durability, say: &dyn Fn(&str)) -> Result<(), ClusterError> {
        let pg = fs::metadata(&self.pg).map_err(folder_error(&self.pg))?;
        let bases: &[&str] = if durability == Durability::Durable { &["/var/lib", "/tmp"] } else { &["/tmp"] };
        let names = (0..100).map(|n| format!("lcr-{:x}-{:x}-{n}", pg.dev(), pg.ino()));
        let mut paths = bases.iter().flat_map(|base| names.clone().map(move |name| Path::new(base).join(name)));
        // Never one that exists: it could be anybody's.
        let made = paths.find(|path| DirBuilder::new().mode(0o711).create(path).is_ok());
        let none = || folder_error(&self.pg)(io::Error::other("nor can a folder be made under /var/lib or /tmp"));
        let place = made.ok_or_else(none)?;
        fs::set_permissions(&place, Permissions::from_mode(0o711)).map_err(folder_error(&place))?;
        let link = self.pg.join("elsewhere");
        let _ = fs::remove_file(&link);
        symlink(&place, &link).map_err(folder_error(&link))?;
        say(&format!(
            "only root may enter {}, and PostgreSQL refuses to run as root: its data goes to {} (delete both together)",
            self.pg.display(),
            place.display()
        ));
        self.data = place.join("data");
        self.place = place;
        Ok(())
    }

    /// Runs initdb in a folder beside and renames it when complete, so that `data` is never half made.
    pub fn init(&self, tools: &Tools, run_as: &RunAs, durability: Durability) -> Result<(), ClusterError> {
        let new = self.place.join("data.new");
        leftover::stop_initdb(&new)?;
        remove_all(&new).map_err(folder_error(&new))?;
        let made = DirBuilder::new().mode(0o700).create(&new).and_then(|()| run_as.give(&new));
        made.map_err(folder_error(&new))?;
        let mut command = run_as.command(&tools.program("initdb"));
        command.arg("-D").arg(&new).args(["--username", ROLE, "--auth-local=trust", "--auth-host=reject"]);
        command.args(["--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]);
        if durability == Durability::Throwaway {
            command.arg("--no-sync");
        }
        let failed = |reason: String, tail: String| ClusterError::Failed {
            what: "be initialised",
            reason,
            log: "what initdb said".into(),
            tail,
        };
        let output = command.output().map_err(|error| failed(error.to_string(), String::new()))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(failed(output.status.to_string(), String::from_utf8_lossy(&said).trim().into()));
        }
        let renamed = fs::rename(&new, &self.data).and_then(|()| File::open(&self.place)?.sync_all());
        renamed.map_err(folder_error(&self.data))
    }

    /// Removes what a killed server left: no process of this cluster runs (see `leftover`), and the pids in these files
    /// may be other processes' by now, which PostgreSQL itself would take for a running server.
    pub fn forget_last_run(&self, run_as: &RunAs) -> Result<(), ClusterError> {
        let pid_file = self.data.join("postmaster.pid");
        remove_file(&pid_file).map_err(folder_error(&pid_file))?;
        let socket_dir = self.socket_dir(run_as);
        for name in [SOCKET.to_string(), format!("{SOCKET}.lock")] {
            let path = socket_dir.as_ref().map(|dir| dir.join(name));
            path.ok().map_or(Ok(()), |path| remove_file(&path).map_err(folder_error(&path)))?;
        }
        Ok(())
    }

    /// `pg/sock`, or a folder with a shorter and plainer name.
    fn socket_dir(&self, run_as: &RunAs) -> Result<PathBuf, ClusterError> {
        let name = self.cluster_name()?;
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let runtime = runtime.filter(|dir| dir.is_absolute() && dir.is_dir() && !run_as.changes_user());
        let candidates = [Some(self.place.join("sock")), runtime.map(|dir| dir.join(&name))];
        let fits = |dir: &PathBuf| {
            // The setting is a list, in which commas, quotes and blanks mean something.
            let plain = |path: &str| !path.contains([',', '"']) && !path.contains(char::is_whitespace);
            dir.as_os_str().len() + 1 + SOCKET.len() <= LONGEST_SOCKET && dir.to_str().is_some_and(plain)
        };
        Ok(candidates.into_iter().flatten().find(fits).unwrap_or_else(|| Path::new("/tmp").join(name)))
    }

    /// Makes the socket's folder: only the server's user, and root, may enter it.
    pub fn make_socket_dir(&self, run_as: &RunAs) -> Result<PathBuf, ClusterError> {
        let dir = self.socket_dir(run_as)?;
        let make = || {
            match DirBuilder::new().mode(0o700).create(&dir) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            let found = fs::symlink_metadata(&dir)?;
            let ours = found.uid() == rustix::process::geteuid().as_raw() || run_as.is(found.uid());
            if !found.is_dir() || !ours {
                return Err(io::Error::other("another user made it first"));
            }
            fs::set_permissions(&dir, Permissions::from_mode(0o700))?;
            run_as.give(&dir)
        };
        make().map_err(folder_error(&dir))?;
        Ok(dir)
    }

    /// Removes a socket folder outside the home; the one inside stays for the next run.
    pub fn leave_socket_dir(&self, dir: &Path) {
        if !dir.starts_with(&self.place) {
            let _ = fs::remove_dir(dir);
        }
        // No longer held by us, whoever reads it.
        let _ = self.lock.set_len(0);
    }

    /// An empty log, opened twice (for stderr and stdout). What the last run said is kept as `log.1`.
    pub fn open_log(&self) -> Result<(File, File), ClusterError> {
        let path = self.log();
        let _ = fs::rename(&path, self.pg.join("log.1"));
        // Statements of the log can hold what patients' records hold.
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        open.and_then(|file| Ok((file.try_clone()?, file))).map_err(folder_error(&path))
    }

    pub fn log_size(&self) -> u64 {
        fs::metadata(self.log()).map_or(0, |log| log.len())
    }

    /// The last lines of the server's log.
    pub fn log_tail(&self, lines: usize) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.log())?;
            let start = file.metadata()?.len().saturating_sub(8192);
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    pub fn failed(&self, what: &'static str, reason: String) -> ClusterError {
        ClusterError::Failed { what, reason, log: self.log(), tail: self.log_tail(20) }
    }

    fn log(&self) -> PathBuf {
        self.pg.join("log")
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a folder, also while a process that is about to end still writes to it.
fn remove_all(path: &Path) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => thread::sleep(POLL),
        }
    }
}
