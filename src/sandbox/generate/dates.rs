//! Owns days and times: the fixed "today", arithmetic on days, and how sources write an instant.
//! Never reads the clock.

use time::macros::date;
use time::{Date, Duration, Month, Weekday};

use super::rng::Rng;

/// "Today" in every generated record: nothing has happened on or after it.
pub(super) const REFERENCE: Date = date!(2026 - 06 - 30);

pub(super) fn plus_days(day: Date, days: i64) -> Date {
    day.saturating_add(Duration::days(days))
}

pub(super) fn days_between(from: Date, to: Date) -> i64 {
    (to - from).whole_days()
}

/// The same day `years` later; 29 February becomes 28 February where there is none.
pub(super) fn plus_years(day: Date, years: i64) -> Date {
    let year = day.year().saturating_add(years as i32);
    day.replace_year(year).or_else(|_| plus_days(day, -1).replace_year(year)).unwrap_or(day)
}

/// Completed years from `birth` to `day`.
pub(super) fn age_on(birth: Date, day: Date) -> i64 {
    let years = i64::from(day.year() - birth.year());
    if plus_years(birth, years) > day { years - 1 } else { years }
}

/// Any day from `from` to `to`, later ones more often when `recent`.
pub(super) fn day_between(rng: &mut Rng, from: Date, to: Date, recent: bool) -> Date {
    let width = days_between(from, to).max(0);
    let first = rng.between(0, width);
    let second = if recent { rng.between(0, width) } else { first };
    plus_days(from, first.max(second))
}

/// The Monday after a weekend day, when that is no later than `latest`: most clinics close.
pub(super) fn working_day(day: Date, latest: Date) -> Date {
    let monday = match day.weekday() {
        Weekday::Saturday => plus_days(day, 2),
        Weekday::Sunday => plus_days(day, 1),
        _ => day,
    };
    if monday <= latest { monday } else { day }
}

/// `YYYY-MM-DD`
pub(super) fn full(day: Date) -> String {
    format!("{}-{:02}", month(day), day.day())
}

/// `YYYY-MM`
pub(super) fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), u8::from(day.month()))
}

/// `YYYY`
pub(super) fn year(day: Date) -> String {
    format!("{:04}", day.year())
}

/// How a source's system writes an instant.
#[derive(Clone, Copy)]
pub(super) enum Clock {
    /// `2024-07-01T09:30:00Z`
    Utc,
    /// `2024-07-01T10:30:00+01:00`
    Local,
    /// `2024-07-01T10:30:00.000+01:00`
    LocalMillis,
}

/// A day and a wall-clock time in London.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) day: Date,
    minute: i64,
}

impl Moment {
    /// At `minute` of the day. Before 02:00 becomes 02:00: that hour is skipped or repeated when the
    /// clocks change, and staying clear of it keeps the UTC day the same as the London one.
    pub(super) fn new(day: Date, minute: i64) -> Self {
        Self { day, minute: minute.clamp(120, 1439) }
    }

    /// Sometime while a clinic is open.
    pub(super) fn in_hours(rng: &mut Rng, day: Date) -> Self {
        Self::new(day, rng.between(8 * 60, 18 * 60 + 29))
    }

    /// `hours` later.
    pub(super) fn plus_hours(self, hours: i64) -> Self {
        let minute = self.minute + hours * 60;
        Self::new(plus_days(self.day, minute / 1440), minute % 1440)
    }

    pub(super) fn write(self, clock: Clock) -> String {
        let summer = is_summer_time(self.day);
        let shift = if summer && matches!(clock, Clock::Utc) { 60 } else { 0 };
        let (hour, minute) = ((self.minute - shift) / 60, self.minute % 60);
        let suffix = match (clock, summer) {
            (Clock::Utc, _) => "Z",
            (Clock::Local, true) => "+01:00",
            (Clock::Local, false) => "+00:00",
            (Clock::LocalMillis, true) => ".000+01:00",
            (Clock::LocalMillis, false) => ".000+00:00",
        };
        format!("{}T{hour:02}:{minute:02}:00{suffix}", full(self.day))
    }
}

/// British Summer Time: from the last Sunday of March to the one of October. Good from 02:00 on.
fn is_summer_time(day: Date) -> bool {
    match day.month() {
        Month::March => day >= last_sunday(day),
        Month::October => day < last_sunday(day),
        other => (4..=9).contains(&u8::from(other)),
    }
}

/// The last Sunday of a month of 31 days.
fn last_sunday(day: Date) -> Date {
    let last = day.replace_day(31).unwrap_or(day);
    plus_days(last, -i64::from(last.weekday().number_days_from_sunday()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_summer_and_winter_as_each_source_does() {
        let summer = Moment::new(date!(2024 - 03 - 31), 570);
        assert_eq!(summer.write(Clock::Utc), "2024-03-31T08:30:00Z");
        assert_eq!(summer.write(Clock::Local), "2024-03-31T09:30:00+01:00");
        let winter = Moment::new(date!(2024 - 10 - 27), 570);
        assert_eq!(winter.write(Clock::Utc), "2024-10-27T09:30:00Z");
        assert_eq!(winter.write(Clock::LocalMillis), "2024-10-27T09:30:00.000+00:00");
        assert_eq!(summer.plus_hours(20).write(Clock::Local), "2024-04-01T05:30:00+01:00");
    }

    #[test]
    fn counts_birthdays() {
        let leap = date!(2004 - 02 - 29);
        assert_eq!(age_on(leap, date!(2026 - 02 - 27)), 21);
        assert_eq!(age_on(leap, date!(2026 - 02 - 28)), 22);
        assert_eq!(age_on(date!(2026 - 06 - 01), REFERENCE), 0);
    }
}
