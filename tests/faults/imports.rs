//! `lcr import`, killed again and again, then run to its end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::oracle::{self, Counts};
use crate::parts::{Dice, Postgres, RECORD, folder};
use crate::table::{self, Seen};

/// Kills before the run that ends by itself.
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_killed_is_finished_by_the_next() {
    let place = folder("imports");
    let postgres = Postgres::start(place.join("home")).await;
    let url = postgres.url(RECORD);
    let (mut dice, rounds) = (Dice(23), table::rounds(1, 50));
    let (mut resources, mut cut) = (0, 0);
    for round in 0..rounds {
        let files = place.join(format!("files{round}"));
        let seed = (1000 + round).to_string();
        let generate = ["sandbox", "generate", "--patients", "2", "--observations", "150", "--seed", &seed, "--out"];
        let made = Command::new(env!("CARGO_BIN_EXE_lcr")).args(generate).arg(&files).output().expect("files");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for kill in 0..KILLS {
            let mut import = import(&url, &files).spawn().expect("lcr import");
            // The first ones die early, when little is there.
            tokio::time::sleep(Duration::from_millis(100 + dice.below(250 * (kill as u64 + 1)))).await;
            cut += usize::from(import.try_wait().expect("wait").is_none());
            import.kill().expect("kill -9");
            import.wait().expect("wait");
        }
        assert!(import(&url, &files).status().expect("lcr import").success(), "the last run ends by itself");
        resources += whole(&postgres, &files).await;
        std::fs::remove_dir_all(&files).expect("tidy");
    }
    oracle::trail(&mut postgres.sql().await, &url).await;
    assert!(cut > 0, "no import was killed before its end");
    let more = format!(
        "{cut} of {} runs were killed before their end; {resources} resources, each there once",
        rounds * KILLS
    );
    table::saw("kill-import", Seen { rounds, counts: Counts::default(), back: Vec::new(), more });
}

fn import(url: &str, files: &Path) -> Command {
    let mut import = Command::new(env!("CARGO_BIN_EXE_lcr"));
    import.arg("import").arg(files.join("record.ndjson"));
    import.env("LCR_DATABASE_URL", url).env("LCR_PROFILE", "off").stdout(Stdio::null()).stderr(Stdio::null());
    import
}

/// Every resource of the files is there in one version, which is the current one and has one row in the trail; how many there are.
async fn whole(postgres: &Postgres, files: &Path) -> usize {
    let text = std::fs::read_to_string(files.join("record.ndjson")).expect("the files");
    let mut sql = postgres.sql().await;
    for line in text.lines() {
        let resource: Value = serde_json::from_str(line).expect("JSON");
        let (kind, id) = (resource["resourceType"].as_str().expect("a type"), resource["id"].as_str().expect("an id"));
        let table: String = kind
            .char_indices()
            .map(|(at, c)| {
                if at > 0 && c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_lowercase().to_string() }
            })
            .collect();
        let count = format!(
            "SELECT (SELECT count(*) FROM {table}_history WHERE id = $1), (SELECT count(*) FROM {table} WHERE id = $1 AND version = 1), \
             (SELECT least(count(*), 1) FROM audit WHERE what = $2 AND client = 'lcr import')"
        );
        let there: (i64, i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(count))
            .bind(id)
            .bind(format!("{kind}/{id}/_history/1"))
            .fetch_one(&mut sql)
            .await
            .expect("rows");
        assert_eq!(there, (1, 1, 1), "versions, current rows and rows in the trail of {kind}/{id}");
    }
    text.lines().count()
}
