//! Owns how users sign in: the upstream OpenID providers of the configuration, `[[sign_in]]` tables of the file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// What kind of provider it is: which claims say who the user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInKind {
    /// NHS Care Identity Service 2: `nhsid_useruid`, `nhsid_nrbac_roles`, the selected role.
    Cis2,
    /// NHS login, for patients proved to P9.
    NhsLogin,
    /// Any other, such as Keycloak: the claims are named in the configuration.
    Oidc,
}

/// One provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Its name in this service's addresses: letters, digits, hyphens.
    pub name: String,
    /// What users read on the button.
    pub title: String,
    pub kind: SignInKind,
    /// Its issuer, as its discovery document says it.
    pub issuer: String,
    /// This service's client id there. The redirect URI to register is `<public_url>/oauth/callback`.
    pub client_id: String,
    /// This service's secret there; or a file that holds it; or, for `private_key_jwt`, a PEM key with its kid.
    #[serde(default)]
    pub client_secret: Option<String>,
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    #[serde(default)]
    pub private_key_file: Option<PathBuf>,
    #[serde(default)]
    pub key_id: Option<String>,
    /// Scopes to ask for beside `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Which role of this record a role code or name of the provider's stands for; others stand for none.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// `oidc`: the claims with the user's id (`sub`), roles (`lcr_role`) and organisation (`lcr_organisation`); a dot goes
    /// into an object.
    #[serde(default)]
    pub user_claim: Option<String>,
    #[serde(default)]
    pub role_claim: Option<String>,
    #[serde(default)]
    pub organisation_claim: Option<String>,
}

impl SignIn {
    /// What is wrong with it.
    pub fn fault(&self) -> Option<String> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let secrets = usize::from(self.client_secret.is_some())
            + usize::from(self.client_secret_file.is_some())
            + usize::from(self.private_key_file.is_some());
        let words = if self.name.is_empty() || self.name == "sandbox" || !self.name.chars().all(plain) {
            "name should be letters, digits and hyphens, and not sandbox"
        } else if !self.issuer.starts_with("https://") && !here.iter().any(|prefix| self.issuer.starts_with(prefix)) {
            "issuer should be an https URL"
        } else if secrets != 1 {
            "one of client_secret, client_secret_file and private_key_file should be there"
        } else {
            return None;
        };
        Some(format!("sign_in \"{}\": {words}", self.name))
    }
}
