//! Owns what an agreement weighs, and when two descriptions are graded as one person.
//!
//! The points are a practical reading of how the Personal Demographics Service is traced: an NHS number with a date of birth
//! finds a person, demographics alone do so only when all of them agree, and relatives under one roof share all but a given
//! name. So points alone never make a match certain; a rule does.

use super::compare::{Agreement, Comparison};

/// Points of one detail: when it agrees, nearly does, differs. What one side does not say counts nothing.
pub struct Weight {
    pub detail: &'static str,
    pub agrees: i32,
    pub nearly: i32,
    pub differs: i32,
}

/// The table. Everything but the NHS number makes 63; the number with the date of birth, 75.
#[rustfmt::skip]
pub const WEIGHTS: [Weight; 7] = [
    Weight { detail: "NHS number",       agrees: 50, nearly: 0,  differs: -25 },
    Weight { detail: "other identifier", agrees: 30, nearly: 0,  differs: 0 },
    Weight { detail: "date of birth",    agrees: 25, nearly: 15, differs: -25 },
    Weight { detail: "family name",      agrees: 12, nearly: 8,  differs: -6 },
    Weight { detail: "given name",       agrees: 12, nearly: 8,  differs: -15 },
    Weight { detail: "postcode",         agrees: 10, nearly: 4,  differs: -2 },
    Weight { detail: "gender",           agrees: 4,  nearly: 0,  differs: -6 },
];

/// The fewest points of a probable match.
pub const PROBABLE: i32 = 55;
/// The fewest points of a possible match.
pub const POSSIBLE: i32 = 30;

/// R4's `match-grade`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    CertainlyNot,
    Possible,
    Probable,
    Certain,
}

impl Grade {
    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Grade::CertainlyNot => "certainly-not",
            Grade::Possible => "possible",
            Grade::Probable => "probable",
            Grade::Certain => "certain",
        }
    }

    /// Where its scores begin, and how many there are, in thousandths.
    fn band(self) -> (i32, i32) {
        match self {
            Grade::CertainlyNot => (0, 490),
            Grade::Possible => (500, 290),
            Grade::Probable => (800, 140),
            Grade::Certain => (950, 50),
        }
    }
}

/// How sure it is that two are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    pub grade: Grade,
    /// Thousandths: the grade gives the range, the points the place in it.
    pub thousandths: i32,
}

impl Score {
    /// Weighs a comparison.
    pub fn of(comparison: &Comparison) -> Score {
        let points = points(comparison);
        let grade = match points {
            _ if is_certain(comparison) => Grade::Certain,
            PROBABLE.. => Grade::Probable,
            POSSIBLE.. => Grade::Possible,
            _ => Grade::CertainlyNot,
        };
        let (from, length) = grade.band();
        Score { grade, thousandths: from + length * points.clamp(0, 100) / 100 }
    }

    /// As a JSON number.
    pub fn text(self) -> String {
        match self.thousandths {
            1000 => "1".to_owned(),
            part => format!("0.{part:03}"),
        }
    }
}

/// The sum of the table.
fn points(c: &Comparison) -> i32 {
    let found = [c.number, c.identifier, c.birth, c.family, c.given, c.postcode, c.gender];
    let weigh = |(agreement, weight): (Agreement, &Weight)| match agreement {
        Agreement::Agrees => weight.agrees,
        Agreement::Nearly => weight.nearly,
        Agreement::Differs => weight.differs,
        Agreement::Unknown => 0,
    };
    found.into_iter().zip(&WEIGHTS).map(weigh).sum()
}

/// Certain is: an NHS number or an identifier of one and the same system, with the date of birth, and no name that speaks
/// against it; or every one of family, given name, date of birth, postcode and gender, exactly, and no number that does.
fn is_certain(c: &Comparison) -> bool {
    use Agreement::{Agrees, Differs};
    // Twins differ in the given name alone; a family name may change, when the given name is the same.
    let names_fit = c.given != Differs && (c.family != Differs || c.given == Agrees);
    let numbered = c.number == Agrees || (c.identifier == Agrees && c.number != Differs);
    let all = [c.family, c.given, c.birth, c.postcode, c.gender].iter().all(|one| *one == Agrees);
    (numbered && c.birth == Agrees && names_fit) || (all && c.number != Differs)
}

#[cfg(test)]
mod tests {
    use super::Agreement::{Agrees, Differs, Nearly, Unknown};
    use super::*;

    #[test]
    fn grades_follow_the_rules() {
        // number, identifier, birth, family, given, postcode, gender
        for (c, grade) in [
            ([Agrees, Unknown, Agrees, Unknown, Unknown, Unknown, Unknown], Grade::Certain),
            ([Agrees, Unknown, Agrees, Differs, Agrees, Differs, Agrees], Grade::Certain),
            ([Agrees, Unknown, Agrees, Agrees, Differs, Agrees, Agrees], Grade::Probable),
            ([Agrees, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown], Grade::Possible),
            ([Agrees, Unknown, Differs, Agrees, Agrees, Unknown, Unknown], Grade::Possible),
            ([Unknown, Unknown, Agrees, Agrees, Agrees, Agrees, Agrees], Grade::Certain),
            ([Differs, Unknown, Agrees, Agrees, Agrees, Agrees, Agrees], Grade::Possible),
            ([Unknown, Unknown, Agrees, Agrees, Differs, Agrees, Agrees], Grade::Possible),
            ([Unknown, Unknown, Agrees, Nearly, Nearly, Agrees, Agrees], Grade::Probable),
            ([Unknown, Unknown, Agrees, Agrees, Agrees, Unknown, Agrees], Grade::Possible),
            ([Unknown, Unknown, Nearly, Agrees, Agrees, Agrees, Agrees], Grade::Possible),
            ([Unknown, Unknown, Differs, Agrees, Agrees, Agrees, Agrees], Grade::CertainlyNot),
            ([Unknown, Agrees, Agrees, Agrees, Unknown, Unknown, Unknown], Grade::Certain),
        ] {
            let [number, identifier, birth, family, given, postcode, gender] = c;
            let score = Score::of(&Comparison { number, identifier, birth, family, given, postcode, gender });
            assert_eq!(score.grade, grade, "{c:?} {score:?}");
        }
    }

    #[test]
    fn a_better_grade_has_a_higher_score() {
        let bands = [Grade::CertainlyNot, Grade::Possible, Grade::Probable, Grade::Certain].map(Grade::band);
        assert!(bands.windows(2).all(|two| two[0].0 + two[0].1 < two[1].0));
        assert_eq!(Score { grade: Grade::Certain, thousandths: 1000 }.text(), "1");
        assert_eq!(Score { grade: Grade::Possible, thousandths: 50 }.text(), "0.050");
    }
}
