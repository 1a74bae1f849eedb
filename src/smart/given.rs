//! Owns what a user gave a client, and what is said of it: the token reply, the id_token, the facts of introspection.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::keys::{self, KeyError};
use super::launch::LaunchContext;
use super::scopes;
use super::server::Server;
use crate::access::Claims;
use crate::store::SigningKey;

/// How long an access token lasts, in seconds; what it opens is decided anew at each request.
pub const ACCESS_SECONDS: i64 = 3600;

/// How long refreshing goes on, from the consent on: a working day while the user is at it, or longer where they said so.
const ONLINE_SECONDS: i64 = 12 * 3600;
const OFFLINE_SECONDS: i64 = 90 * 24 * 3600;

/// A consent: what tokens will say, and the context of the launch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Given {
    pub claims: Claims,
    pub context: LaunchContext,
    pub nonce: Option<String>,
    pub auth_time: i64,
    /// The client's name, for the user.
    pub app: String,
}

impl Given {
    /// Whether refresh tokens come with it.
    pub fn refreshes(&self) -> bool {
        self.has("offline_access") || self.has("online_access")
    }

    /// How long it lasts.
    pub fn seconds(&self) -> i64 {
        match (self.has("offline_access"), self.has("online_access")) {
            (true, _) => OFFLINE_SECONDS,
            (_, true) => ONLINE_SECONDS,
            _ => ACCESS_SECONDS,
        }
    }

    fn has(&self, word: &str) -> bool {
        scopes::has(&self.claims.scope, word)
    }

    fn sub(&self) -> &str {
        self.claims.user.as_deref().unwrap_or_default()
    }

    /// The address of the resource that says who the user is.
    fn fhir_user(&self, server: &Server) -> Option<String> {
        self.claims.fhir_user.as_ref().map(|reference| format!("{}/{reference}", server.fhir_base))
    }

    /// What introspection tells beside scope, client and times.
    pub fn facts(&self, server: &Server) -> Value {
        let mut facts = Map::new();
        facts.insert("iss".to_owned(), json!(server.issuer));
        facts.insert("sub".to_owned(), json!(self.sub()));
        for (name, value) in [
            ("fhirUser", self.fhir_user(server)),
            ("patient", self.context.patient.clone()),
            ("encounter", self.context.encounter.clone()),
        ] {
            facts.extend(value.map(|value| (name.to_owned(), Value::String(value))));
        }
        Value::Object(facts)
    }

    /// The token reply (SMART 2.2 §2.0.8), with what the launch was about.
    pub fn reply(
        &self,
        server: &Server,
        scope: &str,
        access: &str,
        refresh: Option<&str>,
        signer: Option<&SigningKey>,
        first: bool,
    ) -> Result<Value, KeyError> {
        let mut reply = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": ACCESS_SECONDS, "scope": scope,
            "need_patient_banner": self.context.need_patient_banner.unwrap_or(true),
            "smart_style_url": server.url("/oauth/smart-style.json"),
        });
        let context = &self.context;
        for (name, value) in [
            ("refresh_token", refresh.map(str::to_owned)),
            ("patient", context.patient.clone()),
            ("encounter", context.encounter.clone()),
            ("intent", context.intent.clone()),
            ("tenant", context.tenant.clone()),
        ] {
            if let Some(value) = value {
                reply[name] = Value::String(value);
            }
        }
        if !context.fhir_context.is_empty() {
            reply["fhirContext"] = Value::Array(context.fhir_context.clone());
        }
        if let Some(key) = signer {
            reply["id_token"] = Value::String(keys::sign(key, &self.id_claims(server, first))?);
        }
        Ok(reply)
    }

    /// The claims of an id_token. The nonce is of the first one alone (OpenID Connect Core §12.2).
    fn id_claims(&self, server: &Server, first: bool) -> Value {
        let now = crate::fhir::date::now().unix_timestamp();
        let mut claims = json!({
            "iss": server.issuer, "sub": self.sub(), "aud": self.claims.client,
            "iat": now, "exp": now + ACCESS_SECONDS, "auth_time": self.auth_time,
        });
        if let Some(nonce) = self.nonce.as_ref().filter(|_| first) {
            claims["nonce"] = json!(nonce);
        }
        if let Some(url) = self.fhir_user(server) {
            claims["fhirUser"] = json!(url);
            if self.has("profile") {
                claims["profile"] = json!(url);
            }
        }
        claims
    }
}
