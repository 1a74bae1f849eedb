//! A TCP proxy before a PostgreSQL of a test, for the faults of a network: it passes, holds bytes back, goes silent, cuts
//! connections with a reset, and leads to another server.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What happens to connections now.
#[derive(Clone, Copy, Default)]
struct State {
    /// Bytes are held back, both ways.
    stalled: bool,
    /// New connections are reset at once.
    refuses: bool,
    /// Connections with a lower number lead nowhere any more, and nobody is told.
    silent_below: u64,
    /// Connections with a lower number are reset.
    cut_below: u64,
}

/// What one connection is to meet, whichever is the first to come to it.
#[derive(Clone, Copy, Debug)]
pub enum Trap {
    /// A reset when so many more bytes have gone to the server.
    BytesIn(usize),
    /// A reset when so many more bytes have come from it.
    BytesOut(usize),
    /// A commit reaches the server and is made there; its answer never arrives.
    CommitAnswer,
}

struct Inner {
    target: Mutex<PathBuf>,
    state: watch::Sender<State>,
    next: AtomicU64,
    trap: Mutex<Option<Trap>>,
    sprung: AtomicU64,
}

/// A running proxy; it ends with its runtime.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    inner: Arc<Inner>,
}

impl Proxy {
    /// Listens on a port of its own, before the unix socket of this folder.
    pub async fn before(socket_dir: &Path) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let inner = Arc::new(Inner {
            target: Mutex::new(socket_dir.join(".s.PGSQL.5432")),
            state: watch::channel(State::default()).0,
            next: AtomicU64::new(1),
            trap: Mutex::new(None),
            sprung: AtomicU64::new(0),
        });
        let proxy = Proxy { port: listener.local_addr().expect("an address").port(), inner: Arc::clone(&inner) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, Arc::clone(&inner)));
            }
        });
        proxy
    }

    /// The URL of a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://lcr@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Leads new connections to another server.
    pub fn lead_to(&self, socket_dir: &Path) {
        *self.inner.target.lock().expect("target") = socket_dir.join(".s.PGSQL.5432");
    }

    /// Holds back every byte, or lets them flow again.
    pub fn stall(&self, stalled: bool) {
        self.inner.state.send_modify(|state| state.stalled = stalled);
    }

    /// Resets new connections, or takes them again.
    pub fn refuse(&self, refuses: bool) {
        self.inner.state.send_modify(|state| state.refuses = refuses);
    }

    /// Resets every connection there is.
    pub fn cut(&self) {
        let next = self.inner.next.load(Ordering::SeqCst);
        self.inner.state.send_modify(|state| state.cut_below = next);
    }

    /// Leaves every connection there is open towards the client, with nobody at its other end.
    pub fn silence(&self) {
        let next = self.inner.next.load(Ordering::SeqCst);
        self.inner.state.send_modify(|state| state.silent_below = next);
    }

    /// Sets a trap for one connection.
    pub fn set(&self, trap: Trap) {
        *self.inner.trap.lock().expect("trap") = Some(trap);
    }

    /// How many traps were met.
    pub fn sprung(&self) -> u64 {
        self.inner.sprung.load(Ordering::SeqCst)
    }
}

impl Inner {
    /// Takes what has come one way (`to_server`) to the trap; whether it springs.
    fn springs(&self, bytes: &[u8], to_server: bool) -> Option<Trap> {
        let mut trap = self.trap.lock().expect("trap");
        let met = match trap.as_mut()? {
            Trap::BytesIn(left) if to_server => take(left, bytes.len()),
            Trap::BytesOut(left) if !to_server => take(left, bytes.len()),
            Trap::CommitAnswer if to_server => bytes.windows(6).any(|word| word == b"COMMIT"),
            _ => false,
        };
        let sprung = trap.take_if(|_| met);
        self.sprung.fetch_add(u64::from(sprung.is_some()), Ordering::SeqCst);
        sprung
    }
}

/// Takes from what is left; whether nothing is.
fn take(left: &mut usize, some: usize) -> bool {
    *left = left.saturating_sub(some);
    *left == 0
}

/// Ends a connection with a reset, as a host that fails does.
fn reset(client: TcpStream) {
    let _ = client.set_zero_linger();
}

async fn carry(mut client: TcpStream, inner: Arc<Inner>) {
    let number = inner.next.fetch_add(1, Ordering::SeqCst);
    let mut changes = inner.state.subscribe();
    let target = inner.target.lock().expect("target").clone();
    let refuses = changes.borrow_and_update().refuses;
    let server = if refuses { None } else { UnixStream::connect(target).await.ok() };
    let Some(mut server) = server else { return reset(client) };
    let _ = client.set_nodelay(true);
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        let state = *changes.borrow_and_update();
        if number < state.cut_below {
            return reset(client);
        }
        if number < state.silent_below {
            drop(server);
            // Until it is cut, or the client gives it up.
            let _ =
                tokio::time::timeout(Duration::from_secs(120), changes.wait_for(|now| number < now.cut_below)).await;
            return reset(client);
        }
        let flows = !state.stalled;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            read = client.read(&mut up), if flows => {
                let Some(read) = read.ok().filter(|read| *read > 0) else { return };
                let trap = inner.springs(&up[..read], true);
                if matches!(trap, Some(Trap::BytesIn(_))) {
                    return reset(client);
                }
                if server.write_all(&up[..read]).await.is_err() {
                    return reset(client);
                }
                if matches!(trap, Some(Trap::CommitAnswer)) {
                    // It answers when the commit is made.
                    let _ = server.read(&mut down).await;
                    return reset(client);
                }
            }
            read = server.read(&mut down), if flows => {
                let Some(read) = read.ok().filter(|read| *read > 0) else { return reset(client) };
                if inner.springs(&down[..read], false).is_some() || client.write_all(&down[..read]).await.is_err() {
                    return reset(client);
                }
            }
        }
    }
}
