//! How a caller proves who they are: SMART's OAuth 2 flows with every scope in words, and a token from elsewhere.

use std::collections::BTreeMap;

use utoipa::openapi::RefOr;
use utoipa::openapi::security::{
    AuthorizationCode, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};

use crate::smart::{describe, scopes};

/// Their names; any one of them will do.
pub const SCHEMES: [&str; 2] = ["smart", "bearer"];

const SMART: &str = "SMART App Launch 2.2. Apps of users take the authorization code flow, with PKCE (S256); systems take client \
                     credentials, with an assertion they signed. Discovery: /fhir/.well-known/smart-configuration";

/// The schemes. Their addresses are relative to the document's own, so that it is the same everywhere.
pub fn schemes() -> BTreeMap<String, RefOr<SecurityScheme>> {
    let (authorize, token) = ("/oauth/authorize", "/oauth/token");
    let users = |word: &str| !word.starts_with("system/") && !matches!(word, "__relate" | "__export");
    let systems = |word: &str| word.starts_with("system/") || matches!(word, "__relate" | "__protect" | "__export");
    let smart = OAuth2::with_description(
        [
            Flow::AuthorizationCode(AuthorizationCode::with_refresh_url(authorize, token, listed(users), token)),
            Flow::ClientCredentials(ClientCredentials::new(token, listed(systems))),
        ],
        SMART,
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token, such as `lcr sandbox token gp` prints"))
        .build();
    let [smart_name, bearer_name] = SCHEMES.map(str::to_owned);
    [(smart_name, SecurityScheme::OAuth2(smart).into()), (bearer_name, SecurityScheme::Http(bearer).into())].into()
}

fn listed(wanted: impl Fn(&str) -> bool) -> Scopes {
    let words = scopes::supported().into_iter().filter(|word| wanted(word));
    words.map(|word| (word.clone(), describe::scope(&word))).collect()
}
