//! Finds PostgreSQL's programs, and installs them through the system's package manager when there are none.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::ClusterError;

/// The oldest PostgreSQL whose SQL we can count on.
pub(super) const OLDEST: u32 = 15;

/// Where a PostgreSQL's programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// The folder of `postgres` and `initdb` (and `psql`, where clients are installed).
    pub bin: PathBuf,
    /// Its major version.
    pub major: u32,
}

impl Tools {
    /// The PostgreSQL to use, if one is installed: LCR_PG_BIN alone when set, else the first in PATH, else the newest.
    pub fn find() -> Result<Option<Tools>, ClusterError> {
        Ok(found()?.into_iter().find(|tools| tools.major >= OLDEST))
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// A package manager: what a person would type, and the script that does the same without asking or starting a server.
struct Manager {
    program: &'static str,
    typed: &'static str,
    script: &'static str,
    as_root: bool,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        program: "apt-get",
        typed: "sudo apt-get update && sudo apt-get install -y postgresql",
        // While the file is there, Debian's package makes no cluster of its own, and so starts no server.
        script: r#"
            export DEBIAN_FRONTEND=noninteractive
            folder=/etc/postgresql-common/createcluster.d
            mkdir -p "$folder" && echo 'create_main_cluster = false' > "$folder/zz-lcr.conf" || exit 1
            trap 'rm -f "$folder/zz-lcr.conf"' EXIT
            apt-get -qq update
            apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends postgresql"#,
        as_root: true,
    },
    Manager {
        program: "dnf",
        typed: "sudo dnf install -y postgresql-server postgresql",
        // Enterprise Linux 9 offers 13 unless a module stream is chosen; Fedora has no modules and needs none.
        script: "dnf -q -y module enable postgresql:16 2>/dev/null; dnf -q -y install postgresql-server postgresql",
        as_root: true,
    },
    Manager {
        program: "apk",
        typed: "sudo apk add postgresql postgresql-client",
        script: "apk add --quiet --no-progress postgresql postgresql-client",
        as_root: true,
    },
    Manager {
        program: "pacman",
        typed: "sudo pacman -Sy --needed postgresql",
        script: "pacman -Sy --noconfirm --needed postgresql",
        as_root: true,
    },
    Manager {
        program: "zypper",
        typed: "sudo zypper install postgresql-server",
        script: "zypper --non-interactive --quiet install postgresql-server",
        as_root: true,
    },
    Manager {
        program: "brew",
        typed: "brew install postgresql@17",
        script: "brew install --quiet postgresql@17",
        as_root: false,
    },
];

/// The PostgreSQL that can open data of version `data`, or the one to make new data with; installed if need be.
pub(super) fn find_or_install(data: Option<(u32, &Path)>, say: &dyn Fn(&str)) -> Result<Tools, ClusterError> {
    let pick = || -> Result<Option<Tools>, ClusterError> {
        let mut all = found()?.into_iter();
        Ok(all.find(|tools| data.map_or(tools.major >= OLDEST, |(major, _)| tools.major == major)))
    };
    if let Some(tools) = pick()? {
        return Ok(tools);
    }
    let other_version = |(major, path): (u32, &Path)| ClusterError::OtherVersion { path: path.into(), major };
    if let (Some(data), Some(_)) = (data, Tools::find()?) {
        return Err(other_version(data));
    }
    let typed = install(say)?;
    match (pick()?, data) {
        (Some(tools), _) => Ok(tools),
        (None, Some(data)) => Err(other_version(data)),
        (None, None) => {
            let why = format!("what this system's packages hold is older ({typed} went well)");
            let command =
                "follow https://www.postgresql.org/download/, or set LCR_PG_BIN to the bin folder of one".into();
            Err(ClusterError::NoServer { why, command })
        }
    }
}

/// Every PostgreSQL in the known places, of any version.
fn found() -> Result<Vec<Tools>, ClusterError> {
    if let Some(bin) = env::var_os("LCR_PG_BIN").map(PathBuf::from) {
        return match version(&bin) {
            Some(major) if major >= OLDEST => Ok(vec![Tools { bin, major }]),
            _ => Err(ClusterError::NoServer {
                why: format!("LCR_PG_BIN={} holds none", bin.display()),
                command: "set LCR_PG_BIN to a folder with initdb and postgres, or unset it".into(),
            }),
        };
    }
    let tools = |bin: PathBuf| version(&bin).map(|major| Tools { bin, major });
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).filter(|bin| bin.is_absolute()).filter_map(tools);
    let mut installed: Vec<Tools> = [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/libexec", "postgresql", ""),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
    ]
    .into_iter()
    .flat_map(|(parent, prefix, bin)| children(parent, prefix).map(move |folder| folder.join(bin)))
    .filter_map(tools)
    .collect();
    installed.sort_by_key(|tools| std::cmp::Reverse(tools.major));
    Ok(in_path.chain(installed).collect())
}

/// The folders in `parent` whose names start with `prefix`.
fn children(parent: &str, prefix: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path())
}

/// The major version of the `postgres` in `bin`, when initdb is there too.
fn version(bin: &Path) -> Option<u32> {
    if !bin.join("initdb").is_file() || !bin.join("postgres").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("--version").current_dir("/").output().ok()?;
    major_of(&String::from_utf8_lossy(&output.stdout))
}

/// 15 of "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"; 18 of "postgres (PostgreSQL) 18beta1".
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

/// Installs PostgreSQL and returns what a person would have typed for it.
fn install(say: &dyn Fn(&str)) -> Result<&'static str, ClusterError> {
    let Some(manager) = MANAGERS.iter().find(|manager| in_path(manager.program)) else {
        let why = "this system has none, and no package manager that is known here".into();
        let command = "install PostgreSQL, or set LCR_PG_BIN to its bin folder".into();
        return Err(ClusterError::NoServer { why, command });
    };
    let failed = |why: String| ClusterError::NoServer { why, command: manager.typed.into() };
    let root = rustix::process::geteuid().is_root();
    let mut command = if root || !manager.as_root {
        Command::new("sh")
    } else {
        if !run(Command::new("sudo").args(["-n", "true"])).is_ok_and(|output| output.status.success()) {
            return Err(failed("this system has none, and installing it takes root's rights".into()));
        }
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    };
    say(&format!(
        "installing PostgreSQL, since this system has none that is {OLDEST} or later and the data lives in one: {}",
        manager.typed
    ));
    let output = run(command.args(["-c", manager.script])).map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(manager.typed);
    }
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(5)..].join("\n");
    Err(failed(format!("installing it failed ({}):\n{last}", output.status)))
}

fn run(command: &mut Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).output()
}

fn in_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|bin| bin.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::major_of;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_of("pg_wrapper: nothing\n"), None);
    }
}
