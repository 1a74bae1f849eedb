//! Owns laboratory results: panels whose group lists its members, and single tests, with ranges by
//! age and sex.

use serde_json::Value;

use super::body::Body;
use super::fhir::Decimal;
use super::observation::{Finding, Test, Visit, observation};
use super::observations::diabetic;
use super::people::Sex;
use super::rng::Rng;
use super::scribe::Scribe;
use super::tables::conditions::Tag;
use super::tables::tests::{
    ALBUMIN, ALP, ALT, BASOPHILS, BILIRUBIN, CELL_HAEMOGLOBIN, CELL_VOLUME, CHOLESTEROL, CREATININE, CRP, EGFR,
    EOSINOPHILS, FERRITIN, FREE_T4, FULL_COUNT, GLUCOSE, HAEMATOCRIT, HAEMOGLOBIN, HBA1C, HDL, LIPIDS, LIVER,
    LYMPHOCYTES, MONOCYTES, NEUTROPHILS, NON_HDL, PLATELETS, POTASSIUM, PSA, RED, RENAL, SODIUM, THYROID,
    TRIGLYCERIDES, TSH, UREA, WHITE,
};

#[derive(Clone, Copy)]
pub(super) enum Panel {
    FullCount,
    Kidney,
    Liver,
    Lipids,
    Thyroid,
    Single,
}

/// No upper limit.
const OPEN: i64 = i64::MAX;

/// A test, its value, scale and range.
type Result = (&'static Test, i64, u8, (i64, i64));

pub(super) fn panel(scribe: &mut Scribe, body: &Body, visit: &Visit, which: Panel) -> Vec<Value> {
    let rng = &mut scribe.rng;
    let (group, results) = match which {
        Panel::FullCount => (&FULL_COUNT, full_count(rng, body, visit)),
        Panel::Kidney => (&RENAL, kidney(rng, body, visit)),
        Panel::Liver => (&LIVER, liver(rng)),
        Panel::Lipids => (&LIPIDS, lipids(rng, body)),
        Panel::Thyroid => (&THYROID, thyroid(rng, body, visit)),
        Panel::Single => {
            let (test, digits, scale, range) = single(rng, body, visit);
            let finding = Finding::Ranged(Decimal::new(digits, scale), range);
            return vec![observation(scribe, visit, test, finding)];
        }
    };
    let mut members = Vec::with_capacity(results.len() + 1);
    for (test, digits, scale, range) in results {
        // A haemolysed sample has no potassium.
        let spoilt = std::ptr::eq(test, &POTASSIUM) && scribe.rng.permille(15);
        let finding =
            if spoilt { Finding::Absent("error") } else { Finding::Ranged(Decimal::new(digits, scale), range) };
        members.push(observation(scribe, visit, test, finding));
    }
    let whole = observation(scribe, visit, group, Finding::Members(members.clone()));
    members.insert(0, whole);
    members
}

fn full_count(rng: &mut Rng, body: &Body, visit: &Visit) -> Vec<Result> {
    let child = body.age(visit.at.day) < 12;
    let haemoglobin = if child { rng.near(122, 10) } else { rng.near(body.haemoglobin, 7) };
    let range = match (child, body.sex()) {
        (true, _) => (110, 145),
        (false, Sex::Female) => (115, 160),
        (false, Sex::Male) => (130, 175),
    };
    // Small cells go with a low haemoglobin.
    let volume = rng.near(890, 45) - if haemoglobin < 112 && !child { 110 } else { 0 };
    let haematocrit = haemoglobin * 1000 / rng.near(333, 7);
    let red = haematocrit * 1000 / volume.max(1);
    let cell = haemoglobin * 1000 / red.max(1);
    let neutrophils = rng.near(410, 200);
    let lymphocytes = if child { rng.near(350, 120) } else { rng.near(190, 80) };
    let monocytes = rng.near(50, 20);
    let eosinophils = rng.near(18, 16);
    let basophils = rng.between(1, 9);
    let white = neutrophils + lymphocytes + monocytes + eosinophils + basophils;
    vec![
        (&HAEMOGLOBIN, haemoglobin, 0, range),
        (&WHITE, white / 10, 1, (36, 110)),
        (&PLATELETS, rng.near(body.platelets, 40), 0, (140, 400)),
        (&RED, red, 2, (380, 580)),
        (&HAEMATOCRIT, haematocrit, 3, (350, 500)),
        (&CELL_VOLUME, volume, 1, (800, 1000)),
        (&CELL_HAEMOGLOBIN, cell, 1, (270, 330)),
        (&NEUTROPHILS, neutrophils, 2, (180, 750)),
        (&LYMPHOCYTES, lymphocytes, 2, (100, 400)),
        (&MONOCYTES, monocytes, 2, (20, 100)),
        (&EOSINOPHILS, eosinophils, 2, (0, 40)),
        (&BASOPHILS, basophils, 2, (0, 10)),
    ]
}

fn kidney(rng: &mut Rng, body: &Body, visit: &Visit) -> Vec<Result> {
    let egfr = body.egfr(rng, visit.at.day);
    let creatinine = body.creatinine(egfr);
    let limits = if body.sex() == Sex::Female { (45, 84) } else { (59, 104) };
    let urea = rng.near(creatinine * 10 / 15, 12);
    vec![
        (&SODIUM, rng.near(139, 6), 0, (133, 146)),
        (&POTASSIUM, rng.near(44, 8), 1, (35, 53)),
        (&UREA, urea, 1, (25, 78)),
        (&CREATININE, creatinine, 0, limits),
        // Reported as "over 90" above that; the number is kept here for trends.
        (&EGFR, egfr, 0, (60, OPEN)),
    ]
}

fn liver(rng: &mut Rng) -> Vec<Result> {
    let raised = if rng.permille(80) { rng.between(20, 90) } else { 0 };
    vec![
        (&ALBUMIN, rng.near(43, 6), 0, (35, 50)),
        (&ALT, rng.near(24, 16) + raised, 0, (0, 50)),
        (&ALP, rng.near(78, 38) + raised / 2, 0, (30, 130)),
        (&BILIRUBIN, rng.near(9, 7).max(2), 0, (0, 20)),
    ]
}

fn lipids(rng: &mut Rng, body: &Body) -> Vec<Result> {
    let total = rng.near(body.cholesterol, 60);
    let hdl = rng.near(if body.sex() == Sex::Female { 160 } else { 130 }, 40);
    vec![
        (&CHOLESTEROL, total, 2, (0, 500)),
        (&HDL, hdl, 2, (100, OPEN)),
        (&NON_HDL, total - hdl, 2, (0, 400)),
        (&TRIGLYCERIDES, rng.near(140, 90), 2, (0, 170)),
    ]
}

fn thyroid(rng: &mut Rng, body: &Body, visit: &Visit) -> Vec<Result> {
    let tsh = body.tsh(rng, visit.at.day);
    let free = match tsh {
        ..=26 => rng.near(255, 40),
        480.. => rng.near(105, 18),
        _ => rng.near(151, 25),
    };
    vec![(&TSH, tsh, 2, (27, 420)), (&FREE_T4, free, 1, (110, 220))]
}

fn single(rng: &mut Rng, body: &Body, visit: &Visit) -> Result {
    let day = visit.at.day;
    let sugar = diabetic(body, day) || body.had(Tag::Prediabetes, day);
    let psa = if body.sex() == Sex::Male && body.age(day) >= 50 { 12 } else { 0 };
    let grown = body.age(day) >= 16;
    let crp = if rng.permille(250) { rng.between(10, 120) } else { rng.between(1, 5) };
    match rng.weighted(&[
        if !grown {
            0
        } else if sugar {
            60
        } else {
            22
        },
        30,
        20,
        if sugar { 20 } else { 8 },
        psa,
    ]) {
        0 => (&HBA1C, body.hba1c(rng, day), 0, (20, 41)),
        1 => (&CRP, crp, 0, (0, 5)),
        2 => {
            let low = body.had(Tag::IronDeficiency, day);
            (&FERRITIN, if low { rng.between(4, 18) } else { rng.near(110, 80) }, 0, (15, 300))
        }
        3 => {
            let (centre, spread) = if diabetic(body, day) { (94, 35) } else { (52, 9) };
            (&GLUCOSE, rng.near(centre, spread), 1, (39, 78))
        }
        _ => {
            let enlarged = body.had(Tag::Prostate, day) || body.had(Tag::Cancer, day);
            (&PSA, if enlarged { rng.between(180, 780) } else { rng.between(30, 240) }, 2, (0, 400))
        }
    }
}
