//! Whether a value is one that R4's grammar allows: what is not is refused, and what is disputable may be.

use super::super::dates;
use super::super::syntax::split;
use super::super::values::Kind;
use super::truth::Truth;

/// Whether one alternative of a value has to be taken (`Yes`), may be refused (`Open`) or must be (`No`).
pub fn fair(kinds: &[Kind], raw: &str) -> Truth {
    if raw.is_empty() || raw.contains('\0') || open_escape(raw) {
        return Truth::Open;
    }
    match kinds {
        [kind] => single(*kind, raw),
        _ => {
            let parts = split(raw, '$');
            if parts.len() != kinds.len() {
                return Truth::No;
            }
            Truth::all(kinds.iter().zip(&parts).map(|(kind, part)| fair(&[*kind], part)))
        }
    }
}

fn single(kind: Kind, raw: &str) -> Truth {
    match kind {
        Kind::Token => {
            let bars = split(raw, '|').len() - 1;
            if bars > 1 || raw == "|" { Truth::Open } else { Truth::Yes }
        }
        Kind::Text | Kind::Uri => Truth::Yes,
        Kind::Phonetic => {
            // What else than a space parts words is the server's choice.
            let plain = raw.chars().all(|c| c.is_ascii_alphabetic() || c == ' ') && !raw.trim().is_empty();
            if plain { Truth::Yes } else { Truth::Open }
        }
        Kind::Date => date(dates::prefix(raw).1),
        Kind::Quantity => quantity(raw),
        Kind::Reference => reference(raw),
    }
}

/// A backslash with nothing to escape, or before what needs no escape.
fn open_escape(raw: &str) -> bool {
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !chars.next().is_some_and(|next| matches!(next, ',' | '|' | '$' | '\\')) {
            return true;
        }
    }
    false
}

/// R4's dateTime, with the seconds and the zone left out if need be.
fn date(text: &str) -> Truth {
    let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    let (day, time) = text.split_once('T').map_or((text, None), |(d, t)| (d, Some(t)));
    let parts: Vec<&str> = day.split('-').collect();
    let widths = [4, 2, 2];
    if parts.len() > 3 || !parts.iter().zip(widths).all(|(part, width)| digits(part, width)) {
        return Truth::No;
    }
    let Some(time) = time else {
        return if dates::literal(text).is_none() { Truth::No } else { disputed_year(parts[0]) };
    };
    // A space is what becomes of a plus sign that nobody escaped.
    if time.contains(' ') || time.ends_with('z') {
        return Truth::Open;
    }
    let clock_end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(clock_end);
    let fields: Vec<&str> = clock.split(':').collect();
    let fraction_fits = |s: &str| match s.split_once('.') {
        Some((whole, fraction)) => digits(whole, 2) && !fraction.is_empty() && digits(fraction, fraction.len()),
        None => digits(s, 2),
    };
    let clock_fits = match fields[..] {
        [hour, minute] => digits(hour, 2) && digits(minute, 2),
        [hour, minute, second] => digits(hour, 2) && digits(minute, 2) && fraction_fits(second),
        _ => false,
    };
    let offset_fits = |z: &str| z.len() == 6 && digits(&z[1..3], 2) && &z[3..4] == ":" && digits(&z[4..], 2);
    let zone_fits = matches!(zone, "" | "Z") || zone.is_ascii() && offset_fits(zone);
    if parts.len() != 3 || !clock_fits || !zone_fits || dates::literal(&day[..10]).is_none() {
        return Truth::No;
    }
    let number = |s: &str| s.parse::<u32>().unwrap_or(99);
    let (hour, minute, second) = (number(fields[0]), number(fields[1]), fields.get(2).map_or(0, |s| number(&s[..2])));
    let hours_of_zone = if zone.len() == 6 { number(&zone[1..3]) * 60 + number(&zone[4..]) } else { 0 };
    let long_fraction = clock.split_once('.').is_some_and(|(_, fraction)| fraction.len() > 3);
    match (hour, minute, second) {
        // A leap second, an end of day, and a zone that no place has.
        (24, 0, 0) | (0..24, 0..60, 60) => Truth::Open,
        (0..24, 0..60, 0..60) if hours_of_zone > 14 * 60 || long_fraction => Truth::Open,
        (0..24, 0..60, 0..60) => disputed_year(parts[0]),
        _ => Truth::No,
    }
}

/// R4 forbids the year 0000; and what is next to the ends of the calendar overflows in some zone.
fn disputed_year(year: &str) -> Truth {
    if matches!(year, "0000" | "0001" | "9999") { Truth::Open } else { Truth::Yes }
}

fn quantity(raw: &str) -> Truth {
    let parts = split(raw, '|');
    let number = decimal(dates::prefix(&parts[0]).1);
    match parts.len() {
        1 => number,
        3 if parts[2].is_empty() => Truth::min(number, Truth::Open),
        3 => number,
        _ => Truth::No,
    }
}

/// R4's decimal; what other notations allow besides is open.
fn decimal(text: &str) -> Truth {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = plain.split_once(['e', 'E']).map_or((plain, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let small = |e: &str| e.trim_start_matches(['+', '-']).len() <= 2 && digits(e.trim_start_matches(['+', '-']));
    let fits = digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits);
    if fits && exponent.is_none_or(small) && text.len() < 30 {
        return Truth::Yes;
    }
    let like_a_number = text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if like_a_number { Truth::Open } else { Truth::No }
}

fn reference(raw: &str) -> Truth {
    let id =
        |s: &str| (1..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let local = raw.split_once('/').is_some_and(|(ty, rest)| super::super::oracle::TYPES.contains(&ty) && id(rest));
    let absolute = ["http://", "https://", "urn:"].iter().any(|scheme| raw.starts_with(scheme)) && !raw.contains(' ');
    if id(raw) || local || absolute { Truth::Yes } else { Truth::Open }
}
