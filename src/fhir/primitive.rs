//! Owns the lexical rules of R4's primitive types (R4 §2.24.0.1): what text is a date, an id, a code…

use super::{date, narrative};

/// Longest string R4 allows, in bytes.
const MAX_STRING: usize = 1024 * 1024;

/// What is wrong with `text` as a primitive of this type, in words that say what it should be.
pub fn fault(kind: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("is empty: leave the element out or give it a value".to_owned());
    }
    if text.len() > MAX_STRING && kind != "base64Binary" && kind != "xhtml" {
        return Some("is longer than 1 MiB, the most R4 allows for a string".to_owned());
    }
    if kind == "xhtml"
        && let Some(words) = narrative::fault(text)
    {
        return Some(format!("is not {words} (txt-1, txt-2)"));
    }
    let wanted = match kind {
        "date" if date::parse_date(text).is_none() => "a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day that exists",
        "dateTime" if date::parse_date_time(text).is_none() => {
            "a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone (Z or +hh:mm)"
        }
        "instant" if date::parse_instant(text).is_none() => {
            "an instant: YYYY-MM-DDThh:mm:ss with a time zone (Z or +hh:mm)"
        }
        "time" if !date::is_time(text) => "a time: hh:mm:ss",
        "id" if !is_id(text) => "an id: 1 to 64 letters, digits, '-' or '.'",
        "code" if !is_code(text) => "a code: no white space at the ends, only single spaces within",
        "uri" | "url" | "canonical" if text.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            "a URI: no white space"
        }
        "oid" if !is_oid(text) => "an OID: urn:oid:1.2.3",
        "uuid" if !is_uuid(text) => "a UUID in lower case: urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "base64Binary" if !is_base64(text) => "base64",
        "string" | "markdown" if text.chars().all(char::is_whitespace) => "text, not white space alone",
        "string" | "markdown" | "xhtml" if text.contains(is_forbidden_control) => {
            "text without control characters (tab, line feed and carriage return are allowed)"
        }
        _ => return None,
    };
    Some(format!("\"{}\" is not {wanted}", shorten(text)))
}

/// What is wrong with a JSON number as this type.
pub fn number_fault(kind: &str, text: &str) -> Option<String> {
    let whole = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let value = text.parse::<i64>().ok().filter(|_| whole);
    let range = |low: i64| value.is_none_or(|v| v < low || v > i64::from(i32::MAX));
    match kind {
        "integer" if range(i64::from(i32::MIN)) => Some(format!("{} is not a 32-bit integer", shorten(text))),
        "unsignedInt" if range(0) => Some(format!("{} is not an integer from 0 to 2147483647", shorten(text))),
        "positiveInt" if range(1) => Some(format!("{} is not an integer from 1 to 2147483647", shorten(text))),
        "decimal" if !is_decimal(text) => {
            Some(format!("{} is out of range: at most 100 characters and an exponent within ±400", shorten(text)))
        }
        _ => None,
    }
}

fn is_decimal(text: &str) -> bool {
    let exponent = text.split_once(['e', 'E']).map_or(Ok(0), |(_, e)| e.parse::<i32>());
    text.len() <= 100 && exponent.is_ok_and(|e| e.abs() <= 400)
}

/// R4 `id`.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

fn is_code(text: &str) -> bool {
    text.split(' ').all(|word| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control()))
}

fn is_oid(text: &str) -> bool {
    let Some(numbers) = text.strip_prefix("urn:oid:") else { return false };
    let arc = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    numbers.contains('.') && numbers.split('.').all(arc) && matches!(numbers.as_bytes()[0], b'0'..=b'2')
}

fn is_uuid(text: &str) -> bool {
    let Some(hex) = text.strip_prefix("urn:uuid:") else { return false };
    hex.len() == 36
        && hex.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    let letters = body.bytes().filter(|b| !b.is_ascii_whitespace());
    let padding = text.bytes().filter(|b| *b == b'=').count();
    let count = letters.clone().count();
    letters.clone().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        && padding <= 2
        && (count + padding).is_multiple_of(4)
}

fn is_forbidden_control(c: char) -> bool {
    c < ' ' && !matches!(c, '\t' | '\n' | '\r')
}

/// The first characters of a value, for a message.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_what_r4_takes_and_nothing_else() {
        for (kind, good, bad) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("date", "1905", "1905-13"),
            ("dateTime", "2015-02-07T13:28:17.239+02:00", "2015-02-07T13:28"),
            ("dateTime", "2015-02", "2015-02-07T13:28:17"),
            ("instant", "2015-02-07T13:28:17Z", "2015-02-07"),
            ("time", "23:59:59.1", "24:00:00"),
            ("id", "a-1.B", "a_1"),
            ("code", "entered in error", " x"),
            ("uri", "urn:x", "a b"),
            ("oid", "urn:oid:1.2.840", "urn:oid:01.2"),
            ("uuid", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-ec9a-4326-a141-556f43239520"),
            ("base64Binary", "AAEC\nAw==", "AAE"),
            ("xhtml", "<div xmlns=\"http://www.w3.org/1999/xhtml\">a once</div>", "<div><p onclick='x'>a</p></div>"),
            ("xhtml", "<div>x</div>", "<div><SCRIPT>1</SCRIPT></div>"),
            ("string", "a\nb", "a\u{7}b"),
            ("string", "x", "  "),
        ] {
            assert_eq!(fault(kind, good), None, "{kind} {good}");
            assert!(fault(kind, bad).is_some(), "{kind} {bad}");
        }
        for (kind, good, bad) in [
            ("integer", "-2147483648", "4294967301"),
            ("integer", "0", "1.0"),
            ("positiveInt", "1", "0"),
            ("unsignedInt", "0", "-1"),
            ("decimal", "1.0e245", "1e401"),
        ] {
            assert_eq!(number_fault(kind, good), None, "{kind} {good}");
            assert!(number_fault(kind, bad).is_some(), "{kind} {bad}");
        }
    }
}
