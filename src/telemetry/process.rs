//! What the process uses of the machine, under the names that Prometheus gives it, read from Linux's /proc. Where that is
//! not there the figures stay at nought.
//!
//! The crate that prometheus would take for it (procfs 0.17) brings a second rustix.

use std::fs;

use prometheus::{Counter, Gauge, IntGauge, Registry};

use super::metrics::MetricsError;

/// The figures of this process.
pub struct Process {
    cpu: Counter,
    memory: IntGauge,
    threads: IntGauge,
    files: IntGauge,
    most_files: IntGauge,
    started: Gauge,
}

impl Process {
    /// Registers them.
    pub fn register(registry: &Registry) -> Result<Process, MetricsError> {
        let process = Process {
            cpu: Counter::new("process_cpu_seconds_total", "CPU time spent, in seconds")?,
            memory: IntGauge::new("process_resident_memory_bytes", "Memory that is in use")?,
            threads: IntGauge::new("process_threads", "Threads")?,
            files: IntGauge::new("process_open_fds", "File descriptors that are open")?,
            most_files: IntGauge::new("process_max_fds", "File descriptors that may be open")?,
            started: Gauge::new("process_start_time_seconds", "When the process began, in seconds since 1970")?,
        };
        registry.register(Box::new(process.cpu.clone()))?;
        for gauge in [&process.memory, &process.threads, &process.files, &process.most_files] {
            registry.register(Box::new(gauge.clone()))?;
        }
        registry.register(Box::new(process.started.clone()))?;
        Ok(process)
    }

    /// Looks at the process.
    pub fn look(&self) {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        // The command's name stands in brackets and may hold anything; what follows are numbers.
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let numbers: Vec<f64> = stat.rsplit_once(')').map_or_else(Vec::new, |(_, rest)| {
            rest.split_whitespace().map(|word| word.parse().unwrap_or_default()).collect()
        });
        // proc(5) counts from 1, and the state, which follows the bracket, is its third.
        let field = |number: usize| numbers.get(number - 3).copied().unwrap_or_default();
        let spent = (field(14) + field(15)) / ticks;
        self.cpu.inc_by((spent - self.cpu.get()).max(0.0));
        self.threads.set(field(20) as i64);
        self.memory.set(field(24) as i64 * rustix::param::page_size() as i64);
        self.started.set(booted() + field(22) / ticks);
        self.files.set(fs::read_dir("/proc/self/fd").map_or(0, |open| open.count() as i64));
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        self.most_files.set(limit.and_then(|most| i64::try_from(most).ok()).unwrap_or(i64::MAX));
    }
}

/// When the machine began, in seconds since 1970.
fn booted() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "));
    line.and_then(|seconds| seconds.trim().parse().ok()).unwrap_or_default()
}
