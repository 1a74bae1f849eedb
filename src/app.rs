//! Owns the running service: one path for `lcr serve`, `lcr demo` and the tests.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as ActixApp, HttpServer, web};
use tokio::sync::{Notify, Semaphore};
use tracing_actix_web::TracingLogger;

use crate::alerts::{AlertsError, Teller};
use crate::config::Config;
use crate::http::cors;
use crate::http::gate::{self, AllRates};
use crate::http::health::Readiness;
use crate::http::metrics::{self, Pools};
use crate::http::span::{self, RouteSpan};
use crate::http::{self, State, format};
use crate::limits::Turns;
use crate::profile::{self, Unusable};
use crate::smart::recent::Recent;
use crate::smart::server::{Server as SmartServer, SetUpError};
use crate::store::{AuditTrail, Store, StoreError};
use crate::telemetry;
use crate::tls::{Certificate, TlsError};

/// A service that is bound to its address and ready to run.
pub struct App {
    server: Server,
    address: String,
    /// What serves the figures, where they have an address of their own.
    figures: Option<Server>,
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("nothing can listen on {address}: {error}; choose another address with {variable}")]
    Listen { address: String, error: std::io::Error, variable: &'static str },
    #[error("the figures for Prometheus could not be made: {0}")]
    Metrics(String),
    #[error(
        "the service's role in the database owns tables or is not bound by row-level security: log in as a member of lcr_service"
    )]
    NotLocked,
    #[error(transparent)]
    Tls(#[from] TlsError),
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
        telemetry::metrics::check().map_err(StartError::Metrics)?;
        let certificate =
            config.tls.files().map(|(certificate, key)| Certificate::read(certificate, key)).transpose()?;
        let listen = |error| StartError::Listen { address: config.listen.to_string(), error, variable: "LCR_LISTEN" };
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
        let files = Arc::new(Semaphore::new(config.limits.export_files));
        if let Some(teller) = Teller::new(&config.overrides, shared.clone())? {
            tokio::spawn(teller.run(Arc::clone(&alerts)));
        }
        let load = config.load;
        let longest = Duration::from_secs(load.statement_seconds);
        let requests = Store::of_requests(database_url, 2, longest)?;
        let trail = AuditTrail::start(requests.clone());
        let readiness = Arc::new(Readiness::new(shared.beside(1), trail.clone(), key.clone()));
        let pools = Pools::default();
        let figures = config.metrics.listen.map(|address| figures(address, &pools)).transpose()?;
        let smart = Arc::new(SmartServer::new(&config)?);
        let sensitive = config.sensitive_codes();
        let base = config.fhir_base();
        let (workers, grace) = (config.workers, config.grace_seconds);
        let rates = Arc::new(AllRates::new(&load));
        let server = HttpServer::new(move || {
            // A pool a worker: no lock is shared between cores on the way to the database.
            let store = requests.beside(config.connections).labelling(sensitive.clone());
            pools.add(store.clone());
            let state = web::Data::new(State {
                store,
                trail: trail.clone(),
                recent: Recent::default(),
                key: key.clone(),
                config: config.clone(),
                files: Arc::clone(&files),
                alerts: Arc::clone(&alerts),
                smart: Arc::clone(&smart),
                base: base.clone(),
                readiness: Arc::clone(&readiness),
                pools: pools.clone(),
                turns: Turns::new(load.turns, load.queue, load.patience()),
                rates: Arc::clone(&rates),
            });
            ActixApp::new()
                .wrap(from_fn(cors::cors))
                // Before anything that asks the database.
                .wrap(from_fn(gate::gate))
                .wrap(from_fn(format::answer))
                .wrap(Compress::default())
                .wrap(from_fn(span::name))
                .wrap(from_fn(metrics::count))
                .wrap(TracingLogger::<RouteSpan>::new())
                .configure(http::routes)
                .app_data(state)
        });
        // An answer is two writes, head and body: without this the second waits for the first to be acknowledged.
        let server = server.tcp_nodelay(true);
        let server = if workers > 0 { server.workers(workers) } else { server };
        let head = Duration::from_secs(load.head_seconds);
        let server = server
            .disable_signals()
            .shutdown_timeout(grace)
            .max_connections(load.clients)
            .client_request_timeout(head)
            .tls_handshake_timeout(head)
            .keep_alive(Duration::from_secs(load.idle_seconds))
            // Who has closed their side waits for nothing: what is done for them ends.
            .h1_allow_half_closed(false);
        let (server, scheme) = match &certificate {
            Some(certificate) => {
                tokio::spawn(Arc::clone(certificate).renew());
                (server.listen_rustls_0_23(listener, certificate.server()?), "https")
            }
            None => (server.listen(listener), "http"),
        };
        let server = server.map_err(|error| StartError::Listen {
            address: address.to_string(),
            error,
            variable: "LCR_LISTEN",
        })?;
        Ok(App { server: server.run(), address: format!("{scheme}://{address}"), figures })
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
        let Some(figures) = self.figures else { return self.server.await };
        let handle = figures.handle();
        tokio::spawn(figures);
        let ended = self.server.await;
        // Figures are there until the last request has its answer.
        handle.stop(false).await;
        ended
    }
}

/// A server of the figures alone.
fn figures(address: SocketAddr, pools: &Pools) -> Result<Server, StartError> {
    let failed = |error| StartError::Listen { address: address.to_string(), error, variable: "LCR_METRICS_LISTEN" };
    let pools = web::Data::new(pools.clone());
    let server =
        HttpServer::new(move || ActixApp::new().app_data(pools.clone()).route("/metrics", web::get().to(metrics::own)));
    Ok(server.workers(1).disable_signals().bind(address).map_err(failed)?.run())
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
