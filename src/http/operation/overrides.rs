//! `Patient/$break-glass` and `Patient/$self-claim`: a user opens a record with a reason, for a short time. Both raise an
//! alert that a privacy officer reviews.

use actix_web::http::StatusCode;

use super::super::{Answer, Call};
use super::input::{Body, Input};
use super::reply::Reply;
use crate::access::{Leave, Permission};
use crate::error::Problem;
use crate::fhir::nhs_number;
use crate::fhir::outcome::IssueType;
use crate::fhir::{date, primitive::shorten};
use crate::limits::TooOften;
use crate::operations::{BREAK_GLASS, SELF_CLAIM};
use crate::store::Claim;

/// The shortest reason that says anything, in characters, and the longest that is kept.
const REASON: std::ops::RangeInclusive<usize> = 10..=1000;

/// Answers a call for one of the two.
pub async fn run(call: &Call, permission: Permission, name: &'static str, body: Body) -> Result<Answer, Problem> {
    // Neither number nor reason is in the query of the row: the row is about the person, and the alert keeps the reason.
    let mut row = call.audit("E", "Patient", &format!("Patient/${name}"));
    if permission == Permission::BreakGlass {
        row.purpose = "BTG".to_owned();
    }
    let asked = understand(call, permission, body).await;
    let (leave, asked) = call.audited(row.clone(), asked).await?;
    let overrides = &call.state.config.overrides;
    let minutes = match permission {
        Permission::BreakGlass => overrides.break_glass_minutes,
        _ => overrides.self_claim_minutes,
    };
    let claim = Claim {
        number: &asked.number,
        birth_date: &asked.birth_date,
        reason: &asked.reason,
        minutes,
        over_opt_out: asked.over_opt_out,
        unseals: asked.unseals,
    };
    // Who guesses at dates of birth is stopped; what opens a record is no guess.
    let claims = call.caller.claims();
    let (guesses, guesser) = (&call.state.rates.claims, (&claims.client, &claims.user));
    call.audited(row.clone(), guesses.take(guesser).map_err(guessed)).await?;
    // The store writes the row, whatever comes of it, with what it does.
    let opened = call.state.store.open(&leave, &claim, &row).await;
    if !matches!(opened, Ok(None)) {
        guesses.put_back(guesser);
    }
    let Some(opened) = opened? else { return Err(nobody()) };
    call.state.alerts.notify_one();
    let mut reply = Reply::default()
        .text("relationship", "valueString", Some(opened.relationship_id.to_string()))
        .text("until", "valueDateTime", Some(opened.until));
    for id in opened.patients {
        reply = reply.reference("patient", Some(format!("Patient/{id}")));
    }
    Ok(reply.answer())
}

/// What a call says.
struct Asked {
    number: String,
    birth_date: String,
    reason: String,
    over_opt_out: bool,
    unseals: bool,
}

async fn understand(call: &Call, permission: Permission, body: Body) -> Result<(Leave, Asked), Problem> {
    let leave = call.caller.leave(permission)?;
    if call.caller.claims().user.is_none() {
        let words = "only a user can do this: sign in as one";
        return Err(Problem::new(StatusCode::FORBIDDEN, IssueType::Forbidden, words));
    }
    let mut input = body.read(call).await?;
    let number = number(&mut input)?;
    let birth_date = needed(&mut input, "birth-date")?;
    if birth_date.len() != 10 || date::parse_date(&birth_date).is_none() {
        let words = "birth-date: a whole date, YYYY-MM-DD";
        return Err(Problem::bad_request(IssueType::Value, words).at("http.birth-date"));
    }
    let reason = reason(&mut input)?;
    let (mut over_opt_out, mut unseals) = (false, false);
    let breaks = permission == Permission::BreakGlass;
    while let Some(at) = input.values.iter().position(|(name, _)| breaks && name == "over") {
        let (_, over) = input.values.remove(at);
        let needs = match over.as_str() {
            "opt-out" => Permission::OverOptOut,
            "seal" => Permission::OpenSeal,
            _ => {
                let words = format!("over: \"{}\" is neither opt-out nor seal", shorten(&over));
                return Err(Problem::bad_request(IssueType::Value, words).at("http.over"));
            }
        };
        if !leave.also(needs) {
            let words = format!("the role {} may not go over this ({over})", call.caller.claims().role);
            return Err(Problem::new(StatusCode::FORBIDDEN, IssueType::Forbidden, words));
        }
        over_opt_out |= needs == Permission::OverOptOut;
        unseals |= needs == Permission::OpenSeal;
    }
    input.no_more(call, if breaks { BREAK_GLASS.parameters } else { SELF_CLAIM.parameters })?;
    Ok((leave, Asked { number, birth_date, reason, over_opt_out, unseals }))
}

/// The answer for somebody who is not there and for somebody who is protected: one text.
fn nobody() -> Problem {
    let words = "no record can be opened with this NHS number and date of birth: check both";
    Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words)
}

/// The answer for who has been told so too often.
fn guessed(refused: TooOften) -> Problem {
    let words = format!(
        "too many of your claims opened nothing (load.wrong_claims): try again in {} seconds; where it is urgent, ask a \
         colleague to open the record",
        refused.seconds()
    );
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, IssueType::Throttled, words);
    Problem { retry_after: Some(refused.seconds()), ..problem }
}

/// The NHS number, without blanks, as its system or alone.
pub fn number(input: &mut Input) -> Result<String, Problem> {
    let given = needed(input, "nhs-number")?;
    let number: String = given.rsplit('|').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    match nhs_number::fault(&number) {
        None => Ok(number),
        Some(fault) => {
            Err(Problem::bad_request(IssueType::Value, format!("nhs-number: {fault}")).at("http.nhs-number"))
        }
    }
}

/// A parameter that has to be there once.
pub fn needed(input: &mut Input, name: &str) -> Result<String, Problem> {
    let value = input.one(name)?.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        Problem::bad_request(IssueType::Required, format!("{name} is missing")).at(&format!("http.{name}"))
    })
}

/// A reason in words.
pub fn reason(input: &mut Input) -> Result<String, Problem> {
    let reason = needed(input, "reason")?;
    if !REASON.contains(&reason.chars().count()) || reason.contains('\0') {
        let words = format!("reason: say why in {} to {} characters", REASON.start(), REASON.end());
        return Err(Problem::bad_request(IssueType::Value, words).at("http.reason"));
    }
    Ok(reason)
}
