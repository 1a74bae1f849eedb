//! `_text` and `_content`: a word that stands in the text is found, and one that nothing like it stands there is not.
//! Stems, stop words and operators are the server's.

use super::truth::Truth;
use serde_json::Value;

/// Words so common that a server may leave them out.
const COMMON: [&str; 12] =
    ["about", "after", "been", "before", "from", "have", "more", "than", "that", "this", "were", "with"];

/// Whether the narrative holds the words.
pub fn in_narrative(resource: &Value, wanted: &str) -> Truth {
    let text = plain(resource["text"]["div"].as_str().unwrap_or_default());
    judge(wanted, &text, &text)
}

/// Whether the resource's content holds the words: surely where people read, perhaps elsewhere.
pub fn in_content(resource: &Value, wanted: &str) -> Truth {
    let (mut read, mut all) = (String::new(), String::new());
    gather(resource, "", &mut read, &mut all);
    judge(wanted, &read, &all)
}

fn gather(value: &Value, name: &str, read: &mut String, all: &mut String) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| gather(value, name, read, all)),
        Value::Array(items) => items.iter().for_each(|item| gather(item, name, read, all)),
        Value::String(text) => {
            let text = if name == "div" { plain(text) } else { text.clone() };
            all.push(' ');
            all.push_str(&text);
            if matches!(name, "div" | "text" | "display") {
                read.push(' ');
                read.push_str(&text);
            }
        }
        _ => {
            all.push(' ');
            all.push_str(&value.to_string());
        }
    }
    all.push_str(&format!(" {name}"));
}

fn judge(wanted: &str, sure: &str, perhaps: &str) -> Truth {
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let each: Vec<Truth> = words.iter().map(|word| one(word, sure, perhaps)).collect();
    match each.as_slice() {
        [only] => *only,
        [] => Truth::Open,
        // Whether several words are joined by "and" or by "or" is not said.
        all if all.iter().all(|t| *t == all[0]) => all[0],
        _ => Truth::Open,
    }
}

fn one(word: &str, sure: &str, perhaps: &str) -> Truth {
    let word = word.to_lowercase();
    let plain = word.len() >= 4 && word.bytes().all(|b| b.is_ascii_lowercase()) && !COMMON.contains(&word.as_str());
    if !plain {
        return Truth::Open;
    }
    let around = |c: char| matches!(c, '.' | ',' | ';' | ':' | '(' | ')' | '!' | '?' | '"');
    if sure.split_whitespace().any(|w| w.trim_matches(around).to_lowercase() == word) {
        return Truth::Yes;
    }
    // A stem has at least the first three letters.
    if perhaps.to_lowercase().contains(&word[..3]) { Truth::Open } else { Truth::No }
}

/// A narrative without its markup.
fn plain(div: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in div.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&nbsp;", " ").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
}
