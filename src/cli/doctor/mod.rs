//! `lcr doctor`: what is wrong with a deployment, before its users find out. It looks and changes nothing.

mod judge;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Failure, database_url};
use crate::config::Config;
use crate::smart::upstream::Provider;
use crate::store::{Part, Store};
use crate::tls::Certificate;
use judge::{Finding, bad, good, warning};

/// How long a sign-in provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything, says what it finds, and whether nothing is wrong.
pub async fn doctor() -> Result<bool, Failure> {
    let mut findings = Vec::new();
    match Config::load() {
        Err(error) => findings.push(bad("configuration", error.to_string())),
        Ok(config) => {
            findings.push(good("configuration", source_of(std::env::var("LCR_CONFIG").ok().as_deref())));
            findings.extend(judge::addresses(&config));
            let certificate = config.tls.files().map(|(certificate, key)| Certificate::read(certificate, key));
            findings.extend(certificate.map(judge::certificate));
            findings.extend(secret_files(&config).filter_map(|(key, path)| judge::readers(key, path)));
            findings.extend(of_database(&config).await);
            findings.extend(of_sign_in(&config).await);
        }
    }
    for finding in &findings {
        println!("{finding}");
    }
    println!("{}", judge::sum(&findings));
    Ok(!findings.iter().any(Finding::is_bad))
}

fn source_of(file: Option<&str>) -> String {
    match file {
        Some(file) => format!("{file}, and variables"),
        None => "no file (LCR_CONFIG is not set); defaults and variables".to_owned(),
    }
}

/// The files that hold secrets, with the settings that name them.
fn secret_files(config: &Config) -> impl Iterator<Item = (&'static str, &Path)> {
    let own = [
        ("database_url_file", &config.database_url_file),
        ("owner_url_file", &config.owner_url_file),
        ("overrides.webhook_secret_file", &config.overrides.webhook_secret_file),
        ("tls.key", &config.tls.key),
    ];
    let of_providers = config.sign_in.iter().flat_map(|provider| {
        [
            ("sign_in[].client_secret_file", &provider.client_secret_file),
            ("sign_in[].private_key_file", &provider.private_key_file),
        ]
    });
    own.into_iter().chain(of_providers).filter_map(|(key, path)| path.as_deref().map(|path| (key, path)))
}

/// The database: as whoever its URL names, then as the service will use it.
async fn of_database(config: &Config) -> Vec<Finding> {
    let url = match database_url(config, false) {
        Ok(url) => url,
        Err(error) => return vec![bad("database", error.to_string())],
    };
    let mut findings = Vec::new();
    if let Err(error) = look(config, &url, &mut findings).await {
        findings.push(bad("database", error.to_string()));
    }
    findings
}

async fn look(config: &Config, url: &str, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let login = Store::connect(url, 1)?;
    let before = now();
    let checkup = login.checkup().await?;
    // Half of the way there and back is taken for the way back.
    findings.extend(judge::clock(checkup.clock - (before + now()) / 2.0));
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        workers => workers,
    };
    findings.extend(judge::database(&checkup, config.connections as usize * workers));
    let (schema, usable) = judge::schema(&login.schema_state().await?);
    findings.push(schema);
    if !usable || checkup.may_serve != Some(true) {
        return Ok(());
    }
    let service = Store::of_service(url, 1)?;
    let key = service.cursor_key().await?;
    for part in [Part::Lock, Part::Audit] {
        findings.push(judge::part(part, service.is_well(part, &key).await.unwrap_or(false)));
    }
    findings.extend(judge::upkeep(&login.upkeep().await?));
    let waiting: Vec<&str> = login.to_reindex().await?.iter().map(|spec| spec.name).collect();
    findings.push(judge::reindexing(&waiting));
    Ok(())
}

/// Whether each sign-in provider answers with a discovery document that fits.
async fn of_sign_in(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.sign_in.is_empty() {
        findings
            .push(good("sign-in", "no provider: nobody signs in here; backend services still get tokens".to_owned()));
    }
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build();
    for provider in &config.sign_in {
        let name = &provider.name;
        let reached = match &http {
            Err(error) => Err(error.to_string()),
            Ok(http) => match Provider::open_id(provider, http.clone(), config.policies.clone()) {
                Err(words) => Err(words),
                Ok(made) => made.reached().await.map_err(|error| error.to_string()),
            },
        };
        findings.push(match reached {
            Ok(()) => good("sign-in", format!("{name} answers at {}", provider.issuer)),
            Err(words) => bad("sign-in", format!("{name}: {words}; look at sign_in[].issuer {}", provider.issuer)),
        });
    }
    if config.overrides.webhook.is_none() {
        findings.push(warning(
            "alerts",
            "overrides.webhook is not set: that somebody broke the glass is seen only by who looks at the review queue"
                .to_owned(),
        ));
    }
    findings
}

/// Seconds since 1970 by this machine's clock.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
