//! Date matching: the range a date literal stands for, and the comparison of ranges.

use super::definitions::{array, text};
use super::fhirpath::Node;
use super::reading::Reading;
use time::{Date, Month, OffsetDateTime};

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;
const BEFORE_ALL: i128 = i128::MIN / 4;
const AFTER_ALL: i128 = i128::MAX / 4;

/// A half-open range of time, `[low, high)`, in nanoseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub low: i128,
    pub high: i128,
    /// The stored type is `instant`, which some read as having no width.
    pub is_instant: bool,
}

/// The comparison prefix of an ordered value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

/// Every prefix by its spelling.
pub const PREFIXES: [(&str, Prefix); 9] = [
    ("eq", Prefix::Eq),
    ("ne", Prefix::Ne),
    ("gt", Prefix::Gt),
    ("lt", Prefix::Lt),
    ("ge", Prefix::Ge),
    ("le", Prefix::Le),
    ("sa", Prefix::Sa),
    ("eb", Prefix::Eb),
    ("ap", Prefix::Ap),
];

/// Splits a leading prefix off; without one it is `eq`.
pub fn prefix(value: &str) -> (Prefix, &str) {
    let found = PREFIXES.iter().find_map(|(name, prefix)| Some((*prefix, value.strip_prefix(name)?)));
    found.unwrap_or((Prefix::Eq, value))
}

/// Now, in nanoseconds since 1970.
pub fn now() -> i128 {
    OffsetDateTime::now_utc().unix_timestamp_nanos()
}

/// The range of a `date`, `dateTime` or `instant` literal, as wide as its precision; no zone is UTC.
pub fn literal(s: &str) -> Option<Span> {
    let (date, time) = s.split_once('T').map_or((s, None), |(d, t)| (d, Some(t)));
    let mut numbers = date.split('-').map(|n| n.parse::<i32>().ok());
    let year = numbers.next()??;
    let month = numbers.next();
    let day = numbers.next();
    let from = |y: i32, m: i32, d: i32| day_number(y, m, d).map(|n| n * DAY);
    let span = |low, high| Some(Span { low, high, is_instant: false });
    let Some(time) = time else {
        return match (month, day) {
            (None, _) => span(from(year, 1, 1)?, from(year + 1, 1, 1)?),
            (Some(m), None) => {
                let (next_year, next) = if m? == 12 { (year + 1, 1) } else { (year, m? + 1) };
                span(from(year, m?, 1)?, from(next_year, next, 1)?)
            }
            (Some(m), Some(d)) => from(year, m?, d?).and_then(|low| span(low, low + DAY)),
        };
    };
    let (clock, offset) = split_zone(time)?;
    let mut fields = clock.split(':');
    let hour: i128 = fields.next()?.parse().ok()?;
    let minute: i128 = fields.next()?.parse().ok()?;
    let base = from(year, month??, day??)? + (hour * 3600 + minute * 60) * SECOND - offset;
    let Some(seconds) = fields.next() else {
        return span(base, base + 60 * SECOND);
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let width = SECOND / 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let low = base + whole.parse::<i128>().ok()? * SECOND + parts * width;
    span(low, low + width)
}

fn day_number(year: i32, month: i32, day: i32) -> Option<i128> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let epoch = OffsetDateTime::UNIX_EPOCH.date();
    Some(i128::from(date.to_julian_day()) - i128::from(epoch.to_julian_day()))
}

/// The clock time and the offset of its zone.
fn split_zone(time: &str) -> Option<(&str, i128)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let size = (hours.parse::<i128>().ok()? * 3600 + minutes.parse::<i128>().ok()? * 60) * SECOND;
    Some((&time[..at], if time[at..].starts_with('-') { -size } else { size }))
}

/// The range a stored value covers, if it has a date at all.
pub fn stored(node: &Node) -> Option<Span> {
    match node.ty.as_str() {
        "Period" => Some(period(&node.value)),
        "Timing" => timing(&node.value),
        "instant" => literal(node.value.as_str()?).map(|span| Span { is_instant: true, ..span }),
        "date" | "dateTime" => literal(node.value.as_str()?),
        _ => None,
    }
}

fn period(value: &serde_json::Value) -> Span {
    let low = text(value, "start").and_then(literal).map_or(BEFORE_ALL, |s| s.low);
    let high = text(value, "end").and_then(literal).map_or(AFTER_ALL, |s| s.high);
    Span { low, high, is_instant: false }
}

/// The outer limits of a Timing: its events and the period that bounds its repetition.
fn timing(value: &serde_json::Value) -> Option<Span> {
    let events = array(&value["event"]).iter().filter_map(|e| literal(e.as_str()?));
    let bounds = value["repeat"].get("boundsPeriod").map(period);
    events.chain(bounds).reduce(|a, b| Span { low: a.low.min(b.low), high: a.high.max(b.high), is_instant: false })
}

/// Whether `stored` stands in relation `prefix` to `searched`.
pub fn compare(prefix: Prefix, searched: Span, stored: Span, now: i128, reading: &Reading) -> bool {
    let high = if stored.is_instant && reading.instant_is_point { stored.low } else { stored.high };
    let stored = Span { high, ..stored };
    let eq = searched.low <= stored.low && stored.high <= searched.high;
    let gt = stored.high > searched.high;
    let lt = stored.low < searched.low;
    match prefix {
        Prefix::Eq => eq,
        Prefix::Ne => !eq,
        Prefix::Gt => gt,
        Prefix::Lt => lt,
        Prefix::Ge => gt || eq,
        Prefix::Le => lt || eq,
        Prefix::Sa => stored.low >= searched.high,
        Prefix::Eb => stored.high <= searched.low,
        Prefix::Ap => {
            let widen = (now - searched.low).abs() / 100 * i128::from(reading.approximate);
            stored.high > searched.low - widen && stored.low < searched.high + widen
        }
    }
}
