//! Owns what can be set: one row for each key, with its variable, what its value should be and what it means. How the
//! configuration is read, what a refusal says and the page docs/reference/configuration.md follow from these rows.

use super::ConfigError;

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Its key in the file, with the tables it is in. `NAME` stands for a name of the operator's own; a table with `[]` may be
    /// there several times.
    pub key: &'static str,
    /// The variable that wins over the file, if there is one.
    pub variable: Option<&'static str>,
    /// What its value should be.
    pub kind: Kind,
    /// What holds when nobody sets it.
    pub default: Unset,
    /// What it is for.
    pub meaning: &'static str,
}

/// What a value should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number from the first to the second, in this unit.
    Whole(i64, i64, &'static str),
    /// An address and a port.
    Address,
    /// A URL of the web.
    Url,
    /// A path.
    Path,
    /// Any text.
    Text,
    /// Text that is not to be read by others, and so in no refusal.
    Secret,
    /// A list of texts.
    Texts,
    /// A table whose keys are names of the operator's own and whose values are texts.
    Table,
    /// true or false.
    Truth,
    /// Text that is one of these.
    OneOf(&'static [&'static str]),
    /// A list of some of these.
    SomeOf(&'static [&'static str]),
}

/// What holds when a value is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// This value, as the file would have it.
    Toml(&'static str),
    /// Nothing; the meaning says what follows.
    Nothing,
    /// It has to be there where its table is.
    Required,
}

use Kind::{Address, OneOf, Path, Secret, SomeOf, Table, Text, Texts, Truth, Url, Whole};
use Unset::{Nothing, Required, Toml};

const STRICTNESS: &[&str] = &["enforce", "warn", "off"];
const LABELS: &[&str] = &["U", "L", "M", "N", "R", "V"];
const PERMISSIONS: &[&str] =
    &["break-glass", "over-opt-out", "open-seal", "self-claim", "protect", "review", "relate", "export"];
/// So many that no machine has them.
const MANY: i64 = 1_000_000_000;
const WEEK: i64 = 7 * 24 * 60;

const fn both(key: &'static str, variable: &'static str, kind: Kind, default: Unset, meaning: &'static str) -> Setting {
    Setting { key, variable: Some(variable), kind, default, meaning }
}

const fn in_file(key: &'static str, kind: Kind, default: Unset, meaning: &'static str) -> Setting {
    Setting { key, variable: None, kind, default, meaning }
}

/// Every key of the file.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    both("listen", "LCR_LISTEN", Address, Toml("\"127.0.0.1:8080\""), "Where the service listens"),
    both("public_url", "LCR_PUBLIC_URL", Url, Nothing, "The URL under which callers reach the service; links, tokens and redirects begin with it. Without it: `http://` and `listen`"),
    both("database_url", "LCR_DATABASE_URL", Secret, Nothing, "PostgreSQL, as `postgres://user:password@host:5432/database`; several hosts, divided by commas, are a primary and those that may take its place. `lcr serve` does not start without it; `lcr demo` starts a PostgreSQL of its own"),
    both("database_url_file", "LCR_DATABASE_URL_FILE", Path, Nothing, "A file that holds `database_url`, as a container's secrets are; in place of it"),
    both("owner_url", "LCR_OWNER_URL", Secret, Nothing, "PostgreSQL as the owner of the tables, for migrations at the start and the operator's commands. Without it they use `database_url`"),
    both("owner_url_file", "LCR_OWNER_URL_FILE", Path, Nothing, "A file that holds `owner_url`; in place of it"),
    both("home", "LCR_HOME", Path, Toml("\".lcr\""), "Where the private PostgreSQL of `lcr demo` lives"),
    both("connections", "LCR_CONNECTIONS", Whole(1, 10_000, "connections"), Toml("8"), "Database connections of each worker"),
    both("workers", "LCR_WORKERS", Whole(0, 1_024, "threads"), Toml("0"), "HTTP workers; 0: one for each core"),
    both("proxies", "LCR_PROXIES", Texts, Toml("[]"), "Proxies of your own before the service, by address or network (`10.0.0.0/8`); a variable has them between commas. From these alone `X-Forwarded-For` and `Forwarded` are believed"),
    both("tls.certificate", "LCR_TLS_CERTIFICATE", Path, Nothing, "A PEM file with the certificate and those between it and the root. With it and `tls.key` the service speaks TLS, and reads both again when they change"),
    both("tls.key", "LCR_TLS_KEY", Path, Nothing, "A PEM file with the certificate's private key"),
    both("grace_seconds", "LCR_GRACE_SECONDS", Whole(1, 3_600, "seconds"), Toml("30"), "How long requests under way may take to finish once the service is told to stop"),
    both("limits.body", "LCR_LIMITS_BODY", Whole(1, MANY, "bytes"), Toml("16777216"), "The largest body of a request, also after unsqueezing"),
    both("limits.address", "LCR_LIMITS_ADDRESS", Whole(256, 60_000, "bytes"), Toml("49152"), "The longest address with its query"),
    both("limits.headers", "LCR_LIMITS_HEADERS", Whole(1_024, 65_536, "bytes"), Toml("32768"), "All header lines of a request together"),
    both("limits.header_lines", "LCR_LIMITS_HEADER_LINES", Whole(16, 90, "lines"), Toml("80"), "The most header lines of a request"),
    both("limits.entries", "LCR_LIMITS_ENTRIES", Whole(1, MANY, "entries"), Toml("5000"), "The most entries of a transaction or batch"),
    both("limits.page", "LCR_LIMITS_PAGE", Whole(1, MANY, "rows"), Toml("20"), "Rows on a page when `_count` does not say; not more than `limits.most_page`"),
    both("limits.most_page", "LCR_LIMITS_MOST_PAGE", Whole(1, MANY, "rows"), Toml("1000"), "The most rows on a page, whatever `_count` says"),
    both("limits.parameters", "LCR_LIMITS_PARAMETERS", Whole(1, MANY, "parameters"), Toml("100"), "The most parameters in a query"),
    both("limits.values", "LCR_LIMITS_VALUES", Whole(1, MANY, "values"), Toml("200"), "The most alternatives of one parameter"),
    both("limits.chain", "LCR_LIMITS_CHAIN", Whole(0, 7, "types"), Toml("3"), "The most types that a chain or `_has` enters"),
    both("limits.includes", "LCR_LIMITS_INCLUDES", Whole(0, MANY, "resources"), Toml("1000"), "The most resources that come along with a page"),
    both("limits.exports", "LCR_LIMITS_EXPORTS", Whole(0, 1_000_000, "exports"), Toml("10"), "The most exports that a client has at once; 0: there is no `$export`"),
    both("limits.export_files", "LCR_LIMITS_EXPORT_FILES", Whole(1, 10_000, "files"), Toml("4"), "The most files of exports that are sent at once, by this instance to all clients"),
    both("load.clients", "LCR_LOAD_CLIENTS", Whole(1, MANY, "connections"), Toml("10000"), "Connections of clients that each worker holds open; more wait in the system's queue"),
    both("load.turns", "LCR_LOAD_TURNS", Whole(1, 100_000, "requests"), Toml("32"), "Requests that work at once on each worker"),
    both("load.queue", "LCR_LOAD_QUEUE", Whole(0, 1_000_000, "requests"), Toml("128"), "Requests that wait for that on each worker; more are answered 503 at once"),
    both("load.queue_ms", "LCR_LOAD_QUEUE_MS", Whole(1, 60_000, "milliseconds"), Toml("1000"), "How long they wait before they are answered 503"),
    both("load.rate", "LCR_LOAD_RATE", Whole(0, 1_000_000, "requests"), Toml("300"), "Requests a second of one caller (client and user), or of one address while no token says who asks; beyond, 429. 0: as many as they like"),
    both("load.burst", "LCR_LOAD_BURST", Whole(1, 10_000_000, "requests"), Toml("3000"), "Requests that may come at once from who asked little before"),
    both("load.wrong_tokens", "LCR_LOAD_WRONG_TOKENS", Whole(0, 1_000_000, "tries"), Toml("600"), "Unknown access tokens a minute from one address; beyond, 429 and no row in the audit trail. 0: no bound"),
    both("load.wrong_secrets", "LCR_LOAD_WRONG_SECRETS", Whole(0, 1_000_000, "tries"), Toml("60"), "Failed authentications a minute as one client from one address; beyond, 429. 0: no bound"),
    both("load.wrong_claims", "LCR_LOAD_WRONG_CLAIMS", Whole(0, 1_000_000, "tries"), Toml("20"), "Overrides (`$break-glass`, `$self-claim`) that open nothing, an hour for one user; beyond, 429. 0: no bound"),
    both("load.head_seconds", "LCR_LOAD_HEAD_SECONDS", Whole(1, 3_600, "seconds"), Toml("10"), "In which the head of a connection's first request has to be there; else 408"),
    both("load.body_seconds", "LCR_LOAD_BODY_SECONDS", Whole(1, 3_600, "seconds"), Toml("60"), "In which a body has to be there; else 408"),
    both("load.idle_seconds", "LCR_LOAD_IDLE_SECONDS", Whole(1, 3_600, "seconds"), Toml("60"), "After which a connection without a request is closed"),
    both("load.request_seconds", "LCR_LOAD_REQUEST_SECONDS", Whole(1, 3_600, "seconds"), Toml("120"), "In which an answer has to begin; else its statement is stopped and the answer is 504"),
    both("load.statement_seconds", "LCR_LOAD_STATEMENT_SECONDS", Whole(1, 3_600, "seconds"), Toml("30"), "In which a statement of a request has to be done; else it is stopped and the answer is 504"),
    in_file("overrides.break_glass_minutes", Whole(1, WEEK, "minutes"), Toml("60"), "How long a record stays open after its glass was broken"),
    in_file("overrides.self_claim_minutes", Whole(1, WEEK, "minutes"), Toml("240"), "How long a claim of care lasts"),
    in_file("overrides.webhook", Url, Nothing, "Where each override, and each refused one, is told as JSON: who and when, never whom or why. Without it only the review queue knows"),
    in_file("overrides.webhook_secret_file", Path, Nothing, "A file with the secret that signs what is told (`X-Lcr-Signature`). Without it nothing is signed"),
    both("profile.default", "LCR_PROFILE", OneOf(STRICTNESS), Toml("\"enforce\""), "How strictly sources are held to the profiles: `enforce` refuses what breaks one, `warn` takes it, marks it and tells the sender, `off` asks for R4 alone"),
    in_file("profile.source", Table, Toml("{}"), "The same for single sources, by their names"),
    both("metrics.listen", "LCR_METRICS_LISTEN", Address, Nothing, "Where figures are served at `/metrics`, apart from the service. Without it: at `/metrics` of `listen`"),
    both("traces.endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT", Url, Nothing, "The base URL of a collector that takes traces by OTLP over HTTP (protobuf), such as `http://127.0.0.1:4318`. Without it none are sent"),
    both("traces.percent", "LCR_TRACES_PERCENT", Whole(0, 100, "percent"), Toml("10"), "How many of a hundred requests are traced, where the caller's `traceparent` does not decide"),
    in_file("role_policy.NAME.types", Table, Required, "What the role may do: resource types, each with some of the letters `cruds` in that order; `\"*\"` is every type of the record"),
    in_file("role_policy.NAME.up_to", OneOf(LABELS), Required, "The highest HL7 v3 confidentiality label that the role sees"),
    in_file("role_policy.NAME.may", SomeOf(PERMISSIONS), Toml("[]"), "What the role may do beyond that"),
    in_file("role_policy.NAME.oversees", Truth, Toml("false"), "Whether it reads everybody's audit trail, where its `types` have AuditEvent"),
    in_file("role_policy.NAME.chooses_ids", Truth, Toml("false"), "Whether it may create a resource under an id of its own choice"),
    in_file("role_policy.NAME.purpose", Text, Toml("\"TREAT\""), "Why it looks, as the audit trail has it: a code of HL7 v3 PurposeOfUse"),
    in_file("sensitive[].label", OneOf(LABELS), Required, "The label that a row gets at least when it has one of the codes"),
    in_file("sensitive[].codes", Texts, Required, "The codes, each `system|code`"),
    in_file("sign_in[].name", Text, Required, "The provider's name in this service's addresses: letters, digits, hyphens"),
    in_file("sign_in[].title", Text, Required, "What users read on its button"),
    in_file("sign_in[].kind", OneOf(&["cis2", "nhs-login", "oidc"]), Required, "Which claims say who the user is"),
    in_file("sign_in[].issuer", Url, Required, "Its issuer, letter by letter as its discovery document has it; https, but on this machine"),
    in_file("sign_in[].client_id", Text, Required, "This service's client id there; the redirect URI to register is `<public_url>/oauth/callback`"),
    in_file("sign_in[].client_secret", Secret, Nothing, "This service's secret there. One of this, `client_secret_file` and `private_key_file` has to be there"),
    in_file("sign_in[].client_secret_file", Path, Nothing, "A file that holds the secret"),
    in_file("sign_in[].private_key_file", Path, Nothing, "A file with a PEM key, for `private_key_jwt`"),
    in_file("sign_in[].key_id", Text, Nothing, "The `kid` of that key"),
    in_file("sign_in[].scopes", Texts, Toml("[]"), "Scopes to ask for beside `openid`"),
    in_file("sign_in[].roles", Table, Toml("{}"), "Which role of this record a role code or name of the provider's stands for; others stand for none"),
    in_file("sign_in[].user_claim", Text, Nothing, "`oidc`: the claim with the user's id; `sub` without it. A dot goes into an object"),
    in_file("sign_in[].role_claim", Text, Nothing, "`oidc`: the claim with the user's roles; `lcr_role` without it"),
    in_file("sign_in[].organisation_claim", Text, Nothing, "`oidc`: the claim with the user's organisation; `lcr_organisation` without it"),
];

/// The variables that no key of the file stands beside: name, meaning.
#[rustfmt::skip]
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("LCR_CONFIG", "The TOML file to read; without it there is none"),
    ("LCR_LOG_FORMAT", "`json`: logs are JSON, one object a line; else text"),
    ("LCR_PG_BIN", "The folder with `initdb` and `postgres` for the private PostgreSQL; without it the newest one found, 15 or later"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "Headers for the collector of traces, such as `authorization=…`; OpenTelemetry's other variables for spans count too (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`)"),
    ("RUST_LOG", "What is logged, such as `warn` or `lcr_facade=debug`; `info` for `lcr serve` and `warn` for other commands without it"),
];

impl Setting {
    /// Key and variable, for a refusal.
    fn name(&self) -> String {
        self.variable.map_or(self.key.to_owned(), |variable| format!("{} ({variable})", self.key))
    }

    /// What a variable's text stands for, as the file would have it.
    pub fn of_variable(&self, text: String) -> toml::Value {
        match (self.kind, text.parse()) {
            (Kind::Whole(..), Ok(number)) => toml::Value::Integer(number),
            (Kind::Texts, _) => text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>().into(),
            _ => toml::Value::String(text),
        }
    }

    /// Whether the value is what it should be; else what it should be.
    pub fn judge(&self, value: &toml::Value) -> Result<(), ConfigError> {
        let fits = match (self.kind, value) {
            (Kind::Whole(least, most, _), toml::Value::Integer(number)) => (least..=most).contains(number),
            (Kind::Address, toml::Value::String(text)) => text.parse::<std::net::SocketAddr>().is_ok(),
            (Kind::Url, toml::Value::String(text)) => text.starts_with("https://") || text.starts_with("http://"),
            (Kind::Path | Kind::Text | Kind::Secret, toml::Value::String(_)) => true,
            (Kind::OneOf(words), toml::Value::String(text)) => words.contains(&text.as_str()),
            // The type that it is read into says the rest.
            (Kind::Texts | Kind::Table | Kind::Truth | Kind::SomeOf(_), _) => true,
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let should = self.kind.words();
        let is = if self.kind == Kind::Secret { "not text".to_owned() } else { value.to_string() };
        Err(ConfigError::Value(format!("{} is {is}, which should be {should}", self.name())))
    }

    /// The value that a file has for it, where its key is a plain path.
    pub fn within<'a>(&self, file: &'a toml::Table) -> Option<&'a toml::Value> {
        let mut parts = self.key.split('.');
        let first = file.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.as_table()?.get(part))
    }

    /// Puts a value where its key says. Where a table should be and something else is, it stays for the reader to refuse.
    pub fn put(&self, file: &mut toml::Table, value: toml::Value) {
        match self.key.split_once('.') {
            None => file.insert(self.key.to_owned(), value),
            Some((table, key)) => {
                let inner = file.entry(table).or_insert_with(|| toml::Value::Table(toml::Table::new()));
                inner.as_table_mut().and_then(|inner| inner.insert(key.to_owned(), value))
            }
        };
    }
}

impl Kind {
    /// What a value should be, in words.
    pub fn words(self) -> String {
        match self {
            Kind::Whole(least, MANY, _) => format!("a whole number, {least} or more"),
            Kind::Whole(least, most, _) => format!("a whole number from {least} to {most}"),
            Kind::Address => "an address and a port, such as 127.0.0.1:8080".to_owned(),
            Kind::Url => "a URL that begins with https:// or http://".to_owned(),
            Kind::Path => "a path".to_owned(),
            Kind::Text => "text".to_owned(),
            Kind::Secret => "text, kept from others".to_owned(),
            Kind::Texts => "a list of texts".to_owned(),
            Kind::Table => "a table of texts".to_owned(),
            Kind::Truth => "true or false".to_owned(),
            Kind::OneOf(words) => format!("one of {}", words.join(", ")),
            Kind::SomeOf(words) => format!("a list of some of {}", words.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::Config;

    fn config(file: &str) -> Result<Config, ConfigError> {
        Config::of(file, &|_| None)
    }

    #[test]
    fn the_defaults_are_what_holds_when_nothing_is_set() {
        let mut file = toml::Table::new();
        for setting in SETTINGS.iter().filter(|setting| !setting.key.contains("NAME") && !setting.key.contains("[]")) {
            if let Toml(text) = setting.default {
                let one: toml::Table = format!("x = {text}").parse().expect(setting.key);
                setting.put(&mut file, one["x"].clone());
            }
        }
        let said = config(&file.to_string()).expect("the defaults");
        assert_eq!(format!("{said:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn every_key_that_is_read_has_its_row_and_every_row_is_read() {
        for (table, head) in [
            ("", ""),
            ("limits.", "[limits]"),
            ("load.", "[load]"),
            ("tls.", "[tls]"),
            ("overrides.", "[overrides]"),
            ("profile.", "[profile]"),
            ("metrics.", "[metrics]"),
            ("traces.", "[traces]"),
            ("role_policy.NAME.", "[role_policy.x]"),
            ("sensitive[].", "[[sensitive]]"),
            ("sign_in[].", "[[sign_in]]"),
        ] {
            // The reader names the keys it knows when it meets another.
            let error = config(&format!("{head}\nzzz = 1")).expect_err("zzz").to_string();
            let read: BTreeSet<&str> = error.split('`').skip(3).step_by(2).take_while(|key| *key != "zzz").collect();
            let rows = SETTINGS.iter().filter_map(|setting| setting.key.strip_prefix(table));
            let rows: BTreeSet<&str> = match table {
                "" => rows.map(|key| key.split(['.', '[']).next().unwrap_or(key)).collect(),
                _ => rows.collect(),
            };
            let read: BTreeSet<&str> = read.into_iter().filter(|key| !head.contains(key)).collect();
            assert_eq!(read, rows, "{head} {error}");
        }
    }

    #[test]
    fn a_refusal_names_the_value_and_what_it_should_be() {
        for (file, words) in [
            ("listen = \"here\"", "listen (LCR_LISTEN) is \"here\", which should be an address and a port, such as"),
            ("connections = 0", "connections (LCR_CONNECTIONS) is 0, which should be a whole number from 1 to 10000"),
            (
                "[limits]\nbody = \"big\"",
                "limits.body (LCR_LIMITS_BODY) is \"big\", which should be a whole number, 1 or",
            ),
            ("[limits]\npage = 2000", "should be at most limits.most_page (LCR_LIMITS_MOST_PAGE), 1000"),
            (
                "[overrides]\nwebhook = \"x\"",
                "overrides.webhook is \"x\", which should be a URL that begins with https://",
            ),
            (
                "[overrides]\nself_claim_minutes = 0",
                "overrides.self_claim_minutes is 0, which should be a whole number from 1",
            ),
            ("\nclient_secret = \"abc", "line 2 of the file is not TOML"),
        ] {
            let error = config(file).expect_err(file).to_string();
            assert!(error.contains(words), "{file}: {error}");
            assert!(!error.contains("abc"), "what may be a secret is not repeated: {error}");
        }
        let error = config("database_url = 17").expect_err("a number").to_string();
        assert!(error.contains("LCR_DATABASE_URL") && !error.contains("17"), "{error}");
    }
}
