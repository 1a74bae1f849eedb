//! Quantity matching: stored amounts as closed intervals, and implicit precision.

use super::dates::Prefix;
use super::definitions::text;
use super::fhirpath::Node;
use super::reading::{Convert, Reading};
use super::units::{Scale, UCUM};
use bigdecimal::BigDecimal;
use serde_json::Value;
use std::str::FromStr;

/// A stored amount: the closed interval `[low, high]`, a missing end being unbounded.
#[derive(Clone, Debug)]
pub struct Amount {
    pub low: Option<BigDecimal>,
    pub high: Option<BigDecimal>,
    pub system: Option<String>,
    pub code: Option<String>,
    pub unit: Option<String>,
    comparator: Option<String>,
}

/// A searched amount.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub prefix: Prefix,
    number: BigDecimal,
    /// Half a unit of the last digit given.
    half: BigDecimal,
    system: Option<String>,
    code: Option<String>,
}

impl Wanted {
    /// From the parts of `[prefix]number|system|code`, already unescaped.
    pub fn new(prefix: Prefix, number: &str, system: &str, code: &str) -> Option<Wanted> {
        let some = |s: &str| Some(s.to_string()).filter(|s| !s.is_empty());
        let value = BigDecimal::from_str(number).ok()?;
        // the scale counts the digits after the point, less the exponent
        let (_, scale) = value.as_bigint_and_exponent();
        let half = BigDecimal::new(5.into(), scale + 1);
        Some(Wanted { prefix, number: value, half, system: some(system), code: some(code) })
    }

    /// Whether `stored` stands in the asked relation to this.
    pub fn matches(&self, stored: &Amount, reading: &Reading) -> bool {
        let Some((from, to)) = self.scales(stored, reading) else {
            return false;
        };
        let (low, high) = stored.bounds(reading);
        let (low, high) = (low.map(|v| from.canonical(&v)), high.map(|v| from.canonical(&v)));
        let exact = to.canonical(&self.number);
        let lower = to.canonical(&(&self.number - &self.half));
        let upper = to.canonical(&(&self.number + &self.half));
        let eq = low.as_ref().is_some_and(|l| lower <= *l) && high.as_ref().is_some_and(|h| *h < upper);
        // an end that is missing lies beyond every number
        let low_below = |n: &BigDecimal| low.as_ref().is_none_or(|l| l < n);
        let high_above = |n: &BigDecimal| high.as_ref().is_none_or(|h| h > n);
        match self.prefix {
            Prefix::Eq => eq,
            Prefix::Ne => !eq,
            Prefix::Gt => high_above(&exact),
            Prefix::Lt => low_below(&exact),
            Prefix::Ge => high_above(&exact) || high.as_ref() == Some(&exact),
            Prefix::Le => low_below(&exact) || low.as_ref() == Some(&exact),
            Prefix::Sa => low.is_some_and(|l| l > exact),
            Prefix::Eb => high.is_some_and(|h| h < exact),
            Prefix::Ap => {
                let width = self.number.abs() * BigDecimal::new(reading.approximate.into(), 2);
                let (from, to) = (to.canonical(&(&self.number - &width)), to.canonical(&(&self.number + &width)));
                low.is_none_or(|l| l <= to) && high.is_none_or(|h| h >= from)
            }
        }
    }

    /// How the stored and the searched number become comparable, or nothing if they do not.
    fn scales(&self, stored: &Amount, reading: &Reading) -> Option<(Scale, Scale)> {
        let plain = || Some((Scale::one(), Scale::one()));
        let Some(code) = &self.code else {
            return plain();
        };
        let Some(system) = &self.system else {
            return if stored.code.as_ref() == Some(code) || stored.unit.as_ref() == Some(code) {
                plain()
            } else {
                None
            };
        };
        if stored.system.as_ref() != Some(system) {
            return None;
        }
        if stored.code.as_ref() == Some(code) {
            return plain();
        }
        if system != UCUM || reading.convert == Convert::Never {
            return None;
        }
        let literal = reading.convert == Convert::MoleIsNumber;
        let (from, to) = (Scale::of(stored.code.as_deref()?, literal)?, Scale::of(code, literal)?);
        (from.dimension == to.dimension).then_some((from, to))
    }
}

impl Amount {
    fn bounds(&self, reading: &Reading) -> (Option<BigDecimal>, Option<BigDecimal>) {
        let (low, high) = (self.low.clone(), self.high.clone());
        match self.comparator.as_deref().filter(|_| reading.comparator_spans) {
            Some("<" | "<=") => (None, high),
            Some(">" | ">=") => (low, None),
            _ => (low, high),
        }
    }
}

/// The amount a node holds, if it holds one.
pub fn stored(node: &Node) -> Option<Amount> {
    let value = &*node.value;
    match node.ty.as_str() {
        "Range" => {
            let (low, high) = (decimal(&value["low"]["value"]), decimal(&value["high"]["value"]));
            let unit = if low.is_some() { &value["low"] } else { &value["high"] };
            (low.is_some() || high.is_some()).then(|| amount(low, high, unit))
        }
        "SampledData" => {
            let origin = decimal(&value["origin"]["value"])?;
            let factor = decimal(&value["factor"]).unwrap_or_else(|| BigDecimal::from(1));
            let data = text(value, "data")?.split_whitespace();
            // E, U and L stand for "no number here"
            let points: Vec<BigDecimal> =
                data.filter_map(|d| BigDecimal::from_str(d).ok()).map(|d| &origin + &factor * d).collect();
            let (low, high) = (points.iter().min()?.clone(), points.iter().max()?.clone());
            Some(amount(Some(low), Some(high), &value["origin"]))
        }
        "Quantity" | "Age" | "SimpleQuantity" | "Duration" => {
            let number = decimal(&value["value"])?;
            Some(amount(Some(number.clone()), Some(number), value))
        }
        _ => None,
    }
}

fn amount(low: Option<BigDecimal>, high: Option<BigDecimal>, unit: &Value) -> Amount {
    let part = |name| text(unit, name).map(str::to_string);
    Amount { low, high, system: part("system"), code: part("code"), unit: part("unit"), comparator: part("comparator") }
}

fn decimal(value: &Value) -> Option<BigDecimal> {
    let Value::Number(number) = value else {
        return None;
    };
    BigDecimal::from_str(&number.to_string()).ok()
}
