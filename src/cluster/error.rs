//! What can go wrong with the private cluster, each with what to do about it.

use std::io;
use std::path::PathBuf;

/// Why the private PostgreSQL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("cannot use {path} for the private database: {source}. Give LCR_HOME a folder you may write to")]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "the private database in {home} is in use by process {pid}. Stop that process, or give this one another LCR_HOME (and LCR_LISTEN)"
    )]
    Busy { home: PathBuf, pid: String },
    #[error(
        "the private database in {path} belongs to user id {owner}, and you are {you}. Do this as that user (as root, put sudo in front), or give LCR_HOME another folder"
    )]
    Owner { path: PathBuf, owner: u32, you: u32 },
    #[error("PostgreSQL {min} or later is needed. Do this, then try again: {command}. Why: {why}", min = super::install::OLDEST)]
    NoServer { why: String, command: String },
    #[error(
        "the private database in {path} was made by PostgreSQL {major}, which is no longer installed. Install PostgreSQL {major} (or set LCR_PG_BIN to its bin folder), or delete {path} to start afresh"
    )]
    OtherVersion { path: PathBuf, major: u32 },
    #[error(
        "PostgreSQL refuses to run as root, and user id {uid}, which would run it, cannot enter {path} or run {program}. Open the way (chmod o+x on the folders above), or give LCR_HOME a folder under /var/lib or /tmp"
    )]
    CannotEnter { uid: u32, path: PathBuf, program: PathBuf },
    #[error(
        "the private PostgreSQL could not {what}: {reason}. See below why, and try again; or set LCR_DATABASE_URL to use a PostgreSQL of your own. The end of {log}:\n{tail}"
    )]
    Failed { what: &'static str, reason: String, log: PathBuf, tail: String },
    #[error(
        "PostgreSQL process {pid} of the private database will not stop. End it (sudo kill -9 {pid}), then try again"
    )]
    Leftover { pid: u32 },
}
