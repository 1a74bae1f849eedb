//! The private cluster: kept data, two launchers, odd folders; `crashes` and `users` hold the rest.

mod crashes;
mod support;
mod users;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use lcr_facade::cluster::{Cluster, Durability, locate};
use support::{Holder, Temp, alive, query, start};

/// The other process that some tests need: holds the cluster of HOLD_HOME until stdin ends. Without it, nothing.
#[test]
fn hold() {
    let Some(home) = std::env::var_os("HOLD_HOME") else { return };
    let cluster = match Cluster::start(Path::new(&home), Durability::Throwaway, &|text| println!("said: {text}")) {
        Ok(cluster) => cluster,
        Err(error) => panic!("{error}"),
    };
    println!("\nready: {} {}", cluster.url("postgres"), cluster.pid());
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    cluster.stop().unwrap();
}

#[test]
fn a_restart_keeps_the_data() {
    let temp = Temp::new();
    assert_eq!(locate(&temp.home()).unwrap(), None);
    let cluster = Cluster::start(&temp.home(), Durability::Durable, &|_| ()).unwrap();
    query(&cluster.url("postgres"), r#"CREATE DATABASE "a b+c/d""#);
    let url = cluster.url("a b+c/d");
    query(&url, "CREATE TABLE t AS SELECT 42 AS x");
    let found = locate(&temp.home()).unwrap().unwrap();
    assert_eq!((found.socket_dir(), found.url("a b+c/d")), (cluster.socket_dir(), url.clone()));
    let settings = "SELECT current_user, current_setting('fsync'), current_setting('listen_addresses'),
        current_setting('server_encoding'), current_setting('data_checksums'), current_setting('timezone'),
        (SELECT datcollate FROM pg_database WHERE datname = current_database())";
    assert_eq!(query(&url, settings), "lcr|on||UTF8|on|UTC|C");
    cluster.stop().unwrap();
    assert_eq!(locate(&temp.home()).unwrap(), None);

    let cluster = start(&temp.home());
    assert_eq!(cluster.url("a b+c/d"), url);
    assert_eq!(query(&url, "SELECT x FROM t"), "42");
    assert_eq!(query(&url, "SELECT current_setting('fsync')"), "off");
    let pid = cluster.pid();
    drop(cluster);
    assert!(!alive(pid));
}

#[test]
fn a_second_launcher_is_refused() {
    let temp = Temp::new();
    let mut holder = Holder::start(&temp.home());
    let refused = Cluster::start(&temp.home(), Durability::Throwaway, &|_| ()).unwrap_err().to_string();
    assert!(refused.contains(&format!("process {}.", holder.process.id())), "{refused}");
    assert!(refused.contains("LCR_HOME"), "{refused}");
    assert_eq!(query(&holder.url, "SELECT 1"), "1");
    holder.end();
    drop(start(&temp.home()));
}

#[test]
fn of_many_launchers_at_once_one_wins() {
    let temp = Temp::new();
    let results: Vec<_> = std::thread::scope(|scope| {
        let launch = || scope.spawn(|| Cluster::start(&temp.home(), Durability::Throwaway, &|_| ()));
        let launchers: Vec<_> = (0..4).map(|_| launch()).collect();
        launchers.into_iter().map(|launcher| launcher.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let cluster = results.into_iter().find_map(Result::ok).unwrap();
    // The thread that started it has ended; the server must not have.
    assert_eq!(query(&cluster.url("postgres"), "SELECT 1"), "1");
    cluster.stop().unwrap();
}

#[test]
fn a_copy_of_a_running_home_is_another_cluster() {
    let temp = Temp::new();
    let cluster = start(&temp.home());
    let copy = temp.0.join("copy");
    let status = Command::new("cp").arg("-a").arg(temp.home()).arg(&copy).stderr(Stdio::null()).status().unwrap();
    assert!(status.success() || copy.join("pg/data/postmaster.pid").exists());
    let other = start(&copy);
    for cluster in [&cluster, &other] {
        let data = query(&cluster.url("postgres"), "SHOW data_directory");
        assert!(cluster.socket_dir().starts_with(Path::new(&data).parent().unwrap()));
    }
    other.stop().unwrap();
    cluster.stop().unwrap();
}

#[test]
fn a_path_too_long_for_a_socket() {
    let temp = Temp::new();
    let homes = [temp.home().join("deep/".repeat(40)), temp.home().join("blank, comma and \"quote\" é")];
    for home in homes {
        for _ in 0..2 {
            let cluster = start(&home);
            assert!(!cluster.socket_dir().starts_with(&temp.0));
            assert_eq!(fs::metadata(cluster.socket_dir()).unwrap().permissions().mode() & 0o777, 0o700);
            assert_eq!(query(&cluster.url("postgres"), "SELECT 1"), "1");
            assert_eq!(locate(&home).unwrap().unwrap().url("x"), cluster.url("x"));
            let dir = cluster.socket_dir().to_owned();
            drop(cluster);
            assert!(!dir.exists());
        }
    }
}

#[test]
fn a_failed_start_shows_the_log() {
    let temp = Temp::new();
    drop(start(&temp.home()));
    let conf = temp.home().join("pg/data/postgresql.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{text}\nno_such_setting = 1\n")).unwrap();
    let error = Cluster::start(&temp.home(), Durability::Throwaway, &|_| ()).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
    fs::write(&conf, text).unwrap();
    fs::write(temp.home().join("pg/data/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(&temp.home(), Durability::Throwaway, &|_| ()).unwrap_err().to_string();
    assert!(error.contains("Install PostgreSQL 9"), "{error}");
}
