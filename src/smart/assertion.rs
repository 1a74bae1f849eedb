//! Owns the signed assertion by which a client proves itself (SMART 2.2, asymmetric authentication; RFC 7523): its
//! signature, its claims, and that it is used once.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Deserialize;

use super::client::Client;
use super::fault::Fault;
use super::key_set::{self, ALGORITHMS};
use super::params::Params;
use super::secret;
use super::server::Server;
use crate::store::Store;

/// The one type of assertion.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest life of an assertion, and how far clocks may differ, in seconds.
const MOST_SECONDS: u64 = 300;
const LEEWAY: u64 = 10;

/// The claims that are looked at beyond what the library checks.
#[derive(Debug, Deserialize)]
struct Asserted {
    /// Required by the library's rules; here only so that its absence can be told from nonsense.
    #[serde(default)]
    exp: Option<u64>,
    #[serde(default)]
    iat: Option<u64>,
    #[serde(default)]
    jti: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    iss: Option<String>,
}

/// The client an assertion is from, as it says itself; nothing is proved yet.
pub fn issuer(params: &Params) -> Result<String, Fault> {
    match params.get("client_assertion_type") {
        Some(TYPE) => {}
        _ => return Err(Fault::invalid_request(format!("client_assertion_type has to be {TYPE}"))),
    }
    let Some(text) = params.get("client_assertion") else {
        return Err(Fault::invalid_request("client_assertion is missing"));
    };
    let named: Named = jsonwebtoken::dangerous::insecure_decode_claims(text).map_err(|_| not_a_jwt())?;
    named.iss.ok_or_else(|| Fault::invalid_client("the assertion has no iss: it has to be the client_id"))
}

/// Checks an assertion of this client, and uses it up.
pub async fn check(server: &Server, store: &Store, client: &Client, params: &Params) -> Result<(), Fault> {
    let text = params.get("client_assertion").unwrap_or_default();
    // An algorithm the library does not know, "none" among them, is no JWT to it.
    let header = jsonwebtoken::decode_header(text).map_err(|_| not_a_jwt())?;
    let key = key(server, client, &header).await?;
    let asserted = verify(text, &header, &key, &client.client_id, &server.url("/oauth/token"))?;
    let now = jsonwebtoken::get_current_timestamp();
    let exp = asserted.exp.unwrap_or(u64::MAX);
    if exp > now + MOST_SECONDS + LEEWAY {
        return Err(Fault::invalid_client(format!("the assertion's exp is more than {MOST_SECONDS} seconds ahead")));
    }
    if asserted.iat.is_some_and(|iat| iat > now + LEEWAY) {
        return Err(Fault::invalid_client("the assertion's iat is in the future"));
    }
    let jti = asserted.jti.filter(|jti| !jti.is_empty());
    let jti = jti.ok_or_else(|| Fault::invalid_client("the assertion has no jti, which tells it from every other"))?;
    let until = i64::try_from(exp + LEEWAY).unwrap_or(i64::MAX);
    if store.use_assertion(&client.client_id, &secret::hash(&jti), until).await? {
        Ok(())
    } else {
        Err(Fault::invalid_client("this assertion was used before: make a new one, with a new jti, for each request"))
    }
}

fn not_a_jwt() -> Fault {
    Fault::invalid_client("the client_assertion is not a JWT signed with RS384 or ES384")
}

/// The client's key that the header names.
async fn key(server: &Server, client: &Client, header: &Header) -> Result<Jwk, Fault> {
    if !ALGORITHMS.contains(&header.alg) {
        return Err(not_a_jwt());
    }
    if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(Fault::invalid_client("the assertion's typ is not JWT"));
    }
    if header.crit.is_some() {
        return Err(Fault::invalid_client("the assertion's header has crit, which this service does not serve"));
    }
    let registered = client.registration.jwks_uri.as_deref();
    if header.jku.as_deref().is_some_and(|jku| Some(jku) != registered) {
        return Err(Fault::invalid_client("the assertion's jku is not the JWKS URL this client has registered"));
    }
    let kid = header.kid.as_deref();
    let kid = kid.ok_or_else(|| Fault::invalid_client("the assertion's header has no kid, which names the key"))?;
    let found = match (registered, &client.registration.jwks) {
        (Some(url), _) => server.key_sets.find(url, kid).await.map_err(|error| {
            tracing::warn!(client = client.client_id, %error, "a client's JWKS could not be had");
            Fault::invalid_client(format!("the client's JWKS could not be had: {error}"))
        })?,
        (None, Some(jwks)) => key_set::usable(jwks).into_iter().find(|jwk| jwk.common.key_id.as_deref() == Some(kid)),
        (None, None) => None,
    };
    let fits = found.filter(|jwk| key_set::fits(jwk, header.alg));
    fits.ok_or_else(|| Fault::invalid_client("the client has registered no key with this kid for this algorithm"))
}

fn verify(text: &str, header: &Header, key: &Jwk, client_id: &str, token_url: &str) -> Result<Asserted, Fault> {
    let key = DecodingKey::from_jwk(key).map_err(|_| not_a_jwt())?;
    let mut rules = Validation::new(header.alg);
    rules.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
    rules.set_issuer(&[client_id]);
    rules.set_audience(&[token_url]);
    rules.sub = Some(client_id.to_owned());
    rules.validate_nbf = true;
    rules.leeway = LEEWAY;
    let checked = jsonwebtoken::decode::<Asserted>(text, &key, &rules);
    use jsonwebtoken::errors::ErrorKind as Wrong;
    checked.map(|data| data.claims).map_err(|error| {
        Fault::invalid_client(match error.kind() {
            Wrong::ExpiredSignature => "the assertion has expired".to_owned(),
            Wrong::InvalidAudience => format!("the assertion's aud is not {token_url}"),
            Wrong::InvalidIssuer | Wrong::InvalidSubject => {
                "the assertion's iss and sub have to be the client_id".to_owned()
            }
            Wrong::ImmatureSignature => "the assertion's nbf is in the future".to_owned(),
            Wrong::MissingRequiredClaim(claim) => format!("the assertion has no {claim}"),
            Wrong::InvalidSignature => "the assertion's signature is not by the key its kid names".to_owned(),
            _ => "the assertion's claims are not as they should be".to_owned(),
        })
    })
}
