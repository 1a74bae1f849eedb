//! Owns the numbers behind a person's measurements, so that results hang together: height and
//! weight give the BMI, kidney function gives the creatinine, diabetes gives the HbA1c.

use time::Date;

use super::conditions::{History, between_points};
use super::dates::{days_between, plus_years};
use super::people::{Person, Sex};
use super::rng::Rng;
use super::tables::conditions::Tag;

/// Usual values of one person; what is measured moves around them.
pub(super) struct Body<'a> {
    person: &'a Person,
    history: &'a History,
    /// Adult height in millimetres.
    height: i64,
    /// Adult BMI in tenths.
    bmi: i64,
    pub(super) systolic: i64,
    pub(super) haemoglobin: i64,
    pub(super) platelets: i64,
    pub(super) cholesterol: i64,
    pub(super) drinks: i64,
    /// How far above or below the typical child, in thousandths.
    stature: i64,
}

/// Months of age and millimetres, girls and boys alike until 12.
const HEIGHT: [(i64, i64); 14] = [
    (0, 500),
    (3, 605),
    (6, 670),
    (12, 750),
    (24, 865),
    (36, 950),
    (48, 1025),
    (60, 1095),
    (84, 1215),
    (108, 1330),
    (132, 1430),
    (156, 1550),
    (180, 1650),
    (216, 1720),
];

/// Months of age and hundred grams.
const WEIGHT: [(i64, i64); 14] = [
    (0, 34),
    (3, 62),
    (6, 78),
    (12, 96),
    (24, 122),
    (36, 143),
    (48, 163),
    (60, 184),
    (84, 230),
    (108, 285),
    (132, 360),
    (156, 460),
    (180, 560),
    (216, 650),
];

impl<'a> Body<'a> {
    pub(super) fn new(rng: &mut Rng, person: &'a Person, history: &'a History) -> Self {
        let female = person.sex == Sex::Female;
        let obese = history.has(Tag::Obesity);
        let anaemic = history.has(Tag::IronDeficiency);
        Self {
            person,
            history,
            height: rng.near(if female { 1630 } else { 1760 }, 150),
            bmi: if obese { rng.near(340, 35) } else { rng.near(245, 45) },
            systolic: if history.has(Tag::Hypertension) { rng.near(140, 14) } else { rng.near(121, 14) },
            haemoglobin: rng.near(if female { 132 } else { 147 }, 12) - if anaemic { 24 } else { 0 },
            platelets: rng.near(255, 80),
            cholesterol: if history.has(Tag::Cholesterol) { rng.near(610, 70) } else { rng.near(490, 90) },
            drinks: rng.near(9, 9),
            stature: rng.near(1000, 70),
        }
    }

    pub(super) fn age(&self, day: Date) -> i64 {
        self.person.age_on(day)
    }

    pub(super) fn sex(&self) -> Sex {
        self.person.sex
    }

    pub(super) fn had(&self, tag: Tag, day: Date) -> bool {
        self.history.since(tag, day).is_some_and(|problem| problem.end.is_none_or(|end| end > day))
    }

    fn months(&self, day: Date) -> i64 {
        days_between(self.person.birth, day) * 12 / 365
    }

    /// In millimetres, to the half centimetre.
    pub(super) fn height(&self, day: Date) -> i64 {
        let months = self.months(day);
        let grown = if months >= 216 {
            self.height
        } else {
            let typical = between_points(&HEIGHT, months) * self.stature / 1000;
            typical.min(self.height)
        };
        (grown + 2) / 5 * 5
    }

    /// In hundred grams, with the day's noise.
    pub(super) fn weight(&self, rng: &mut Rng, day: Date) -> i64 {
        let months = self.months(day);
        let adult = self.bmi * self.height * self.height / 1_000_000;
        if months >= 216 {
            // A little heavier each year until 60.
            let drift = (self.age(day).min(60) - 40) * adult / 400;
            return (adult + drift + rng.near(0, adult / 40)).max(350);
        }
        let typical = between_points(&WEIGHT, months) * self.stature / 1000 * self.stature / 1000;
        rng.near(typical.min(adult.max(400)), typical / 25)
    }

    /// In tenths, from millimetres and hundred grams.
    pub(super) fn bmi(height: i64, weight: i64) -> i64 {
        // weight/10 kg over (height/1000 m)², times 10, rounded.
        (weight * 1_000_000 + height * height / 2) / (height * height)
    }

    /// Estimated glomerular filtration rate.
    pub(super) fn egfr(&self, rng: &mut Rng, day: Date) -> i64 {
        if self.had(Tag::Kidney, day) {
            return rng.near(46, 12);
        }
        let by_age = between_points(&[(20, 110), (40, 98), (60, 84), (80, 69), (100, 62)], self.age(day));
        rng.near(by_age, 8).max(61)
    }

    /// Creatinine in µmol/l that gives this filtration at this age and sex, near enough.
    pub(super) fn creatinine(&self, egfr: i64) -> i64 {
        let male = between_points(&[(30, 200), (45, 145), (60, 108), (75, 92), (90, 79), (110, 66), (130, 55)], egfr);
        if self.person.sex == Sex::Female { male * 78 / 100 } else { male }
    }

    /// HbA1c in mmol/mol.
    pub(super) fn hba1c(&self, rng: &mut Rng, day: Date) -> i64 {
        match () {
            () if self.had(Tag::Diabetes1, day) => rng.near(66, 14),
            () if self.had(Tag::Diabetes2, day) => rng.near(57, 12),
            () if self.had(Tag::Prediabetes, day) => rng.near(44, 2),
            () => rng.near(36, 4),
        }
    }

    /// TSH in hundredths of mU/l: treated thyroids are mostly in range.
    pub(super) fn tsh(&self, rng: &mut Rng, day: Date) -> i64 {
        if self.had(Tag::Hypothyroid, day) && rng.permille(250) {
            return rng.between(480, 1150);
        }
        if self.had(Tag::Hyperthyroid, day) {
            return rng.between(1, 25);
        }
        rng.near(190, 120)
    }

    /// Resting pulse at this age.
    pub(super) fn pulse(&self, rng: &mut Rng, day: Date) -> i64 {
        let typical =
            between_points(&[(0, 130), (1, 115), (5, 98), (10, 84), (16, 74), (40, 73), (80, 74)], self.age(day));
        rng.near(typical, 14)
    }

    /// Breaths a minute at this age.
    pub(super) fn breaths(&self, rng: &mut Rng, day: Date) -> i64 {
        let typical = between_points(&[(0, 38), (1, 30), (5, 22), (10, 19), (16, 16), (80, 17)], self.age(day));
        rng.near(typical, 3)
    }

    /// Systolic and diastolic pressure.
    pub(super) fn pressure(&self, rng: &mut Rng, day: Date) -> (i64, i64) {
        let age = self.age(day);
        let usual = if age < 18 {
            between_points(&[(0, 84), (2, 92), (6, 100), (12, 110), (18, 118)], age)
        } else {
            self.systolic + (age - 50).clamp(-20, 40) / 5
        };
        let systolic = rng.near(usual, 13);
        (systolic, rng.near(systolic * 60 / 100 + 3, 6))
    }

    /// The first day on which tests for grown-ups make sense.
    pub(super) fn grown_up(&self) -> Date {
        plus_years(self.person.birth, 16)
    }
}
