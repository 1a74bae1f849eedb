//! Discovery: SMART configuration, OpenID configuration, and the public keys. Open to anyone, from anywhere.

use actix_web::HttpResponse;

use super::{Visit, failed, json};
use crate::smart::{discovery, keys as signing};

/// `GET /fhir/.well-known/smart-configuration`
pub async fn smart(visit: Visit) -> HttpResponse {
    json(HttpResponse::Ok(), &discovery::smart_configuration(&visit.state.smart))
}

/// `GET /.well-known/openid-configuration`
pub async fn openid(visit: Visit) -> HttpResponse {
    json(HttpResponse::Ok(), &discovery::openid_configuration(&visit.state.smart))
}

/// `GET /oauth/jwks.json`
pub async fn keys(visit: Visit) -> HttpResponse {
    match signing::published(&visit.state.store).await {
        Ok(set) => json(HttpResponse::Ok(), &set),
        Err(error) => failed(&error.into()),
    }
}
