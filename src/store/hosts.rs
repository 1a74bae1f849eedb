//! Owns at which of several addresses the record's database is now, and which of a pool's connections are to be trusted. No
//! statement about the record.
//!
//! A URL may name several hosts, as libpq's does (`postgres://user@one:5432,two:5432/record`): a primary and those that
//! may take its place. New connections go to the one that takes writes; when another one does, those to the old one are left.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, Postgres};
use tokio::time::{sleep, timeout};

use super::StoreError;
use super::watch::GivenUp;

/// How often it is asked which host takes writes.
const LOOK: Duration = Duration::from_secs(1);
/// How long a host may take to say so, and a connection that was idle to say that it lives.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a statement that nobody waits for may hold up its connection, before the connection is closed.
const LEFT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is asked whether it lives: routers forget such connections and tell nobody.
const LONG_IDLE: Duration = Duration::from_secs(30);

/// The hosts of one URL, and the pools that are connected to the one that takes writes.
pub struct Hosts {
    options: Vec<PgConnectOptions>,
    at: AtomicUsize,
    pools: Mutex<Vec<PgPool>>,
    began: Instant,
    /// Milliseconds from `began` to when the host changed last; connections from before lead to the old one.
    moved: AtomicU64,
    /// Milliseconds from `began` to when a connection was last found broken; others may be too.
    broken: AtomicU64,
}

impl Hosts {
    /// Reads the URL; `of` adds what every connection has.
    pub fn of(url: &str, of: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Result<Arc<Hosts>, StoreError> {
        let options: Result<Vec<_>, _> =
            split(url).iter().map(|url| PgConnectOptions::from_str(url).map(&of)).collect();
        let hosts = Arc::new(Hosts {
            options: options.map_err(StoreError::Url)?,
            at: AtomicUsize::new(0),
            pools: Mutex::default(),
            began: Instant::now(),
            moved: AtomicU64::new(0),
            broken: AtomicU64::new(0),
        });
        if hosts.options.len() > 1 {
            tokio::spawn(watch(Arc::downgrade(&hosts)));
        }
        Ok(hosts)
    }

    /// A pool of at most `connections`, opened when first used.
    pub fn pool(self: &Arc<Hosts>, connections: u32, given_up: &GivenUp) -> PgPool {
        // A pool that held them would never end: they hold it.
        let (before, after) = (Arc::downgrade(self), Arc::downgrade(self));
        let given_up = given_up.clone();
        let choose = self.options.len() > 1;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let hosts = before.upgrade();
                Box::pin(async move {
                    match hosts {
                        Some(hosts) => hosts.may_be_used(connection, meta.age, meta.idle_for).await,
                        None => Ok(true),
                    }
                })
            })
            .after_release(move |connection, _| {
                let (hosts, given_up) = (after.upgrade(), given_up.clone());
                Box::pin(async move {
                    match hosts {
                        Some(hosts) => hosts.may_be_kept(connection, given_up).await,
                        None => Ok(true),
                    }
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    match choose && !takes_writes(connection).await {
                        true => Err(sqlx::Error::Io(std::io::Error::other("this host takes no writes"))),
                        false => Ok(()),
                    }
                })
            })
            .connect_lazy_with(self.options[self.at.load(Ordering::Relaxed)].clone());
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push(pool.clone());
        pool
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the last of `event` was within this time.
    fn since(&self, event: &AtomicU64, time: Duration) -> bool {
        let at = event.load(Ordering::Relaxed);
        at > 0 && u128::from(self.now().saturating_sub(at)) <= time.as_millis()
    }

    /// Whether an idle connection leads to the right host and lives. Asked only where there is doubt, since it costs a round trip.
    pub(super) async fn may_be_used(
        &self,
        connection: &mut PgConnection,
        age: Duration,
        idle: Duration,
    ) -> Result<bool, sqlx::Error> {
        if self.since(&self.moved, age) {
            return Ok(false);
        }
        if idle > LONG_IDLE || self.since(&self.broken, idle) {
            within(PATIENCE, connection.ping()).await?;
        }
        Ok(true)
    }

    /// Whether a connection may go back to its pool: whoever used it may have left while its statement ran, and it may be dead.
    async fn may_be_kept(&self, connection: &mut PgConnection, given_up: GivenUp) -> Result<bool, sqlx::Error> {
        let kept = match given_up.is_free(connection).await {
            Ok(true) => within(LEFT, connection.flush()).await.map(|()| true),
            other => other,
        };
        if kept.is_err() {
            self.broken.store(self.now().max(1), Ordering::Relaxed);
        }
        kept
    }

    /// Looks for the host that takes writes; `kept` is a connection to the one that did.
    async fn look(&self, kept: Option<PgConnection>) -> Option<PgConnection> {
        if let Some(mut connection) = kept
            && takes_writes(&mut connection).await
        {
            return Some(connection);
        }
        let at = self.at.load(Ordering::Relaxed);
        for place in (0..self.options.len()).map(|more| (at + more) % self.options.len()) {
            let options = &self.options[place];
            let Ok(mut connection) = within(PATIENCE, PgConnection::connect_with(options)).await else { continue };
            if takes_writes(&mut connection).await {
                if place != at {
                    tracing::warn!(from = at + 1, to = place + 1, "the database is at another of its addresses now");
                    self.move_to(place);
                }
                return Some(connection);
            }
        }
        tracing::warn!("none of the database's addresses takes writes");
        None
    }

    fn move_to(&self, place: usize) {
        self.at.store(place, Ordering::Relaxed);
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| !pool.is_closed());
        pools.iter().for_each(|pool| pool.set_connect_options(self.options[place].clone()));
        self.moved.store(self.now().max(1), Ordering::Relaxed);
    }
}

/// Looks now and then, until nobody needs to know.
async fn watch(hosts: Weak<Hosts>) {
    let mut kept = None;
    loop {
        let Some(hosts) = hosts.upgrade() else { return };
        kept = hosts.look(kept).await;
        drop(hosts);
        sleep(LOOK).await;
    }
}

/// Whether a server is no standby and not set to reading.
async fn takes_writes(connection: &mut PgConnection) -> bool {
    let ask = sqlx::query_scalar::<Postgres, bool>("SELECT NOT current_setting('transaction_read_only')::bool");
    within(PATIENCE, ask.fetch_one(connection)).await.unwrap_or(false)
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    timeout(time, work).await.map_err(late)?
}

/// A URL for each host that this one names.
fn split(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if user.is_empty() { "" } else { "@" };
    hosts.split(',').map(|host| format!("{scheme}://{user}{at}{host}{path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_hosts_in_their_order() {
        for (url, hosts) in [
            ("postgres://u:p@one:1,two:2/db?a=b", vec!["postgres://u:p@one:1/db?a=b", "postgres://u:p@two:2/db?a=b"]),
            ("postgres://one,[::1]:5?a=b,c", vec!["postgres://one?a=b,c", "postgres://[::1]:5?a=b,c"]),
            ("postgres:///db?host=/run/x,y", vec!["postgres:///db?host=/run/x,y"]),
            ("postgres://u@one", vec!["postgres://u@one"]),
            ("none", vec!["none"]),
        ] {
            assert_eq!(split(url), hosts, "{url}");
        }
    }
}
