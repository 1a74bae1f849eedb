//! Owns R4 dates: their grammar and the stretch of time each one names (R4 §2.24.0.1, §3.1.1.5.5).
//!
//! A stretch is half open, `lo` within and `hi` beyond it. A date without a time zone is read as
//! UTC. Open ends of a Period are the first and last moments a dateTime can name.

use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset};

/// A stretch of time, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub lo: OffsetDateTime,
    pub hi: OffsetDateTime,
}

/// Stands for "since ever".
pub const EARLIEST: OffsetDateTime = time::macros::datetime!(0001-01-01 0:00 UTC);
/// Stands for "without end".
pub const LATEST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59.999999 UTC);

impl Span {
    /// The smallest stretch that holds both.
    pub fn hull(self, other: Span) -> Span {
        Span { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }
}

/// The moment as text PostgreSQL and FHIR both read.
pub fn to_text(moment: OffsetDateTime) -> String {
    moment.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

/// A moment as FHIR `instant` in milliseconds, always with three decimals: the form of `meta.lastUpdated`.
pub fn to_instant(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(UtcOffset::UTC);
    let (date, clock) = (utc.date(), utc.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

/// Now, in whole milliseconds, so that what is stored equals what is shown.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_millisecond(now.millisecond()).unwrap_or(now)
}

/// R4 `date`.
pub fn parse_date(text: &str) -> Option<Span> {
    let part = |range: std::ops::Range<usize>| digits(text.get(range)?);
    let year = i32::try_from(part(0..4)?).ok().filter(|y| *y > 0)?;
    let month = |n: u32| Month::try_from(u8::try_from(n).ok()?).ok();
    let (first, next) = match text.len() {
        4 => {
            let first = Date::from_calendar_date(year, Month::January, 1).ok()?;
            (first, Date::from_calendar_date(year + 1, Month::January, 1).ok())
        }
        7 if text.as_bytes()[4] == b'-' => {
            let month = month(part(5..7)?)?;
            let following = if month == Month::December { year + 1 } else { year };
            let first = Date::from_calendar_date(year, month, 1).ok()?;
            (first, Date::from_calendar_date(following, month.next(), 1).ok())
        }
        10 if text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-' => {
            let day = u8::try_from(part(8..10)?).ok()?;
            let first = Date::from_calendar_date(year, month(part(5..7)?)?, day).ok()?;
            (first, first.next_day())
        }
        _ => return None,
    };
    Some(Span { lo: first.midnight().assume_utc(), hi: next.map_or(LATEST, |d| d.midnight().assume_utc()) })
}

/// R4 `dateTime`: a date, or a date and time with a zone.
pub fn parse_date_time(text: &str) -> Option<Span> {
    if text.contains('T') { parse_instant(text) } else { parse_date(text) }
}

/// R4 `instant`: a date and time with seconds and a zone.
pub fn parse_instant(text: &str) -> Option<Span> {
    let (day, rest) = text.split_once('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone_at);
    moment(day, clock, Some(parse_zone(zone)?), true)
}

/// A date in a search value: as `dateTime`, but minutes are enough and the zone may be missing (R4 §3.1.1.5.5).
pub fn parse_search(text: &str) -> Option<Span> {
    let Some((day, rest)) = text.split_once('T') else { return parse_date(text) };
    // A plus that was not percent-encoded arrives as a space.
    let zone_at = rest.find(['Z', '+', '-', ' ']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let zone = if zone.is_empty() { None } else { Some(parse_zone(&zone.replace(' ', "+"))?) };
    moment(day, clock, zone, false)
}

fn moment(day: &str, clock: &str, zone: Option<UtcOffset>, seconds_needed: bool) -> Option<Span> {
    let date = parse_date(day).filter(|_| day.len() == 10)?.lo.date();
    let (time, length) = parse_clock(clock, seconds_needed)?;
    let lo = date.with_time(time).assume_offset(zone.unwrap_or(UtcOffset::UTC));
    // A zone may push the very first and last days of the calendar over its edge.
    let edge = if date.year() > 5000 { LATEST } else { EARLIEST };
    let lo = lo.checked_to_offset(UtcOffset::UTC).unwrap_or(edge).clamp(EARLIEST, LATEST);
    Some(Span { lo, hi: lo.checked_add(length).unwrap_or(LATEST).min(LATEST) })
}

/// A clock time, and how long the moment it names lasts: a minute, a second, or less by its decimals.
fn parse_clock(text: &str, seconds_needed: bool) -> Option<(Time, Duration)> {
    let hour = digits(text.get(0..2)?)?;
    let minute = digits(text.get(3..5)?).filter(|_| text.as_bytes()[2] == b':')?;
    let two = |n: u32| u8::try_from(n).ok();
    if text.len() == 5 && !seconds_needed {
        return Some((Time::from_hms(two(hour)?, two(minute)?, 0).ok()?, Duration::MINUTE));
    }
    // A leap second is kept as the second before it: the calendar of the database has none.
    let second = digits(text.get(6..8)?).filter(|_| text.as_bytes()[5] == b':')?;
    let second = if second == 60 { 59 } else { second };
    let (micro, length) = match text.get(8..)? {
        "" => (0, Duration::SECOND),
        fraction => {
            let decimals = fraction.strip_prefix('.').filter(|d| !d.is_empty())?;
            digits_only(decimals)?;
            let kept: String = decimals.chars().chain("000000".chars()).take(6).collect();
            let length = 10_i64.pow(6 - u32::try_from(decimals.len().min(6)).ok()?);
            (kept.parse().ok()?, Duration::microseconds(length))
        }
    };
    Some((Time::from_hms_micro(two(hour)?, two(minute)?, two(second)?, micro).ok()?, length))
}

fn parse_zone(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let sign: i8 = if text.starts_with('-') { -1 } else { 1 };
    let hours = digits(text.get(1..3)?).filter(|h| *h <= 14)?;
    let minutes = digits(text.get(4..)?).filter(|m| *m < 60 && text.len() == 6 && text.as_bytes()[3] == b':')?;
    if hours == 14 && minutes > 0 {
        return None;
    }
    UtcOffset::from_hms(sign * i8::try_from(hours).ok()?, sign * i8::try_from(minutes).ok()?, 0).ok()
}

/// R4 `time`.
pub fn is_time(text: &str) -> bool {
    parse_clock(text, true).is_some()
}

fn digits_only(text: &str) -> Option<()> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(())
}

fn digits(text: &str) -> Option<u32> {
    digits_only(text)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn precision_makes_the_span() {
        for (text, lo, hi) in [
            ("2015", datetime!(2015-01-01 0:00 UTC), datetime!(2016-01-01 0:00 UTC)),
            ("2015-12", datetime!(2015-12-01 0:00 UTC), datetime!(2016-01-01 0:00 UTC)),
            ("2016-02-29", datetime!(2016-02-29 0:00 UTC), datetime!(2016-03-01 0:00 UTC)),
            ("2015-02-07T13:28", datetime!(2015-02-07 13:28 UTC), datetime!(2015-02-07 13:29 UTC)),
            ("2015-02-07T13:28:17+02:00", datetime!(2015-02-07 11:28:17 UTC), datetime!(2015-02-07 11:28:18 UTC)),
            ("2015-02-07T13:28:17.2Z", datetime!(2015-02-07 13:28:17.2 UTC), datetime!(2015-02-07 13:28:17.3 UTC)),
        ] {
            assert_eq!(parse_search(text), Some(Span { lo, hi }), "{text}");
        }
        assert_eq!(parse_date("9999").map(|s| s.hi), Some(LATEST));
    }

    #[test]
    fn what_no_calendar_has_is_no_date() {
        for text in [
            "",
            "201",
            "2015-1",
            "2015-00",
            "2015-02-30",
            "0000",
            "2015-02-07T25:00",
            "2015-02-07T13",
            "now",
            "２０１５",
        ] {
            assert_eq!(parse_search(text), None, "{text}");
        }
    }
}
