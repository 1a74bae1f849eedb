//! EXPLAIN of a statement exactly as the service sent it: the same log-in, text, types and values, over the bare protocol.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::wire::Ran;

/// The plan as PostgreSQL tells it when it has run the statement, line by line.
pub async fn explain(socket: &Path, ran: &Ran) -> Vec<String> {
    let mut server = UnixStream::connect(socket).await.expect("the server");
    server.write_all(&ran.startup).await.expect("sent");
    answer(&mut server).await;
    let text = format!("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) {}", ran.text);
    let mut sent = message(b'P', &[b"\0", text.as_bytes(), b"\0", &ran.types]);
    // The values come with the formats of results behind them: binary for all, which for text is the same.
    sent.extend(message(b'B', &[b"\0\0", &ran.values]));
    sent.extend(message(b'E', &[b"\0", &0_u32.to_be_bytes()]));
    sent.extend(message(b'S', &[]));
    server.write_all(&sent).await.expect("sent");
    answer(&mut server).await
}

fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    let mut message = vec![kind];
    message.extend(u32::try_from(size + 4).expect("a size").to_be_bytes());
    parts.iter().for_each(|part| message.extend(*part));
    message
}

/// The one column of the rows that come before the server is ready again.
async fn answer(server: &mut UnixStream) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let kind = server.read_u8().await.expect("a message");
        let size = usize::try_from(server.read_u32().await.expect("a size")).expect("a size");
        let mut body = vec![0; size - 4];
        server.read_exact(&mut body).await.expect("a body");
        match kind {
            b'D' => lines.push(String::from_utf8_lossy(&body[6..]).into_owned()),
            b'E' => panic!("{}", String::from_utf8_lossy(&body)),
            b'Z' => return lines,
            _ => {}
        }
    }
}
