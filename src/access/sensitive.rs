//! Owns which codes make a row more confidential than its source said (configuration: `sensitive`).

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::policy::Confidentiality;

/// Codes, and the label that what has one of them gets at least.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitiveCodes {
    pub label: Confidentiality,
    /// Each `system|code`.
    pub codes: Vec<String>,
}

/// All of them, to be looked up.
#[derive(Debug, Clone, Default)]
pub struct Sensitive(Arc<HashMap<String, Confidentiality>>);

impl Sensitive {
    /// Of the lists of the configuration; a code in several has the highest label. Or the code that is none.
    pub fn of(lists: &[SensitiveCodes]) -> Result<Sensitive, String> {
        let mut labels: HashMap<String, Confidentiality> = HashMap::new();
        for (list, code) in lists.iter().flat_map(|list| list.codes.iter().map(move |code| (list, code))) {
            if !code.split_once('|').is_some_and(|(system, code)| !system.is_empty() && !code.is_empty()) {
                return Err(format!("\"{code}\" should be system|code"));
            }
            let label = labels.entry(code.clone()).or_insert(list.label);
            *label = list.label.max(*label);
        }
        Ok(Sensitive(Arc::new(labels)))
    }

    /// The highest label of these tokens.
    pub fn label<'a>(&self, tokens: impl Iterator<Item = &'a str>) -> Option<Confidentiality> {
        if self.0.is_empty() { None } else { tokens.filter_map(|token| self.0.get(token).copied()).max() }
    }
}
