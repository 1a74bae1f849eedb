//! Owns JSON laid out for a person to read (`_pretty`): a line for each member and item, everything else as it was.

use super::json::{Json, write_str};

/// The value over several lines.
pub fn json(value: &Json) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn line(level: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", level));
}

fn write(value: &Json, level: usize, out: &mut String) {
    match value {
        Json::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(level + 1, out);
                write(item, level + 1, out);
            }
            line(level, out);
            out.push(']');
        }
        Json::Object(object) if !object.0.is_empty() => {
            out.push('{');
            for (at, (key, value)) in object.0.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(level + 1, out);
                write_str(key, out);
                out.push_str(": ");
                write(value, level + 1, out);
            }
            line(level, out);
            out.push('}');
        }
        plain => plain.write(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_is_added() {
        let text = r#"{"a":[1.50,{"b":"c \" d"}],"e":[],"f":{},"g":null}"#;
        let value = Json::parse(text.as_bytes()).expect("JSON");
        let shown = json(&value);
        assert_eq!(Json::parse(shown.as_bytes()).as_ref(), Ok(&value), "{shown}");
        assert!(
            shown.starts_with("{\n  \"a\": [\n    1.50,\n    {\n      \"b\": \"c \\\" d\"\n    }\n  ],\n  \"e\": [],"),
            "{shown}"
        );
    }
}
