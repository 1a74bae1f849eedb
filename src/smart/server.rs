//! Owns what the authorization server of one process shares: its addresses, the providers users sign in with, and the key
//! sets of clients.

use std::time::Duration;

use super::key_set::KeySets;
use super::upstream::Provider;
use crate::access::Policies;
use crate::config::Config;

/// The authorization server, beside the database.
pub struct Server {
    /// The public URL, which is also the issuer of id_tokens.
    pub issuer: String,
    /// The base URL of the FHIR API: the `aud` of authorization requests.
    pub fhir_base: String,
    /// Who says who the user is.
    pub providers: Vec<Provider>,
    pub key_sets: KeySets,
    /// What each role may do.
    pub policies: Policies,
}

/// Why the authorization server could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("the HTTP client of the authorization server could not be made: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the sign-in provider {0}: {1}")]
    Provider(String, String),
}

impl Server {
    /// From the configuration.
    pub fn new(config: &Config) -> Result<Server, SetUpError> {
        // A redirect could lead anywhere; neither key sets nor providers need one.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        let mut providers = Vec::new();
        for provider in &config.sign_in {
            let made = Provider::open_id(provider, http.clone(), config.policies.clone());
            providers.push(made.map_err(|words| SetUpError::Provider(provider.name.clone(), words))?);
        }
        if config.sandbox {
            providers.push(Provider::Sandbox);
        }
        let key_sets = KeySets::new(http);
        Ok(Server {
            issuer: config.root(),
            fhir_base: config.fhir_base(),
            providers,
            key_sets,
            policies: config.policies.clone(),
        })
    }

    /// An address of this service.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Whether cookies are to be kept from plain HTTP.
    pub fn is_https(&self) -> bool {
        self.issuer.starts_with("https://")
    }

    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.name() == name)
    }
}
