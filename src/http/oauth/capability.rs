//! What `metadata` says of security: SMART on FHIR, and where its endpoints are (the extension that older clients read).

use crate::fhir::json::Json;
use crate::smart::server::Server;

/// `CapabilityStatement.rest.security`.
pub fn security(server: &Server) -> Json {
    let text = |words: &str| Json::string(words);
    let mut endpoints =
        vec![("token", "/oauth/token"), ("introspect", "/oauth/introspect"), ("revoke", "/oauth/revoke")];
    if !server.providers.is_empty() {
        endpoints.extend([("authorize", "/oauth/authorize"), ("manage", "/oauth/manage")]);
    }
    let endpoint =
        |(name, path): (&str, &str)| Json::object([("url", text(name)), ("valueUri", Json::string(server.url(path)))]);
    let uris = Json::object([
        ("url", text("http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris")),
        ("extension", Json::Array(endpoints.into_iter().map(endpoint).collect())),
    ]);
    let coding = |code: &str| {
        Json::object([
            ("system", text("http://terminology.hl7.org/CodeSystem/restful-security-service")),
            ("code", text(code)),
        ])
    };
    let service = |code| Json::object([("coding", Json::Array(vec![coding(code)]))]);
    let words = "Every request but discovery needs a bearer token: SMART App Launch 2.2, see .well-known/smart-configuration. \
                 Patients out of the caller's care relationships are as if they were not there.";
    Json::object([
        ("extension", Json::Array(vec![uris])),
        ("cors", Json::Bool(true)),
        ("service", Json::Array(vec![service("SMART-on-FHIR"), service("OAuth")])),
        ("description", text(words)),
    ])
}
