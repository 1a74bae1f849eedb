//! What must be in no log, span or figure, and the search for it.

use std::collections::BTreeSet;

use serde_json::Value;

/// In every value that a test sends: whatever is made of it, this shows where it came from.
pub const MARK: &str = "zqmark";

/// Values that must not be told.
#[derive(Default)]
pub struct Secrets(BTreeSet<String>);

impl Secrets {
    /// Adds one. What is shorter than four letters is part of other words.
    pub fn add(&mut self, value: impl Into<String>) {
        let value = value.into();
        if value.chars().count() >= 4 {
            self.0.insert(value);
        }
    }

    /// Adds what a resource says of a person: identifiers, names, birth date, addresses, telephone numbers; and its id.
    pub fn add_resource(&mut self, resource: &Value) {
        let texts = |value: &Value| -> Vec<String> {
            let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        };
        self.0.extend(texts(&resource["id"]));
        for identifier in resource["identifier"].as_array().into_iter().flatten() {
            texts(&identifier["value"]).into_iter().for_each(|value| self.add(value));
        }
        if resource["resourceType"] != "Patient" {
            return;
        }
        texts(&resource["birthDate"]).into_iter().for_each(|value| self.add(value));
        for (list, members) in [
            ("name", &["family", "given", "text"][..]),
            ("address", &["line", "postalCode", "text"][..]),
            ("telecom", &["value"][..]),
        ] {
            for part in resource[list].as_array().into_iter().flatten() {
                members.iter().flat_map(|member| texts(&part[*member])).for_each(|value| self.add(value));
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that a text has. A word counts as a whole: "Ward" is not in "forward".
    pub fn within(&self, text: &str) -> Vec<String> {
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').collect();
        let lower = text.to_lowercase();
        let mut found: Vec<String> = self.0.iter().filter(|value| is_there(value, text, &words)).cloned().collect();
        if lower.contains(MARK) {
            let at = lower.find(MARK).unwrap_or_default();
            let around: String = lower[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            found.push(format!("{around}{}", lower[at..].chars().take(100).collect::<String>()));
        }
        found
    }
}

fn is_there(value: &str, text: &str, words: &BTreeSet<&str>) -> bool {
    let one_word = value.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    if one_word { words.contains(value) } else { text.contains(value) }
}

#[test]
fn the_search_finds_what_is_there() {
    let mut secrets = Secrets::default();
    secrets.add_resource(&serde_json::json!({"resourceType": "Patient", "id": "some-id", "birthDate": "1950-05-05",
        "name": [{"family": "Ward", "given": ["Anna"]}], "identifier": [{"value": "9990000018"}],
        "address": [{"line": ["1 High Street"], "postalCode": "N1 1AA"}], "telecom": [{"value": "020 7946 0000"}]}));
    assert_eq!(secrets.len(), 8);
    for text in [
        "id=some-id",
        "\"Ward\"",
        "given=[\"Anna\"]",
        "SELECT '9990000018'",
        "at 1 High Street,",
        "N1 1AA",
        "1950-05-05,",
        "call 020 7946 0000",
        "q=%22Zqmark-1",
    ] {
        assert_eq!(secrets.within(text).len(), 1, "{text}");
    }
    assert!(secrets.within("forward to Wardle, 19500505").is_empty());
}
