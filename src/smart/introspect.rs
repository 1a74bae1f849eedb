//! Owns introspection (RFC 7662): what a token says, to a client that may know, and nothing at all of any other.

use serde_json::{Map, Value, json};

use super::client::{Client, ClientKind};
use super::fault::Fault;
use super::given::Given;
use super::params::Params;
use super::secret;
use super::server::Server;
use crate::access::{Caller, Claims};
use crate::store::Store;

/// Who introspects.
pub enum Asker<'a> {
    /// A client that proved itself.
    Client(&'a Client),
    /// The holder of an access token in force.
    Token(&'a Caller),
}

impl Asker<'_> {
    fn may_know(&self, client_id: &str) -> bool {
        match self {
            Asker::Client(client) => client.registration.introspects || client.client_id == client_id,
            Asker::Token(caller) => caller.claims().client == client_id,
        }
    }
}

/// Whether a client may introspect at all: one that has proved nothing may not.
pub fn may(client: &Client) -> Result<(), Fault> {
    match client.registration.kind {
        ClientKind::Public => {
            Err(Fault::invalid_client("introspection is for clients that prove themselves, or with an access token"))
        }
        _ => Ok(()),
    }
}

/// What there is to say of a token.
pub async fn introspect(server: &Server, store: &Store, asker: &Asker<'_>, params: &Params) -> Result<Value, Fault> {
    let token = params.get("token").ok_or_else(|| Fault::invalid_request("token is missing"))?;
    let hash = secret::hash(token);
    if let Some(known) = store.known_token(&hash).await? {
        let claims = known.claims.0;
        if asker.may_know(&claims.client) {
            let facts = known.facts.map(|facts| facts.0).unwrap_or_default();
            let mut reply = active(&claims, known.expires_at, facts);
            reply.insert("token_type".to_owned(), json!("Bearer"));
            reply.insert("iat".to_owned(), json!(known.issued_at));
            return Ok(Value::Object(reply));
        }
    } else if let Some((consent, expires_at)) = store.refresh_token::<Given>(&hash).await?
        && asker.may_know(&consent.client_id)
    {
        return Ok(Value::Object(active(&consent.body.claims, expires_at, consent.body.facts(server))));
    }
    Ok(json!({ "active": false }))
}

fn active(claims: &Claims, expires_at: i64, facts: Value) -> Map<String, Value> {
    let mut reply = Map::new();
    reply.insert("active".to_owned(), json!(true));
    reply.insert("scope".to_owned(), json!(claims.scope));
    reply.insert("client_id".to_owned(), json!(claims.client));
    reply.insert("exp".to_owned(), json!(expires_at));
    if let Value::Object(facts) = facts {
        reply.extend(facts);
    }
    reply
}
