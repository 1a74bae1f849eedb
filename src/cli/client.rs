//! `lcr client`: who may ask for tokens. What a client may ever have is fixed here, when it is registered.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Failure;
use crate::smart::client::{self, Client, ClientKind, Registration};
use crate::smart::{keys, secret};
use crate::store::Store;

/// What there is to do with clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Register a client; prints its client_id, and its secret where it has one, which is shown this once
    Add(Box<Add>),
    /// List the clients
    List,
    /// Replace a client's secret or keys; the old ones end at once
    Rotate {
        client_id: String,
        /// The new JWKS of an asymmetric client, a file
        #[arg(long, conflicts_with = "jwks_uri")]
        jwks: Option<PathBuf>,
        /// The new JWKS URL of an asymmetric client
        #[arg(long)]
        jwks_uri: Option<String>,
    },
    /// Disable a client: it gets nothing more, and all it was given ends at once
    Disable { client_id: String },
    /// Make a new key for signing id_tokens; the old one stays published while what it signed is in force
    RotateSigningKey,
}

/// A client to be registered.
#[derive(Debug, Args)]
pub struct Add {
    /// What users read on the consent page
    #[arg(long)]
    name: String,
    /// Its client_id; without it one is made up
    #[arg(long)]
    id: Option<String>,
    /// How it proves itself: public (not at all), symmetric (a secret, by HTTP Basic) or asymmetric (private_key_jwt)
    #[arg(long, value_parser = kind, default_value = "public")]
    kind: ClientKind,
    /// The most it may be given, such as "openid fhirUser launch launch/patient patient/*.rs"
    #[arg(long)]
    scope: String,
    /// Where codes may be sent, letter by letter; may be repeated
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// Where an EPR launches it
    #[arg(long)]
    launch_uri: Option<String>,
    /// An asymmetric client's public keys: a file with a JWKS
    #[arg(long, conflicts_with = "jwks_uri")]
    jwks: Option<PathBuf>,
    /// The URL where it publishes them
    #[arg(long)]
    jwks_uri: Option<String>,
    /// The ODS code of the one organisation it is for
    #[arg(long)]
    organisation: Option<String>,
    /// The source under whose name it writes; a URI becomes meta.source of what it shares
    #[arg(long)]
    source: Option<String>,
    /// An origin of its pages beside those of its redirect URIs; may be repeated
    #[arg(long = "origin")]
    origins: Vec<String>,
    /// It is an EPR that launches apps (POST /oauth/launch)
    #[arg(long)]
    launches: bool,
    /// It may introspect tokens of other clients
    #[arg(long)]
    introspects: bool,
    /// Its users' organisation has consented for them: no consent page
    #[arg(long)]
    trusted: bool,
    /// Take http addresses of other machines too: for tests on a private network only
    #[arg(long)]
    allow_http: bool,
}

fn kind(text: &str) -> Result<ClientKind, String> {
    match text {
        "public" => Ok(ClientKind::Public),
        "symmetric" => Ok(ClientKind::Symmetric),
        "asymmetric" => Ok(ClientKind::Asymmetric),
        _ => Err("it is public, symmetric or asymmetric".to_owned()),
    }
}

/// Runs one of them.
pub async fn run(store: &Store, command: ClientCommand) -> Result<(), Failure> {
    match command {
        ClientCommand::Add(add) => register(store, *add).await,
        ClientCommand::List => list(store).await,
        ClientCommand::Rotate { client_id, jwks, jwks_uri } => rotate(store, &client_id, jwks, jwks_uri).await,
        ClientCommand::Disable { client_id } => {
            if !store.disable_client(&client_id).await? {
                return Err(unknown(&client_id));
            }
            println!("{client_id} is disabled; its tokens have ended");
            Ok(())
        }
        ClientCommand::RotateSigningKey => {
            keys::rotate(store).await?;
            println!("id_tokens are signed with {} from now on", keys::current(store).await?.kid);
            Ok(())
        }
    }
}

async fn register(store: &Store, add: Add) -> Result<(), Failure> {
    let id = match add.id {
        Some(id) => id,
        None => format!("lcr-{}", uuid::Uuid::new_v4().simple()),
    };
    let registration = Registration {
        name: add.name,
        kind: add.kind,
        redirect_uris: add.redirect_uris,
        launch_uri: add.launch_uri,
        scope: add.scope,
        jwks: add.jwks.map(read).transpose()?,
        jwks_uri: add.jwks_uri,
        organisation: add.organisation,
        source: add.source,
        launches: add.launches,
        introspects: add.introspects,
        trusted: add.trusted,
    };
    let secret = client::register(store, &id, registration, &add.origins, add.allow_http).await?;
    println!("client_id: {id}");
    if let Some(secret) = secret {
        println!("client_secret: {secret}");
    }
    Ok(())
}

async fn list(store: &Store) -> Result<(), Failure> {
    let clients: Vec<Client> = store.clients().await?;
    for client in clients {
        let kind = match client.registration.kind {
            ClientKind::Public => "public",
            ClientKind::Symmetric => "symmetric",
            ClientKind::Asymmetric => "asymmetric",
        };
        let state = if client.disabled { "  disabled" } else { "" };
        println!("{}  {kind}{state}  {}  [{}]", client.client_id, client.registration.name, client.registration.scope);
    }
    Ok(())
}

async fn rotate(
    store: &Store,
    client_id: &str,
    jwks: Option<PathBuf>,
    jwks_uri: Option<String>,
) -> Result<(), Failure> {
    let client: Option<Client> = store.client(client_id).await?;
    let mut client = client.ok_or_else(|| unknown(client_id))?;
    match (client.registration.kind, jwks, jwks_uri) {
        (ClientKind::Symmetric, None, None) => {
            let new = secret::random()?;
            store.replace_secret(client_id, &secret::password_hash(&new)?).await?;
            println!("client_id: {client_id}\nclient_secret: {new}");
        }
        (ClientKind::Asymmetric, jwks, jwks_uri) if jwks.is_some() || jwks_uri.is_some() => {
            client.registration.jwks = jwks.map(read).transpose()?;
            client.registration.jwks_uri = jwks_uri;
            let faults = client.registration.faults(true);
            if !faults.is_empty() {
                return Err(faults.join("\n").into());
            }
            store.replace_registration(&client).await?;
            println!("{client_id} has the new keys");
        }
        (ClientKind::Asymmetric, ..) => return Err("give the new keys: --jwks FILE or --jwks-uri URL".into()),
        (ClientKind::Public, ..) => return Err("a public client has nothing to rotate".into()),
        _ => return Err("this client proves itself with a secret: leave --jwks and --jwks-uri out".into()),
    }
    Ok(())
}

fn unknown(client_id: &str) -> Failure {
    format!("there is no client {client_id}; lcr client list shows them").into()
}

fn read(path: PathBuf) -> Result<serde_json::Value, Failure> {
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{} is not JSON: {error}", path.display()))?)
}
