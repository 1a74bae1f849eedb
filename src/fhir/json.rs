//! Owns the strict JSON value: what a client sent, in its order, every number as it was written.
//!
//! Stricter than JSON itself where silence would change data: duplicate keys, bytes after the
//! value, invalid UTF-8, NUL and too much depth are refused here, before anything looks at FHIR.

use std::collections::HashSet;

use jiter::{Jiter, Peek};

use super::primitive::shorten;

/// Deepest nesting of arrays and objects accepted; R4's own examples stay under 20.
pub const MAX_DEPTH: usize = 64;

/// One JSON value. Numbers keep their text, so `1.50` stays `1.50`.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Object),
}

/// A JSON object: its members in the order they came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(pub Vec<(String, Json)>);

/// Why a text is not acceptable JSON. `path` is a FHIRPath-like place (empty: the whole).
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{message}")]
pub struct JsonError {
    pub message: String,
    pub path: String,
}

impl JsonError {
    fn new(path: &str, message: impl Into<String>) -> Self {
        JsonError { message: message.into(), path: path.to_owned() }
    }
}

impl Object {
    /// The member's value, if there is one of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The member's text, if it is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Json::as_str)
    }

    /// The member as a list of objects: none, one, or the objects of an array.
    pub fn objects(&self, name: &str) -> impl Iterator<Item = &Object> {
        self.get(name).into_iter().flat_map(Json::items).filter_map(Json::as_object)
    }

    /// Replaces the member's value in its place, or appends it.
    pub fn set(&mut self, name: &str, value: Json) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Takes the member out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }
}

impl Json {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Json {
        Json::String(text.into())
    }

    /// An object from its members.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The items of an array, or the value itself as the only one.
    pub fn items(&self) -> std::slice::Iter<'_, Json> {
        match self {
            Json::Array(items) => items.iter(),
            one => std::slice::from_ref(one).iter(),
        }
    }

    /// Parses one whole text strictly.
    pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
        Json::parse_within(bytes, MAX_DEPTH)
    }

    /// Parses an answer of this service's own: resources of any depth in Bundles, and these in the Bundle of a batch.
    pub fn parse_answer(bytes: &[u8]) -> Result<Json, JsonError> {
        Json::parse_within(bytes, MAX_DEPTH + 16)
    }

    fn parse_within(bytes: &[u8], most: usize) -> Result<Json, JsonError> {
        if let Err(error) = std::str::from_utf8(bytes) {
            let at = error.valid_up_to();
            return Err(JsonError::new("", format!("the body is not valid UTF-8 at byte {at}: send UTF-8")));
        }
        let mut parser = Parser { jiter: Jiter::new(bytes), path: String::new(), most };
        let first = parser.jiter.peek().map_err(|e| parser.syntax(&e))?;
        let value = parser.value(first, 0)?;
        parser.jiter.finish().map_err(|e| {
            let place = parser.jiter.error_position(e.index);
            JsonError::new(
                "",
                format!("there is more after the end of the JSON value, at {place}: send one value only"),
            )
        })?;
        Ok(value)
    }

    /// Appends the value as compact JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(text) => out.push_str(text),
            Json::String(text) => write_str(text, out),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(object) => object.write(out),
        }
    }
}

impl Object {
    /// Appends the object as compact JSON text.
    pub fn write(&self, out: &mut String) {
        out.push('{');
        for (index, (key, value)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_str(key, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// Appends a JSON string literal: quotes, backslash and control characters escaped, the rest as it is.
pub fn write_str(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

struct Parser<'a> {
    jiter: Jiter<'a>,
    /// Where the parser is, as `a.b[2].c`.
    path: String,
    /// Deepest nesting.
    most: usize,
}

impl Parser<'_> {
    fn syntax(&self, error: &jiter::JiterError) -> JsonError {
        let place = self.jiter.error_position(error.index);
        JsonError::new(&self.path, format!("not valid JSON at {place}: {}", error.error_type))
    }

    fn value(&mut self, peek: Peek, depth: usize) -> Result<Json, JsonError> {
        match peek {
            Peek::Null => self.jiter.known_null().map(|()| Json::Null).map_err(|e| self.syntax(&e)),
            Peek::True | Peek::False => self.jiter.known_bool(peek).map(Json::Bool).map_err(|e| self.syntax(&e)),
            Peek::String => match self.jiter.known_str().map(str::to_owned) {
                Ok(text) if text.contains('\0') => Err(JsonError::new(
                    &self.path,
                    "a string holds the character NUL, which a record cannot: take it out",
                )),
                Ok(text) => Ok(Json::String(text)),
                Err(error) => Err(self.syntax(&error)),
            },
            Peek::Array => self.array(depth + 1),
            Peek::Object => self.object(depth + 1),
            peek if peek.is_num() => {
                let number = self.jiter.known_number_bytes(peek).map(<[u8]>::to_vec);
                let bytes = number.map_err(|e| self.syntax(&e))?;
                String::from_utf8(bytes)
                    .map(Json::Number)
                    .map_err(|_| JsonError::new(&self.path, "a number is not ASCII"))
            }
            _ => {
                let place = self.jiter.current_position();
                Err(JsonError::new(&self.path, format!("not valid JSON at {place}: expected a value")))
            }
        }
    }

    fn deeper(&self, depth: usize) -> Result<(), JsonError> {
        let most = self.most;
        if depth <= most {
            return Ok(());
        }
        Err(JsonError::new(&self.path, format!("nested deeper than {most} levels, the most this service accepts")))
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.deeper(depth)?;
        let mut items = Vec::new();
        let length = self.path.len();
        let mut next = self.jiter.known_array().map_err(|e| self.syntax(&e))?;
        while let Some(peek) = next {
            self.path.push_str(&format!("[{}]", items.len()));
            items.push(self.value(peek, depth)?);
            self.path.truncate(length);
            next = self.jiter.array_step().map_err(|e| self.syntax(&e))?;
        }
        Ok(Json::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.deeper(depth)?;
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names: HashSet<String> = HashSet::new();
        let length = self.path.len();
        let mut next = self.jiter.known_object().map(|key| key.map(str::to_owned)).map_err(|e| self.syntax(&e))?;
        while let Some(key) = next {
            if key.contains('\0') {
                return Err(JsonError::new(&self.path, "a member's name holds the character NUL: take it out"));
            }
            // Few members are looked through; many are looked up.
            let twice = if members.len() < 16 {
                members.iter().any(|(known, _)| *known == key)
            } else {
                if names.is_empty() {
                    names.extend(members.iter().map(|(known, _)| known.clone()));
                }
                !names.insert(key.clone())
            };
            if members.len() > 2_000 || twice {
                let message = if members.len() > 2_000 {
                    "an object has more than 2000 members".to_owned()
                } else {
                    format!("the member \"{}\" occurs twice in one object: send it once", shorten(&key))
                };
                return Err(JsonError::new(&self.path, message));
            }
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&shorten(&key));
            let peek = self.jiter.peek().map_err(|e| self.syntax(&e))?;
            let value = self.value(peek, depth)?;
            self.path.truncate(length);
            members.push((key, value));
            next = self.jiter.next_key().map(|key| key.map(str::to_owned)).map_err(|e| self.syntax(&e))?;
        }
        Ok(Json::Object(Object(members)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_as_it_was_written() {
        for text in
            [r#"{"a":1.50,"b":[1e2,-0.0,4294967301],"c":"é\"\\\n\u0007","d":{"e":null,"f":true}}"#, "[]", "\"x\""]
        {
            let value = Json::parse(text.as_bytes()).expect(text);
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn what_would_change_data_silently_is_refused_with_its_place() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for (text, path, words) in [
            (r#"{"a":{"b":1,"b":2}}"#, "a", "occurs twice"),
            (r#"{"a":1} x"#, "", "more after the end"),
            (r#"{"a":[1,{"b":"x\u0000"}]}"#, "a[1].b", "NUL"),
            (deep.as_str(), "[0]", "nested deeper"),
            (r#"{"a":1"#, "", "not valid JSON"),
            (r#"{"a":01}"#, "a", "not valid JSON"),
            (r#"{"a":"\ud800"}"#, "a", "not valid JSON"),
            (r#"{"a":NaN}"#, "a", "not valid JSON"),
            ("", "", "not valid JSON"),
        ] {
            let error = Json::parse(text.as_bytes()).expect_err(text);
            assert!(error.message.contains(words), "{text}: {error}");
            assert!(error.path.starts_with(path), "{text}: {}", error.path);
        }
        assert!(Json::parse(b"{\"a\":\"\xff\"}").expect_err("bytes").message.contains("UTF-8"));
    }
}
