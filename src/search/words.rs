//! Owns the query of `_text` and `_content`: words that all have to be there, "phrases", OR between alternatives, - before
//! what must not be there.

use crate::fhir::primitive::shorten;
use crate::resources::words;

/// The query as the text of a tsquery. `narrative`: only words of the narrative count.
pub fn query(text: &str, narrative: bool) -> Result<String, String> {
    let (mut alternatives, mut all): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (term, quoted) in terms(text) {
        if !quoted && term.eq_ignore_ascii_case("or") {
            if !all.is_empty() {
                alternatives.push(all.join(" & "));
            }
            all = Vec::new();
            continue;
        }
        let (term, negated) = term.strip_prefix('-').map_or((term, false), |rest| (rest, true));
        // What is written together, as 120/80, stands together.
        let words: Vec<String> = words::split(term).iter().map(|word| lexeme(word, narrative)).collect();
        if !words.is_empty() {
            let phrase = words.join(" <-> ");
            all.push(if negated { format!("!({phrase})") } else { format!("({phrase})") });
        }
    }
    if !all.is_empty() {
        alternatives.push(all.join(" & "));
    }
    match alternatives.is_empty() {
        true => Err(format!("\"{}\" has no word to look for", shorten(text))),
        false => Ok(alternatives.join(" | ")),
    }
}

/// A word is letters and digits only, so nothing in it ends the quotes.
fn lexeme(word: &str, narrative: bool) -> String {
    format!("'{word}'{}", if narrative { ":A" } else { "" })
}

/// The parts between spaces or within quotes, with whether they were quoted. A minus stays with what follows it.
fn terms(text: &str) -> Vec<(&str, bool)> {
    let (mut found, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        if letter == '"' || (letter.is_whitespace() && !quoted) {
            let negates = letter == '"' && !quoted && &text[start..at] == "-";
            if !negates {
                found.push((&text[start..at], quoted));
                start = at + letter.len_utf8();
            }
            quoted ^= letter == '"';
        }
    }
    found.push((&text[start..], quoted));
    found
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn queries_read_as_people_write_them() {
        for (text, wanted) in [
            ("Fracture femur", "('fracture') & ('femur')"),
            ("\"left Fémur\" -old", "('left' <-> 'femur') & !('old')"),
            ("-\"no pain\" ache", "!('no' <-> 'pain') & ('ache')"),
            ("a b OR c or", "('a') & ('b') | ('c')"),
            ("\"or\" x", "('or') & ('x')"),
            ("120/80 it's", "('120' <-> '80') & ('it' <-> 's')"),
            ("\"open", "('open')"),
            ("a\"b c\"d", "('a') & ('b' <-> 'c') & ('d')"),
            ("'); -- x", "('x')"),
        ] {
            assert_eq!(query(text, false).as_deref(), Ok(wanted), "{text}");
        }
        assert_eq!(query("a b", true).as_deref(), Ok("('a':A) & ('b':A)"));
        for empty in ["", " ", "-", "OR", "\"\"", "- or -", "!&|"] {
            assert!(query(empty, false).is_err(), "{empty}");
        }
    }
}
