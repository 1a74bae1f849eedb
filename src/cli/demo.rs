//! `lcr demo`: the sandbox in one command: a database, a record, personas, and what to try.

use std::time::Instant;

use super::serve::until_signal;
use super::{Failure, import, migrate};
use crate::app::App;
use crate::cluster::{Cluster, Durability};
use crate::config::Config;
use crate::sandbox;
use crate::smart::client::register_known;
use crate::store::Store;

/// The private cluster's database.
pub const DATABASE: &str = "postgres";

/// Starts what is needed and serves until Ctrl-C. Data stays for the next start.
pub async fn demo(config: Config) -> Result<(), Failure> {
    let began = Instant::now();
    let say = |words: &str| eprintln!("{words}");
    let (cluster, url) = match &config.database_url {
        Some(url) => {
            say("Using the database of LCR_DATABASE_URL.");
            (None, url.clone())
        }
        None => {
            say(&format!("Starting a private PostgreSQL under {}.", config.home.display()));
            let home = config.home.clone();
            // Starting waits for a process; the runtime's own threads have other things to do.
            let started = tokio::task::spawn_blocking(move || {
                Cluster::start(&home, Durability::Durable, &|words| eprintln!("  {words}"))
            });
            let cluster = started.await??;
            let url = cluster.url(DATABASE);
            (Some(cluster), url)
        }
    };
    let store = Store::connect(&url, 4)?;
    migrate::migrate(&store, &config.fhir_base(), false).await?;
    load(&store, &config).await?;
    // Over a record that is not the sandbox's, nobody becomes a persona.
    let sandbox = store.sandbox_begun().await?;
    if sandbox {
        // A sandbox of an earlier version has no staff yet; what is there already stays as it is.
        for (file, lines) in
            [("sandbox/staff.ndjson", sandbox::STAFF), ("sandbox/organisations.ndjson", sandbox::ORGANISATIONS)]
        {
            import::run_ndjson(&store, file, lines, &config.fhir_base(), &config.profile).await?;
        }
        for (id, (registration, secret)) in sandbox::clients(&config.root())? {
            register_known(&store, &id, registration, secret).await?;
        }
    }
    store.close().await;
    let config = Config { sandbox, ..config };
    let app = App::build(config.clone(), &url).await?;
    greet(&config, app.url(), began)?;
    let served = until_signal(app).await;
    if let Some(cluster) = cluster {
        say("Stopping PostgreSQL; the data stays.");
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
    }
    served
}

/// Loads the sandbox record, unless all of it is there. A load that was cut short is made whole: nothing is loaded twice.
async fn load(store: &Store, config: &Config) -> Result<(), Failure> {
    if store.sandbox_loaded().await? {
        return Ok(());
    }
    if !store.is_empty().await? && !store.sandbox_begun().await? {
        eprintln!("The database holds a record already; the sandbox's is not loaded into it.");
        return Ok(());
    }
    store.begin_sandbox().await?;
    eprintln!("Loading the sandbox record ({} resources).", sandbox::RECORD.lines().count());
    let report =
        import::run_ndjson(store, "sandbox/record.ndjson", sandbox::RECORD, &config.fhir_base(), &config.profile)
            .await?;
    if report.refused() > 0 {
        return Err(format!("the sandbox record is not as it should be:\n{report}").into());
    }
    let relationships = sandbox::relationships()?;
    if let Some(place) = store.relate(&relationships).await?.first() {
        let number = relationships.get(*place).map_or("", |relationship| &relationship.nhs_number);
        return Err(format!("the sandbox has a relationship of {number}, who is not in its record").into());
    }
    for persona in sandbox::personas()?.values() {
        if let Some(source) = &persona.claims.source {
            store.name_source(source, Some(source)).await?;
        }
    }
    store.finish_sandbox().await?;
    Ok(())
}

/// Says where things are and what to try.
fn greet(config: &Config, url: &str, began: Instant) -> Result<(), Failure> {
    let base = config.public_url.as_deref().unwrap_or(url);
    let lcr = std::env::current_exe()?;
    let lcr =
        std::env::current_dir().ok().and_then(|here| lcr.strip_prefix(here).ok().map(|p| p.to_owned())).unwrap_or(lcr);
    let home = if config.home == Config::default().home {
        String::new()
    } else {
        format!("LCR_HOME={} ", config.home.display())
    };
    println!("\nThe record is served at {base}/fhir  (after {:.1} s)\n", began.elapsed().as_secs_f32());
    println!("  Try every call     {base}/docs");
    println!("  Launch an app      {base}/sandbox");
    println!("  A SMART app        {base}/sandbox/app/launch.html");
    println!("  What it can do     {base}/fhir/metadata");
    println!("  SMART discovery    {base}/fhir/.well-known/smart-configuration");
    println!("  Is it well         {base}/health/ready\n");
    println!("Personas:");
    for (name, persona) in sandbox::personas()? {
        println!("  {name:<17}{}", persona.title);
    }
    let token = format!("$({home}{} sandbox token gp)", lcr.display());
    println!("\nTry, in another terminal in this folder:\n");
    println!("  curl -s -H \"Authorization: Bearer {token}\" '{base}/fhir/Patient?_count=3'\n");
    println!("Ctrl-C stops it; the data stays.");
    Ok(())
}
