//! Owns how one detail of two people is compared: names, dates of birth, postcodes.

use std::collections::HashSet;

use strsim::osa_distance;

use super::{Name, Person};
use crate::fhir::{date, text};

/// What comparing one detail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    Agrees,
    /// A slip of the pen apart, or a part of it.
    Nearly,
    Differs,
    /// One side does not say.
    Unknown,
}

use Agreement::{Agrees, Differs, Nearly, Unknown};

/// Each detail of two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    pub number: Agreement,
    pub identifier: Agreement,
    pub birth: Agreement,
    pub family: Agreement,
    pub given: Agreement,
    pub postcode: Agreement,
    pub gender: Agreement,
}

/// Compares who is looked for with who is in the record.
pub fn compare(wanted: &Person, known: &Person) -> Comparison {
    let (mut family, mut given) = (families(wanted, known), givens(wanted, known));
    // The family name in the field for the given name and the other way round.
    if family == Differs && given == Differs && crosswise(wanted, known) {
        (family, given) = (Nearly, Nearly);
    }
    let shares_identifier = wanted.identifiers.iter().any(|own| known.identifiers.contains(own));
    Comparison {
        number: overlap(&wanted.numbers, &known.numbers),
        identifier: if shares_identifier { Agrees } else { Unknown },
        birth: match (&wanted.birth, &known.birth) {
            (Some(a), Some(b)) => births(a, b),
            _ => Unknown,
        },
        family,
        given,
        postcode: postcodes(wanted, known),
        gender: match (wanted.gender.as_deref(), known.gender.as_deref()) {
            (Some("unknown"), _) | (_, Some("unknown")) | (None, _) | (_, None) => Unknown,
            (a, b) if a == b => Agrees,
            _ => Differs,
        },
    }
}

fn overlap(a: &[String], b: &[String]) -> Agreement {
    match (a, b) {
        ([], _) | (_, []) => Unknown,
        _ if a.iter().any(|one| b.contains(one)) => Agrees,
        _ => Differs,
    }
}

/// The best of several, in the order of the enum.
fn best(all: impl Iterator<Item = Agreement>) -> Agreement {
    all.min_by_key(|one| *one as u8).unwrap_or(Unknown)
}

fn families(wanted: &Person, known: &Person) -> Agreement {
    best(wanted.families.iter().flat_map(|a| known.families.iter().map(|b| family(a, b))))
}

fn family(a: &Name, b: &Name) -> Agreement {
    if a.letters == b.letters {
        return Agrees;
    }
    // One half of a double name, or both halves the other way round. A particle ("de", "al") is no half.
    let shared = a.words.iter().any(|word| word.chars().count() > 2 && b.words.contains(word));
    if shared || is_slip(&a.letters, &b.letters) { Nearly } else { Differs }
}

fn givens(wanted: &Person, known: &Person) -> Agreement {
    best(wanted.givens.iter().flat_map(|a| known.givens.iter().map(|b| given(a, b))))
}

/// The first given name decides; a shared other one, an initial or a slip is near.
fn given(a: &[Name], b: &[Name]) -> Agreement {
    let (Some(first), Some(other)) = (a.first(), b.first()) else { return Unknown };
    if first.letters == other.letters {
        return Agrees;
    }
    let words = |names: &[Name]| names.iter().flat_map(|name| name.words.clone()).collect::<HashSet<String>>();
    let (own, theirs) = (words(a), words(b));
    let shared = own.iter().any(|word| word.chars().count() > 1 && theirs.contains(word));
    let initial = |short: &Name, long: &Name| {
        short.letters.chars().count() == 1 && long.letters.starts_with(short.letters.as_str())
    };
    let near = shared || initial(first, other) || initial(other, first) || is_slip(&first.letters, &other.letters);
    if near { Nearly } else { Differs }
}

fn crosswise(wanted: &Person, known: &Person) -> bool {
    let firsts = |person: &Person| person.givens.iter().filter_map(|names| names.first().cloned()).collect::<Vec<_>>();
    let meets = |a: &[Name], b: &[Name]| a.iter().any(|one| b.iter().any(|other| family(one, other) != Differs));
    meets(&wanted.families, &firsts(known)) && meets(&firsts(wanted), &known.families)
}

/// Whether two words are a typing slip or a like spelling apart: more is forgiven where more is written.
fn is_slip(a: &str, b: &str) -> bool {
    let length = a.chars().count().min(b.chars().count());
    let apart = osa_distance(a, b);
    let sounds_alike = || {
        let (a, b) = (text::sounds(a), text::sounds(b));
        !a.is_empty() && a == b
    };
    match length {
        0..=2 => false,
        3..=5 => apart <= 1 || (apart <= 2 && sounds_alike()),
        _ => apart <= 2 || (apart <= 3 && sounds_alike()),
    }
}

/// Dates as they were written.
fn births(a: &str, b: &str) -> Agreement {
    let near = a == b || slips(a).iter().any(|slip| slip == b);
    match (a.len(), b.len()) {
        _ if a == b && a.len() == 10 => Agrees,
        (10, 10) if near => Nearly,
        // A month or a year that is not contradicted.
        _ if (a.len() < 10 || b.len() < 10) && (a.starts_with(b) || b.starts_with(a)) => Nearly,
        _ => Differs,
    }
}

/// The days that a day of birth becomes by one slip: day and month exchanged, one digit wrong, two neighbours exchanged.
pub fn slips(birth: &str) -> Vec<String> {
    let digits: Vec<char> = birth.chars().filter(char::is_ascii_digit).collect();
    if birth.len() != 10 || digits.len() != 8 {
        return Vec::new();
    }
    let mut found: Vec<Vec<char>> = vec![[&digits[..4], &digits[6..], &digits[4..6]].concat()];
    for at in 0..8 {
        for digit in '0'..='9' {
            let mut other = digits.clone();
            other[at] = digit;
            found.push(other);
        }
        if at < 7 {
            let mut other = digits.clone();
            other.swap(at, at + 1);
            found.push(other);
        }
    }
    let written = |d: &[char]| {
        let text: String = d.iter().collect();
        format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])
    };
    let mut dates: Vec<String> = found.iter().map(|digits| written(digits)).collect();
    dates.retain(|text| text != birth && date::parse_date(text).is_some());
    dates.sort();
    dates.dedup();
    dates
}

fn postcodes(wanted: &Person, known: &Person) -> Agreement {
    match overlap(&wanted.postcodes, &known.postcodes) {
        Differs => {
            // All but the last three characters is the district: a street or two away, or one letter wrong.
            let district = |code: &str| code.get(..code.len().saturating_sub(3)).map(str::to_owned);
            let near = |a: &String, b: &String| {
                (a.len() > 4 && district(a).is_some() && district(a) == district(b)) || osa_distance(a, b) == 1
            };
            let any = wanted.postcodes.iter().any(|a| known.postcodes.iter().any(|b| near(a, b)));
            if any { Nearly } else { Differs }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::of(text).expect(text)
    }

    #[test]
    fn names_agree_beyond_their_spelling() {
        for (a, b, wanted) in [
            ("Müller", "MULLER", Agrees),
            ("O'Brien", "OBrien", Agrees),
            ("Smith-Jones", "Smith Jones", Agrees),
            ("Smith-Jones", "Jones", Nearly),
            ("Smith-Jones", "Jones-Smith", Nearly),
            ("Thompson", "Thomson", Nearly),
            ("Smith", "Smyth", Nearly),
            ("Okafor", "Okofar", Nearly),
            ("de Souza", "de Freitas", Differs),
            ("Ng", "Wu", Differs),
            ("Patel", "Shah", Differs),
            ("Солнцев", "Солнцева", Nearly),
        ] {
            assert_eq!(family(&name(a), &name(b)), wanted, "{a} {b}");
        }
        let names = |text: &str| text.split(' ').map(name).collect::<Vec<_>>();
        for (a, b, wanted) in [
            ("Anna", "Anna Maria", Agrees),
            ("Maria", "Anna Maria", Nearly),
            ("A", "Anna", Nearly),
            ("Catherine", "Katherine", Nearly),
            ("Ravi", "Sita", Differs),
            ("Al", "Ed", Differs),
        ] {
            assert_eq!(given(&names(a), &names(b)), wanted, "{a} {b}");
        }
    }

    #[test]
    fn dates_of_birth_forgive_one_slip() {
        for (a, b, wanted) in [
            ("1963-06-09", "1963-06-09", Agrees),
            ("1963-06-09", "1963-09-06", Nearly),
            ("1963-06-09", "1936-06-09", Nearly),
            ("1963-06-09", "1964-06-09", Nearly),
            ("1963-06", "1963-06-09", Nearly),
            ("1963", "1963", Nearly),
            ("1963-07", "1963-06-09", Differs),
            ("1963-06-09", "1963-07-10", Differs),
        ] {
            assert_eq!(births(a, b), wanted, "{a} {b}");
        }
        let slips = slips("1963-06-09");
        assert!(
            slips.contains(&"1963-09-06".to_owned()) && slips.len() < 80 && !slips.contains(&"1963-06-09".to_owned())
        );
    }
}
