//! Owns revocation (RFC 7009): a refresh token ends with all its family, an access token by itself. Tokens are looked up in
//! the database at each request, so that it acts at once on every instance.

use super::client::Client;
use super::fault::Fault;
use super::params::Params;
use super::secret;
use crate::store::Store;

/// Ends a token of this client. What is no token has ended already; false says that it was so.
pub async fn revoke(store: &Store, client: &Client, params: &Params) -> Result<bool, Fault> {
    let token = params.get("token").ok_or_else(|| Fault::invalid_request("token is missing"))?;
    let hash = secret::hash(token);
    let own = |client_id: &str| {
        if client_id == client.client_id { Ok(()) } else { Err(Fault::invalid_grant("the token is another client's")) }
    };
    if let Some((family, client_id)) = store.refresh_family(&hash).await? {
        own(&client_id)?;
        store.end_family(family).await?;
        return Ok(true);
    }
    if let Some(known) = store.known_token(&hash).await? {
        own(&known.claims.0.client)?;
        store.drop_token(&hash).await?;
        return Ok(true);
    }
    Ok(false)
}
