//! batch (R4 §3.1.0.11): requests in one Bundle, each judged and answered by itself.

use super::entry::{Entry, Step, understand};
use super::transaction::get;
use super::write::change;
use super::{Answer, Call};
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::json::Json;

/// Runs the entries in their order. A failure is an entry of the reply and stops nothing.
pub async fn run(call: &Call, entries: Vec<Json>) -> String {
    let mut writer = Writer::new("batch-response", None, &[]);
    for (at, entry) in entries.into_iter().enumerate() {
        match one(call, entry).await {
            Ok((answer, is_write)) => answer.write_entry(call, &mut writer, is_write),
            Err(problem) => {
                writer.exchange(None, None, None, &problem.at(&format!("Bundle.entry[{at}]")).entry());
            }
        }
    }
    writer.finish()
}

/// The answer to an entry, and whether it is to a change.
async fn one(call: &Call, entry: Json) -> Result<(Answer, bool), Problem> {
    // What cannot be understood is refused before anything is asked of the record: it has its row all the same.
    let url = entry.as_object().and_then(|entry| entry.objects("request").next()?.text("url")).unwrap_or_default();
    let row = call.audit("E", "Bundle", &format!("batch: {url}"));
    let Entry { step, .. } = call.audited(row, understand(entry)).await?;
    Ok(match step {
        Step::Get(look) => (get(call, &look).await?, false),
        Step::Change { spec, task, content } => (change(call, spec.name, task, async || Ok(content)).await?, true),
    })
}
