//! A primary that dies and a standby that takes its place: real servers, synchronous streaming replication, a URL that names both.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use lcr_facade::cluster::Tools;
use rustix::process::Signal;

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Dice, Postgres, RECORD, Service, until};
use crate::proxy::Proxy;
use crate::table::{self, Seen};
use crate::tools;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_at_the_standby_that_takes_the_primarys_place() {
    // Not below target/, which the server's own user may not be able to enter.
    let place = std::env::temp_dir().join(format!("lcr-faults-{}", std::process::id()));
    std::fs::DirBuilder::new().mode(0o755).create(&place).expect("a folder");
    let mut primary = Postgres::start(place.join("one")).await;
    let token = primary.token().await;
    let mut standby = copy(&primary, &place.join("two")).await;
    let proxies =
        [Proxy::before(primary.cluster().socket_dir()).await, Proxy::before(standby.cluster().socket_dir()).await];
    let both =
        format!("postgres://lcr@127.0.0.1:{},127.0.0.1:{}/{RECORD}?sslmode=disable", proxies[0].port, proxies[1].port);
    let service = Service::start(&both, "failover", &[]).await;
    let mut dice = Dice(19);
    let (mut counts, mut times) = (Counts::default(), Vec::new());
    for round in 0..table::rounds(1, 40) {
        let load = Load::begin(&service.base, &token, &format!("failover{round}")).await;
        load.back(Instant::now()).await;
        dice.moment(300).await;
        primary.signal(Signal::KILL);
        standby.run("SELECT pg_promote(true)").await;
        times.push(load.back(Instant::now()).await);
        let (journal, patient) = load.end().await;
        counts.add(oracle::judge(&mut standby.sql().await, &journal, &patient).await);
        let old = primary.home.clone();
        drop(primary);
        std::fs::remove_dir_all(&old).expect("the old primary's folder");
        primary = standby;
        standby = copy(&primary, &old).await;
    }
    oracle::trail(&mut primary.sql().await, &primary.url(RECORD)).await;
    table::saw("failover", Seen { rounds: times.len(), counts, back: times, more: String::new() });
    drop((service, primary, standby));
    std::fs::remove_dir_all(&place).expect("tidy");
}

/// A standby of this primary, without which the primary commits nothing from now on.
async fn copy(primary: &Postgres, home: &Path) -> Postgres {
    // Where the server's programs are links, this one may be in PATH alone.
    let program = Tools::find().expect("a look").expect("PostgreSQL").program("pg_basebackup");
    let program = if program.exists() { program } else { "pg_basebackup".into() };
    let pg = home.join("pg");
    std::fs::DirBuilder::new().recursive(true).mode(0o711).create(&pg).expect("a folder");
    let data = pg.join("data");
    let mut base = Command::new(program);
    base.args(["-R", "-X", "stream", "-c", "fast", "-D"]).arg(&data).args(["-d", &primary.url("postgres")]);
    let output = base.output().expect("pg_basebackup");
    assert!(output.status.success(), "{}", tools::words(&output));
    let owner = std::fs::metadata(primary.home.join("pg/data")).expect("the primary's data");
    give(&data, owner.uid(), owner.gid());
    let standby = Postgres::of(home.to_path_buf()).await;
    primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    primary.run("SELECT pg_reload_conf()").await;
    until("the standby is a synchronous one", async || {
        let ask = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";
        sqlx::query_scalar(ask).fetch_one(&mut primary.sql().await).await.expect("replication")
    })
    .await;
    standby
}

/// Hands a folder with all that is in it to the server's user.
fn give(path: &Path, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).expect("its owner");
    if path.is_dir() {
        std::fs::read_dir(path).expect("a folder").for_each(|entry| give(&entry.expect("an entry").path(), uid, gid));
    }
}
