//! The command line: what `lcr` is told to do, and what it says of it.

mod audit;
mod client;
mod demo;
mod doctor;
mod health;
pub mod import;
mod migrate;
pub mod relationship;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::cluster;
use crate::config::{Config, Traces};
use crate::sandbox;
use crate::store::Store;
use crate::{openapi, smart, telemetry};

/// What a command ends with: words for standard error.
type Failure = Box<dyn std::error::Error>;

/// The FHIR R4 front door to a shared care record.
#[derive(Debug, Parser)]
#[command(name = "lcr", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the FHIR API over the database of LCR_DATABASE_URL
    Serve,
    /// Serve a sandbox: a private PostgreSQL under LCR_HOME, synthetic patients, personas
    Demo,
    /// Bring the schema of LCR_DATABASE_URL up to date, and index rows again where it asks for that; safe beside a running service
    Migrate {
        /// Look at every row: older instances may have written some since it was done
        #[arg(long)]
        again: bool,
    },
    /// Load transaction Bundles, NDJSON files and single resources, code systems and value sets; safe to run again
    Import {
        /// Files (.json, .ndjson, .xml) and folders of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// The source that shares them; a URI also becomes their meta.source where they have none. Without it each resource's own meta.source, else "import"
        #[arg(long)]
        source: Option<String>,
    },
    /// Who may ask for tokens
    Client {
        #[command(subcommand)]
        command: client::ClientCommand,
    },
    /// Who is involved in whose care
    Relationship {
        #[command(subcommand)]
        command: relationship::RelationshipCommand,
    },
    /// The audit trail: whether it is whole, and its export
    Audit {
        #[command(subcommand)]
        command: audit::AuditCommand,
    },
    /// Tell what is wrong with this deployment: configuration, database, roles, clocks, keys, sign-in; changes nothing
    Doctor,
    /// Ask the service of this configuration, on this machine, whether it can serve: for containers, which have no curl
    Health,
    /// Print the OpenAPI document, as /openapi.json serves it
    Openapi,
    /// The sandbox's tools
    Sandbox {
        #[command(subcommand)]
        command: SandboxCommand,
    },
}

#[derive(Debug, Subcommand)]
enum SandboxCommand {
    /// Print an access token for a persona of the running demo
    Token {
        /// gp, hospital-doctor, nurse, social-worker, therapist, pharmacist, health-assistant, receptionist, out-of-hours,
        /// ambulance, nhs-111, stranger, patient, privacy-officer, gp-system, lab-feed
        persona: String,
    },
    /// Write synthetic London records as NDJSON
    Generate {
        /// How many patients
        #[arg(long, default_value_t = 100)]
        patients: u32,
        /// The same seed gives the same records
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Observations of a patient, on average
        #[arg(long, default_value_t = 300)]
        observations: u32,
        /// A folder for record.ndjson and relationships.csv; without it the records go to standard output
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// Every command with its help, for the page that lists them.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(arguments.command)),
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("lcr: {error}");
        ExitCode::FAILURE
    })
}

async fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve => {
            let config = Config::load()?;
            let telemetry = telemetry::start("info", &config.traces)?;
            let served = serve::serve(config).await;
            telemetry.finish().await;
            served?;
        }
        Command::Demo => {
            let config = Config::load()?;
            let telemetry = telemetry::start("warn", &config.traces)?;
            let served = demo::demo(config).await;
            telemetry.finish().await;
            served?;
        }
        Command::Migrate { again } => {
            let config = Config::load()?;
            migrate::migrate(&database(&config)?, &config.fhir_base(), again).await?;
        }
        Command::Import { paths, source } => {
            let config = Config::load()?;
            // What a command does is no request: there is nothing to trace.
            telemetry::start("warn", &Traces::default())?;
            let store = database(&config)?;
            let report = import::run(&store, &paths, source.as_deref(), &config.fhir_base(), &config.profile).await?;
            print!("{report}");
            if report.refused() > 0 {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Client { command } => {
            let store = database(&Config::load()?)?;
            store.migrate().await?;
            client::run(&store, command).await?;
        }
        Command::Relationship { command } => {
            if !relationship::run(&database(&Config::load()?)?, command).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Audit { command } => {
            if !audit::run(&database(&Config::load()?)?, command).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Doctor => {
            if !doctor::doctor().await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Health => {
            if !health::health(&Config::load()?).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Openapi => print!("{}", openapi::document()),
        Command::Sandbox { command: SandboxCommand::Token { persona } } => {
            let claims = sandbox::persona(&persona)?;
            let store = database(&Config::load()?)?;
            if !store.sandbox_begun().await? {
                return Err("this database holds no sandbox: personas are for the one that `lcr demo` serves".into());
            }
            println!("{}", smart::issue(&store, &claims, sandbox::TOKEN_SECONDS).await?);
        }
        Command::Sandbox { command: SandboxCommand::Generate { patients, seed, observations, out } } => {
            match sandbox::write_records(patients, seed, observations, out.as_deref()) {
                // Whoever reads the records has had enough of them.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                outcome => outcome?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The database of the configuration, or the running demo's, as its owner.
fn database(config: &Config) -> Result<Store, Failure> {
    Ok(Store::connect(&database_url(config, true)?, 4)?.labelling(config.sensitive_codes()))
}

/// Its URL: the owner's where one is set and asked for.
fn database_url(config: &Config, owner: bool) -> Result<String, Failure> {
    if let Some(url) = config.owner_url.as_ref().filter(|_| owner).or(config.database_url.as_ref()) {
        return Ok(url.clone());
    }
    match cluster::locate(&config.home)? {
        Some(address) => Ok(address.url(demo::DATABASE)),
        None => Err(format!(
            "no database: nothing runs under {}; start `lcr demo` (make demo) first, or set LCR_DATABASE_URL",
            config.home.display()
        )
        .into()),
    }
}
