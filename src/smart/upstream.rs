//! Owns signing in at an upstream OpenID provider: authorization code with PKCE, state and nonce, by the `openidconnect`
//! crate. The sandbox's own page goes the same way, without the HTTP between.

pub mod claims;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreProviderMetadata};
use openidconnect::{
    AdditionalClaims, AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpClientError, HttpRequest, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::flow::Upstream;
use super::secret;
use crate::access::Policies;
use crate::config::secret::read as read_secret;
use crate::config::{SignIn, SignInKind};
use crate::store::Store;
use crate::telemetry::traces;

/// A discovery document is asked for anew after this long.
const KEPT: Duration = Duration::from_secs(600);

/// Where users sign in.
pub enum Provider {
    /// A provider of the configuration.
    OpenId(Box<OpenId>),
    /// The sandbox's own page of personas: `lcr demo` only.
    Sandbox,
}

/// A provider that speaks OpenID Connect.
pub struct OpenId {
    config: SignIn,
    proof: Proof,
    http: reqwest::Client,
    found: Mutex<Option<(Instant, CoreProviderMetadata)>>,
    policies: Policies,
}

/// How this service proves itself to it.
enum Proof {
    Secret(String),
    Key { pem: Vec<u8>, kid: Option<String> },
}

/// Why nobody could be signed in. For the log; users read that it failed.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    #[error("its discovery document cannot be had: {0}")]
    Discovery(String),
    #[error("the code could not be exchanged: {0}")]
    Exchange(String),
    #[error("its id_token or userinfo is not good: {0}")]
    NotGood(String),
    #[error("its claims do not say who the user is: {0}")]
    Claims(String),
    #[error("the sandbox's sign-in is not known or was used")]
    Sandbox,
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Claims that the crate does not know, kept as they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rest(Map<String, Value>);

impl AdditionalClaims for Rest {}

type ReadyClient =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Provider {
    /// A provider of the configuration; the words say what is wrong with it.
    pub fn open_id(config: &SignIn, http: reqwest::Client, policies: Policies) -> Result<Provider, String> {
        let read = |key, path: &std::path::Path| read_secret(key, path).map_err(|error| error.to_string());
        let proof = match (&config.client_secret, &config.client_secret_file, &config.private_key_file) {
            (Some(secret), _, _) => Proof::Secret(secret.clone()),
            (_, Some(path), _) => Proof::Secret(read("client_secret_file", path)?),
            (_, _, Some(path)) => {
                Proof::Key { pem: read("private_key_file", path)?.into_bytes(), kid: config.key_id.clone() }
            }
            _ => return Err("there is no secret and no key".to_owned()),
        };
        let open_id = OpenId { config: config.clone(), proof, http, policies, found: Mutex::default() };
        Ok(Provider::OpenId(Box::new(open_id)))
    }

    /// Its name in addresses.
    pub fn name(&self) -> &str {
        match self {
            Provider::OpenId(open_id) => &open_id.config.name,
            Provider::Sandbox => "sandbox",
        }
    }

    /// What users read.
    pub fn title(&self) -> &str {
        match self {
            Provider::OpenId(open_id) => &open_id.config.title,
            Provider::Sandbox => "A persona of the sandbox",
        }
    }

    /// Whether the provider's discovery document can be had and is its own.
    pub async fn reached(&self) -> Result<(), UpstreamError> {
        match self {
            Provider::Sandbox => Ok(()),
            Provider::OpenId(open_id) => open_id.metadata().await.map(drop),
        }
    }

    /// The address to send the user to. `state` comes back with them.
    pub async fn address(&self, redirect: &str, state: &str, upstream: &Upstream) -> Result<String, UpstreamError> {
        match self {
            Provider::Sandbox => {
                let query = crate::search::query::encode(&[("flow".to_owned(), state.to_owned())]);
                Ok(format!("/sandbox/sign-in?{query}"))
            }
            Provider::OpenId(open_id) => open_id.address(redirect, state, upstream).await,
        }
    }

    /// What the provider says of the user for whom it gave this code.
    pub async fn claims(
        &self,
        store: &Store,
        redirect: &str,
        code: &str,
        upstream: &Upstream,
    ) -> Result<Map<String, Value>, UpstreamError> {
        match self {
            Provider::Sandbox => match store.take_sandbox_sign_in(&secret::hash(code)).await? {
                Some(Value::Object(claims)) if claims.get("nonce") == Some(&json!(upstream.nonce)) => Ok(claims),
                _ => Err(UpstreamError::Sandbox),
            },
            Provider::OpenId(open_id) => open_id.claims(redirect, code, upstream).await,
        }
    }

    /// Who that is.
    pub fn identity(&self, claims: &Map<String, Value>) -> Result<claims::Identity, UpstreamError> {
        let identity = match self {
            Provider::Sandbox => claims::sandbox(claims),
            Provider::OpenId(open_id) => claims::read(&open_id.config, &open_id.policies, claims),
        };
        identity.map_err(UpstreamError::Claims)
    }
}

impl OpenId {
    /// What sends the crate's requests, each as a part of the trace it is made in.
    fn sender(&self) -> impl for<'c> AsyncHttpClient<'c, Error = HttpClientError<reqwest::Error>> {
        let http = self.http.clone();
        move |mut request: HttpRequest| {
            traces::inject(request.headers_mut());
            let http = http.clone();
            async move { AsyncHttpClient::call(&http, request).await }
        }
    }

    async fn client(&self, redirect: &str) -> Result<ReadyClient, UpstreamError> {
        let failed = |error: &dyn std::fmt::Display| UpstreamError::Discovery(error.to_string());
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(|error| failed(&error))?;
        let secret = match &self.proof {
            Proof::Secret(secret) => Some(ClientSecret::new(secret.clone())),
            Proof::Key { .. } => None,
        };
        let client_id = ClientId::new(self.config.client_id.clone());
        let metadata = self.metadata().await?;
        Ok(CoreClient::from_provider_metadata(metadata, client_id, secret).set_redirect_uri(redirect))
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, UpstreamError> {
        let kept = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, metadata)) = kept.filter(|(at, _)| at.elapsed() < KEPT) {
            let _ = at;
            return Ok(metadata);
        }
        let failed = |error: &dyn std::fmt::Display| UpstreamError::Discovery(error.to_string());
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(|error| failed(&error))?;
        let found =
            CoreProviderMetadata::discover_async(issuer, &self.sender()).await.map_err(|error| failed(&error))?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    async fn address(&self, redirect: &str, state: &str, upstream: &Upstream) -> Result<String, UpstreamError> {
        let client = self.client(redirect).await?;
        let (state, nonce) = (CsrfToken::new(state.to_owned()), Nonce::new(upstream.nonce.clone()));
        let verifier = PkceCodeVerifier::new(upstream.verifier.clone());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client.authorize_url(flow, move || state, move || nonce);
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in &self.config.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if self.config.kind == SignInKind::NhsLogin {
            // Identity proved to P9, by the ways NHS login has for that.
            request = request.add_extra_param("vtr", r#"["P9.Cp.Cd","P9.Cp.Ck","P9.Cm"]"#);
        }
        Ok(request.url().0.to_string())
    }

    async fn claims(
        &self,
        redirect: &str,
        code: &str,
        upstream: &Upstream,
    ) -> Result<Map<String, Value>, UpstreamError> {
        let exchange = |error: &dyn std::fmt::Display| UpstreamError::Exchange(error.to_string());
        let bad = |error: &dyn std::fmt::Display| UpstreamError::NotGood(error.to_string());
        let client = self.client(redirect).await?;
        let mut request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|e| exchange(&e))?;
        request = request.set_pkce_verifier(PkceCodeVerifier::new(upstream.verifier.clone()));
        if let Proof::Key { pem, kid } = &self.proof {
            let assertion = self.assertion(pem, kid.clone()).await.map_err(|error| exchange(&error))?;
            request = request.add_extra_param("client_assertion_type", super::assertion::TYPE);
            request = request.add_extra_param("client_assertion", assertion);
        }
        let tokens = request.request_async(&self.sender()).await.map_err(|error| match error {
            // The provider's own words may quote anything, the code for one; they stay out of the log.
            RequestTokenError::ServerResponse(said) => exchange(said.error()),
            other => exchange(&other),
        })?;
        let id_token = tokens.id_token().ok_or_else(|| UpstreamError::NotGood("there is no id_token".to_owned()))?;
        let nonce = Nonce::new(upstream.nonce.clone());
        let checked = id_token.claims(&client.id_token_verifier(), &nonce).map_err(|error| bad(&error))?;
        let mut claims = payload(&id_token.to_string()).ok_or_else(|| bad(&"it has no payload"))?;
        // Where the provider has it, userinfo says more than the id_token, about the same subject.
        if let Ok(request) = client.user_info(tokens.access_token().clone(), Some(checked.subject().clone())) {
            let more: UserInfoClaims<Rest, CoreGenderClaim> =
                request.request_async(&self.sender()).await.map_err(|error| bad(&error))?;
            if let Ok(Value::Object(more)) = serde_json::to_value(more) {
                claims.extend(more);
            }
        }
        Ok(claims)
    }

    /// A `private_key_jwt` for the provider's token endpoint: NHS login takes RS512, as others do.
    async fn assertion(&self, pem: &[u8], kid: Option<String>) -> Result<String, String> {
        let metadata = self.metadata().await.map_err(|error| error.to_string())?;
        let audience = metadata.token_endpoint().map(|url| url.to_string()).unwrap_or_default();
        let now = jsonwebtoken::get_current_timestamp();
        let jti = secret::random().map_err(|error| error.to_string())?;
        let id = &self.config.client_id;
        let claims = json!({ "iss": id, "sub": id, "aud": audience, "jti": jti, "iat": now, "exp": now + 60 });
        let header = Header { kid, ..Header::new(Algorithm::RS512) };
        let key = EncodingKey::from_rsa_pem(pem).map_err(|error| error.to_string())?;
        jsonwebtoken::encode(&header, &claims, &key).map_err(|error| error.to_string())
    }
}

/// The claims of a JWT whose signature has been checked.
fn payload(jwt: &str) -> Option<Map<String, Value>> {
    let part = jwt.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
