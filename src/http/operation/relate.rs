//! `Patient/$relate`, `Patient/$end-relationship` and `Patient/$relationships`: a source tells who is involved in whose care,
//! ends what it told, and lists it. The person is named by NHS number, the holder by SDS user id, team or ODS code.

use actix_web::http::StatusCode;

use super::super::{Answer, Call};
use super::input::{Body, Input};
use super::overrides::{needed, number, reason};
use super::reply::Reply;
use crate::access::relationship::{self, BASES, HOLDERS, Relationship};
use crate::access::{Leave, Permission};
use crate::error::Problem;
use crate::fhir::date::{self, to_text};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::operations::{END_RELATIONSHIP, RELATE, RELATIONSHIPS};

/// `Patient/$relate`
pub async fn relate(call: &Call, body: Body) -> Result<Answer, Problem> {
    let row = call.audit("E", "Patient", "Patient/$relate");
    let asked = understand(call, body).await;
    let (leave, relationship) = call.audited(row.clone(), asked).await?;
    let made = call.state.store.relate_as(&leave, relationship, &row).await?;
    let made = call.audited(row, made.ok_or_else(nobody)).await?;
    Ok(Reply::default().text("relationship", "valueString", Some(made.to_string())).answer())
}

/// `Patient/$end-relationship`
pub async fn end(call: &Call, body: Body) -> Result<Answer, Problem> {
    let row = call.audit("E", "Patient", "Patient/$end-relationship");
    let asked = async {
        let leave = leave(call)?;
        let mut input = body.read(call).await?;
        let id = needed(&mut input, "relationship")?;
        input.no_more(call, END_RELATIONSHIP.parameters)?;
        Ok((leave, id.parse::<i64>().ok()))
    };
    let asked = asked.await;
    let (leave, id) = call.audited(row.clone(), asked).await?;
    let ended = match id {
        Some(id) => call.state.store.end_relationship(&leave, id, &row).await?,
        None => false,
    };
    let words = "your source has told of no such relationship: Patient/$relationships lists them";
    let ended = if ended { Ok(()) } else { Err(Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words)) };
    call.audited(row, ended).await?;
    Ok(Reply::default().with("ended", "valueBoolean", Some(crate::fhir::json::Json::Bool(true))).answer())
}

/// `Patient/$relationships`
pub async fn list(call: &Call, body: Body) -> Result<Answer, Problem> {
    let row = call.audit("R", "Patient", "Patient/$relationships");
    let asked = async {
        let leave = leave(call)?;
        let mut input = body.read(call).await?;
        let number = number(&mut input)?;
        input.no_more(call, RELATIONSHIPS.parameters)?;
        Ok((leave, number))
    };
    let asked = asked.await;
    let (leave, number) = call.audited(row.clone(), asked).await?;
    let mut reply = Reply::default();
    for known in call.state.store.relationships_of(&leave, &number, &row).await? {
        let inner = Reply::default()
            .text("id", "valueString", Some(known.relationship_id.to_string()))
            .text("holder", "valueString", Some(relationship::token(&known.holder_kind, &known.holder)))
            .text("basis", "valueCode", Some(known.basis))
            .text("start", "valueDateTime", Some(known.valid_from))
            .text("end", "valueDateTime", known.valid_to)
            .text("ended", "valueDateTime", known.revoked_at)
            .text("reason", "valueString", Some(known.reason));
        reply = reply.part("relationship", inner);
    }
    Ok(reply.answer())
}

/// Leave for a source: without one there is nobody whose word it would be.
fn leave(call: &Call) -> Result<Leave, Problem> {
    let leave = call.caller.leave(Permission::Relate)?;
    if call.caller.claims().source.is_none() {
        let words = "only a client that is bound to a source tells of relationships: register it with its source";
        return Err(Problem::new(StatusCode::FORBIDDEN, IssueType::Forbidden, words));
    }
    Ok(leave)
}

async fn understand(call: &Call, body: Body) -> Result<(Leave, Relationship), Problem> {
    let leave = leave(call)?;
    let mut input = body.read(call).await?;
    let nhs_number = number(&mut input)?;
    let holder = needed(&mut input, "holder")?;
    let (holder_kind, holder) = relationship::holder(&holder).ok_or_else(|| {
        let words = format!(
            "holder: \"{}\" should be {}",
            shorten(&holder),
            HOLDERS.map(|(system, _)| format!("{system}|…")).join(" or ")
        );
        Problem::bad_request(IssueType::Value, words).at("http.holder")
    })?;
    let basis = needed(&mut input, "basis")?;
    if !BASES.contains(&basis.as_str()) {
        let words = format!("basis: \"{}\" is none of {}", shorten(&basis), BASES.join(", "));
        return Err(Problem::bad_request(IssueType::Value, words).at("http.basis"));
    }
    let start = moment(&mut input, "start")?.unwrap_or_else(|| to_text(date::now()));
    let end = moment(&mut input, "end")?;
    if end.as_ref().is_some_and(|end| *end <= start) {
        return Err(Problem::bad_request(IssueType::Value, "end: it is not after start").at("http.end"));
    }
    let reason = reason(&mut input)?;
    input.no_more(call, RELATE.parameters)?;
    let relationship = Relationship {
        nhs_number,
        holder_kind: holder_kind.to_owned(),
        holder: holder.to_owned(),
        basis,
        valid_from: start,
        valid_to: end,
        source: String::new(),
        reason,
    };
    Ok((leave, relationship))
}

/// A dateTime as UTC text.
fn moment(input: &mut Input, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = input.one(name)? else { return Ok(None) };
    match date::parse_date_time(&text) {
        Some(span) => Ok(Some(to_text(span.lo))),
        None => {
            let words = format!("{name}: \"{}\" is not a dateTime: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", shorten(&text));
            Err(Problem::bad_request(IssueType::Value, words).at(&format!("http.{name}")))
        }
    }
}

fn nobody() -> Problem {
    let words = "this record knows nobody with this NHS number: share their Patient first";
    Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words)
}
