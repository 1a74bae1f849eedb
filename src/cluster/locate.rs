//! Where a running private cluster is reachable: the address itself, and how another process finds it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::home::place_of;
use super::{ClusterError, ROLE};

/// Where a private cluster listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    socket_dir: PathBuf,
}

impl Address {
    pub(super) fn new(socket_dir: PathBuf) -> Address {
        Address { socket_dir }
    }

    /// The folder that holds the server's unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// A URL for `database`, as sqlx and libpq read it. Port and sslmode are spelled out so that PGPORT and PGSSLMODE of
    /// the surroundings change nothing.
    pub fn url(&self, database: &str) -> String {
        let host = percent_encode(&self.socket_dir.to_string_lossy());
        format!("postgres:///{}?host={host}&port=5432&user={ROLE}&sslmode=disable", percent_encode(database))
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.socket_dir.join(SOCKET)
    }
}

/// The name PostgreSQL gives its socket on port 5432.
pub(super) const SOCKET: &str = ".s.PGSQL.5432";

/// The cluster of `home` when it is running and takes connections, whoever started it.
pub fn locate(home: &Path) -> Result<Option<Address>, ClusterError> {
    let data = place_of(&home.join("pg")).join("data");
    let file = PidFile::read(&data).map_err(|source| match (source.kind(), fs::metadata(&data)) {
        (ErrorKind::PermissionDenied, Ok(found)) => ClusterError::owned(&data, found.uid()),
        _ => ClusterError::Folder { path: data.clone(), source },
    })?;
    let address = file.filter(|file| file.ready).map(|file| Address::new(file.socket_dir));
    Ok(address.filter(|address| UnixStream::connect(address.socket()).is_ok()))
}

impl ClusterError {
    pub(super) fn owned(path: &Path, owner: u32) -> ClusterError {
        ClusterError::Owner { path: path.into(), owner, you: rustix::process::geteuid().as_raw() }
    }
}

/// The lines of a data folder's `postmaster.pid` that matter here.
#[derive(Debug)]
pub(super) struct PidFile {
    pub pid: u32,
    pub socket_dir: PathBuf,
    pub ready: bool,
}

impl PidFile {
    /// None when there is no such file, or when it is still being written.
    pub fn read(data: &Path) -> io::Result<Option<PidFile>> {
        let text = match fs::read_to_string(data.join("postmaster.pid")) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(error),
        };
        let line: Vec<&str> = text.lines().collect();
        let pid = line.first().and_then(|pid| pid.trim().parse().ok());
        Ok(pid.map(|pid| PidFile {
            pid,
            socket_dir: line.get(4).unwrap_or(&"").into(),
            ready: line.get(7).is_some_and(|status| ["ready", "standby"].contains(&status.trim())),
        }))
    }
}

/// Everything but RFC 3986's unreserved characters, so also the `+` that a query string reads as a space.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
