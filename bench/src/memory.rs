//! The limit of HTTP: actix, which answers the same requests with the same bytes out of memory.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use crate::Failure;

type Answers = Arc<BTreeMap<String, Bytes>>;

/// The server, until dropped.
pub struct Memory {
    pub address: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Memory {
    /// Starts with these answers, by path and query.
    pub fn start(answers: BTreeMap<String, Vec<u8>>) -> Result<Memory, Failure> {
        let answers: Answers = Arc::new(answers.into_iter().map(|(path, body)| (path, Bytes::from(body))).collect());
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let (tell, told) = channel();
        let thread = std::thread::spawn(move || {
            let server = move || App::new().app_data(Data::new(Arc::clone(&answers))).default_service(web::to(answer));
            let served = actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(server).tcp_nodelay(true).disable_signals().listen(listener)?.run();
                let _ = tell.send(server.handle());
                server.await
            });
            if let Err(error) = served {
                crate::say(&format!("actix: {error}"));
            }
        });
        Ok(Memory { address, handle: told.recv()?, thread: Some(thread) })
    }
}

async fn answer(request: HttpRequest, answers: Data<Answers>) -> HttpResponse {
    let key = request.uri().path_and_query().map_or("", |all| all.as_str());
    match answers.get(key) {
        Some(body) => HttpResponse::Ok().content_type("application/fhir+json").body(body.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // Sent at once; what it gives only waits for the end.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
