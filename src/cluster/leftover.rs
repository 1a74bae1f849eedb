//! Servers that outlived the process that started them (kill -9): told apart from every other process, and stopped.
//! Called with the home's lock held, so no other `lcr` runs the server on purpose.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::home::Home;
use super::{ClusterError, POLL};

/// Stops what still runs on the data of `home`: the server itself, or backends that a killed server left behind (a new
/// server refuses to start while one of them is attached to the shared memory).
pub(super) fn stop_server(home: &Home, say: &dyn Fn(&str)) -> Result<(), ClusterError> {
    let name = home.cluster_name()?;
    let is_server = |args: &[String]| runs(args, "postgres") && args.contains(&format!("cluster_name={name}"));
    // Backends rename themselves, with the cluster's name in front.
    let is_backend = |args: &[String]| args.join(" ").starts_with(&format!("postgres: {name}: "));
    let is_either = |args: &[String]| is_server(args) || is_backend(args);
    if let Some(pid) = find(is_server).first() {
        say(&format!("stopping the server that an earlier run left behind (process {pid})"));
    }
    if stop(Signal::INT, &is_server, Duration::from_secs(30))?.is_none()
        && stop_waiting(&is_backend, Duration::from_secs(1)).is_none()
    {
        return Ok(());
    }
    match stop(Signal::KILL, &is_either, Duration::from_secs(5))? {
        None => Ok(()),
        Some(pid) => Err(ClusterError::Leftover { pid }),
    }
}

/// Stops an initdb that still works on the folder `data`.
pub(super) fn stop_initdb(data: &Path) -> Result<(), ClusterError> {
    let data = data.display().to_string();
    let is_initdb = |args: &[String]| runs(args, "initdb") && args.contains(&data);
    match stop(Signal::KILL, &is_initdb, Duration::from_secs(5))? {
        None => Ok(()),
        Some(pid) => Err(ClusterError::Leftover { pid }),
    }
}

/// Signals each process that matches and waits for all to end; the pid of one that did not.
fn stop(signal: Signal, matches: &dyn Fn(&[String]) -> bool, patience: Duration) -> Result<Option<u32>, ClusterError> {
    for pid in find(matches) {
        let Some(target) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { continue };
        match kill_process(target, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(_) => return Err(ClusterError::Leftover { pid }),
        }
    }
    Ok(stop_waiting(matches, patience))
}

fn stop_waiting(matches: &dyn Fn(&[String]) -> bool, patience: Duration) -> Option<u32> {
    let deadline = Instant::now() + patience;
    loop {
        let left = find(matches).first().copied();
        if left.is_none() || Instant::now() > deadline {
            return left;
        }
        thread::sleep(POLL);
    }
}

fn runs(args: &[String], program: &str) -> bool {
    args.first().is_some_and(|path| Path::new(path).file_name().is_some_and(|name| name == program))
}

/// The live processes whose command line matches. A zombie's is empty, so it never does.
fn find(matches: impl Fn(&[String]) -> bool) -> Vec<u32> {
    let mut processes = from_proc();
    if processes.is_empty() {
        processes = from_ps();
    }
    processes.retain(|(_, args)| matches(args));
    processes.into_iter().map(|(pid, _)| pid).collect()
}

/// Linux. The command line is readable whoever owns the process; its exe and cwd are not, even to root in a container.
fn from_proc() -> Vec<(u32, Vec<String>)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let process = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let args = line.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned());
        Some((pid, args.collect()))
    };
    entries.flatten().filter_map(process).collect()
}

/// Systems without /proc.
fn from_ps() -> Vec<(u32, Vec<String>)> {
    let Ok(output) = Command::new("ps").args(["-axo", "pid=,command="]).output() else { return Vec::new() };
    let process = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().ok()?, words.map(String::from).collect()))
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(process).collect()
}
