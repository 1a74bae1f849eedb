//! A proxy between the service and PostgreSQL that notes what the service sends. It knows the protocol (PostgreSQL 15, chapter
//! 55) and nothing of the service or its driver.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};

/// One statement as it was run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The connection's first message: who logs in, where, with which settings.
    pub startup: Vec<u8>,
    pub text: String,
    /// The body of Parse behind name and text: the types of parameters.
    pub types: Vec<u8>,
    /// The body of Bind behind the names: the parameters and how they are written.
    pub values: Vec<u8>,
}

/// What has gone over the wire.
#[derive(Debug, Default)]
pub struct Seen {
    pub ran: Vec<Ran>,
    /// How often the service waited for an answer on a connection that has run something but the audit trail.
    pub trips: usize,
}

/// The proxy.
pub struct Wire {
    folder: PathBuf,
    pub real: PathBuf,
    seen: Arc<Mutex<Seen>>,
}

impl Wire {
    /// In front of the server that this URL leads to, over its socket.
    pub fn before(url: &str) -> Wire {
        // The path of a socket may not be long.
        let folder = std::env::temp_dir().join(format!("lcr-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).expect("a folder");
        let real = PathBuf::from(host(url)).join(".s.PGSQL.5432");
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).expect("a socket");
        let wire = Wire { folder, real, seen: Arc::default() };
        let (real, seen) = (wire.real.clone(), Arc::clone(&wire.seen));
        tokio::spawn(async move {
            while let Ok((service, _)) = listener.accept().await {
                tokio::spawn(pass(service, real.clone(), Arc::clone(&seen)));
            }
        });
        wire
    }

    /// The URL by which the service comes through here.
    pub fn url(&self, url: &str) -> String {
        let start = url.find("host=").expect("a host") + 5;
        let end = url[start..].find('&').map_or(url.len(), |at| start + at);
        format!("{}{}{}", &url[..start], self.folder.display().to_string().replace('/', "%2F"), &url[end..])
    }

    /// What has gone over the wire since this was last asked.
    pub fn take(&self) -> Seen {
        std::mem::take(&mut self.seen.lock().expect("what was seen"))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the socket.
fn host(url: &str) -> String {
    let text = url.split("host=").nth(1).and_then(|rest| rest.split('&').next()).expect("a host");
    let mut pieces = text.split('%');
    let mut path = pieces.next().expect("a piece").to_owned();
    for piece in pieces {
        let byte = u8::from_str_radix(&piece[..2], 16).expect("a percent code");
        path.push(char::from(byte));
        path.push_str(&piece[2..]);
    }
    path
}

async fn pass(service: UnixStream, real: PathBuf, seen: Arc<Mutex<Seen>>) {
    let (from_server, to_server) = UnixStream::connect(real).await.expect("the server").into_split();
    let (from_service, mut to_service) = service.into_split();
    let mut from_server = from_server;
    tokio::spawn(async move { copy(&mut from_server, &mut to_service).await });
    let _ = note(from_service, to_server, seen).await;
}

/// Passes on message by message what the service sends, and notes it.
async fn note(
    mut from: OwnedReadHalf,
    mut to: tokio::net::unix::OwnedWriteHalf,
    seen: Arc<Mutex<Seen>>,
) -> std::io::Result<()> {
    let size = from.read_u32().await?;
    let mut startup = size.to_be_bytes().to_vec();
    startup.resize(usize::try_from(size).expect("a size"), 0);
    from.read_exact(&mut startup[4..]).await?;
    to.write_all(&startup).await?;
    let mut prepared: HashMap<Vec<u8>, (String, Vec<u8>)> = HashMap::new();
    let mut bound: Option<Ran> = None;
    let mut of_trail = false;
    loop {
        let kind = from.read_u8().await?;
        let size = from.read_u32().await?;
        let mut body = vec![0; usize::try_from(size).expect("a size") - 4];
        from.read_exact(&mut body).await?;
        match kind {
            b'P' => {
                let (name, rest) = text(&body);
                let (query, types) = text(rest);
                let query = String::from_utf8_lossy(query).into_owned();
                prepared.insert(name.to_vec(), (query, types.to_vec()));
            }
            b'B' => {
                let (_, rest) = text(&body);
                let (name, values) = text(rest);
                let (text, types) = prepared.get(name).cloned().expect("a statement that was prepared");
                of_trail = text.contains("audit_append");
                bound = Some(Ran { startup: startup.clone(), text, types, values: values.to_vec() });
            }
            b'E' => seen.lock().expect("what was seen").ran.extend(bound.take()),
            b'Q' | b'S' => seen.lock().expect("what was seen").trips += usize::from(!of_trail),
            _ => {}
        }
        let mut message = vec![kind];
        message.extend(size.to_be_bytes());
        message.extend(body);
        to.write_all(&message).await?;
    }
}

/// A text that ends with a zero, and what is behind it.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).expect("an end");
    (&bytes[..end], &bytes[end + 1..])
}
