//! Owns the configuration: one struct, from a TOML file and `LCR_…` variables, checked before anything starts.

mod load;
mod overrides;
mod proxies;
pub mod secret;
pub mod settings;
mod sign_in;
mod telemetry;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use load::Load;
pub use overrides::Overrides;
pub use proxies::Proxies;
pub use sign_in::{SignIn, SignInKind};
pub use telemetry::{Figures, Traces};
pub use tls::Tls;

use crate::access::Policies;
use crate::access::policy::RolePolicy;
use crate::access::sensitive::{Sensitive, SensitiveCodes};
use crate::profile::Strictnesses;
use crate::search::Limits;

/// Everything that can be set; `settings` says how. A variable wins over the file that `LCR_CONFIG` names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the service listens: an address and a port.
    pub listen: SocketAddr,
    /// The URL under which callers reach the service, without a slash at its end; links begin with it.
    pub public_url: Option<String>,
    /// PostgreSQL; `lcr demo` starts one of its own when this is missing.
    pub database_url: Option<String>,
    /// A file that holds `database_url`.
    pub database_url_file: Option<PathBuf>,
    /// PostgreSQL as the owner of the tables, for the commands of the operator and migrations at the start; without it they use
    /// `database_url`.
    pub owner_url: Option<String>,
    /// A file that holds `owner_url`.
    pub owner_url_file: Option<PathBuf>,
    /// Where the private database lives.
    pub home: PathBuf,
    /// Connections of each worker's pool.
    pub connections: u32,
    /// HTTP workers; 0: one a core.
    pub workers: usize,
    /// Peers whose word on where a request came from is believed.
    pub proxies: Proxies,
    /// TLS, if the service speaks it by itself.
    pub tls: Tls,
    /// How long requests under way may take to finish once the service is told to stop.
    pub grace_seconds: u64,
    /// What a request may cost.
    pub limits: RequestLimits,
    /// What all requests together may cost, and how long.
    pub load: Load,
    /// How strictly each source is held to the profiles.
    pub profile: Strictnesses,
    /// Roles that take the place of those the program brings, or come beside them.
    pub role_policy: BTreeMap<String, RolePolicy>,
    /// Codes that make what has them more confidential than its source said.
    pub sensitive: Vec<SensitiveCodes>,
    /// How long overrides last, and who is told of them.
    pub overrides: Overrides,
    /// Where figures are served.
    pub metrics: Figures,
    /// Where traces go.
    pub traces: Traces,
    /// What each role may do: made of `role_policy` when it is read.
    #[serde(skip)]
    pub policies: Policies,
    /// Who says who the users are. Without one, nobody signs in here; backend services still get tokens.
    pub sign_in: Vec<SignIn>,
    /// Whether the sandbox's own sign-in page is served. No file or variable sets it: `lcr demo` does, over its own record.
    #[serde(skip)]
    pub sandbox: bool,
}

/// Bounds on requests.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestLimits {
    /// The largest body, in bytes.
    pub body: usize,
    /// The longest address with its query, in bytes.
    pub address: usize,
    /// The most header lines.
    pub header_lines: usize,
    /// All header lines together, in bytes.
    pub headers: usize,
    /// The most entries of a transaction or batch.
    pub entries: usize,
    /// Rows on a page when the caller does not say.
    pub page: usize,
    /// The most rows on a page.
    pub most_page: usize,
    /// The most parameters in a query.
    pub parameters: usize,
    /// The most alternatives of one parameter.
    pub values: usize,
    /// The most types a chain or `_has` enters.
    pub chain: usize,
    /// The most resources that come along with a page.
    pub includes: usize,
    /// The most exports that a client has at once.
    pub exports: u32,
    /// The most files of exports that are sent at once.
    pub export_files: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database_url: None,
            database_url_file: None,
            owner_url: None,
            owner_url_file: None,
            home: PathBuf::from(".lcr"),
            connections: 8,
            workers: 0,
            proxies: Proxies::default(),
            tls: Tls::default(),
            grace_seconds: 30,
            limits: RequestLimits::default(),
            load: Load::default(),
            profile: Strictnesses::default(),
            role_policy: BTreeMap::new(),
            sensitive: Vec::new(),
            overrides: Overrides::default(),
            metrics: Figures::default(),
            traces: Traces::default(),
            policies: Policies::default(),
            sign_in: Vec::new(),
            sandbox: false,
        }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        RequestLimits {
            body: 16 << 20,
            address: 48 << 10,
            header_lines: 80,
            headers: 32 << 10,
            entries: 5_000,
            page: 20,
            most_page: 1_000,
            parameters: 100,
            values: 200,
            chain: 3,
            includes: 1_000,
            exports: 10,
            export_files: 4,
        }
    }
}

/// Why the configuration is not usable: which value, and what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the file {path} that LCR_CONFIG names cannot be read: {error}")]
    File { path: String, error: std::io::Error },
    #[error("the configuration is wrong: {0}")]
    Value(String),
    #[error("the configuration is wrong: {0}")]
    Secret(#[from] secret::Unreadable),
}

impl Config {
    /// Reads the file and the environment.
    pub fn load() -> Result<Config, ConfigError> {
        let file = std::env::var("LCR_CONFIG").ok().filter(|path| !path.is_empty());
        let text = match &file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(Path::new(path))
                .map_err(|error| ConfigError::File { path: path.clone(), error })?,
        };
        Config::of(&text, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?.with_secrets()
    }

    /// The same, with the URLs that are in files.
    fn with_secrets(mut self) -> Result<Config, ConfigError> {
        if let Some(path) = &self.database_url_file {
            self.database_url = Some(secret::read("database_url_file (LCR_DATABASE_URL_FILE)", path)?);
        }
        if let Some(path) = &self.owner_url_file {
            self.owner_url = Some(secret::read("owner_url_file (LCR_OWNER_URL_FILE)", path)?);
        }
        Ok(self)
    }

    /// What a file's text and the variables come to.
    pub fn of(file: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut table: toml::Table = file.parse().map_err(|error| syntax(file, &error))?;
        for setting in settings::SETTINGS {
            if let Some(text) = setting.variable.and_then(variable) {
                setting.put(&mut table, setting.of_variable(text));
            }
            setting.within(&table).map_or(Ok(()), |value| setting.judge(value))?;
        }
        let config: Config = table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Value(error.to_string().trim().replace('\n', " ")))?;
        config.checked()
    }

    /// The rules that are not of one value alone.
    fn checked(mut self) -> Result<Config, ConfigError> {
        let wrong = |words: String| Err(ConfigError::Value(words));
        self.public_url = self.public_url.map(|url| url.trim_end_matches('/').to_owned());
        let limits = self.limits;
        if limits.page > limits.most_page {
            return wrong(format!(
                "limits.page (LCR_LIMITS_PAGE) is {}, which should be at most limits.most_page (LCR_LIMITS_MOST_PAGE), {}",
                limits.page, limits.most_page
            ));
        }
        if let Some(words) = self.tls.fault() {
            return wrong(words.to_owned());
        }
        for (key, url, file) in [
            ("database_url", &self.database_url, &self.database_url_file),
            ("owner_url", &self.owner_url, &self.owner_url_file),
        ] {
            if url.is_some() && file.is_some() {
                return wrong(format!("{key} and {key}_file are both set; keep one"));
            }
        }
        self.policies = match Policies::with(&self.role_policy) {
            Ok(policies) => policies,
            Err(words) => return wrong(words),
        };
        if let Err(words) = Sensitive::of(&self.sensitive) {
            return wrong(format!("sensitive.codes: {words}"));
        }
        if let Some(words) = self.sign_in.iter().find_map(SignIn::fault) {
            return wrong(words);
        }
        let mut names: Vec<&str> = self.sign_in.iter().map(|provider| provider.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return wrong("two sign_in tables have one name; each should have its own".to_owned());
        }
        Ok(self)
    }

    /// The codes of `sensitive`, to be looked up; they were checked.
    pub fn sensitive_codes(&self) -> Sensitive {
        Sensitive::of(&self.sensitive).unwrap_or_default()
    }

    /// The public URL: what comes before every path of the service.
    pub fn root(&self) -> String {
        let scheme = if self.tls.files().is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", self.listen))
    }

    /// The base URL of the FHIR API.
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir", self.root())
    }

    /// What searches may cost.
    pub fn search_limits(&self) -> Limits {
        let l = self.limits;
        Limits {
            page: l.page,
            most_page: l.most_page,
            parameters: l.parameters,
            values: l.values,
            chain: l.chain,
            includes: l.includes,
        }
    }
}

/// What is no TOML: its line, without what is on it, which may be a secret.
fn syntax(file: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| file.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    ConfigError::Value(format!("line {line} of the file is not TOML: {}", error.message().trim().replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_wins_over_the_file_and_a_wrong_value_is_named() {
        let none = |_: &str| None;
        let file = "listen = \"127.0.0.1:1\"\n[limits]\npage = 5\n";
        let set = |name: &str| (name == "LCR_LISTEN").then(|| "127.0.0.1:2".to_owned());
        let config = Config::of(file, &set).expect("config");
        assert_eq!((config.listen.port(), config.limits.page), (2, 5));
        for (file, words) in [
            ("listne = \"x\"", "listne"),
            ("listen = \"x\"", "listen"),
            ("public_url = \"ftp://x\"", "public_url"),
            ("connections = 0", "connections"),
            ("[profile]\ndefault = \"lax\"", "LCR_PROFILE"),
            ("[profile.source]\n\"https://a.example\" = \"no\"", "profile.source"),
            ("[limits]\npage = 0", "limits.page"),
            ("sandbox = true", "sandbox"),
            (
                "[[sign_in]]\nname = \"a\"\ntitle = \"A\"\nkind = \"cis2\"\nissuer = \"http://x.example\"\nclient_id = \"c\"\nclient_secret = \"s\"",
                "https",
            ),
            (
                "[[sign_in]]\nname = \"a\"\ntitle = \"A\"\nkind = \"oidc\"\nissuer = \"https://x.example\"\nclient_id = \"c\"",
                "client_secret",
            ),
        ] {
            let error = Config::of(file, &none).expect_err(file).to_string();
            assert!(error.contains(words), "{file}: {error}");
        }
        let bad = |name: &str| (name == "LCR_WORKERS").then(|| "many".to_owned());
        assert!(Config::of("", &bad).expect_err("many").to_string().contains("LCR_WORKERS"));
    }
}
