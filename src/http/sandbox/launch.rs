//! `POST /sandbox/launch`: launches an app as the sandbox's EPR, by a handle that is made as for any other EPR, or sends the
//! browser to the app as a bookmark would.

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpResponse, web};

use super::begun::Begun;
use super::{APP, EPR, client, personas};
use crate::http::oauth::Visit;
use crate::http::oauth::launch::made;
use crate::http::oauth::pages::{go, sorry};
use crate::search::query;
use crate::smart::client::{Client, origin};
use crate::smart::desk::Desk;
use crate::smart::fault::Fault;
use crate::smart::params::Params;
use crate::smart::{scopes, secret};

/// The longest scope that the launcher asks for: it is kept in a cookie.
const MOST_SCOPE: usize = 1_500;

/// Launches.
pub async fn launch(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    let launched = async {
        let params = visit.form(&mut payload).await?.once_each()?;
        launched(&visit.desk(), &params).await
    };
    launched.await.unwrap_or_else(|fault| sorry(&fault))
}

async fn launched(desk: &Desk<'_>, params: &Params) -> Result<HttpResponse, Fault> {
    let from_epr = params.get("how") != Some("standalone");
    let (app, address) = target(desk, params).await?;
    let mut begun = Begun::default();
    let handle = if from_epr {
        let name = params.get("persona").unwrap_or_default();
        let users = personas()?;
        let persona = users.get(name).ok_or_else(|| Fault::invalid_request("choose a persona who is signed in"))?;
        let user = persona.claims.user.clone().unwrap_or_default();
        let patient = params.get("patient").unwrap_or_default().to_owned();
        begun.signed_in = Some(name.to_owned());
        begun.patient = Some(patient.clone());
        let asks = [("app", app.client_id.clone()), ("user", user), ("patient", patient)];
        let asks = Params::read(&query::encode(&asks.map(|(name, value)| (name.to_owned(), value))))?;
        let reply = made(desk, &client(desk, EPR).await?, &asks).await?;
        Some(reply["launch"].as_str().unwrap_or_default().to_owned())
    } else {
        None
    };
    let address = match address {
        Some(address) => {
            let mut pairs = vec![("iss".to_owned(), desk.server.fhir_base.clone())];
            pairs.extend(handle.map(|handle| ("launch".to_owned(), handle)));
            format!("{address}{}{}", if address.contains('?') { '&' } else { '?' }, query::encode(&pairs))
        }
        None => authorize(desk, params, handle, &mut begun)?,
    };
    let mut response = go(&address);
    if let Ok(cookie) = HeaderValue::from_str(&begun.cookie(desk.server.is_https())) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The client that is launched, and where; none: the launcher plays it.
async fn target(desk: &Desk<'_>, params: &Params) -> Result<(Client, Option<String>), Fault> {
    let no_url = "the client is registered without a launch URL: say where it is launched";
    match params.get("app") {
        Some("other") => {
            let app = client(desk, params.get("client").unwrap_or_default()).await?;
            let known = app.registration.launch_uri.clone();
            let address = params.get("launch_url").map(str::to_owned).or_else(|| known.clone());
            let address = address.ok_or_else(|| Fault::invalid_request(no_url))?;
            // Nobody is sent to an address that the client did not register something of.
            let own = origin(&address).is_some_and(|origin| app.origins.contains(&origin));
            if known.as_ref() != Some(&address) && !own {
                let words = "the launch URL is on no origin that the client is registered with";
                return Err(Fault::invalid_request(words));
            }
            Ok((app, Some(address)))
        }
        Some("sample") => {
            let app = client(desk, APP).await?;
            let address = app.registration.launch_uri.clone();
            Ok((app, Some(address.ok_or_else(|| Fault::invalid_request(no_url))?)))
        }
        _ => Ok((client(desk, APP).await?, None)),
    }
}

/// The authorization request of the launcher's own, with a PKCE pair of its own.
fn authorize(desk: &Desk<'_>, params: &Params, handle: Option<String>, begun: &mut Begun) -> Result<String, Fault> {
    let asked = params.get("scope").unwrap_or_default();
    if asked.len() > MOST_SCOPE {
        return Err(Fault::invalid_scope(format!("the scopes are longer than {MOST_SCOPE} letters")));
    }
    let mut words: Vec<&str> = asked.split_ascii_whitespace().collect();
    // The way of the launch says which of the two it has to be.
    words
        .retain(|word| !["launch", "launch/patient"].contains(word) || (handle.is_none() && *word == "launch/patient"));
    if handle.is_some() {
        words.push("launch");
    } else if scopes::has_context(asked, "patient/") && !words.contains(&"launch/patient") {
        words.push("launch/patient");
    }
    let scope = words.join(" ");
    let (state, verifier) = (secret::random()?, secret::random()?);
    let mut pairs = vec![
        ("response_type", "code".to_owned()),
        ("client_id", APP.to_owned()),
        ("redirect_uri", desk.server.url("/sandbox")),
        ("scope", scope.clone()),
        ("state", state.clone()),
        ("aud", desk.server.fhir_base.clone()),
        ("code_challenge", secret::challenge(&verifier)),
        ("code_challenge_method", "S256".to_owned()),
    ];
    pairs.extend(handle.map(|handle| ("launch", handle)));
    (begun.state, begun.verifier, begun.scope) = (Some(state), Some(verifier), Some(scope));
    let pairs: Vec<(String, String)> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(format!("/oauth/authorize?{}", query::encode(&pairs)))
}
