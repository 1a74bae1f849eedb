//! Owns the words of FHIRPath.

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name, or an operator that is a word.
    Name(String),
    /// A name in backticks, which is never an operator.
    Quoted(String),
    Text(String),
    Number(String),
    /// A date or time, without its `@`.
    Moment(String),
    /// `%name`
    Constant(String),
    Symbol(&'static str),
}

/// Longest first, so that none hides another.
const SYMBOLS: [&str; 24] = [
    "<=", ">=", "!=", "!~", "{", "}", "(", ")", "[", "]", ".", ",", "+", "-", "*", "/", "&", "|", "<", ">", "=", "~",
    "$this", "$index",
];

/// Cuts an expression into words.
pub fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' => quoted(rest, '\'').map(|(text, after)| (Token::Text(text), after))?,
            '`' => quoted(rest, '`').map(|(text, after)| (Token::Quoted(text), after))?,
            '@' => {
                let (word, after) = run(&rest[1..], |c| c.is_ascii_alphanumeric() || "-:+.".contains(c));
                (Token::Moment(word.to_owned()), after)
            }
            '%' if rest[1..].starts_with('`') => {
                quoted(&rest[1..], '`').map(|(text, after)| (Token::Constant(text), after))?
            }
            '%' => {
                let (word, after) = run(&rest[1..], |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                (Token::Constant(word.to_owned()), after)
            }
            c if c.is_ascii_digit() => number(rest),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let (word, after) = run(rest, |c| c.is_ascii_alphanumeric() || c == '_');
                (Token::Name(word.to_owned()), after)
            }
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| format!("\"{first}\" is no part of FHIRPath"))?;
                (Token::Symbol(symbol), &rest[symbol.len()..])
            }
        };
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

fn run(text: &str, within: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c: char| !within(c)).unwrap_or(text.len()))
}

/// Digits, and a fraction where digits follow the point.
fn number(text: &str) -> (Token, &str) {
    let (whole, rest) = run(text, |c| c.is_ascii_digit());
    let fraction =
        rest.strip_prefix('.').map(|rest| run(rest, |c| c.is_ascii_digit()).0).filter(|digits| !digits.is_empty());
    let length = whole.len() + fraction.map_or(0, |digits| digits.len() + 1);
    (Token::Number(text[..length].to_owned()), &text[length..])
}

fn quoted(text: &str, mark: char) -> Result<(String, &str), String> {
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == mark {
            return Ok((out, &text[at + 1..]));
        }
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next().map(|(_, letter)| letter) {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = letters.by_ref().take(4).map(|(_, letter)| letter).collect();
                let letter = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                out.push(letter.ok_or("an escape in a text names no character")?);
            }
            Some(plain @ ('\'' | '"' | '\\' | '/' | '`')) => out.push(plain),
            // Patterns of real definitions have escapes that are the pattern's own; every engine lets them pass.
            Some(other) => out.extend(['\\', other]),
            None => break,
        }
    }
    Err("a text has no closing quote".to_owned())
}
