//! Owns the checks of an authorization request. Until client and redirect URI are known to belong together nothing is sent
//! anywhere; afterwards every error goes back to the client.

use super::client::Client;
use super::fault::Fault;
use super::flow::Ask;
use super::launch::LaunchContext;
use super::params::Params;
use super::scopes;
use super::secret;
use super::server::Server;
use crate::search::query;
use crate::store::Store;

/// A request that was refused.
#[derive(Debug, PartialEq)]
pub enum Rejected {
    /// On a page: there is nowhere it may be sent.
    Page(Fault),
    /// To the client.
    ToClient { client_id: String, redirect_uri: String, state: Option<String>, fault: Fault },
}

/// Checks a request, and uses its launch up.
pub async fn check(server: &Server, store: &Store, params: &Params) -> Result<Ask, Rejected> {
    let (client, redirect_uri) = trusted(store, params).await.map_err(Rejected::Page)?;
    let state = params.get("state").map(str::to_owned);
    let asked = ask(server, store, params, &client, &redirect_uri).await;
    asked.map_err(|fault| Rejected::ToClient { client_id: client.client_id, redirect_uri, state, fault })
}

/// The client, and where its answers go.
async fn trusted(store: &Store, params: &Params) -> Result<(Client, String), Fault> {
    for name in ["client_id", "redirect_uri"] {
        if params.all(name).count() > 1 {
            return Err(Fault::invalid_request(format!("{name} is there twice: send it once")));
        }
    }
    let Some(id) = params.get("client_id") else {
        return Err(Fault::invalid_request("client_id is missing: it says which app asks"));
    };
    let client: Option<Client> = store.client(id).await?;
    let client = client.filter(|client| !client.disabled);
    let client = client.ok_or_else(|| Fault::invalid_request("no app is registered here under this client_id"))?;
    let Some(uri) = params.get("redirect_uri") else {
        return Err(Fault::invalid_request("redirect_uri is missing: it says where the answer goes"));
    };
    if !client.registration.redirect_uris.iter().any(|known| known == uri) {
        let words = "this redirect_uri is not registered for the app: it has to be the same, letter by letter";
        return Err(Fault::invalid_request(words));
    }
    Ok((client, uri.to_owned()))
}

async fn ask(
    server: &Server,
    store: &Store,
    params: &Params,
    client: &Client,
    redirect_uri: &str,
) -> Result<Ask, Fault> {
    if let Some(name) = params.repeated() {
        return Err(Fault::invalid_request(format!("{} is there twice: send it once", short(name))));
    }
    if params.has("request") || params.has("request_uri") {
        return Err(Fault::invalid_request("request objects are not served: send the parameters themselves"));
    }
    match params.get("response_type") {
        Some("code") => {}
        None => return Err(Fault::invalid_request("response_type is missing: it is code")),
        Some(_) => return Err(Fault::unsupported_response_type("the one response_type is code")),
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Fault::invalid_request("the one response_mode is query"));
    }
    let missing = |name: &str, what: &str| Fault::invalid_request(format!("{name} is missing: {what}"));
    let state = params.get("state").ok_or_else(|| missing("state", "it protects the app from forged answers"))?;
    let aud = params.get("aud").ok_or_else(|| missing("aud", &format!("it is {}", server.fhir_base)))?;
    if aud.trim_end_matches('/') != server.fhir_base {
        return Err(Fault::invalid_request(format!(
            "aud has to be {}, the FHIR server the token is for",
            server.fhir_base
        )));
    }
    let challenge = challenge(params)?;
    let Some(asked) = params.get("scope") else {
        return Err(Fault::invalid_scope("scope is missing: say what the app wants to do"));
    };
    let scope = scopes::of_client(asked, &client.registration.scope);
    if scope.is_empty() {
        return Err(Fault::invalid_scope("nothing of this scope is known here and registered for the app"));
    }
    let launch = launch(store, params, client, asked).await?;
    Ok(Ask {
        client_id: client.client_id.clone(),
        client_name: client.registration.name.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
        scope,
        challenge,
        nonce: params.get("nonce").map(str::to_owned),
        launch,
        trusted: client.registration.trusted,
        organisation: client.registration.organisation.clone(),
        source: client.registration.source.clone(),
    })
}

/// PKCE, which every client has to use (RFC 7636 §4.3): S256 only.
fn challenge(params: &Params) -> Result<String, Fault> {
    let Some(challenge) = params.get("code_challenge") else {
        return Err(Fault::invalid_request("code_challenge is missing: PKCE with S256 is required of every app"));
    };
    if params.get("code_challenge_method") != Some("S256") {
        return Err(Fault::invalid_request("code_challenge_method has to be S256"));
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if challenge.len() == 43 && challenge.chars().all(plain) {
        Ok(challenge.to_owned())
    } else {
        Err(Fault::invalid_request("code_challenge is not the base64url of a SHA-256: 43 letters, no padding"))
    }
}

/// The launch that the request continues.
async fn launch(store: &Store, params: &Params, client: &Client, asked: &str) -> Result<Option<LaunchContext>, Fault> {
    let wants = scopes::has(asked, "launch");
    match (params.get("launch"), wants) {
        (None, false) => Ok(None),
        (None, true) => {
            Err(Fault::invalid_request("the scope launch needs the parameter launch, which the EPR gave the app"))
        }
        (Some(_), false) => Err(Fault::invalid_request("the parameter launch needs the scope launch")),
        (Some(handle), true) if scopes::has(&client.registration.scope, "launch") => {
            let context = store.use_launch(&secret::hash(handle), &client.client_id).await?;
            let words = "this launch is unknown, over, used, or for another app: launch the app again";
            Ok(Some(context.ok_or_else(|| Fault::invalid_request(words))?))
        }
        _ => Err(Fault::invalid_scope("the app is not registered for the scope launch")),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A redirect URI with parameters added, else letter by letter as it was registered.
pub fn answer_uri(redirect_uri: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let there = pairs.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
    let query = query::encode(&there.collect::<Vec<_>>());
    format!("{redirect_uri}{}{query}", if redirect_uri.contains('?') { '&' } else { '?' })
}

/// Where a client hears of an error.
pub fn error_uri(redirect_uri: &str, state: Option<&str>, fault: &Fault) -> String {
    let pairs = [("error", Some(fault.error)), ("error_description", Some(&fault.description)), ("state", state)];
    answer_uri(redirect_uri, &pairs)
}
