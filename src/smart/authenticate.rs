//! Owns how a client proves itself at the token endpoint and its neighbours: HTTP Basic, a signed assertion, or, for a
//! public client, its name alone. One way at a time, and the way it was registered with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::assertion;
use super::client::{Client, ClientKind};
use super::fault::Fault;
use super::params::Params;
use super::secret;
use super::server::Server;
use crate::store::Store;

/// The client that a request comes from.
pub async fn client(
    server: &Server,
    store: &Store,
    authorization: Option<&str>,
    params: &Params,
) -> Result<Client, Fault> {
    if params.has("client_secret") {
        return Err(Fault::invalid_client("a secret is taken as HTTP Basic only: send Authorization: Basic"));
    }
    let basic = authorization.map(basic).transpose()?;
    let asserts = params.has("client_assertion") || params.has("client_assertion_type");
    match (basic, asserts) {
        (Some(_), true) => Err(Fault::invalid_request("two ways of client authentication at once: choose one")),
        (Some((id, given)), false) => {
            same_client(params, &id)?;
            let client = find(store, &id).await?;
            let kept = client.secret_hash.as_deref().filter(|_| client.registration.kind == ClientKind::Symmetric);
            let Some(kept) = kept else {
                return Err(Fault::invalid_client(wrong_way(client.registration.kind)));
            };
            if secret::password_matches(&given, kept).await {
                Ok(client)
            } else {
                Err(Fault::invalid_client("the client's secret is wrong"))
            }
        }
        (None, true) => {
            let asserted = assertion::issuer(params)?;
            same_client(params, &asserted)?;
            let client = find(store, &asserted).await?;
            if client.registration.kind != ClientKind::Asymmetric {
                return Err(Fault::invalid_client(wrong_way(client.registration.kind)));
            }
            assertion::check(server, store, &client, params).await?;
            Ok(client)
        }
        (None, false) => {
            let holder = match params.get("client_id") {
                Some(id) => Some(id.to_owned()),
                None => refreshing(store, params).await?,
            };
            let Some(id) = holder else {
                let words = "there is no client: send client_id, Authorization: Basic, or a client_assertion";
                return Err(Fault::invalid_client(words));
            };
            let client = find(store, &id).await?;
            if client.registration.kind != ClientKind::Public {
                return Err(Fault::invalid_client(wrong_way(client.registration.kind)));
            }
            Ok(client)
        }
    }
}

/// Whom a request says it is from, before anything is proved.
pub fn claimed(authorization: Option<&str>, params: &Params) -> Option<String> {
    let basic = authorization.and_then(|header| basic(header).ok()).map(|(id, _)| id);
    basic.or_else(|| params.get("client_id").map(str::to_owned)).or_else(|| assertion::issuer(params).ok())
}

/// The client of a refresh token. The official SMART client refreshes without its client_id, and a public client proves
/// nothing by it (RFC 6749 §6 asks for it of clients with credentials alone).
async fn refreshing(store: &Store, params: &Params) -> Result<Option<String>, Fault> {
    match (params.get("grant_type"), params.get("refresh_token")) {
        (Some("refresh_token"), Some(token)) => {
            Ok(store.refresh_family(&secret::hash(token)).await?.map(|(_, client_id)| client_id))
        }
        _ => Ok(None),
    }
}

/// The client of this id, unless it is disabled.
async fn find(store: &Store, id: &str) -> Result<Client, Fault> {
    let client: Option<Client> = store.client(id).await?;
    client.filter(|client| !client.disabled).ok_or_else(|| Fault::invalid_client("there is no such client here"))
}

fn same_client(params: &Params, id: &str) -> Result<(), Fault> {
    match params.get("client_id") {
        Some(other) if other != id => {
            Err(Fault::invalid_client("client_id names another client than the one that proved itself"))
        }
        _ => Ok(()),
    }
}

fn wrong_way(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Public => "this client is registered as public: send client_id alone",
        ClientKind::Symmetric => "this client is registered with a secret: send Authorization: Basic",
        ClientKind::Asymmetric => "this client is registered with a key: send a client_assertion",
    }
}

/// Name and secret of an Authorization header (RFC 6749 §2.3.1).
fn basic(header: &str) -> Result<(String, String), Fault> {
    let malformed = || Fault::invalid_client("the Authorization header is not Basic with base64 of client_id:secret");
    let (scheme, text) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let bytes = STANDARD.decode(text.trim()).map_err(|_| malformed())?;
    let pair = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (id, secret) = pair.split_once(':').ok_or_else(malformed)?;
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(|text| text.into_owned()).map_err(|_| malformed())
    };
    Ok((decode(id)?, decode(secret)?))
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn a_basic_header_is_form_encoded_inside() {
        assert_eq!(basic("Basic YTpi"), Ok(("a".to_owned(), "b".to_owned())));
        // a%20b:c%3Ad
        assert_eq!(basic("basic YSUyMGI6YyUzQWQ="), Ok(("a b".to_owned(), "c:d".to_owned())));
        for wrong in ["Basic", "Basic !", "Bearer x", "Basic YQ=="] {
            assert_eq!(basic(wrong).map_err(|fault| fault.error), Err("invalid_client"), "{wrong}");
        }
    }
}
