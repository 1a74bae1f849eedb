//! Owns the configuration: one struct, from a TOML file and `LCR_…` variables, checked before anything starts.

mod overrides;
mod sign_in;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use overrides::Overrides;
pub use sign_in::{SignIn, SignInKind};

use crate::access::Policies;
use crate::access::policy::RolePolicy;
use crate::access::sensitive::{Sensitive, SensitiveCodes};
use crate::profile::Strictnesses;
use crate::search::Limits;

/// Everything that can be set. A variable `LCR_NAME` wins over `name` in the file that `LCR_CONFIG` names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the service listens: an address and a port. `LCR_LISTEN`.
    pub listen: SocketAddr,
    /// The URL under which callers reach the service, without a slash at its end; links begin with it. `LCR_PUBLIC_URL`.
    pub public_url: Option<String>,
    /// PostgreSQL; `lcr demo` starts one of its own when this is missing. `LCR_DATABASE_URL`.
    pub database_url: Option<String>,
    /// PostgreSQL as the owner of the tables, for the commands of the operator and migrations at the start; without it they use
    /// `database_url`. `LCR_OWNER_URL`.
    pub owner_url: Option<String>,
    /// Where the private database lives. `LCR_HOME`.
    pub home: PathBuf,
    /// Connections of each worker's pool. `LCR_CONNECTIONS`.
    pub connections: u32,
    /// HTTP workers; 0: one a core. `LCR_WORKERS`.
    pub workers: usize,
    /// What a request may cost.
    pub limits: RequestLimits,
    /// How strictly each source is held to the profiles.
    pub profile: Strictnesses,
    /// Roles that take the place of those the program brings, or come beside them.
    pub role_policy: BTreeMap<String, RolePolicy>,
    /// Codes that make what has them more confidential than its source said.
    pub sensitive: Vec<SensitiveCodes>,
    /// How long overrides last, and who is told of them.
    pub overrides: Overrides,
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
    /// The largest body, in bytes. `LCR_LIMITS_BODY`.
    pub body: usize,
    /// The most entries of a transaction or batch. `LCR_LIMITS_ENTRIES`.
    pub entries: usize,
    /// Rows on a page when the caller does not say. `LCR_LIMITS_PAGE`.
    pub page: usize,
    /// The most rows on a page. `LCR_LIMITS_MOST_PAGE`.
    pub most_page: usize,
    /// The most parameters in a query. `LCR_LIMITS_PARAMETERS`.
    pub parameters: usize,
    /// The most alternatives of one parameter. `LCR_LIMITS_VALUES`.
    pub values: usize,
    /// The most types a chain or `_has` enters. `LCR_LIMITS_CHAIN`.
    pub chain: usize,
    /// The most resources that come along with a page. `LCR_LIMITS_INCLUDES`.
    pub includes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database_url: None,
            owner_url: None,
            home: PathBuf::from(".lcr"),
            connections: 8,
            workers: 0,
            limits: RequestLimits::default(),
            profile: Strictnesses::default(),
            role_policy: BTreeMap::new(),
            sensitive: Vec::new(),
            overrides: Overrides::default(),
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
            entries: 5_000,
            page: 20,
            most_page: 1_000,
            parameters: 100,
            values: 200,
            chain: 3,
            includes: 1_000,
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
}

/// Every variable, with the key it sets.
const VARIABLES: &[(&str, &[&str])] = &[
    ("LCR_LISTEN", &["listen"]),
    ("LCR_PUBLIC_URL", &["public_url"]),
    ("LCR_DATABASE_URL", &["database_url"]),
    ("LCR_OWNER_URL", &["owner_url"]),
    ("LCR_HOME", &["home"]),
    ("LCR_CONNECTIONS", &["connections"]),
    ("LCR_WORKERS", &["workers"]),
    ("LCR_PROFILE", &["profile", "default"]),
    ("LCR_LIMITS_BODY", &["limits", "body"]),
    ("LCR_LIMITS_ENTRIES", &["limits", "entries"]),
    ("LCR_LIMITS_PAGE", &["limits", "page"]),
    ("LCR_LIMITS_MOST_PAGE", &["limits", "most_page"]),
    ("LCR_LIMITS_PARAMETERS", &["limits", "parameters"]),
    ("LCR_LIMITS_VALUES", &["limits", "values"]),
    ("LCR_LIMITS_CHAIN", &["limits", "chain"]),
    ("LCR_LIMITS_INCLUDES", &["limits", "includes"]),
];

impl Config {
    /// Reads the file and the environment.
    pub fn load() -> Result<Config, ConfigError> {
        let file = std::env::var("LCR_CONFIG").ok().filter(|path| !path.is_empty());
        let text = match &file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(Path::new(path))
                .map_err(|error| ConfigError::File { path: path.clone(), error })?,
        };
        Config::from_parts(&text, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_parts(file: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut table: toml::Table =
            file.parse().map_err(|error: toml::de::Error| ConfigError::Value(error.to_string()))?;
        for (name, path) in VARIABLES {
            let Some(text) = variable(name) else { continue };
            let text_keys = ["listen", "public_url", "database_url", "owner_url", "home", "profile"];
            let value = if text_keys.contains(&path[0]) {
                toml::Value::String(text)
            } else {
                let number: i64 = text
                    .parse()
                    .map_err(|_| ConfigError::Value(format!("{name} is \"{text}\", which should be a whole number")))?;
                toml::Value::Integer(number)
            };
            match path {
                [key] => table.insert((*key).to_owned(), value),
                _ => {
                    let inner = table.entry(path[0]).or_insert_with(|| toml::Value::Table(toml::Table::new()));
                    inner.as_table_mut().and_then(|inner| inner.insert(path[1].to_owned(), value))
                }
            };
        }
        let config: Config = table.try_into().map_err(wrong_value)?;
        config.checked()
    }

    fn checked(mut self) -> Result<Config, ConfigError> {
        let wrong = |words: String| Err(ConfigError::Value(words));
        if let Some(url) = &self.public_url {
            let trimmed = url.trim_end_matches('/').to_owned();
            if !trimmed.starts_with("http://") && !trimmed.starts_with("https://") {
                return wrong(format!(
                    "public_url (LCR_PUBLIC_URL) is \"{url}\", which should begin with http:// or https://"
                ));
            }
            self.public_url = Some(trimmed);
        }
        if self.connections == 0 {
            return wrong("connections (LCR_CONNECTIONS) is 0, which should be 1 or more".to_owned());
        }
        let limits = self.limits;
        if limits.page == 0 || limits.page > limits.most_page {
            return wrong("limits.page should be from 1 to limits.most_page".to_owned());
        }
        if limits.chain > 7 {
            return wrong("limits.chain (LCR_LIMITS_CHAIN) should be from 0 to 7".to_owned());
        }
        self.policies = match Policies::with(&self.role_policy) {
            Ok(policies) => policies,
            Err(words) => return wrong(words),
        };
        if let Err(words) = Sensitive::of(&self.sensitive) {
            return wrong(format!("sensitive.codes: {words}"));
        }
        if let Some(words) = self.overrides.fault() {
            return wrong(words);
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
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
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

/// What serde says of a value, with what a listening address should be: it says only that it is none.
fn wrong_value(error: toml::de::Error) -> ConfigError {
    let words = error.to_string().trim().replace('\n', " ");
    let hint = if words.contains("socket address") {
        ": listen (LCR_LISTEN) should be an address and a port, such as 127.0.0.1:8080"
    } else if words.contains("`enforce`") {
        ": profile.default (LCR_PROFILE) and each of profile.source should be enforce, warn or off"
    } else {
        ""
    };
    ConfigError::Value(format!("{words}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_wins_over_the_file_and_a_wrong_value_is_named() {
        let none = |_: &str| None;
        let file = "listen = \"127.0.0.1:1\"\n[limits]\npage = 5\n";
        let set = |name: &str| (name == "LCR_LISTEN").then(|| "127.0.0.1:2".to_owned());
        let config = Config::from_parts(file, &set).expect("config");
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
            let error = Config::from_parts(file, &none).expect_err(file).to_string();
            assert!(error.contains(words), "{file}: {error}");
        }
        let bad = |name: &str| (name == "LCR_WORKERS").then(|| "many".to_owned());
        assert!(Config::from_parts("", &bad).expect_err("many").to_string().contains("LCR_WORKERS"));
    }
}
