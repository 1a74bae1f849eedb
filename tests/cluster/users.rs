//! Who runs the server and who may connect. Only root can play several users, so these do nothing for anybody else.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use lcr_facade::cluster::locate;

use crate::support::{Holder, Temp, alive, query, root, start, until};

const NOBODY: u32 = 65534;

#[test]
fn only_the_starting_user_and_root_may_connect() {
    if !root() {
        return;
    }
    let temp = Temp::new();
    let cluster = start(&temp.home());
    let url = cluster.url("postgres");
    assert_eq!(query(&url, "SELECT current_user"), "lcr");
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "psql", "-d", &url, "-c", "SELECT 1"]);
    let refused = nobody.output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"), "{refused:?}");
}

#[test]
fn a_home_that_only_root_may_enter() {
    if !root() {
        return;
    }
    let temp = Temp::under(Path::new("/root"), 0o700);
    let mut holder = Holder::start(&temp.home());
    assert_eq!(query(&holder.url, "SELECT 1"), "1");
    assert!(temp.home().join("pg/data").exists());
    holder.kill();
    until("the server ended by itself", || !alive(holder.postgres));
    drop(start(&temp.home()));
}

#[test]
fn a_home_that_only_root_may_enter_without_setpriv() {
    if !root() {
        return;
    }
    let temp = Temp::under(Path::new("/root"), 0o700);
    for round in 0..2 {
        let mut command = Holder::command(&std::env::current_exe().unwrap(), &temp.home());
        let mut holder = Holder::run(command.env("PATH", "/nowhere"));
        query(&holder.url, &format!("CREATE TABLE t{round} ()"));
        assert_eq!(locate(&temp.home()).unwrap().unwrap().url("postgres"), holder.url);
        holder.end();
    }
    let place = fs::read_link(temp.home().join("pg/elsewhere")).unwrap();
    assert!(place.starts_with("/tmp"), "{place:?}");
    let cluster = start(&temp.home());
    assert_eq!(query(&cluster.url("postgres"), "SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[01]$'"), "2");
    drop(cluster);
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn as_an_ordinary_user() {
    if !root() {
        return;
    }
    let temp = Temp::new();
    let program = temp.0.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::create_dir(temp.home()).unwrap();
    chown(temp.home(), Some(NOBODY), Some(NOBODY)).unwrap();
    let as_nobody = |home: &Path| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&program);
        command.args(["--exact", "hold", "--nocapture", "--test-threads=1"]);
        command.env("HOLD_HOME", home).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    };
    for _ in 0..2 {
        let mut holder = Holder::run(&mut as_nobody(&temp.home()));
        query(&holder.url, "SELECT 1");
        holder.kill();
        until("the server ended by itself", || !alive(holder.postgres));
    }
    // Root then runs it as its owner does ...
    drop(start(&temp.home()));
    Holder::run(&mut as_nobody(&temp.home())).end();
    // ... but what root made is not for others, and they are told.
    let roots = temp.0.join("roots");
    let _cluster = start(&roots);
    let output = as_nobody(&roots).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("LCR_HOME"), "{said}");
}
