//! Owns `_sort` (R4 §3.1.1.5.1): what a search can be ordered by, and why not by the rest.

use crate::fhir::primitive::shorten;
use crate::resources::spec::{Param, ResourceSpec};

/// One sort key.
#[derive(Debug)]
pub struct SortKey {
    pub param: &'static Param,
    pub descending: bool,
}

/// Reads `a,-b`.
pub fn read(spec: &'static ResourceSpec, value: &str) -> Result<Vec<SortKey>, String> {
    value.split(',').map(|key| sort_key(spec, key)).collect()
}

fn sort_key(spec: &'static ResourceSpec, text: &str) -> Result<SortKey, String> {
    let code = text.strip_prefix('-');
    let descending = code.is_some();
    let code = code.unwrap_or(text);
    let param = spec.param(code).filter(|param| param.offered());
    match param.map(|param| (param, param.unsortable())) {
        Some((param, None)) => Ok(SortKey { param, descending }),
        why => {
            let why = why.and_then(|(_, why)| why).map(|why| format!(": {why}")).unwrap_or_default();
            let known: Vec<&str> = spec.all_params().filter(|p| p.offered() && p.sortable()).map(|p| p.code).collect();
            Err(format!("cannot sort {} by \"{}\"{why}; sortable are {}", spec.name, shorten(code), known.join(", ")))
        }
    }
}
