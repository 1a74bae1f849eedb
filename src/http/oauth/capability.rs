//! What `metadata` says of security: SMART on FHIR, and, where users can sign in, the extension that older clients read. Its
//! definition knows no introspection and no revocation, and wants `authorize`: `.well-known/smart-configuration` has them all.

use crate::fhir::json::Json;
use crate::smart::server::Server;

/// `CapabilityStatement.rest.security`.
pub fn security(server: &Server) -> Json {
    let text = |words: &str| Json::string(words);
    let endpoints = [("authorize", "/oauth/authorize"), ("token", "/oauth/token"), ("manage", "/oauth/manage")];
    let endpoint =
        |(name, path): (&str, &str)| Json::object([("url", text(name)), ("valueUri", Json::string(server.url(path)))]);
    let uris = Json::object([
        ("url", text("http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris")),
        ("extension", Json::Array(endpoints.map(endpoint).to_vec())),
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
    let mut security = Json::object([
        ("cors", Json::Bool(true)),
        ("service", Json::Array(vec![service("SMART-on-FHIR"), service("OAuth")])),
        ("description", text(words)),
    ]);
    if let (Json::Object(members), false) = (&mut security, server.providers.is_empty()) {
        members.set("extension", Json::Array(vec![uris]));
    }
    security
}
