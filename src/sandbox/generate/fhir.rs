//! Owns the shapes of JSON that every generated resource is made of. Decimals are digits and a
//! scale, never floating point, so `1.50` is written as `1.50`.

use serde_json::{Map, Number, Value};

use super::organisations::Organisation;

pub(super) const SNOMED: &str = "http://snomed.info/sct";
pub(super) const LOINC: &str = "http://loinc.org";
pub(super) const DMD: &str = "https://dmd.nhs.uk";
pub(super) const UCUM: &str = "http://unitsofmeasure.org";
pub(super) const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
pub(super) const ODS_CODE: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
pub(super) const SDS_USER: &str = "https://fhir.nhs.uk/Id/sds-user-id";

/// An object of `fields` in this order; a field that is null is left out.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let mut map = Map::with_capacity(N);
    for (name, value) in fields {
        if !value.is_null() {
            map.insert(name.to_owned(), value);
        }
    }
    Value::Object(map)
}

pub(super) fn text(value: impl Into<String>) -> Value {
    Value::String(value.into())
}

/// An array, or null (so that [`object`] leaves it out) when there is nothing in it.
pub(super) fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::Array(items) }
}

pub(super) fn one(item: Value) -> Value {
    Value::Array(vec![item])
}

/// `value` when `keep`, else null.
pub(super) fn only_if(keep: bool, value: impl FnOnce() -> Value) -> Value {
    if keep { value() } else { Value::Null }
}

/// A decimal of `digits` with the last `scale` of them behind the point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Decimal {
    pub(super) digits: i64,
    pub(super) scale: u8,
}

impl Decimal {
    pub(super) const fn new(digits: i64, scale: u8) -> Self {
        Self { digits, scale }
    }

    pub(super) fn written(self) -> String {
        let scale = usize::from(self.scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let point = if scale == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{part}")
    }

    /// The JSON number, its trailing zeros kept.
    pub(super) fn json(self) -> Value {
        self.written().parse::<Number>().map_or(Value::Null, Value::Number)
    }
}

/// A code of one of HL7's own code systems. Without a display: these are the commonest codes of all,
/// and every reader knows them.
pub(super) fn hl7(code_system: &str, code: &str) -> Value {
    let system = format!("http://terminology.hl7.org/CodeSystem/{code_system}");
    concept(vec![object([("system", text(system)), ("code", text(code))])])
}

pub(super) fn coding(system: &str, code: &str, display: &str) -> Value {
    object([("system", text(system)), ("code", text(code)), ("display", text(display))])
}

pub(super) fn concept(codings: Vec<Value>) -> Value {
    object([("coding", list(codings))])
}

/// A SNOMED CT concept.
pub(super) fn snomed(code: &str, display: &str) -> Value {
    concept(vec![coding(SNOMED, code, display)])
}

pub(super) fn quantity(value: Decimal, unit: &str, ucum: &str) -> Value {
    object([("value", value.json()), ("unit", text(unit)), ("system", text(UCUM)), ("code", text(ucum))])
}

pub(super) fn reference(kind: &str, id: &str) -> Value {
    object([("reference", text(format!("{kind}/{id}")))])
}

/// A logical reference: by identifier, since no source shares its directory.
pub(super) fn logical(system: &str, value: &str, display: &str) -> Value {
    object([("identifier", identifier(system, value)), ("display", text(display))])
}

/// An organisation, named.
pub(super) fn organisation(of: &Organisation) -> Value {
    logical(ODS_CODE, &of.code, &of.name)
}

/// An organisation by its code alone.
pub(super) fn organisation_code(of: &Organisation) -> Value {
    object([("identifier", identifier(ODS_CODE, &of.code))])
}

pub(super) fn identifier(system: &str, value: &str) -> Value {
    object([("system", text(system)), ("value", text(value))])
}

pub(super) fn period(start: Value, end: Value) -> Value {
    object([("start", start), ("end", end)])
}

/// The `id` of a generated resource.
pub(super) fn id_of(resource: &Value) -> &str {
    resource.get("id").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_zeros() {
        for (digits, scale, written) in
            [(150, 2, "1.50"), (5, 2, "0.05"), (-5, 1, "-0.5"), (0, 1, "0.0"), (42, 0, "42")]
        {
            assert_eq!(Decimal::new(digits, scale).json().to_string(), written);
        }
    }
}
