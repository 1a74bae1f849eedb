//! Owns what counts as wrong with a deployment, and what to do about it. Facts in, findings out: nothing is asked here.

use std::fmt::{self, Display, Formatter};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::config::Config;
use crate::store::{Checkup, Part, SchemaState, Upkeep};
use crate::tls::{Certificate, TlsError};

/// Connections beside the workers' pools: the service's own two, and those of a few commands.
const BESIDE: usize = 6;

/// Clocks that differ by more make tokens and relationships begin or end at the wrong moment: seconds.
const CLOCK_NOTED: f64 = 1.0;
const CLOCK_WRONG: f64 = 30.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    level: Level,
    what: &'static str,
    words: String,
}

impl Finding {
    /// Whether the service would not run, or not as promised.
    pub fn is_bad(&self) -> bool {
        self.level == Level::Bad
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Good => "ok",
            Level::Warning => "warn",
            Level::Bad => "WRONG",
        };
        write!(f, "{level:<7}{:<15}{}", self.what, self.words)
    }
}

/// As it should be.
pub fn good(what: &'static str, words: String) -> Finding {
    Finding { level: Level::Good, what, words }
}

/// To be thought about.
pub fn warning(what: &'static str, words: String) -> Finding {
    Finding { level: Level::Warning, what, words }
}

/// Wrong; the words say what to do.
pub fn bad(what: &'static str, words: String) -> Finding {
    Finding { level: Level::Bad, what, words }
}

/// The last line.
pub fn sum(findings: &[Finding]) -> String {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    match (count(Level::Bad), count(Level::Warning)) {
        (0, 0) => "Nothing is wrong.".to_owned(),
        (0, warnings) => format!("Nothing is wrong; to think about: {warnings}."),
        (wrong, warnings) => format!("Wrong: {wrong}; to think about: {warnings}."),
    }
}

/// Where callers come in.
pub fn addresses(config: &Config) -> Vec<Finding> {
    let what = "address";
    let local = config.listen.ip().is_loopback();
    vec![match &config.public_url {
        None if local => warning(what, format!("only this machine reaches {}; public_url is not set", config.root())),
        None => bad(
            what,
            format!(
                "public_url is not set: links and redirects would begin with {}, which no caller can use",
                config.root()
            ),
        ),
        Some(url) if url.starts_with("https://") => good(what, format!("{url}, listening on {}", config.listen)),
        Some(url) => warning(what, format!("{url} is not https: tokens and records would travel in the clear")),
    }]
}

/// Whether others on the machine may read a secret's file.
pub fn readers(key: &'static str, path: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let words = || format!("{key}: everybody on this machine may read {}; chmod o-rwx it", path.display());
    (mode & 0o007 != 0).then(|| warning("secrets", words()))
}

/// How far the database's clock is ahead of this machine's, in seconds.
pub fn clock(ahead: f64) -> Option<Finding> {
    let what = "clock";
    let words = || {
        format!("the database's clock and this machine's differ by {:.1} s: have both keep time by NTP", ahead.abs())
    };
    Some(match ahead.abs() {
        apart if apart > CLOCK_WRONG => bad(what, words()),
        apart if apart > CLOCK_NOTED => warning(what, words()),
        _ => good(what, "the database's and this machine's agree".to_owned()),
    })
}

/// The server, its settings, and the login that serves; `pools` is what the workers' connections come to.
pub fn database(checkup: &Checkup, pools: usize) -> Vec<Finding> {
    let what = "database";
    let mut findings = Vec::new();
    let (major, minor) = (checkup.version / 10_000, checkup.version % 10_000);
    findings.push(if major < 15 {
        bad(what, format!("PostgreSQL {major}.{minor}: 15 or later is needed"))
    } else {
        good(what, format!("PostgreSQL {major}.{minor}"))
    });
    let mut wrong = |so: bool, words: &str| {
        if so {
            findings.push(bad(what, words.to_owned()));
        }
    };
    wrong(checkup.encoding != "UTF8", "its encoding is not UTF8: make it with ENCODING 'UTF8'");
    wrong(
        checkup.read_only,
        "it takes no writes (a standby, or default_transaction_read_only): nothing is answered without its audit row",
    );
    wrong(!checkup.fsync, "fsync is off: what was acknowledged may be lost");
    wrong(!checkup.full_page_writes, "full_page_writes is off: a crash may leave torn pages");
    wrong(checkup.synchronous_commit == "off", "synchronous_commit is off: what was acknowledged may be lost");
    let mut think = |so: bool, words: String| {
        if so {
            findings.push(warning(what, words));
        }
    };
    think(
        checkup.encrypted == Some(false),
        "the way to it is not encrypted: add sslmode=verify-full to its URL".to_owned(),
    );
    think(
        checkup.logs_values,
        "its log may hold values of statements, which are patients' data: set log_parameter_max_length and \
         log_parameter_max_length_on_error to 0"
            .to_owned(),
    );
    think(checkup.citus.is_some(), "the extension citus is there, on which this service is untried".to_owned());
    findings.extend(connections(checkup, pools));
    findings.push(login(checkup));
    findings
}

fn connections(checkup: &Checkup, pools: usize) -> Option<Finding> {
    let what = "connections";
    let allowed = usize::try_from(checkup.connections_allowed).unwrap_or_default();
    let needed = pools + BESIDE;
    let words = format!(
        "an instance opens up to {needed}, PostgreSQL allows {allowed}, of which {} are open now",
        checkup.connections_open
    );
    Some(if allowed < needed {
        bad(what, format!("{words}: lower connections or workers, or raise max_connections"))
    } else {
        good(what, words)
    })
}

fn login(checkup: &Checkup) -> Finding {
    let (what, login) = ("role", &checkup.login);
    match checkup.may_serve {
        None => bad(what, "there is no role lcr_service: `lcr migrate` as who may make roles, or CREATE ROLE lcr_service NOLOGIN NOINHERIT".to_owned()),
        Some(false) => bad(what, format!("{login} may not take the service's role: GRANT lcr_service TO {login}")),
        Some(true) if checkup.superuser => warning(
            what,
            format!("{login} passes over row-level security by itself: let the service log in as one who is a member of lcr_service and nothing else"),
        ),
        Some(true) => good(what, format!("{login}, a member of lcr_service")),
    }
}

/// The schema, and whether there is one to look into.
pub fn schema(state: &SchemaState) -> (Finding, bool) {
    let what = "migrations";
    let numbers = |all: &[i64]| all.iter().map(|n| format!("{n:04}")).collect::<Vec<_>>().join(", ");
    match state {
        SchemaState::Empty => (bad(what, "the database is empty: run `lcr migrate`".to_owned()), false),
        SchemaState::Broken(at) => (
            bad(what, format!("{at:04} began and did not end: restore, or mend it by hand and run `lcr migrate`")),
            false,
        ),
        SchemaState::Behind(missing) => {
            (bad(what, format!("not applied: {}; run `lcr migrate`", numbers(missing))), false)
        }
        SchemaState::UpToDate => (good(what, "all are applied".to_owned()), true),
        SchemaState::Ahead(newer) => (
            warning(what, format!("a newer version has applied {}: fine while it is rolled out", numbers(newer))),
            true,
        ),
    }
}

/// Whether a part that readiness asks for is well, asked as the service.
pub fn part(part: Part, is_well: bool) -> Finding {
    let (what, remedy) = part.words();
    match (part, is_well) {
        (_, false) => bad(what, remedy.to_owned()),
        (Part::Lock, true) => {
            good(what, "the service's role owns nothing and is bound by row-level security".to_owned())
        }
        (Part::Audit, true) => good(what, "a row can be added to the trail; it was taken back".to_owned()),
        (_, true) => good(what, "well".to_owned()),
    }
}

/// The certificate that the service would show.
pub fn certificate(read: Result<Arc<Certificate>, TlsError>) -> Finding {
    let what = "certificate";
    match read {
        Err(error) => bad(what, error.to_string()),
        Ok(certificate) => match certificate.warning() {
            Some(words) => warning(what, words),
            None => good(what, "it fits its key, and is good for two weeks at least".to_owned()),
        },
    }
}

/// Keys and months.
pub fn upkeep(upkeep: &Upkeep) -> Vec<Finding> {
    let key = match upkeep.signing_key_days {
        None => "none yet: the first id_token makes one".to_owned(),
        Some(days) => format!("the key that signs id_tokens is {days:.0} days old"),
    };
    let month = match upkeep.audit_month_ahead {
        true => good("audit", "next month's rows have their partition".to_owned()),
        false => warning("audit", "next month's rows have no partition yet: a running service makes it".to_owned()),
    };
    vec![good("keys", key), month]
}

/// What is still to be indexed.
pub fn reindexing(waiting: &[&str]) -> Finding {
    let what = "indexing";
    match waiting {
        [] => good(what, "all rows are indexed by this version's rules".to_owned()),
        types => warning(what, format!("rows of {} are to be indexed again: run `lcr migrate`", types.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Checkup {
        Checkup {
            version: 150_004,
            encoding: "UTF8".to_owned(),
            login: "care_app".to_owned(),
            superuser: false,
            may_serve: Some(true),
            read_only: false,
            fsync: true,
            full_page_writes: true,
            synchronous_commit: "on".to_owned(),
            encrypted: Some(true),
            connections_allowed: 97,
            connections_open: 3,
            logs_values: false,
            citus: None,
            clock: 0.0,
        }
    }

    /// Changes one thing of what is well; the findings that are not good, joined.
    fn with(change: impl FnOnce(&mut Checkup)) -> (bool, String) {
        let mut checkup = well();
        change(&mut checkup);
        let findings = database(&checkup, 16);
        let odd: Vec<String> = findings.iter().filter(|f| f.level != Level::Good).map(ToString::to_string).collect();
        (findings.iter().any(Finding::is_bad), odd.join("\n"))
    }

    #[test]
    fn a_database_that_is_well_gives_no_cause_to_think() {
        assert_eq!(with(|_| ()), (false, String::new()));
    }

    #[test]
    fn each_fault_of_a_database_is_found_alone_and_named() {
        type Case = (fn(&mut Checkup), bool, &'static str);
        let cases: [Case; 12] = [
            (|c| c.version = 140_010, true, "PostgreSQL 14.10: 15 or later"),
            (|c| c.encoding = "LATIN1".to_owned(), true, "UTF8"),
            (|c| c.read_only = true, true, "takes no writes"),
            (|c| c.fsync = false, true, "fsync"),
            (|c| c.full_page_writes = false, true, "full_page_writes"),
            (|c| c.synchronous_commit = "off".to_owned(), true, "synchronous_commit"),
            (|c| c.encrypted = Some(false), false, "sslmode=verify-full"),
            (|c| c.logs_values = true, false, "log_parameter_max_length"),
            (|c| c.connections_allowed = 21, true, "up to 22, PostgreSQL allows 21"),
            (|c| c.may_serve = None, true, "no role lcr_service"),
            (|c| c.may_serve = Some(false), true, "GRANT lcr_service TO care_app"),
            (|c| c.superuser = true, false, "passes over row-level security"),
        ];
        for (change, is_bad, words) in cases {
            let (found_bad, odd) = with(change);
            assert_eq!((found_bad, odd.lines().count()), (is_bad, 1), "{odd}");
            assert!(odd.contains(words), "{odd}");
        }
    }

    #[test]
    fn clocks_that_differ_are_noted_and_then_wrong() {
        let level = |ahead| clock(ahead).map(|finding| finding.level);
        assert_eq!(level(-0.2), Some(Level::Good));
        assert_eq!(level(-5.0), Some(Level::Warning));
        assert_eq!(level(31.0), Some(Level::Bad));
    }
}
