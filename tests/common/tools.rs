//! Programs that nobody here wrote and that tests drive: whether they are there, and their packages, installed under
//! `target/` as a lock file pins them. Without them a test says that it skips, but not in CI.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder for what is installed; it outlives the run.
pub fn installed(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../clients").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Whether a program is there. Where it has to be, its absence is an error.
pub fn there(program: &str) -> bool {
    // openssl has a command for it.
    let runs = |word: &str| Command::new(program).arg(word).output().is_ok_and(|output| output.status.success());
    let found = runs("--version") || runs("version");
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{program} is not here, and this is CI");
        println!("skipped: {program} is not here");
    }
    found
}

/// Everything that a program said.
pub fn words(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Installs what a lock file names, unless it was installed before. `false`: the packages cannot be had here.
pub fn install(folder: &Path, lock: &Path, step: &mut dyn FnMut() -> Vec<Command>) -> bool {
    let wanted = std::fs::read(lock).expect("a lock file");
    let stamp = folder.join("installed");
    if std::fs::read(&stamp).is_ok_and(|kept| kept == wanted) {
        return true;
    }
    for mut command in step() {
        let output = command.output().expect("a program that was there");
        if !output.status.success() {
            assert!(std::env::var_os("CI").is_none(), "{command:?}: {}", words(&output));
            println!("skipped: its packages cannot be installed: {command:?}: {}", words(&output));
            return false;
        }
    }
    std::fs::write(stamp, wanted).expect("a stamp");
    true
}

/// The bin folder of a Python environment with what a requirements file pins; none where that cannot be had.
pub fn python(name: &str, requirements: &Path) -> Option<PathBuf> {
    if !there("python3") {
        return None;
    }
    let folder = installed(name);
    let bin = folder.join("venv/bin");
    let ready = install(&folder, requirements, &mut || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(folder.join("venv"));
        let mut pip = Command::new(bin.join("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r"]);
        pip.arg(requirements);
        vec![venv, pip]
    });
    ready.then_some(bin)
}
