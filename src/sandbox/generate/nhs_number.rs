//! Owns NHS numbers: a bijection from a patient's index to valid numbers of the 999 test range.

/// Patients a run can have: eight numbers for each of 100,000 five-digit bodies.
pub const MAX_PATIENTS: u32 = 800_000;

const BODIES: u64 = 100_000;

/// How far apart the runs of neighbouring seeds begin: the golden section of the range, which keeps many starts apart.
const STRIDE: u64 = 494_427;

/// The number of patient `index` (below [`MAX_PATIENTS`]): different for every index of a run. Each
/// seed begins at another place of the range: two records with one number would be one person, so
/// small runs of different seeds can be loaded side by side. Seed 1 begins at the first.
///
/// `999` + five digits + one + check digit. The five digits are an affine permutation of the index,
/// which keeps neighbours apart; the sixth is the `index / 100,000`-th digit that has a check digit,
/// of which every body has at least nine. Only eight are used: the ninth of 99999 is 9999999999,
/// valid by arithmetic and refused everywhere.
pub(super) fn nhs_number(seed: u64, index: u32) -> String {
    let start = seed.wrapping_sub(1) % u64::from(MAX_PATIENTS) * STRIDE;
    let index = (start + u64::from(index)) % u64::from(MAX_PATIENTS);
    let body = (index % BODIES * 61_803 + 7_919) % BODIES;
    let slot = (index / BODIES) as usize;
    let found = (0..10)
        .filter_map(|digit| {
            let nine = 999_000_000 + body * 10 + digit;
            check_digit(nine).map(|check| nine * 10 + check)
        })
        .nth(slot);
    found.unwrap_or_default().to_string()
}

/// The check digit of a number of nine digits, or none when it has none.
pub(super) fn check_digit(nine: u64) -> Option<u64> {
    let digits: Vec<u32> = nine.to_string().chars().filter_map(|letter| letter.to_digit(10)).collect();
    crate::fhir::nhs_number::check_digit(&digits).map(u64::from)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn known_numbers() {
        assert_eq!(check_digit(943_476_591), Some(9));
        assert_eq!(check_digit(999_999_999), Some(9));
    }

    #[test]
    fn runs_of_different_seeds_share_no_number() {
        let mut seen = HashSet::new();
        for seed in 0..40 {
            for index in 0..1_200 {
                assert!(seen.insert(nhs_number(seed, index)), "seed {seed}, patient {index}");
            }
        }
    }

    #[test]
    fn every_index_has_its_own_valid_number() {
        let mut seen = HashSet::new();
        for index in (0..20_000).chain(99_990..100_010).chain(MAX_PATIENTS - 50..MAX_PATIENTS) {
            let number = nhs_number(1, index);
            let value: u64 = number.parse().expect("digits");
            assert_eq!(number.len(), 10, "{number}");
            assert!(number.starts_with("999") && number != "9999999999", "{number}");
            assert_eq!(check_digit(value / 10), Some(value % 10), "{number}");
            assert!(seen.insert(value), "{number} twice");
        }
    }
}
