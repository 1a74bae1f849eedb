//! Owns one resource of the document: how it is copied, whether it says anything, and where it stands among others.

use std::collections::HashSet;

use super::{rows, words};
use crate::fhir::json::{Json, Object};
use crate::fhir::label;

/// A resource of the document.
#[derive(Debug)]
pub struct Entry {
    /// As it is stored, to be copied.
    pub(super) text: String,
    pub(super) json: Object,
}

/// How confidential a document is: as what it shows. What has no label is normal.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    #[default]
    Normal,
    Restricted,
    VeryRestricted,
}

impl Label {
    /// HL7's code.
    pub fn code(self) -> &'static str {
        match self {
            Label::Normal => "N",
            Label::Restricted => "R",
            Label::VeryRestricted => "V",
        }
    }

    /// The label of a resource.
    pub fn of(entry: &Entry) -> Label {
        let label = |code: Option<&str>| match code {
            Some("U" | "L" | "M" | "N") => Label::Normal,
            Some("R") => Label::Restricted,
            // As everywhere in this record, an unknown label counts as the highest.
            _ => Label::VeryRestricted,
        };
        label::confidentiality(&entry.json).map(label).max().unwrap_or_default()
    }
}

impl Entry {
    /// None for a text that is no resource.
    pub fn of(text: String) -> Option<Entry> {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(json)) if json.text("resourceType").is_some() && json.text("id").is_some() => {
                Some(Entry { text, json })
            }
            _ => None,
        }
    }

    /// Its fullUrl.
    pub fn url(&self, base: &str) -> String {
        format!(
            "{base}/{}/{}",
            self.json.text("resourceType").unwrap_or_default(),
            self.json.text("id").unwrap_or_default()
        )
    }

    /// Whether it says that there is nothing: no known allergy and the like, in SNOMED CT or the codes of IPS 1.
    pub fn is_absence(&self) -> bool {
        const SNOMED: [&str; 6] = ["716186003", "409137002", "428607008", "429625007", "428197003", "1287211007"];
        self.json.objects("code").flat_map(|concept| concept.objects("coding")).any(|coding| {
            let code = coding.text("code").unwrap_or_default();
            match coding.text("system") {
                Some("http://snomed.info/sct") => SNOMED.contains(&code),
                Some("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips") => true,
                _ => false,
            }
        })
    }

    /// A panel whose results are Observations of their own says nothing by itself.
    pub fn is_bare_panel(&self) -> bool {
        let says =
            |(key, _): &(String, Json)| key.starts_with("value") || key == "component" || key == "dataAbsentReason";
        self.json.get("hasMember").is_some() && !self.json.0.iter().any(says)
    }

    /// Where it stands among the others: what holds now first.
    pub fn rank(&self) -> u8 {
        let clinical = rows::first_code(&self.json, "clinicalStatus");
        match (self.json.text("status"), clinical) {
            (Some("active"), _) | (None, "active" | "recurrence" | "relapse") => 0,
            (Some("on-hold" | "intended" | "draft"), _) => 1,
            (Some("completed" | "stopped" | "not-taken"), _) | (None, "inactive" | "remission" | "resolved") => 3,
            _ => 2,
        }
    }

    /// What its code is known by: the codings, or the text where there is none.
    fn codes(&self) -> HashSet<String> {
        let concepts = || self.json.objects("code");
        let coding =
            |coding: &Object| Some(format!("{}|{}", coding.text("system").unwrap_or_default(), coding.text("code")?));
        let codes: HashSet<String> =
            concepts().flat_map(|concept| concept.objects("coding")).filter_map(coding).collect();
        if !codes.is_empty() {
            return codes;
        }
        concepts().map(|concept| format!("\u{1f}{}", words::concept(concept))).collect()
    }
}

/// Of entries that come newest first, the first of those that share a coding, also by way of others: one test has several
/// codes, and sources differ in which they send.
pub fn newest(entries: Vec<Entry>) -> Vec<Entry> {
    let mut groups: Vec<(usize, HashSet<String>, Entry)> = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let codes = entry.codes();
        let (joined, mut apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(_, known, _)| !known.is_disjoint(&codes));
        let merge = |one: (usize, HashSet<String>, Entry), other: (usize, HashSet<String>, Entry)| {
            let (first, second) = if one.0 < other.0 { (one, other) } else { (other, one) };
            (first.0, first.1.into_iter().chain(second.1).collect(), first.2)
        };
        apart.push(joined.into_iter().fold((at, codes, entry), merge));
        groups = apart;
    }
    groups.sort_by_key(|(at, _, _)| *at);
    groups.into_iter().map(|(_, _, entry)| entry).collect()
}
