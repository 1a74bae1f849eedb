//! Owns what a client is: how it proves itself, where it lives, and the most it may ever be given. All of that is fixed
//! when it is registered.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key_set;
use super::scopes;
use super::secret::{self, NoRandomness};
use crate::store::{Store, StoreError, StoredClient};

/// How a client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// Not at all: an app in a browser or on a phone.
    Public,
    /// By a secret, as HTTP Basic.
    Symmetric,
    /// By an assertion signed with its own key (`private_key_jwt`).
    Asymmetric,
}

/// A client's registration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// What users read on the consent page.
    pub name: String,
    pub kind: ClientKind,
    /// Where codes may be sent, compared letter by letter; none: the client has no users.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where an EPR launches it.
    #[serde(default)]
    pub launch_uri: Option<String>,
    /// The most it may be given.
    pub scope: String,
    #[serde(default)]
    pub jwks: Option<Value>,
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// The ODS code of the organisation it is for: users of others cannot use it, and a system client reads as it.
    #[serde(default)]
    pub organisation: Option<String>,
    /// The source under whose name it writes.
    #[serde(default)]
    pub source: Option<String>,
    /// An EPR: it may ask for launches.
    #[serde(default)]
    pub launches: bool,
    /// It may introspect tokens of other clients.
    #[serde(default)]
    pub introspects: bool,
    /// Its users' organisation has consented for them: no consent page.
    #[serde(default)]
    pub trusted: bool,
}

/// A registered client that is not disabled.
pub type Client = StoredClient<Registration>;

impl Registration {
    /// Everything that is wrong with it. `any_http`: for tests, redirect URIs may be http on any host.
    pub fn faults(&self, any_http: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            faults.push("the name is what users read on the consent page: 1 to 100 characters".to_owned());
        }
        faults.extend(self.redirect_uris.iter().filter_map(|uri| address_fault("redirect URI", uri, any_http)));
        faults.extend(self.launch_uri.iter().filter_map(|uri| address_fault("launch URI", uri, any_http)));
        faults.extend(scopes::unknown(&self.scope).map(|word| format!("\"{word}\" is no scope of this service")));
        let keys = usize::from(self.jwks.is_some()) + usize::from(self.jwks_uri.is_some());
        if self.kind == ClientKind::Asymmetric && keys != 1 {
            faults.push("an asymmetric client has either a JWKS or the URL of one".to_owned());
        } else if self.kind != ClientKind::Asymmetric && keys != 0 {
            faults.push("a JWKS is for asymmetric clients".to_owned());
        }
        if let Some(jwks) = &self.jwks {
            if key_set::has_private_parts(jwks) {
                faults.push("the JWKS holds a private key: register the public one, and make a new pair".to_owned());
            } else if key_set::usable(jwks).is_empty() {
                let words = "the JWKS has no key for RS384 or ES384 with a kid; an RSA key needs 2048 bits";
                faults.push(words.to_owned());
            }
        }
        faults.extend(self.jwks_uri.iter().filter_map(|uri| address_fault("JWKS URL", uri, any_http)));
        let system = scopes::has_context(&self.scope, "system/");
        if system && self.kind != ClientKind::Asymmetric {
            faults.push("system/ scopes are for backend services, which are asymmetric".to_owned());
        }
        if system && self.source.is_none() {
            faults.push("system/ scopes need the source whose rows the client reads and writes".to_owned());
        }
        if self.redirect_uris.is_empty() && !system && !self.launches && !self.introspects {
            faults.push(
                "without a redirect URI, system/ scopes, launches or introspection there is nothing it can do"
                    .to_owned(),
            );
        }
        if self.kind == ClientKind::Public && (self.launches || self.introspects) {
            faults
                .push("a client that launches or introspects has to prove itself: symmetric or asymmetric".to_owned());
        }
        faults
    }

    /// The origins of its pages.
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.redirect_uris.iter().filter_map(|uri| origin(uri)).collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

/// The origin of an http(s) address.
pub fn origin(uri: &str) -> Option<String> {
    let origin = Url::parse(uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// What is wrong with an address: it has to be https, http on this machine, or an app's own scheme.
fn address_fault(what: &str, uri: &str, any_http: bool) -> Option<String> {
    let fault = |words: &str| Some(format!("the {what} {uri} {words}"));
    let Ok(url) = Url::parse(uri) else { return fault("is not an absolute URL") };
    if url.fragment().is_some() || uri.contains(['*', ' ', '\\']) {
        return fault("has a fragment, a wildcard or a space: it is compared letter by letter");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fault("has a user name in it");
    }
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => None,
        "http" if here || any_http => None,
        "http" => fault("is http: use https, or this machine's own address in tests"),
        // RFC 8252 §7.1: a private scheme is a reversed domain name.
        scheme if scheme.contains('.') && what != "JWKS URL" => None,
        _ => fault("has no scheme it may have: https, or an app's own such as org.example.app"),
    }
}

/// Why a client could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum NotRegistered {
    #[error("{}", .0.join("\n"))]
    Faults(Vec<String>),
    #[error("the client id {0} is taken")]
    Taken(String),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a client; gives its secret, where it has one, which is kept nowhere.
pub async fn register(
    store: &Store,
    client_id: &str,
    registration: Registration,
    more_origins: &[String],
    any_http: bool,
) -> Result<Option<String>, NotRegistered> {
    let mut faults = registration.faults(any_http);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
    if client_id.is_empty() || client_id.len() > 100 || !client_id.chars().all(plain) {
        faults.push("the client id is 1 to 100 letters, digits and -._~".to_owned());
    }
    let mut origins = registration.origins();
    for given in more_origins {
        match origin(given) {
            Some(origin) if origin == *given => origins.push(origin),
            _ => faults.push(format!("{given} is not an origin, such as https://app.example")),
        }
    }
    if !faults.is_empty() {
        return Err(NotRegistered::Faults(faults));
    }
    let secret = match registration.kind {
        ClientKind::Symmetric => Some(secret::random()?),
        _ => None,
    };
    let secret_hash = secret.as_deref().map(secret::password_hash).transpose()?;
    let client = StoredClient { client_id: client_id.to_owned(), registration, origins, secret_hash, disabled: false };
    if !store.add_client(&client).await? {
        return Err(NotRegistered::Taken(client_id.to_owned()));
    }
    if let Some(source) = &client.registration.source {
        store.introduce_source(source).await?;
    }
    Ok(secret)
}

/// Registers a client of the sandbox, or brings its registration up to date with the service's address.
pub async fn register_known(
    store: &Store,
    client_id: &str,
    registration: Registration,
    secret: Option<&str>,
) -> Result<(), NotRegistered> {
    let secret_hash = secret.map(secret::password_hash).transpose()?;
    let origins = registration.origins();
    let client = StoredClient { client_id: client_id.to_owned(), registration, origins, secret_hash, disabled: false };
    if !store.add_client(&client).await? {
        store.replace_registration(&client).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_that_could_do_harm_is_refused() {
        let good = Registration {
            name: "An app".into(),
            kind: ClientKind::Public,
            redirect_uris: vec![
                "https://app.example/cb".into(),
                "http://localhost:9/cb".into(),
                "org.example.app:/cb".into(),
            ],
            launch_uri: None,
            scope: "openid launch/patient patient/*.rs".into(),
            jwks: None,
            jwks_uri: None,
            organisation: None,
            source: None,
            launches: false,
            introspects: false,
            trusted: false,
        };
        assert_eq!(good.faults(false), Vec::<String>::new());
        assert_eq!(good.origins(), ["http://localhost:9", "https://app.example"]);
        let with = |change: &dyn Fn(&mut Registration)| {
            let mut other = good.clone();
            change(&mut other);
            other.faults(false).join("; ")
        };
        for (words, change) in [
            (
                "no scheme",
                &(|r: &mut Registration| r.redirect_uris = vec!["javascript:alert(1)".into()]) as &dyn Fn(&mut _),
            ),
            ("use https", &|r: &mut Registration| r.redirect_uris = vec!["http://app.example/cb".into()]),
            ("fragment", &|r: &mut Registration| r.redirect_uris = vec!["https://app.example/cb#x".into()]),
            ("wildcard", &|r: &mut Registration| r.redirect_uris = vec!["https://*.example/cb".into()]),
            ("not an absolute", &|r: &mut Registration| r.redirect_uris = vec!["/cb".into()]),
            ("user name", &|r: &mut Registration| r.redirect_uris = vec!["https://a@app.example/cb".into()]),
            ("no scope", &|r: &mut Registration| r.scope = "openid patient/*.everything".into()),
            ("nothing it can do", &|r: &mut Registration| r.redirect_uris.clear()),
            ("either a JWKS", &|r: &mut Registration| r.kind = ClientKind::Asymmetric),
            ("for asymmetric", &|r: &mut Registration| r.jwks_uri = Some("https://app.example/jwks".into())),
            ("backend services", &|r: &mut Registration| r.scope = "system/*.rs".into()),
            ("prove itself", &|r: &mut Registration| r.launches = true),
            ("private key", &|r: &mut Registration| {
                r.kind = ClientKind::Asymmetric;
                r.jwks = Some(serde_json::json!({"keys": [{"kty": "EC", "d": "x"}]}));
            }),
        ] {
            assert!(with(change).contains(words), "{words}: {}", with(change));
        }
    }
}
