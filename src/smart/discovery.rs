//! Owns what clients are told of the authorization server: SMART configuration and OpenID configuration. Every capability
//! listed is one that works here and now.

use serde_json::{Value, json};

use super::scopes;
use super::server::Server;

/// `/fhir/.well-known/smart-configuration` (SMART 2.2 §4).
pub fn smart_configuration(server: &Server) -> Value {
    let mut document = common(server);
    let mut capabilities = vec!["client-confidential-asymmetric", "permission-v1", "permission-v2"];
    if !server.providers.is_empty() {
        capabilities.extend([
            "launch-ehr",
            "launch-standalone",
            "authorize-post",
            "client-public",
            "client-confidential-symmetric",
            "sso-openid-connect",
            "context-banner",
            "context-style",
            "context-ehr-patient",
            "context-standalone-patient",
            "permission-offline",
            "permission-online",
            "permission-patient",
            "permission-user",
        ]);
        if scopes::keeps_encounters() {
            capabilities.push("context-ehr-encounter");
        }
    }
    capabilities.sort_unstable();
    document["capabilities"] = json!(capabilities);
    if !server.providers.is_empty() {
        document["management_endpoint"] = json!(server.url("/oauth/manage"));
    }
    document
}

/// `/.well-known/openid-configuration` (OpenID Connect Discovery §3).
pub fn openid_configuration(server: &Server) -> Value {
    let mut document = common(server);
    document["subject_types_supported"] = json!(["public"]);
    document["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    document["claims_supported"] =
        json!(["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "fhirUser", "profile"]);
    document["response_modes_supported"] = json!(["query"]);
    document["request_parameter_supported"] = json!(false);
    document["request_uri_parameter_supported"] = json!(false);
    document
}

fn common(server: &Server) -> Value {
    let users = !server.providers.is_empty();
    let mut document = json!({
        "issuer": server.issuer,
        "jwks_uri": server.url("/oauth/jwks.json"),
        "authorization_endpoint": server.url("/oauth/authorize"),
        "token_endpoint": server.url("/oauth/token"),
        "introspection_endpoint": server.url("/oauth/introspect"),
        "revocation_endpoint": server.url("/oauth/revoke"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "scopes_supported": scopes::supported(),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
    });
    if !users {
        // Nobody can sign in, so nothing here is for users.
        document["grant_types_supported"] = json!(["client_credentials"]);
        if let Value::Object(members) = &mut document {
            for name in ["authorization_endpoint", "response_types_supported", "code_challenge_methods_supported"] {
                members.remove(name);
            }
        }
    }
    document
}
