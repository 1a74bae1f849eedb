//! Owns the running service: one path for `lcr serve`, `lcr demo` and the tests.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as ActixApp, HttpServer, web};
use tokio::sync::Notify;
use tracing_actix_web::TracingLogger;

use crate::alerts::{AlertsError, Teller};
use crate::config::Config;
use crate::http::cors;
use crate::http::span::{self, RouteSpan};
use crate::http::{self, State, format};
use crate::profile::{self, Unusable};
use crate::smart::recent::Recent;
use crate::smart::server::{Server as SmartServer, SetUpError};
use crate::store::{AuditTrail, Store, StoreError};

/// A service that is bound to its address and ready to run.
pub struct App {
    server: Server,
    address: String,
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("nothing can listen on {address}: {error}; choose another address with LCR_LISTEN")]
    Listen { address: String, error: std::io::Error },
    #[error(
        "the service's role in the database owns tables or is not bound by row-level security: log in as a member of lcr_service"
    )]
    NotLocked,
    #[error(transparent)]
    Alerts(#[from] AlertsError),
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Profiles(#[from] Unusable),
}

impl App {
    /// Builds the service over a database whose schema is up to date.
    pub async fn build(config: Config, database_url: &str) -> Result<App, StartError> {
        // What is compiled now is compiled in no request.
        profile::library()?;
        let listen = |error| StartError::Listen { address: config.listen.to_string(), error };
        let listener = TcpListener::bind(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let mut config = config;
        // Port 0 asks the system for one; links have to name the one it gave.
        config.listen = address;
        let shared = Store::of_service(database_url, 2)?;
        if !shared.is_locked().await? {
            return Err(StartError::NotLocked);
        }
        let key = shared.cursor_key().await?;
        tokio::spawn(sweep(shared.clone()));
        let alerts = Arc::new(Notify::new());
        if let Some(teller) = Teller::new(&config.overrides, shared.clone())? {
            tokio::spawn(teller.run(Arc::clone(&alerts)));
        }
        let trail = AuditTrail::start(shared);
        let smart = Arc::new(SmartServer::new(&config)?);
        let sensitive = config.sensitive_codes();
        let base = config.fhir_base();
        let url = database_url.to_owned();
        let workers = config.workers;
        // A pool a worker: no lock is shared between cores on the way to the database.
        Store::of_service(&url, config.connections)?;
        let server = HttpServer::new(move || {
            let store = Store::of_service(&url, config.connections).map(|store| store.labelling(sensitive.clone()));
            let state = store.map(|store| {
                web::Data::new(State {
                    store,
                    trail: trail.clone(),
                    recent: Recent::default(),
                    key: key.clone(),
                    config: config.clone(),
                    alerts: Arc::clone(&alerts),
                    smart: Arc::clone(&smart),
                    base: base.clone(),
                })
            });
            let app = ActixApp::new()
                .wrap(from_fn(format::answer))
                .wrap(Compress::default())
                .wrap(from_fn(cors::cors))
                .wrap(from_fn(span::name))
                .wrap(TracingLogger::<RouteSpan>::new())
                .configure(http::routes);
            match state {
                Ok(state) => app.app_data(state),
                // The same URL was read a moment ago; a worker without a store answers 500.
                Err(_) => app,
            }
        });
        // An answer is two writes, head and body: without this the second waits for the first to be acknowledged.
        let server = server.tcp_nodelay(true);
        let server = if workers > 0 { server.workers(workers) } else { server };
        let server = server
            .disable_signals()
            .listen(listener)
            .map_err(|error| StartError::Listen { address: address.to_string(), error })?;
        Ok(App { server: server.run(), address: format!("http://{address}") })
    }

    /// The URL it listens on.
    pub fn url(&self) -> &str {
        &self.address
    }

    /// What stops it.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until stopped.
    pub async fn run(self) -> std::io::Result<()> {
        self.server.await
    }
}

/// Every so often, forgets sign-ins and tokens that are long over; ends with the process.
async fn sweep(store: Store) {
    let mut every = tokio::time::interval(Duration::from_secs(600));
    loop {
        every.tick().await;
        if let Err(error) = store.audit_months().await {
            tracing::warn!(%error, "the audit trail's next month could not be made; its rows go to the default partition");
        }
        if let Err(error) = store.sweep().await {
            tracing::warn!(%error, "what has expired could not be swept away");
        }
    }
}
