//! From a stored amount to the quantities one might search it by.

use super::dates::PREFIXES;
use super::quantity::Amount;
use super::syntax::escape;
use super::units::{Scale, UCUM};
use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode};
use std::num::NonZeroU64;

/// Every prefix, unit form and way of writing the number; `turn` varies which go together.
pub fn amount_forms(amount: &Amount, turn: usize) -> Vec<String> {
    let mut forms = Vec::new();
    for end in [&amount.low, &amount.high].into_iter().flatten() {
        let (_, scale) = end.as_bigint_and_exponent();
        let step = BigDecimal::new(1.into(), scale.max(0));
        let numbers = [
            end.to_plain_string(),
            (end + &step).to_plain_string(),
            (end - &step).to_plain_string(),
            format!("{}0", if scale > 0 { end.to_plain_string() } else { format!("{end}.") }),
            scientific(end),
            end.with_scale_round(scale - 1, RoundingMode::HalfUp).to_plain_string(),
        ];
        let (right, wrong) = units(amount);
        let unit = |n: usize| &right[n % right.len()];
        forms.extend(
            PREFIXES.iter().enumerate().map(|(n, (p, _))| format!("{p}{}{}", numbers[(n + turn) % 6], unit(n + turn))),
        );
        forms.extend(right.iter().map(|unit| format!("{}{unit}", numbers[0])));
        forms.extend(numbers.iter().enumerate().map(|(n, number)| format!("{number}{}", unit(n + turn))));
        forms.push(format!("{}{}", numbers[0], wrong[turn % wrong.len()]));
    }
    forms
}

/// `1.85e2` for 185: the same digits, so the same implicit precision.
fn scientific(number: &BigDecimal) -> String {
    let (digits, scale) = number.as_bigint_and_exponent();
    let digits = digits.to_string();
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |d| ("-", d));
    let exponent = digits.len() as i64 - 1 - scale;
    let point = if digits.len() > 1 { "." } else { "" };
    format!("{sign}{}{point}{}e{exponent}", &digits[..1], &digits[1..])
}

/// The unit parts that fit the amount, none at all among them, and some that do not.
fn units(amount: &Amount) -> (Vec<String>, Vec<String>) {
    let mut right = vec![String::new()];
    let coded = amount.system.as_deref().zip(amount.code.as_deref());
    right.extend(coded.map(|(system, code)| format!("|{}|{}", escape(system), escape(code))));
    right.extend([&amount.code, &amount.unit].into_iter().flatten().map(|unit| format!("||{}", escape(unit))));
    let mut wrong = vec!["||no-such-unit".to_string()];
    wrong.extend(amount.code.as_deref().map(|code| format!("|http://example.org/units|{}", escape(code))));
    (right, wrong)
}

/// Units worth converting between: those any server that converts at all will know.
const FAMILIES: [&[&str]; 6] = [
    &["kg", "g", "mg"],
    &["m", "cm", "mm"],
    &["kPa", "mm[Hg]"],
    &["mmol/L", "umol/L"],
    &["g/L", "g/dL", "mg/dL"],
    &["a", "mo"],
];

/// Searches for a UCUM amount in the other units of its family, well away from every boundary.
pub fn conversions(amount: &Amount) -> Vec<String> {
    // 0 is 0 in most units, and a range is no single amount
    let single = amount.low.as_ref().filter(|n| amount.high.as_ref() == Some(n));
    let number = single.filter(|n| n.sign() == Sign::Plus);
    let code = amount.code.as_deref().filter(|_| amount.system.as_deref() == Some(UCUM));
    let (Some(number), Some(code)) = (number, code) else {
        return Vec::new();
    };
    let Some(from) = Scale::of(code, false) else {
        return Vec::new();
    };
    let digits = NonZeroU64::MIN.saturating_add(3);
    let rounded = |n: BigDecimal| n.with_precision_round(digits, RoundingMode::HalfUp).to_plain_string();
    let mut out = Vec::new();
    for other in FAMILIES.iter().filter(|f| f.contains(&code)).flat_map(|f| f.iter()).filter(|o| **o != code) {
        let Some(to) = Scale::of(other, false) else {
            continue;
        };
        let there = to.invert(&from.canonical(number));
        let tenth = &there / BigDecimal::from(10);
        out.push(format!("{}|{UCUM}|{other}", rounded(there.clone())));
        out.push(format!("gt{}|{UCUM}|{other}", rounded(&there - &tenth)));
        out.push(format!("lt{}|{UCUM}|{other}", rounded(&there + &tenth)));
    }
    out
}
