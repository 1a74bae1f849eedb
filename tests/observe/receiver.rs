//! A server that takes what is sent to it: a collector of spans, a webhook, a publisher of keys.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::wire::{Span, spans};

/// One request as it came.
#[derive(Clone)]
pub struct Taken {
    pub head: String,
    pub body: Vec<u8>,
}

impl Taken {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
    }
}

/// What listens, and all it got.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Receiver {
    /// Answers each request with this status and body.
    pub async fn start(status: &'static str, body: String) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let receiver = Receiver { url, taken: Arc::default() };
        let kept = Arc::clone(&receiver.taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, body) = (Arc::clone(&kept), body.clone());
                tokio::spawn(async move {
                    if let Some(taken) = take(stream, status, &body).await {
                        kept.lock().expect("no panic").push(taken);
                    }
                });
            }
        });
        receiver
    }

    /// All requests so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("no panic").clone()
    }

    /// The spans among them.
    pub fn spans(&self) -> Vec<Span> {
        self.taken().iter().flat_map(|taken| spans(&taken.body)).collect()
    }
}

async fn take(mut stream: TcpStream, status: &str, answer: &str) -> Option<Taken> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16_384]);
    loop {
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend(&buffer[..read]);
        let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let mut taken = Taken { head, body: bytes[at + 4..].to_vec() };
        let length = taken.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        if taken.body.len() < length {
            continue;
        }
        taken.body.truncate(length);
        let length = answer.len();
        let head = "content-type: application/json\r\nconnection: close";
        let answer = format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {length}\r\n\r\n{answer}");
        stream.write_all(answer.as_bytes()).await.ok()?;
        return Some(taken);
    }
}
