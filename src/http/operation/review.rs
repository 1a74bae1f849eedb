//! `Patient/$access-alerts` and `Patient/$review`: a privacy officer looks at overrides and says whether they were
//! appropriate. One that was not ends at once.

use actix_web::http::StatusCode;

use super::super::{Answer, Call};
use super::input::Body;
use super::overrides::needed;
use super::reply::Reply;
use crate::access::Permission;
use crate::error::Problem;
use crate::fhir::json::Json;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::operations::{ACCESS_ALERTS, REVIEW, VERDICTS};

/// `Patient/$access-alerts`: the oldest first.
pub async fn list(call: &Call, body: Body) -> Result<Answer, Problem> {
    let row = call.audit("R", "Patient", "Patient/$access-alerts");
    let limits = call.state.config.limits;
    let asked = async {
        let leave = call.caller.leave(Permission::Review)?;
        let mut input = body.read(call).await?;
        let all = input.truth("all")?;
        let count = input.number("count")?.map_or(limits.page, |n| usize::try_from(n).unwrap_or(usize::MAX));
        input.no_more(call, ACCESS_ALERTS.parameters)?;
        Ok((leave, all, count.min(limits.most_page)))
    };
    let asked = asked.await;
    let (leave, all, count) = call.audited(row.clone(), asked).await?;
    let mut reply = Reply::default();
    for alert in call.state.store.alerts(&leave, all, i64::try_from(count).unwrap_or(i64::MAX), &row).await? {
        let inner = Reply::default()
            .text("id", "valueString", Some(alert.alert_id.to_string()))
            .text("at", "valueDateTime", Some(alert.at))
            .text("kind", "valueCode", Some(alert.kind))
            .text("user", "valueString", Some(alert.user_id))
            .text("role", "valueString", Some(alert.role))
            .text("organisation", "valueString", alert.organisation)
            .text("client", "valueString", Some(alert.client))
            .text("reason", "valueString", Some(alert.reason))
            .text("nhs-number", "valueString", alert.nhs_number)
            .reference("patient", alert.patient.map(|id| format!("Patient/{id}")))
            .text("ends", "valueDateTime", alert.ends)
            .text("verdict", "valueCode", alert.verdict)
            .text("note", "valueString", alert.note)
            .text("reviewed-by", "valueString", alert.reviewed_by);
        reply = reply.part("alert", inner);
    }
    Ok(reply.answer())
}

/// `Patient/$review`
pub async fn review(call: &Call, body: Body) -> Result<Answer, Problem> {
    let row = call.audit("E", "Patient", "Patient/$review");
    let asked = async {
        let leave = call.caller.leave(Permission::Review)?;
        let mut input = body.read(call).await?;
        let alert = needed(&mut input, "alert")?;
        let verdict = needed(&mut input, "verdict")?;
        if !VERDICTS.contains(&verdict.as_str()) {
            let words = format!("verdict: \"{}\" is none of {}", shorten(&verdict), VERDICTS.join(", "));
            return Err(Problem::bad_request(IssueType::Value, words).at("http.verdict"));
        }
        let note = input.one("note")?.filter(|note| !note.contains('\0'));
        input.no_more(call, REVIEW.parameters)?;
        Ok((leave, alert.parse::<uuid::Uuid>().ok(), verdict, note))
    };
    let asked = asked.await;
    let (leave, alert, verdict, note) = call.audited(row.clone(), asked).await?;
    let known = match alert {
        Some(alert) => call.state.store.review(&leave, alert, (&verdict, note.as_deref()), &row).await?,
        None => false,
    };
    let words = "there is no such alert, or it is about yourself: Patient/$access-alerts lists them";
    let known = if known { Ok(()) } else { Err(Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words)) };
    call.audited(row, known).await?;
    Ok(Reply::default().with("reviewed", "valueBoolean", Some(Json::Bool(true))).answer())
}
