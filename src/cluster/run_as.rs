//! As which user, and through which wrapper, PostgreSQL's programs run: they refuse to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::ClusterError;
use super::home::Home;
use super::install::Tools;

/// How to run a program as the user who owns the data.
#[derive(Debug)]
pub(super) struct RunAs {
    /// The user to become; None when we are an ordinary user and stay who we are.
    user: Option<User>,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: u32,
}

/// The ways to run a program, from the best to the last resort.
#[derive(Debug, Clone, Copy)]
enum How {
    /// Through util-linux's setpriv, which also has the kernel stop the program when we die.
    Setpriv,
    /// Straight.
    Plain,
    /// As `Setpriv`, with one capability kept: the home is under a folder that only root may enter, such as /root.
    Keeping(&'static str),
}

/// The lesser capability first; a Docker container has the second only.
const WAYS: [How; 4] = [How::Setpriv, How::Plain, How::Keeping("dac_read_search"), How::Keeping("dac_override")];

impl RunAs {
    /// The first way by which `home` can be entered and the server run.
    pub fn choose(home: &Home, tools: &Tools) -> Result<RunAs, ClusterError> {
        let me = rustix::process::geteuid();
        let owner = fs::metadata(home.data()).ok().map(|data| User { uid: data.uid(), gid: data.gid() });
        let user = match owner {
            Some(owner) if !me.is_root() && owner.uid != me.as_raw() => {
                return Err(ClusterError::owned(home.data(), owner.uid));
            }
            _ if !me.is_root() => None,
            Some(owner) if owner.uid == 0 => return Err(ClusterError::owned(home.data(), 0)),
            Some(owner) => Some(owner),
            None => Some(unprivileged_user()),
        };
        let postgres = tools.program("postgres");
        WAYS.into_iter().map(|how| RunAs { user, how }).find(|way| way.works(home.place(), &postgres)).ok_or_else(
            || ClusterError::CannotEnter {
                uid: user.map_or(me.as_raw(), |user| user.uid),
                path: home.place().into(),
                program: postgres,
            },
        )
    }

    /// A command that runs `program` as the chosen user, in surroundings that do not depend on ours.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = match self.how {
            How::Plain => Command::new(program),
            How::Setpriv | How::Keeping(_) => Command::new("setpriv"),
        };
        if let (How::Plain, Some(user)) = (self.how, self.user) {
            // As root, std also gives up the supplementary groups.
            command.uid(user.uid).gid(user.gid);
        }
        if !matches!(self.how, How::Plain) {
            if let Some(User { uid, gid }) = self.user {
                command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
            }
            if let How::Keeping(capability) = self.how {
                let only = format!("-all,+{capability}");
                command.args([format!("--inh-caps={only}"), format!("--ambient-caps={only}")]);
                command.arg(format!("--bounding-set={only}"));
            }
            command.args(["--pdeathsig", "INT", "--"]).arg(program);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // Not our own folder, which that user may not be allowed to enter.
        command.current_dir("/").env("LC_ALL", "C").env("TZ", "UTC").env_remove("LANGUAGE");
        command
    }

    /// Hands `path` itself (never what a link points at) to the chosen user.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        match self.user {
            Some(user) => lchown(path, Some(user.uid), Some(user.gid)),
            None => Ok(()),
        }
    }

    /// Whether PostgreSQL becomes somebody other than us.
    pub fn changes_user(&self) -> bool {
        self.user.is_some()
    }

    /// Whether `uid` is the user that the server runs as.
    pub fn is(&self, uid: u32) -> bool {
        self.user.map_or(rustix::process::geteuid().as_raw(), |user| user.uid) == uid
    }

    fn works(&self, place: &Path, postgres: &Path) -> bool {
        if matches!(self.how, How::Keeping(_)) && self.user.is_none() {
            return false;
        }
        let mut command = self.command(Path::new("/bin/sh"));
        command.args(["-c", r#"cd "$1" && test -x "$2""#, "sh"]).arg(place).arg(postgres);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }
}

/// `postgres` where there is such a user, else `nobody`.
fn unprivileged_user() -> User {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let mut fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f[0] == name)?;
        fields.truncate(4);
        Some(User { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    };
    let ordinary = |user: &User| user.uid != 0;
    find("postgres")
        .filter(ordinary)
        .or_else(|| find("nobody").filter(ordinary))
        .unwrap_or(User { uid: 65534, gid: 65534 })
}
