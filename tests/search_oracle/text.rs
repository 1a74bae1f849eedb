//! String matching: folding, the strings of a data type, and Soundex.

use super::definitions::{array, text};
use super::fhirpath::Node;
use super::reading::{Reading, Soundex};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, compatibility-decomposed, without combining marks.
pub fn fold(s: &str) -> String {
    s.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

/// The strings a string search covers in a node: itself, or the string elements of a name or address.
pub fn strings_of(node: &Node) -> Vec<String> {
    let names: &[&str] = match node.ty.as_str() {
        "HumanName" => &["family", "given", "prefix", "suffix", "text"],
        "Address" => &["line", "city", "district", "state", "postalCode", "country", "text"],
        _ => {
            return node.value.as_str().map(str::to_string).into_iter().collect();
        }
    };
    names.iter().flat_map(|name| parts(node, name)).collect()
}

/// What `phonetic` compares: the family and given parts of a person's name, or a name that is one string.
pub fn name_parts(node: &Node) -> Vec<String> {
    if let Some(whole) = node.value.as_str() {
        return vec![whole.to_string()];
    }
    ["family", "given"].iter().flat_map(|name| parts(node, name)).collect()
}

fn parts(node: &Node, name: &str) -> Vec<String> {
    let one = text(&node.value, name).map(str::to_string);
    let many = array(&node.value[name]).iter().filter_map(|v| v.as_str().map(str::to_string));
    one.into_iter().chain(many).collect()
}

/// Whether `stored` equals or starts with `wanted`.
pub fn starts(stored: &str, wanted: &str, reading: &Reading) -> bool {
    let (stored, wanted) = (fold(stored), fold(wanted));
    if !reading.loose_text {
        return stored.starts_with(&wanted);
    }
    let (stored, wanted) = (words(&stored), words(&wanted));
    let wanted = wanted.join(" ");
    (0..stored.len()).any(|from| stored[from..].join(" ").starts_with(&wanted))
}

fn words(s: &str) -> Vec<String> {
    let kept: String = s.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    kept.split_whitespace().map(str::to_string).collect()
}

/// Whether some word of `wanted` sounds like the name part `stored`.
pub fn sounds_like(stored: &str, wanted: &str, reading: &Reading) -> bool {
    let code = |s: &str| soundex(s, reading.soundex == Soundex::Parting, reading.soundex != Soundex::AsciiOnly);
    let stored: Vec<String> = match reading.soundex {
        Soundex::Words | Soundex::Parting => stored.split_whitespace().filter_map(code).collect(),
        Soundex::Whole | Soundex::AsciiOnly => code(stored).into_iter().collect(),
    };
    wanted.split_whitespace().filter_map(code).any(|w| stored.contains(&w))
}

/// The American Soundex code of the letters of `word`: the first letter and three digits.
pub fn soundex(word: &str, h_and_w_part: bool, accents_fold: bool) -> Option<String> {
    let plain = if accents_fold { fold(word) } else { word.to_lowercase() };
    let letters: Vec<char> = plain.chars().filter(char::is_ascii_alphabetic).collect();
    let mut code = letters.first()?.to_ascii_uppercase().to_string();
    let mut last = digit(letters[0]);
    for &letter in &letters[1..] {
        if matches!(letter, 'h' | 'w') && !h_and_w_part {
            continue;
        }
        let this = digit(letter);
        if this != last && this != '0' {
            code.push(this);
        }
        last = this;
    }
    Some(format!("{code:0<4}").chars().take(4).collect())
}

fn digit(letter: char) -> char {
    match letter {
        'b' | 'f' | 'p' | 'v' => '1',
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => '2',
        'd' | 't' => '3',
        'l' => '4',
        'm' | 'n' => '5',
        'r' => '6',
        _ => '0',
    }
}
