//! batch (R4 §3.1.0.11): requests in one Bundle, each judged and answered by itself.

use super::entry::{Body, Entry, Step, understand};
use super::transaction::get;
use super::write::{create_one, delete_one, update_one};
use super::{Answer, Call};
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::json::Json;

/// Runs the entries in their order. A failure is an entry of the reply and stops nothing.
pub async fn run(call: &Call, entries: Vec<Json>) -> String {
    let shows = call.prefers("return=representation");
    let mut writer = Writer::new("batch-response", None, &[]);
    for (at, entry) in entries.into_iter().enumerate() {
        let reads =
            entry.as_object().and_then(|e| e.objects("request").next()).and_then(|r| r.text("method")) == Some("GET");
        match one(call, entry).await {
            Ok(answer) => {
                let body = Some(answer.body.as_str()).filter(|body| (shows || reads) && !body.is_empty());
                writer.exchange(None, body, None, &answer.entry());
            }
            Err(problem) => {
                writer.exchange(None, None, None, &problem.at(&format!("Bundle.entry[{at}]")).entry());
            }
        }
    }
    writer.finish()
}

async fn one(call: &Call, entry: Json) -> Result<Answer, Problem> {
    let Entry { step, .. } = understand(entry)?;
    match step {
        Step::Get { url } => get(call, &url).await,
        Step::Write { spec, id, body } => match body {
            Body::Create(resource) => create_one(call, spec.name, async || Ok(resource)).await,
            Body::Update(resource, if_match) => update_one(call, spec.name, &id, if_match, async || Ok(resource)).await,
            Body::Delete(if_match) => delete_one(call, spec.name, &id, if_match).await,
        },
    }
}
