//! Owns laboratory results: panels whose group lists its members, and single tests, with ranges by
//! age and sex.

use serde_json::Value;

use super::body::Body;
use super::condition_table::Tag;
use super::fhir::Decimal;
use super::observations::{Finding, Test, Visit, diabetic, observation};
use super::people::Sex;
use super::rng::Rng;
use super::scribe::Scribe;

#[derive(Clone, Copy)]
pub(super) enum Panel {
    FullCount,
    Kidney,
    Liver,
    Lipids,
    Thyroid,
    Single,
}

type Code = (&'static str, &'static str);

const fn test(snomed: Code, loinc: &'static str, unit: Code) -> Test {
    Test { category: "laboratory", snomed, loinc, unit }
}

const GIGA: Code = ("10*9/L", "10*9/L");
const G_L: Code = ("g/L", "g/L");
const MMOL: Code = ("mmol/L", "mmol/L");
const UMOL: Code = ("umol/L", "umol/L");
const IU_L: Code = ("iu/L", "[iU]/L");
const NONE: Code = ("", "");

const FULL_COUNT: Test = test(("1022441000000101", "Full blood count"), "58410-2", NONE);
const HAEMOGLOBIN: Test = test(("1022431000000105", "Haemoglobin estimation"), "718-7", G_L);
const WHITE: Test = test(("1022541000000102", "Total white cell count"), "6690-2", GIGA);
const PLATELETS: Test = test(("1022651000000100", "Platelet count"), "777-3", GIGA);
const RED: Test = test(("1022451000000103", "Red blood cell count"), "789-8", ("10*12/L", "10*12/L"));
const HAEMATOCRIT: Test = test(("1022291000000105", "Haematocrit"), "4544-3", ("L/L", "L/L"));
const CELL_VOLUME: Test = test(("1022491000000106", "Mean cell volume"), "787-2", ("fL", "fL"));
const CELL_HAEMOGLOBIN: Test = test(("1022471000000107", "Mean cell haemoglobin level"), "785-6", ("pg", "pg"));
const NEUTROPHILS: Test = test(("1022551000000104", "Neutrophil count"), "751-8", GIGA);
const LYMPHOCYTES: Test = test(("1022581000000105", "Lymphocyte count"), "731-0", GIGA);
const MONOCYTES: Test = test(("1022591000000107", "Monocyte count"), "742-7", GIGA);
const EOSINOPHILS: Test = test(("1022561000000101", "Eosinophil count"), "711-2", GIGA);
const BASOPHILS: Test = test(("1022571000000108", "Basophil count"), "704-7", GIGA);

const RENAL: Test = test(("1015971000000100", "Renal function tests"), "24362-6", NONE);
const SODIUM: Test = test(("1000661000000107", "Serum sodium level"), "2951-2", MMOL);
const POTASSIUM: Test = test(("1000651000000109", "Serum potassium level"), "2823-3", MMOL);
const UREA: Test = test(("1000971000000107", "Serum urea level"), "22664-7", MMOL);
const CREATININE: Test = test(("1000731000000107", "Serum creatinine level"), "14682-9", UMOL);
const EGFR: Test = test(("1011481000000105", "eGFR using creatinine (CKD-EPI) per 1.73 square metres"), "62238-1", ("mL/min/1.73 m2", "mL/min/{1.73_m2}"));

const LIVER: Test = test(("997531000000108", "Liver function tests"), "24325-3", NONE);
const ALBUMIN: Test = test(("1000821000000103", "Serum albumin level"), "1751-7", G_L);
const ALT: Test = test(("1018251000000107", "Serum alanine aminotransferase level"), "1742-6", IU_L);
const ALP: Test = test(("1000621000000104", "Serum alkaline phosphatase level"), "6768-6", IU_L);
const BILIRUBIN: Test = test(("999691000000104", "Serum bilirubin level"), "14631-6", UMOL);

const LIPIDS: Test = test(("16254007", "Lipid profile"), "24331-1", NONE);
const CHOLESTEROL: Test = test(("1005671000000105", "Serum cholesterol level"), "14647-2", MMOL);
const HDL: Test = test(("1005681000000107", "Serum HDL cholesterol level"), "14646-4", MMOL);
const NON_HDL: Test = test(("1006191000000106", "Serum non-HDL cholesterol level"), "70204-3", MMOL);
const TRIGLYCERIDES: Test = test(("1005691000000109", "Serum triglycerides level"), "14927-8", MMOL);

const THYROID: Test = test(("1016851000000107", "Thyroid function test"), "55204-2", NONE);
const TSH: Test = test(("1022791000000101", "Serum TSH level"), "3016-3", ("mU/L", "m[IU]/L"));
const FREE_T4: Test = test(("1016971000000106", "Serum free T4 level"), "14920-3", ("pmol/L", "pmol/L"));

const HBA1C: Test = test(("999791000000106", "Haemoglobin A1c level - IFCC standardised"), "59261-8", ("mmol/mol", "mmol/mol"));
const CRP: Test = test(("999651000000107", "Plasma C reactive protein level"), "1988-5", ("mg/L", "mg/L"));
const FERRITIN: Test = test(("993381000000106", "Serum ferritin level"), "2276-4", ("ug/L", "ug/L"));
const GLUCOSE: Test = test(("1010671000000102", "Plasma glucose level"), "14749-6", MMOL);
const PSA: Test = test(("1000381000000105", "Serum prostate specific antigen level"), "2857-1", ("ug/L", "ug/L"));

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
        let finding = if spoilt {
            Finding::Absent("error")
        } else {
            Finding::Ranged(Decimal::new(digits, scale), range)
        };
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
    match rng.weighted(&[if !grown { 0 } else if sugar { 60 } else { 22 }, 30, 20, if sugar { 20 } else { 8 }, psa]) {
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
