//! `lcr migrate`: the schema up to date, and the rows that were there before it indexed again.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::resources::{self, spec::ResourceSpec};
use crate::store::Store;

/// Brings schema and rows up to date; `again`: also the rows that older instances wrote since.
pub async fn migrate(store: &Store, base: &str, again: bool) -> Result<(), Failure> {
    store.migrate().await?;
    let waiting = if again { resources::ALL.to_vec() } else { store.to_reindex().await? };
    for spec in waiting {
        reindex(store, spec, base, again).await?;
    }
    store.protect_labelled(base).await?;
    Ok(())
}

async fn reindex(store: &Store, spec: &'static ResourceSpec, base: &str, again: bool) -> Result<(), Failure> {
    let style = ProgressStyle::with_template("  {msg:22} {bar:40} {pos}/{len} rows  {eta} left");
    // The planner's count may be behind: it only says how far it is.
    let bar = ProgressBar::new(store.rows_of(spec).await?);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.set_message(spec.name);
    store
        .reindex(spec, base, again, &mut |rows| {
            bar.inc(rows as u64);
            bar.set_length(bar.position().max(bar.length().unwrap_or_default()));
        })
        .await?;
    let rows = bar.position();
    bar.finish_and_clear();
    if rows > 0 {
        eprintln!("{}: {rows} rows indexed again.", spec.name);
    }
    Ok(())
}

/// What `lcr serve` says when rows are left: searches that need them answer 503 until they are done.
pub async fn warn(store: &Store) -> Result<(), Failure> {
    let waiting: Vec<&str> = store.to_reindex().await?.iter().map(|spec| spec.name).collect();
    if !waiting.is_empty() {
        tracing::warn!(
            types = waiting.join(", "),
            "rows are to be indexed again: run `lcr migrate` beside the service; until then :text, :of-type, _text and _content answer 503"
        );
    }
    Ok(())
}
