//! Owns the text of a query: percent-decoding, FHIR's escapes (R4 §3.1.1.4.17), and encoding it again for links.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::fhir::outcome::{Issue, IssueType};

/// Left as they are in a query value: what RFC 3986 allows there and FHIR queries are full of.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b'/')
    .remove(b',')
    .remove(b'$')
    .remove(b'@');

/// Takes `a=b&c=d` apart, in order, decoded.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Issue> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name)?;
            decode(value).map(|value| (name, value))
        })
        .collect()
}

/// A number of rows; one too large to count is the largest.
pub fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

fn decode(text: &str) -> Result<String, Issue> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    match decoded {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        Ok(_) => Err(Issue::error(IssueType::Value, "the query holds the character NUL (%00): take it out")),
        Err(_) => {
            Err(Issue::error(IssueType::Value, "the query is not UTF-8 after percent-decoding: encode it as UTF-8"))
        }
    }
}

/// Puts a query together again.
pub fn encode(pairs: &[(String, String)]) -> String {
    let one = |(name, value): &(String, String)| {
        format!("{}={}", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY))
    };
    pairs.iter().map(one).collect::<Vec<_>>().join("&")
}

/// Splits at a separator that no backslash precedes. The escapes stay in, for the next split.
pub fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, letter) in text.char_indices() {
        if letter == separator && !escaped {
            parts.push(&text[start..at]);
            start = at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

/// Takes the escapes out: `\,` `\|` `\$` `\\`.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some(&next @ (',' | '|' | '$' | '\\'))) => {
                out.push(next);
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_splits() {
        assert_eq!(split(r"a\,b,c\\,d", ','), [r"a\,b", r"c\\", "d"]);
        assert_eq!(unescape(r"a\,b\\\$\|\x"), r"a,b\$|\x");
        let query = pairs("a=1%2C2&b=%C3%A9+x&c").expect("query");
        assert_eq!(query[1], ("b".to_owned(), "é x".to_owned()));
        assert_eq!(pairs(&encode(&query)).expect("again"), query);
        assert!(pairs("a=%00").is_err() && pairs("a=%ff").is_err());
    }
}
