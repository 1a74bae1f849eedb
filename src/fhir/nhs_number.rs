//! Owns the NHS number: ten digits, the last a Modulus 11 check digit (NHS Data Dictionary).

use super::json::Object;

/// The identifier system of NHS numbers.
pub const SYSTEM: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// The NHS numbers among a resource's identifiers.
pub fn of(resource: &Object) -> impl Iterator<Item = &str> {
    let ours = resource.objects("identifier").filter(|identifier| identifier.text("system") == Some(SYSTEM));
    ours.filter_map(|identifier| identifier.text("value"))
}

/// What is wrong with the text as an NHS number, in words; `None` when it is one.
pub fn fault(text: &str) -> Option<&'static str> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if text.len() != 10 || digits.len() != 10 {
        return Some("an NHS number is ten digits without spaces");
    }
    if digits.iter().all(|digit| *digit == digits[0]) {
        return Some("an NHS number is not one digit ten times");
    }
    (check_digit(&digits[..9]) != Some(digits[9]))
        .then_some("its check digit (Modulus 11) is wrong: a digit is mistyped")
}

/// The check digit of nine digits; none for the nine in eleven groups that have no valid one.
pub fn check_digit(nine: &[u32]) -> Option<u32> {
    let sum: u32 = nine.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn published_examples() {
        for good in ["9434765919", "4010232137", "9990000018", "9912003888"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in ["9434765918", "943 476 5919", "0000000000", "9912003890", "943476591", "943476591９", ""] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
