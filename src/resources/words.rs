//! Owns the words of a resource, for `_text` and `_content`: which there are, and how they are written for PostgreSQL.
//!
//! A word is a run of letters and digits, folded as strings are. Nothing is stemmed and no word is left out, so that "no
//! fracture" can be told from "fracture". The words of the narrative carry the weight A, those of all else none.

use std::collections::BTreeMap;

use crate::fhir::elements::{TypeDef, type_def};
use crate::fhir::json::{Json, Object};
use crate::fhir::{narrative, text};

/// The longest word that counts, in letters; of a longer one the beginning does.
const LONGEST: usize = 100;
/// How much of a resource is indexed, in bytes of its words; PostgreSQL takes a megabyte.
const MOST: usize = 400_000;

/// Strings that are no text: they identify, or count.
const NO_TEXT: &[(&str, &str)] = &[("Reference", "reference"), ("SampledData", "data"), ("Coding", "version")];

/// The words of a text.
pub fn split(text: &str) -> Vec<String> {
    let folded = text::fold(text);
    let words = folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(LONGEST).collect()).collect()
}

/// All words of a resource with their places, as the text of a tsvector.
pub fn of(resource: &Object) -> String {
    let mut found = Words::default();
    if let Some(def) = resource.text("resourceType").and_then(type_def) {
        found.object(resource, def);
    }
    let mut out = String::new();
    for (word, places) in found.places {
        out.push_str(if out.is_empty() { "'" } else { " '" });
        out.push_str(&word);
        out.push('\'');
        for (at, (place, narrative)) in places.into_iter().enumerate() {
            out.push(if at == 0 { ':' } else { ',' });
            out.push_str(&place.to_string());
            out.push_str(if narrative { "A" } else { "" });
        }
    }
    out
}

#[derive(Default)]
struct Words {
    /// Where each word is, and whether in the narrative.
    places: BTreeMap<String, Vec<(usize, bool)>>,
    next: usize,
    bytes: usize,
}

impl Words {
    fn object(&mut self, object: &Object, def: &TypeDef) {
        for (name, value) in &object.0 {
            let Some((element, kind)) = def.member(name) else { continue };
            let skipped = element.name == "id" || element.name == "meta" || NO_TEXT.contains(&(def.name, element.name));
            if skipped {
                continue;
            }
            for item in value.items() {
                match (kind.name, item) {
                    ("string" | "markdown", Json::String(text)) => self.add(text, false),
                    ("xhtml", Json::String(div)) => {
                        narrative::text(div).lines().for_each(|line| self.add(line, true));
                    }
                    ("Resource", Json::Object(inner)) => {
                        if let Some(def) = inner.text("resourceType").and_then(type_def) {
                            self.object(inner, def);
                        }
                    }
                    (kind, Json::Object(inner)) => {
                        if let Some(def) = type_def(kind) {
                            self.object(inner, def);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn add(&mut self, text: &str, narrative: bool) {
        for word in split(text) {
            self.bytes += word.len() + 8;
            if self.bytes > MOST {
                return;
            }
            self.next += 1;
            self.places.entry(word).or_default().push((self.next, narrative));
        }
        // No phrase reaches from one element, or paragraph, into the next.
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_a_person_reads() {
        let text = r#"{"resourceType":"Condition","id":"ab","meta":{"source":"http://no"},"text":{"status":"generated","div":"<div>No <b>fract</b>ure</div>"},
            "code":{"coding":[{"system":"http://no","version":"no1","code":"no2","display":"Fracture of fémur"}],"text":"femur-break"},
            "subject":{"reference":"Patient/no3","display":"O'Neil"},"note":[{"text":"120/80"}],"onsetString":"at 5"}"#;
        let resource = Json::parse(text.as_bytes()).expect("JSON");
        assert_eq!(
            of(resource.as_object().expect("object")),
            "'120':14 '5':18 '80':15 'at':17 'break':9 'femur':6,8 'fracture':2A,4 'neil':12 'no':1A 'o':11 'of':5"
        );
        assert_eq!(split("Ünd ﬁne-tuned ΣΑΣ"), ["und", "fine", "tuned", "σασ"]);
    }

    #[test]
    fn there_is_a_bound() {
        let long: String = (0..200_000).map(|n| format!("w{n} ")).collect();
        let resource = Object(vec![
            ("resourceType".into(), Json::string("Patient")),
            ("name".into(), Json::object([("text", Json::string(long))])),
        ]);
        assert!(of(&resource).len() < 900_000);
        let word = "x".repeat(5_000);
        assert_eq!(split(&word)[0].len(), LONGEST);
    }
}
