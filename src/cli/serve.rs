//! `lcr serve`: the service over a database that somebody else runs.

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, migrate};
use crate::app::App;
use crate::config::Config;
use crate::store::Store;

/// Serves until SIGINT or SIGTERM.
pub async fn serve(config: Config) -> Result<(), Failure> {
    let Some(url) = config.database_url.clone() else {
        return Err("LCR_DATABASE_URL is not set: give the PostgreSQL URL of the record, or try `lcr demo`".into());
    };
    let store = Store::connect(config.owner_url.as_deref().unwrap_or(&url), 1)?;
    // A login that only serves leaves the schema to whoever owns it.
    if store.may_migrate().await? {
        store.migrate().await?;
        store.protect_labelled(&config.fhir_base()).await?;
        migrate::warn(&store).await?;
    }
    store.close().await;
    drop(store);
    let app = App::build(config, &url).await?;
    tracing::info!(url = app.url(), "serving");
    until_signal(app).await
}

/// Runs the service; a signal lets what is under way finish, then ends it. A second one ends it at once.
pub async fn until_signal(app: App) -> Result<(), Failure> {
    let handle = app.handle();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut running = tokio::spawn(app.run());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        ended = &mut running => return Ok(ended??),
    }
    tracing::info!("stopping: what is under way is finished; another signal ends it at once");
    let finished = async {
        handle.stop(true).await;
        running.await
    };
    tokio::select! {
        ended = finished => Ok(ended??),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}
