//! From a stored value to the values one might search it by: every form of its kind, and near misses.

use super::amounts::amount_forms;
use super::dates::{PREFIXES, Span};
use super::syntax::escape;
use super::text::fold;
use super::values::{Item, Kind, System, Target, TokenIs};
use time::{OffsetDateTime, UtcOffset};

/// The forms to search `item` by; `turn` varies which precisions and units go with which prefix.
pub fn forms(item: &Item, turn: usize) -> Vec<String> {
    match item {
        Item::Token { system, code, is } => token_forms(system.as_deref(), code.as_deref(), *is),
        Item::Text(text) => text_forms(text),
        Item::Name(name) => name_forms(name),
        Item::Span(span) => date_forms(span, turn),
        Item::Reference(target) => reference_forms(target),
        Item::Canonical(url) => canonical_forms(url),
        Item::Amount(amount) => amount_forms(amount, turn),
        Item::Uri(uri) => {
            let shorter: String = uri.chars().take(uri.chars().count().saturating_sub(1)).collect();
            [uri.clone(), format!("{uri}/"), shorter, uri.to_uppercase()].iter().map(|u| escape(u)).collect()
        }
    }
}

/// A value of `kind` that nothing holds.
pub fn nothing(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => "no-such-code",
        Kind::Text => "zzqx no such text",
        Kind::Phonetic => "Xzzqj",
        Kind::Date => "1801-02-03",
        Kind::Reference => "Basic/no-such-id",
        Kind::Quantity => "-987654.321",
        Kind::Uri => "http://example.org/no-such-uri",
    }
}

fn token_forms(system: Option<&str>, code: Option<&str>, is: TokenIs) -> Vec<String> {
    let asked = |system: System, code: Option<&str>| {
        let code = code.map(escape).unwrap_or_default();
        match system {
            System::Any => code,
            System::Absent => format!("|{code}"),
            System::Is(s) => format!("{}|{code}", escape(&s)),
        }
    };
    if let (TokenIs::Plain, Some("true" | "false")) = (is, code) {
        return vec!["true".into(), "false".into()];
    }
    let near = code.map(near);
    let mut forms = vec![asked(System::Any, code), asked(System::Any, near.as_deref())];
    if matches!(is, TokenIs::Coded | TokenIs::Code) {
        forms.extend(system.map(|s| asked(System::Is(s.into()), code)));
        forms.extend(system.map(|s| asked(System::Is(s.into()), None)));
        forms.push(asked(System::Is("http://example.org/other-system".into()), code));
    }
    if is == TokenIs::Coded {
        forms.push(asked(System::Absent, code));
    }
    forms.into_iter().filter(|f| !f.trim_matches('|').is_empty()).collect()
}

fn text_forms(text: &str) -> Vec<String> {
    let length = text.chars().count();
    let start = |n: usize| text.chars().take(n).collect::<String>().trim_end().to_string();
    let accented: String = text.chars().map(|c| if c == 'e' { 'é' } else { c }).collect();
    let middle: String = text.chars().skip(1).collect();
    let forms = [
        text.to_string(),
        start(3),
        start(length / 2 + 1).to_uppercase(),
        fold(text),
        accented,
        middle.trim_start().to_string(),
        format!("{text}zzq"),
    ];
    forms.iter().filter(|f| !f.trim().is_empty() && f.trim() == *f).map(|f| escape(f)).collect()
}

/// Something else that is still a legal id where `id` is one.
fn near(id: &str) -> String {
    format!("{}-x", id.chars().take(60).collect::<String>())
}

/// Only plain words: how other names sound is up to the server.
fn name_forms(name: &str) -> Vec<String> {
    let plain = name.chars().count() > 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    let twice = |letters: &str| name.replace(letters, &letters.repeat(2));
    let vowels: String = name.chars().map(|c| if c == 'e' { 'i' } else { c }).collect();
    let forms = vec![name.to_string(), twice("n"), twice("l"), vowels, name.to_uppercase(), format!("Q{name}")];
    if plain { forms } else { Vec::new() }
}

fn date_forms(span: &Span, turn: usize) -> Vec<String> {
    const FAR: i128 = 200_000_000_000 * 1_000_000_000;
    const DAY: i128 = 86_400_000_000_000;
    let ends: Vec<i128> = [span.low, span.high - 1].into_iter().filter(|n| n.abs() < FAR).collect();
    let literals: Vec<String> = ends.iter().flat_map(|n| [*n, n + DAY, n - DAY]).flat_map(literals).collect();
    if literals.is_empty() {
        return Vec::new();
    }
    let at = |n: usize| &literals[n % literals.len()];
    // the first precisions are those of the moment itself, the later ones of the days around it
    let prefixed = PREFIXES.iter().enumerate().map(|(n, (prefix, _))| format!("{prefix}{}", at((n + turn) % 7)));
    let around = (3..literals.len()).step_by(4).map(|n| at(n + turn).clone());
    prefixed.chain([at(turn % 3).clone()]).chain(around).collect()
}

/// A moment at each precision a query may give; with a fraction of a second only if it has one.
fn literals(nanoseconds: i128) -> Vec<String> {
    let Ok(moment) = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds) else {
        return Vec::new();
    };
    let at = |hours, minutes| moment.to_offset(UtcOffset::from_hms(hours, minutes, 0).unwrap_or(UtcOffset::UTC));
    let day = |m: OffsetDateTime| format!("{:04}-{:02}-{:02}", m.year(), u8::from(m.month()), m.day());
    let minute = |m: OffsetDateTime| format!("{}T{:02}:{:02}", day(m), m.hour(), m.minute());
    let second = |m: OffsetDateTime| format!("{}:{:02}", minute(m), m.second());
    let mut out = vec![
        day(moment),
        day(moment)[..7].to_string(),
        day(moment)[..4].to_string(),
        format!("{}Z", second(moment)),
        format!("{}+05:30", second(at(5, 30))),
        format!("{}Z", minute(moment)),
        format!("{}-08:00", minute(at(-8, 0))),
        second(moment),
    ];
    // the last nanosecond of a range has a fraction that nobody wrote
    if moment.millisecond() != 0 && moment.nanosecond() != 999_999_999 {
        out.push(format!("{}.{:03}Z", second(moment), moment.millisecond()));
    }
    out
}

fn reference_forms(target: &Target) -> Vec<String> {
    match target {
        Target::Absolute(url) => vec![escape(url), escape(&format!("{url}0"))],
        Target::Local { ty, id } => {
            let other = if ty == "Basic" { "Group" } else { "Basic" };
            vec![format!("{ty}/{id}"), id.clone(), format!("{other}/{id}"), format!("{ty}/{}", near(id))]
        }
    }
}

fn canonical_forms(url: &str) -> Vec<String> {
    let plain = url.split('|').next().unwrap_or(url);
    vec![
        url.to_string(),
        plain.to_string(),
        format!("{plain}|0.0.99"),
        format!("{plain}-other"),
        plain[..plain.len() - 1].to_string(),
    ]
}
