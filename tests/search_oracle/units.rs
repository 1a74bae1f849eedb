//! A small table of UCUM units, enough to compare what the examples and the conversion queries hold.

use bigdecimal::BigDecimal;
use std::str::FromStr;

/// The UCUM system.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A unit as `(value + offset) * factor` of its dimension's base.
pub struct Scale {
    pub dimension: &'static str,
    factor: BigDecimal,
    offset: BigDecimal,
}

impl Scale {
    /// Numbers as they are.
    pub fn one() -> Scale {
        Scale { dimension: "", factor: 1.into(), offset: 0.into() }
    }

    /// The scale of a UCUM code in the table; a mole may count as a plain number.
    pub fn of(code: &str, mole_is_number: bool) -> Option<Scale> {
        let plain = code.split('{').next().unwrap_or(code).trim_end_matches('/');
        let code = if plain.is_empty() { "1" } else { plain };
        let (_, dimension, factor, offset) = *UNITS.iter().find(|(c, ..)| *c == code)?;
        let number = |s| BigDecimal::from_str(s).expect("a number in the table");
        let (dimension, mole) = match (dimension, mole_is_number) {
            ("mol/l", true) => ("/l", "6.0221367e23"),
            ("mol", true) => ("1", "6.0221367e23"),
            _ => (dimension, "1"),
        };
        Some(Scale { dimension, factor: number(factor) * number(mole), offset: number(offset) })
    }

    /// The value in the base unit.
    pub fn canonical(&self, value: &BigDecimal) -> BigDecimal {
        (value + &self.offset) * &self.factor
    }

    /// The value in this unit, from one in the base unit.
    pub fn invert(&self, canonical: &BigDecimal) -> BigDecimal {
        canonical / &self.factor - &self.offset
    }
}

/// UCUM codes: code, dimension, factor, offset. Not all of UCUM: what the examples and the conversion queries use.
pub const UNITS: [(&str, &str, &str, &str); 60] = [
    ("kg", "g", "1e3", "0"),
    ("g", "g", "1", "0"),
    ("mg", "g", "1e-3", "0"),
    ("ug", "g", "1e-6", "0"),
    ("ng", "g", "1e-9", "0"),
    ("pg", "g", "1e-12", "0"),
    ("[lb_av]", "g", "453.59237", "0"),
    ("km", "m", "1e3", "0"),
    ("m", "m", "1", "0"),
    ("cm", "m", "1e-2", "0"),
    ("mm", "m", "1e-3", "0"),
    ("[in_i]", "m", "0.0254", "0"),
    ("[ft_i]", "m", "0.3048", "0"),
    ("L", "l", "1", "0"),
    ("l", "l", "1", "0"),
    ("dL", "l", "1e-1", "0"),
    ("mL", "l", "1e-3", "0"),
    ("uL", "l", "1e-6", "0"),
    ("fL", "l", "1e-15", "0"),
    ("Pa", "Pa", "1", "0"),
    ("kPa", "Pa", "1e3", "0"),
    ("mm[Hg]", "Pa", "133.322", "0"),
    ("mol/L", "mol/l", "1", "0"),
    ("mmol/L", "mol/l", "1e-3", "0"),
    ("umol/L", "mol/l", "1e-6", "0"),
    ("nmol/L", "mol/l", "1e-9", "0"),
    ("mol", "mol", "1", "0"),
    ("mmol", "mol", "1e-3", "0"),
    ("umol", "mol", "1e-6", "0"),
    ("g/L", "g/l", "1", "0"),
    ("g/dL", "g/l", "10", "0"),
    ("mg/L", "g/l", "1e-3", "0"),
    ("mg/dL", "g/l", "1e-2", "0"),
    ("mg/mL", "g/l", "1", "0"),
    ("ug/mL", "g/l", "1e-3", "0"),
    ("ng/mL", "g/l", "1e-6", "0"),
    ("/L", "/l", "1", "0"),
    ("/uL", "/l", "1e6", "0"),
    ("10*3/uL", "/l", "1e9", "0"),
    ("10*6/uL", "/l", "1e12", "0"),
    ("10*9/L", "/l", "1e9", "0"),
    ("10*12/L", "/l", "1e12", "0"),
    ("U/L", "u/l", "1", "0"),
    ("kU/L", "u/l", "1e3", "0"),
    ("mL/min", "l/min", "1e-3", "0"),
    ("L/min", "l/min", "1", "0"),
    ("l/min", "l/min", "1", "0"),
    ("/min", "/d", "1440", "0"),
    ("/h", "/d", "24", "0"),
    ("/d", "/d", "1", "0"),
    ("1", "1", "1", "0"),
    ("%", "1", "1e-2", "0"),
    // a ninth of a kelvin, so that both scales stay finite decimals
    ("Cel", "K/9", "9", "273.15"),
    ("[degF]", "K/9", "5", "459.67"),
    ("K", "K/9", "9", "0"),
    ("a", "min", "525960", "0"),
    ("mo", "min", "43830", "0"),
    ("wk", "min", "10080", "0"),
    ("d", "min", "1440", "0"),
    ("h", "min", "60", "0"),
];
