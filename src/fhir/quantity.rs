//! Owns numbers in searches and units: the range a number's precision implies (R4 §3.1.1.5.4),
//! and the canonical UCUM form under which values of different units compare.

use bigdecimal::BigDecimal;
use octofhir_ucum::get_canonical_units;

/// The system of UCUM units.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A decimal in a search value, with the half-open range its precision implies, as text PostgreSQL reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub exact: String,
    pub low: String,
    pub high: String,
    /// The exact number less and plus a tenth of its size, for `ap`.
    pub near: (String, String),
}

/// Reads a decimal; `None` if it is not one, or is beyond what a stored decimal can be.
pub fn parse_number(text: &str) -> Option<Number> {
    let exact = decimal(text)?;
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    // Half a unit of the last place that was written.
    let place = i64::try_from(decimals).ok()? - exponent.parse::<i64>().ok()?;
    let half = BigDecimal::new(5.into(), place + 1);
    let tenth = exact.abs() * BigDecimal::new(1.into(), 1);
    Some(Number {
        exact: exact.to_plain_string(),
        low: (&exact - &half).to_plain_string(),
        high: (&exact + &half).to_plain_string(),
        near: ((&exact - &tenth).to_plain_string(), (&exact + &tenth).to_plain_string()),
    })
}

/// Whether two numbers have the same value, however they are written.
pub fn same(a: &str, b: &str) -> bool {
    a == b || decimal(a).zip(decimal(b)).is_some_and(|(a, b)| a == b)
}

/// A decimal of R4's grammar (a plus is let pass), within the bounds of stored ones.
fn decimal(text: &str) -> Option<BigDecimal> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let numeric = mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.ends_with(|c: char| c.is_ascii_digit());
    let exponent: i32 = exponent.parse().ok()?;
    if !numeric || text.len() > 500 || exponent.abs() > 400 {
        return None;
    }
    text.parse().ok()
}

/// A unit's canonical UCUM form: `value × factor + offset` in `unit`.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    pub unit: String,
    pub factor: f64,
    pub offset: f64,
}

impl Canonical {
    /// A value in the canonical unit.
    pub fn of(&self, value: f64) -> f64 {
        value * self.factor + self.offset
    }
}

/// The canonical form of a UCUM code; none for what is not UCUM or has no linear scale (pH).
pub fn canonical(system: &str, code: &str) -> Option<Canonical> {
    if system != UCUM || code.len() > 64 {
        return None;
    }
    let unit = get_canonical_units(code).ok()?;
    Some(Canonical { unit: unit.unit, factor: unit.factor.to_f64(), offset: unit.offset.to_f64() })
}

/// The interval that SampledData covers (R4 §2.24.0.12): lowest and highest of `origin + factor × data`.
pub fn sampled(origin: &str, factor: Option<&str>, data: &str) -> Option<(String, String)> {
    let origin = decimal(origin)?;
    let factor = decimal(factor.unwrap_or("1"))?;
    // E, U and L say "error", "above" and "below": no number to compare.
    let points = data.split_whitespace().filter_map(decimal);
    let values: Vec<BigDecimal> = points.map(|point| point * &factor + &origin).collect();
    Some((values.iter().min()?.to_plain_string(), values.iter().max()?.to_plain_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_makes_the_range() {
        for (text, low, high) in [
            ("5.4", "5.35", "5.45"),
            ("100", "99.5", "100.5"),
            ("5.40", "5.395", "5.405"),
            ("-1", "-1.5", "-0.5"),
            ("1e2", "50", "150"),
            ("1.0e-2", "0.0095", "0.0105"),
            ("1e245", "5e244", "15e244"),
        ] {
            let number = parse_number(text).expect(text);
            let same = |a: &str, b: &str| decimal(a) == decimal(b);
            assert!(same(&number.low, low) && same(&number.high, high), "{text}: {number:?}");
        }
        for text in ["", "x", "1e999", "--1", "1.2.3", "1e", ".5x", "NaN", "1_0"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    #[test]
    fn units_meet_in_their_canonical_form() {
        let (g, mg) = (canonical(UCUM, "g"), canonical(UCUM, "mg"));
        let (g, mg) = (g.expect("g"), mg.expect("mg"));
        assert_eq!(g.unit, mg.unit);
        assert!((g.of(1.5) - mg.of(1500.0)).abs() < 1e-9);
        assert_eq!(canonical(UCUM, "nonsense!"), None);
        assert_eq!(canonical("http://snomed.info/sct", "g"), None);
        assert_eq!(sampled("2048", Some("0.5"), "2 E -4 10"), Some(("2046.0".into(), "2053.0".into())));
    }
}
