//! Owns whether two descriptions are of one person, for `Patient/$match`: what is compared (here), how (`compare`) and what
//! it weighs (`score`). No I/O: the candidates come from the store, within the caller's reach.

pub mod compare;
pub mod score;

use crate::fhir::json::{Json, Object};
use crate::fhir::nhs_number;
use crate::fhir::text;

/// What a Patient resource says of who somebody is, made comparable.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Person {
    /// Valid NHS numbers.
    pub numbers: Vec<String>,
    /// Other identifiers: system and value.
    pub identifiers: Vec<(String, String)>,
    /// Date of birth as it was written: a day, a month or a year.
    pub birth: Option<String>,
    pub families: Vec<Name>,
    /// The given names of each name, in order.
    pub givens: Vec<Vec<Name>>,
    /// Lower case, letters and digits alone.
    pub postcodes: Vec<String>,
    pub gender: Option<String>,
}

/// One part of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// Folded, without what is no letter: "O'Brien-Núñez" is "obriennunez".
    pub letters: String,
    /// Its words, folded: "obrien", "nunez".
    pub words: Vec<String>,
    /// As it was written.
    pub written: String,
}

impl Name {
    /// None for a text without a letter.
    pub fn of(text: &str) -> Option<Name> {
        // An apostrophe is within a word, a hyphen between two.
        let folded: String = text::fold(text).chars().filter(|c| !matches!(c, '\'' | '\u{2019}' | '`')).collect();
        let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_owned).collect();
        (!words.is_empty()).then(|| Name { letters: words.concat(), words, written: text.to_owned() })
    }
}

impl Person {
    /// Reads a Patient.
    pub fn of(patient: &Object) -> Person {
        let mut person = Person { numbers: nhs_number::of(patient).map(str::to_owned).collect(), ..Person::default() };
        person.numbers.retain(|number| nhs_number::fault(number).is_none());
        for identifier in patient.objects("identifier") {
            if let (Some(system), Some(value)) = (identifier.text("system"), identifier.text("value"))
                && system != nhs_number::SYSTEM
            {
                person.identifiers.push((system.to_owned(), value.to_owned()));
            }
        }
        person.birth = patient.text("birthDate").map(str::to_owned);
        person.gender = patient.text("gender").map(str::to_owned);
        for name in patient.objects("name") {
            person.families.extend(name.text("family").and_then(Name::of));
            let given = name.get("given").into_iter().flat_map(Json::items).filter_map(Json::as_str);
            let given: Vec<Name> = given.filter_map(Name::of).collect();
            if !given.is_empty() {
                person.givens.push(given);
            }
        }
        let codes = patient.objects("address").filter_map(|address| address.text("postalCode"));
        person.postcodes = codes.map(postcode).filter(|code| !code.is_empty()).collect();
        person
    }
}

/// A postcode by which two spellings of it are one. The index of migration 0005 is made of the same form.
pub fn postcode(text: &str) -> String {
    text::fold(text).chars().filter(char::is_ascii_alphanumeric).collect()
}
