//! `Patient/id/$summary` (IPS STU 2): the International Patient Summary of what the caller may see.

use uuid::Uuid;

use super::super::{Answer, Call, read};
use super::input::Body;
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::date;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::operations::SUMMARY;
use crate::resources;
use crate::resources::spec::ResourceSpec;
use crate::store::{SummaryTarget, summarised};
use crate::summary::{BUNDLE, COMPOSITION, Content, Entry, Head, document, section};
use actix_web::http::StatusCode;

/// Answers a call.
pub async fn run(call: &Call, spec: &'static ResourceSpec, id: &str, body: Body) -> Result<Answer, Problem> {
    let row = call.audit("R", spec.name, &format!("{}/{id}/$summary?{}", spec.name, call.query));
    let result = make(call, spec, id, body).await;
    let (text, person) = call.audited(row.clone(), result).await?;
    call.saw(row, [person]).await?;
    Ok(Answer::ok(text))
}

async fn make(call: &Call, spec: &'static ResourceSpec, id: &str, body: Body) -> Result<(String, i64), Problem> {
    call.grant(spec, Interaction::Read)?;
    let mut input = body.read(call).await?;
    known_profile(input.one("profile")?.as_deref())?;
    input.no_more(call, SUMMARY.parameters)?;
    let target = read::target(call, spec.name, id, None)?;
    let (patient, person) = read::answer(call.state.store.read(&target).await?.into_inner())?;
    let patient = Entry::of(patient.body).ok_or_else(Problem::not_found)?;
    let mut target = SummaryTarget::new(id);
    let mut contents = Vec::new();
    for topic in section::ALL.iter().map(|shape| shape.topic) {
        // What a role or token may not see is withheld from everyone who asks under it, whatever is there.
        let kind = resources::find(summarised(topic));
        let grant = kind.and_then(|kind| call.caller.grant(kind, Interaction::Search).ok());
        match grant {
            Some(grant) => {
                target.add(topic, grant);
                contents.push((topic, Content::Entries { entries: Vec::new(), more: false }));
            }
            None => contents.push((topic, Content::Withheld)),
        }
    }
    let (rows, cut) = call.state.store.summary(&target).await?;
    for row in rows {
        let place = contents.iter_mut().find(|(topic, _)| *topic == row.topic);
        if let (Some((topic, Content::Entries { entries, more })), Some(entry)) = (place, Entry::of(row.resource)) {
            entries.push(entry);
            *more = cut.contains(topic);
        }
    }
    let head = Head { base: &call.state.base, id: Uuid::new_v4(), at: date::now() };
    Ok((document(&head, &patient, contents), person))
}

/// The caller may name the profile that the summary has anyway.
fn known_profile(canonical: Option<&str>) -> Result<(), Problem> {
    let Some(canonical) = canonical else { return Ok(()) };
    let url = canonical.split('|').next().unwrap_or(canonical);
    if [COMPOSITION, BUNDLE].contains(&url) {
        return Ok(());
    }
    let words = format!("this service makes no summary of the profile {}; it makes {COMPOSITION}", shorten(canonical));
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, IssueType::NotSupported, words).at("http.profile"))
}
