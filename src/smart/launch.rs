//! Owns launches from an EPR: `POST /oauth/launch` keeps the context and gives a handle, which one client can use once, for
//! one user.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::Client;
use super::fault::Fault;
use super::params::Params;
use super::secret;
use super::server::Server;
use crate::fhir::nhs_number;
use crate::fhir::primitive::is_id;
use crate::store::Store;

/// How long a handle waits to be used.
const SECONDS: i64 = 300;

/// What an app is launched with (SMART 2.2 §2.0.9).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LaunchContext {
    /// The user it is for: an id of the upstream provider's.
    pub user: Option<String>,
    /// The Patient's logical id.
    pub patient: Option<String>,
    /// The Encounter's id, as the EPR knows it.
    pub encounter: Option<String>,
    #[serde(default)]
    pub fhir_context: Vec<Value>,
    pub intent: Option<String>,
    pub need_patient_banner: Option<bool>,
    pub tenant: Option<String>,
}

/// What a launch is asked for with. The EPR is whoever proved itself.
pub async fn launch(server: &Server, store: &Store, epr: &Client, params: &Params) -> Result<Value, Fault> {
    if !epr.registration.launches {
        return Err(Fault::unauthorized_client("this client is not registered as an EPR that launches apps"));
    }
    // `client_id` is the EPR's own; the app's is `app`.
    let Some(app_id) = params.get("app") else {
        return Err(Fault::invalid_request("app is missing: the client_id of the app to launch"));
    };
    let app: Option<Client> = store.client(app_id).await?;
    let app = app.filter(|app| !app.disabled && !app.registration.redirect_uris.is_empty());
    let app = app.ok_or_else(|| Fault::invalid_request("app names no client that users can sign in to"))?;
    let user = params.get("user").ok_or_else(|| Fault::invalid_request("user is missing: who is to use the app"))?;
    let context = LaunchContext {
        user: Some(user.to_owned()),
        patient: patient(store, params.get("patient")).await?,
        encounter: params.get("encounter").map(|id| checked_id(id, "encounter")).transpose()?,
        fhir_context: fhir_context(params.get("fhirContext"))?,
        intent: params.get("intent").map(short).transpose()?,
        need_patient_banner: params.get("need_patient_banner").map(truth).transpose()?,
        tenant: params.get("tenant").map(short).transpose()?,
    };
    let handle = secret::random()?;
    store.keep_launch(&secret::hash(&handle), &app.client_id, &epr.client_id, &context, SECONDS).await?;
    let mut reply = json!({ "launch": handle, "iss": server.fhir_base, "expires_in": SECONDS });
    if let Some(uri) = &app.registration.launch_uri {
        let query =
            crate::search::query::encode(&[("iss".into(), server.fhir_base.clone()), ("launch".into(), handle)]);
        reply["launch_url"] = Value::String(format!("{uri}{}{query}", if uri.contains('?') { '&' } else { '?' }));
    }
    Ok(reply)
}

/// A Patient by logical id or by NHS number. Whether the user may open them is asked when the user is there: until then the
/// answer is the same for everybody.
async fn patient(store: &Store, text: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let Some((system, number)) = text.split_once('|') else {
        return checked_id(text.strip_prefix("Patient/").unwrap_or(text), "patient").map(Some);
    };
    if system != nhs_number::SYSTEM || nhs_number::fault(number).is_some() {
        let words = format!("patient is neither a Patient id nor {}| with an NHS number", nhs_number::SYSTEM);
        return Err(Fault::invalid_request(words));
    }
    // Nobody has an id that was never given; opening it fails as opening any other's does.
    Ok(Some(store.id_with_number(number).await?.unwrap_or_else(|| uuid::Uuid::new_v4().to_string())))
}

fn checked_id(text: &str, name: &str) -> Result<String, Fault> {
    if is_id(text) { Ok(text.to_owned()) } else { Err(Fault::invalid_request(format!("{name} is not a FHIR id"))) }
}

fn short(text: &str) -> Result<String, Fault> {
    if text.chars().count() <= 200 {
        Ok(text.to_owned())
    } else {
        Err(Fault::invalid_request("intent and tenant have 200 characters at most"))
    }
}

fn truth(text: &str) -> Result<bool, Fault> {
    text.parse().map_err(|_| Fault::invalid_request("need_patient_banner is true or false"))
}

/// SMART 2.2 §2.0.11: objects with a reference, a canonical or an identifier.
fn fhir_context(text: Option<&str>) -> Result<Vec<Value>, Fault> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let wrong =
        || Fault::invalid_request("fhirContext is a JSON array of objects with reference, canonical or identifier");
    let Ok(Value::Array(items)) = serde_json::from_str(text) else { return Err(wrong()) };
    let fits = |item: &Value| {
        let named = item.get("reference").or(item.get("canonical")).is_some_and(Value::is_string);
        // A patient or encounter has a parameter of its own.
        let own = item.get("reference").and_then(Value::as_str).is_some_and(|r| r.starts_with("Patient/"));
        (named || item.get("identifier").is_some_and(Value::is_object)) && !own
    };
    if text.len() <= 8_000 && items.iter().all(fits) { Ok(items) } else { Err(wrong()) }
}
