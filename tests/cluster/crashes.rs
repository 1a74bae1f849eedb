//! kill -9 of the server, of its launcher, of initdb; and what they leave behind.

use std::fs;
use std::process::{Command, Stdio};

use lcr_facade::cluster::{Cluster, ClusterError, Durability, locate};

use crate::support::{Holder, Temp, alive, kill, psql, query, start, until};

#[test]
fn starts_after_the_server_was_killed() {
    let temp = Temp::new();
    for round in 0..3 {
        // What a kill may not lose; a throw-away cluster commits asynchronously.
        let cluster = Cluster::start(&temp.home(), Durability::Durable, &|_| ()).unwrap();
        let url = cluster.url("postgres");
        query(&url, &format!("CREATE TABLE t{round} ()"));
        assert_eq!(query(&url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), (round + 1).to_string());
        // A backend that is too busy to notice that the server is gone.
        let busy = "SELECT count(*) FROM generate_series(1, 1000000000000)";
        let mut client = psql(&url).args(["-c", busy]).stderr(Stdio::null()).spawn().unwrap();
        let active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%1000000000000%' AND state = 'active'
            AND pid <> pg_backend_pid()";
        until("the busy backend works", || query(&url, active) == "1");
        kill("KILL", cluster.pid());
        assert!(matches!(cluster.stop(), Err(ClusterError::Failed { .. })));
        drop(start(&temp.home()));
        client.wait().unwrap();
    }
}

#[test]
fn starts_after_the_launcher_was_killed() {
    let temp = Temp::new();
    for round in 0..6 {
        let mut holder = Holder::start(&temp.home());
        if round > 0 {
            assert_eq!(query(&holder.url, "SELECT count(*) FROM t"), (round - 1).to_string());
        }
        query(&holder.url, "CREATE TABLE IF NOT EXISTS t (x int)");
        if round > 0 {
            query(&holder.url, "INSERT INTO t VALUES (1)");
        } else {
            assert_eq!(query(&holder.url, "SELECT count(*) FROM t"), "0");
        }
        holder.kill();
    }
    drop(start(&temp.home()));
}

#[test]
fn the_server_ends_when_its_launcher_is_killed() {
    let has_setpriv = Command::new("setpriv").args(["--pdeathsig", "INT", "true"]).status();
    if !has_setpriv.is_ok_and(|status| status.success()) {
        return;
    }
    let temp = Temp::new();
    let mut holder = Holder::start(&temp.home());
    holder.kill();
    until("the server ended by itself", || !alive(holder.postgres));
}

#[test]
fn a_server_that_outlived_its_launcher_is_stopped() {
    let temp = Temp::new();
    for _ in 0..3 {
        // No setpriv in PATH, so nothing ends the server.
        let mut command = Holder::command(&std::env::current_exe().unwrap(), &temp.home());
        let mut holder = Holder::run(command.env("PATH", "/nowhere"));
        holder.kill();
        assert!(alive(holder.postgres));
        assert!(locate(&temp.home()).unwrap().is_some());
        let cluster = start(&temp.home());
        assert!(!alive(holder.postgres));
        assert_eq!(query(&cluster.url("postgres"), "SELECT 1"), "1");
    }
}

#[test]
fn a_pid_file_that_names_another_process_is_stale() {
    let temp = Temp::new();
    let socket = {
        let cluster = start(&temp.home());
        cluster.socket_dir().join(".s.PGSQL.5432")
    };
    let data = temp.home().join("pg/data");
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let text = format!("{}\n{}\n1700000000\n5432\n{}\n\n\nready   \n", other.id(), data.display(), socket.display());
    fs::write(data.join("postmaster.pid"), &text).unwrap();
    fs::write(format!("{}.lock", socket.display()), &text).unwrap();
    assert_eq!(locate(&temp.home()).unwrap(), None);
    let cluster = start(&temp.home());
    assert_eq!(query(&cluster.url("postgres"), "SELECT 1"), "1");
    assert!(other.try_wait().unwrap().is_none(), "it was none of ours to stop");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn an_interrupted_initdb_is_done_again() {
    let temp = Temp::new();
    for path in ["/nowhere", "/usr/bin:/bin"] {
        let mut command = Holder::command(&std::env::current_exe().unwrap(), &temp.home());
        let mut process = command.env("PATH", path).spawn().unwrap();
        until("initdb is at work", || temp.home().join("pg/data.new/global").exists());
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(!temp.home().join("pg/data").exists());
    }
    let cluster = start(&temp.home());
    assert_eq!(query(&cluster.url("postgres"), "SELECT 1"), "1");
    assert!(!temp.home().join("pg/data.new").exists());
}
