//! `Patient/$protect`: an opt-out or a restriction, set or lifted, by a privacy officer or a source for the person with an NHS
//! number, or by a patient for themselves.

use actix_web::http::StatusCode;

use super::super::{Answer, Call};
use super::input::{Body, Input, not_one};
use super::overrides::{number, reason};
use super::reply::Reply;
use crate::access::policy::PATIENT;
use crate::access::{Leave, Permission};
use crate::error::Problem;
use crate::fhir::json::Json;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::operations::PROTECT;
use crate::store::{Named, Protect};

/// Answers a call.
pub async fn run(call: &Call, body: Body) -> Result<Answer, Problem> {
    let mut row = call.audit("E", "Patient", "Patient/$protect");
    let asked = understand(call, body).await;
    let (leave, number, set, reason) = call.audited(row.clone(), asked).await?;
    let shown = |name: &str, value: Option<bool>| value.map(|value| format!("{name}={value}"));
    let said: Vec<String> =
        [shown("opted-out", set.opted_out), shown("restricted", set.restricted)].into_iter().flatten().collect();
    row.query = format!("Patient/$protect?{}&reason={reason}", said.join("&"));
    let own = call.caller.claims().patient.clone().unwrap_or_default();
    let person = match &number {
        Some(number) => Named::Number(number),
        None => Named::Patient(&own),
    };
    let now = call.state.store.protect(&leave, &person, set, &call.state.base, &row).await?;
    let words = "this record knows nobody with this NHS number";
    let now = now.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words));
    let now = call.audited(row, now).await?;
    let reply = Reply::default().with("opted-out", "valueBoolean", Some(Json::Bool(now.opted_out))).with(
        "restricted",
        "valueBoolean",
        Some(Json::Bool(now.restricted)),
    );
    Ok(reply.answer())
}

async fn understand(call: &Call, body: Body) -> Result<(Leave, Option<String>, Protect, String), Problem> {
    let leave = call.caller.leave(Permission::Protect)?;
    let mut input = body.read(call).await?;
    // A patient speaks for themselves and nobody else.
    let own = call.caller.claims().role == PATIENT;
    let known = PROTECT.parameters.get(usize::from(own)..).unwrap_or_default();
    if own && input.values.iter().any(|(name, _)| name == "nhs-number") {
        // Not to be passed over, whatever the caller prefers: it would befall the patient instead.
        return Err(not_one("nhs-number", known));
    }
    let number = if own { None } else { Some(number(&mut input)?) };
    let set = Protect { opted_out: choice(&mut input, "opted-out")?, restricted: choice(&mut input, "restricted")? };
    if set.opted_out.is_none() && set.restricted.is_none() {
        let words = "say what is to be set: opted-out or restricted, true or false";
        return Err(Problem::bad_request(IssueType::Required, words));
    }
    let reason = reason(&mut input)?;
    input.no_more(call, known)?;
    Ok((leave, number, set, reason))
}

/// True, false or not said.
fn choice(input: &mut Input, name: &str) -> Result<Option<bool>, Problem> {
    match input.one(name)?.as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(text) => {
            let words = format!("{name}: \"{}\" is neither true nor false", shorten(text));
            Err(Problem::bad_request(IssueType::Value, words).at(&format!("http.{name}")))
        }
    }
}
