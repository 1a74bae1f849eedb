//! Owns how text is folded for a string search (R4 §3.1.1.5.6): case and accents do not count.

use rphonetic::{Encoder, Soundex};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Divides a folded text from the original it came from, in what is stored. No FHIR string can hold it.
pub const DIVIDER: char = '\u{1f}';

/// Lower case, without accents, compatibility forms made plain.
pub fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c) && *c != DIVIDER).flat_map(char::to_lowercase).collect()
}

/// The stored form of a text: folded, and behind a divider as it was, where that differs.
pub fn stored(text: &str) -> String {
    let folded = fold(text);
    if folded == text { folded } else { format!("{folded}{DIVIDER}{text}") }
}

/// How each word of a name sounds (English Soundex); words with no Latin letter have no sound.
pub fn sounds(text: &str) -> Vec<String> {
    let plain = fold(text);
    let words = plain.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    words.map(|word| Soundex::default().encode(word)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn folding() {
        assert_eq!(super::fold("Flórez ÅŒ ﬁ"), "florez aœ fi");
        assert_eq!(super::sounds("Robert O'Rupert"), ["R163", "O000", "R163"]);
    }
}
