//! Owns which medicine follows from which condition: repeats, short courses and everyday remedies.

use super::conditions::Tag;
use super::medicines::*;

/// A medicine taken month after month for a long-term condition.
pub struct Regimen {
    pub treats: Tag,
    pub permille: u32,
    /// In this order, as the dose goes up.
    pub steps: &'static [&'static Medicine],
    /// Not for people who have one of these.
    pub unless: &'static [Tag],
    /// Only beside a medicine of this line.
    pub beside: Option<&'static str>,
    pub ages: (i64, i64),
}

const fn repeat(treats: Tag, permille: u32, steps: &'static [&'static Medicine]) -> Regimen {
    Regimen {
        treats,
        permille,
        steps,
        unless: &[],
        beside: None,
        ages: (12, 110),
    }
}

const fn unless(tags: &'static [Tag], regimen: Regimen) -> Regimen {
    Regimen {
        unless: tags,
        ..regimen
    }
}

const fn beside(line: &'static str, regimen: Regimen) -> Regimen {
    Regimen {
        beside: Some(line),
        ..regimen
    }
}

const fn aged(from: i64, to: i64, regimen: Regimen) -> Regimen {
    Regimen {
        ages: (from, to),
        ..regimen
    }
}

/// Anti-inflammatory tablets are kept from these.
const NO_NSAID: &[Tag] = &[
    Tag::Kidney,
    Tag::HeartFailure,
    Tag::HeartDisease,
    Tag::Fibrillation,
    Tag::Stroke,
    Tag::Reflux,
    Tag::Asthma,
];

const RAMIPRIL: &[&Medicine] = &[&RAMIPRIL_2_5, &RAMIPRIL_5, &RAMIPRIL_10];
const BISOPROLOL: &[&Medicine] = &[&BISOPROLOL_2_5, &BISOPROLOL_5];
const ATORVASTATIN: &[&Medicine] = &[&ATORVASTATIN_20, &ATORVASTATIN_40];
const LUNGS: &[Tag] = &[Tag::Asthma, Tag::Copd];

/// In order: of two for the same line, the first that is drawn stays.
pub const REGIMENS: &[Regimen] = &[
    repeat(Tag::Diabetes1, 1000, &[&LANTUS]),
    repeat(Tag::HeartFailure, 850, RAMIPRIL),
    unless(LUNGS, repeat(Tag::HeartFailure, 750, BISOPROLOL)),
    repeat(Tag::HeartFailure, 850, &[&FUROSEMIDE_40]),
    unless(LUNGS, repeat(Tag::Fibrillation, 700, BISOPROLOL)),
    repeat(Tag::Fibrillation, 900, &[&APIXABAN_5]),
    repeat(Tag::Fibrillation, 120, &[&DIGOXIN_125]),
    repeat(Tag::HeartDisease, 850, ATORVASTATIN),
    unless(&[Tag::Fibrillation, Tag::Stroke], repeat(Tag::HeartDisease, 850, &[&ASPIRIN_75])),
    unless(LUNGS, repeat(Tag::HeartDisease, 500, BISOPROLOL)),
    repeat(Tag::Stroke, 850, ATORVASTATIN),
    unless(&[Tag::Fibrillation], repeat(Tag::Stroke, 900, &[&CLOPIDOGREL_75])),
    repeat(Tag::Hypertension, 620, RAMIPRIL),
    repeat(Tag::Hypertension, 560, &[&AMLODIPINE_5, &AMLODIPINE_10]),
    repeat(Tag::Hypertension, 80, &[&DOXAZOSIN_4]),
    repeat(Tag::Cholesterol, 700, ATORVASTATIN),
    repeat(Tag::Cholesterol, 500, &[&SIMVASTATIN_40]),
    repeat(Tag::Diabetes2, 850, &[&METFORMIN_MR, &METFORMIN_1G]),
    repeat(Tag::Diabetes2, 300, &[&GLICLAZIDE_80]),
    aged(40, 110, repeat(Tag::Diabetes2, 600, ATORVASTATIN)),
    repeat(Tag::Hypothyroid, 950, &[&LEVOTHYROXINE_100]),
    unless(LUNGS, repeat(Tag::Hyperthyroid, 300, &[&PROPRANOLOL_40])),
    repeat(Tag::Reflux, 600, &[&OMEPRAZOLE_20]),
    repeat(Tag::Reflux, 600, &[&LANSOPRAZOLE_30]),
    aged(65, 110, beside("aspirin", repeat(Tag::HeartDisease, 800, &[&OMEPRAZOLE_20]))),
    aged(18, 110, repeat(Tag::Depression, 400, &[&CITALOPRAM_20])),
    aged(18, 110, repeat(Tag::Depression, 250, &[&FLUOXETINE_20])),
    aged(18, 110, repeat(Tag::Anxiety, 250, &[&ESCITALOPRAM_10])),
    unless(LUNGS, aged(18, 75, repeat(Tag::Anxiety, 200, &[&PROPRANOLOL_40]))),
    repeat(Tag::Psychosis, 600, &[&OLANZAPINE_5]),
    repeat(Tag::Psychosis, 800, &[&RISPERIDONE_1]),
    aged(4, 110, repeat(Tag::Asthma, 920, &[&SALBUTAMOL])),
    aged(5, 110, repeat(Tag::Asthma, 750, &[&BECLOMETASONE])),
    repeat(Tag::Copd, 850, &[&SALBUTAMOL]),
    unless(&[Tag::Asthma], repeat(Tag::Copd, 700, &[&TRELEGY])),
    unless(&[Tag::HeartDisease, Tag::Stroke, Tag::Hypertension], aged(18, 65, repeat(Tag::Migraine, 500, &[&SUMATRIPTAN_50]))),
    aged(18, 110, repeat(Tag::Bowel, 450, &[&MEBEVERINE_135])),
    repeat(Tag::Prostate, 650, &[&TAMSULOSIN]),
    repeat(Tag::Prostate, 250, &[&FINASTERIDE_5]),
    repeat(Tag::IronDeficiency, 700, &[&FERROUS_FUMARATE]),
    unless(NO_NSAID, aged(16, 52, repeat(Tag::HeavyPeriods, 350, &[&NAPROXEN_250]))),
    repeat(Tag::Arthritis, 500, &[&CO_CODAMOL]),
    unless(NO_NSAID, aged(18, 75, repeat(Tag::Arthritis, 450, &[&NAPROXEN_250]))),
    aged(18, 110, repeat(Tag::BackPain, 400, &[&CO_CODAMOL])),
    unless(NO_NSAID, aged(18, 65, repeat(Tag::BackPain, 300, &[&NAPROXEN_250]))),
    aged(1, 110, repeat(Tag::Eczema, 500, &[&HYDROCORTISONE])),
    repeat(Tag::HayFever, 450, &[&CETIRIZINE]),
    repeat(Tag::HayFever, 400, &[&LORATADINE]),
    repeat(Tag::HayFever, 350, &[&MOMETASONE]),
];

/// What a passing illness is treated with: the first option that no allergy forbids.
pub struct ShortCourse {
    pub treats: Tag,
    pub ages: (i64, i64),
    pub permille: u32,
    pub options: &'static [&'static Medicine],
    pub days: (i64, i64),
}

const fn course(
    treats: Tag,
    ages: (i64, i64),
    permille: u32,
    days: (i64, i64),
    options: &'static [&'static Medicine],
) -> ShortCourse {
    ShortCourse {
        treats,
        ages,
        permille,
        options,
        days,
    }
}

const ADULT: (i64, i64) = (18, 110);
const FROM_12: (i64, i64) = (12, 110);
const CHILD: (i64, i64) = (1, 11);

pub const SHORT_COURSES: &[ShortCourse] = &[
    course(Tag::Throat, FROM_12, 700, (5, 10), &[&PENICILLIN_V, &CLARITHROMYCIN]),
    course(Tag::Throat, CHILD, 600, (5, 10), &[&PENICILLIN_V_LIQUID]),
    course(Tag::Chest, FROM_12, 750, (5, 7), &[&AMOXICILLIN_500, &DOXYCYCLINE, &CLARITHROMYCIN]),
    course(Tag::Chest, CHILD, 600, (5, 7), &[&AMOXICILLIN_LIQUID]),
    course(Tag::Ear, FROM_12, 500, (5, 7), &[&AMOXICILLIN_500, &CLARITHROMYCIN]),
    course(Tag::Ear, CHILD, 500, (5, 7), &[&AMOXICILLIN_LIQUID]),
    course(Tag::Urine, FROM_12, 850, (3, 7), &[&NITROFURANTOIN]),
    course(Tag::Urine, CHILD, 700, (3, 7), &[&AMOXICILLIN_LIQUID]),
    course(Tag::Skin, FROM_12, 900, (5, 7), &[&FLUCLOXACILLIN, &CLARITHROMYCIN, &DOXYCYCLINE]),
    course(Tag::Stomach, ADULT, 250, (2, 4), &[&LOPERAMIDE]),
    course(Tag::Eye, (2, 110), 700, (5, 7), &[&CHLORAMPHENICOL]),
    course(Tag::Thrush, (16, 70), 800, (1, 1), &[&FLUCONAZOLE]),
    course(Tag::Shingles, ADULT, 900, (7, 7), &[&ACICLOVIR]),
    course(Tag::Pain, ADULT, 300, (3, 21), &[&CO_CODAMOL]),
    course(Tag::Pain, ADULT, 150, (3, 3), &[&CODEINE_30]),
    course(Tag::Pain, CHILD, 400, (3, 7), &[&IBUPROFEN_LIQUID]),
    course(Tag::Constipation, (1, 17), 700, (14, 90), &[&LACTULOSE]),
    course(Tag::Constipation, ADULT, 600, (14, 90), &[&LAXIDO]),
    course(Tag::Constipation, ADULT, 300, (7, 28), &[&SENNA]),
    course(Tag::Fungus, (5, 110), 800, (14, 28), &[&CLOTRIMAZOLE]),
    course(Tag::Eczema, (1, 110), 500, (7, 14), &[&HYDROCORTISONE]),
];

/// Everyday remedies, by age, with the complaint they were given for.
pub struct Remedy {
    pub medicine: &'static Medicine,
    pub ages: (i64, i64),
    pub weight: u32,
    pub days: (i64, i64),
    pub reason: (&'static str, &'static str),
}

const fn remedy(
    medicine: &'static Medicine,
    ages: (i64, i64),
    weight: u32,
    days: (i64, i64),
    reason: (&'static str, &'static str),
) -> Remedy {
    Remedy {
        medicine,
        ages,
        weight,
        days,
        reason,
    }
}

pub const REMEDIES: &[Remedy] = &[
    remedy(&PARACETAMOL_500, (16, 110), 25, (5, 30), ("25064002", "Headache")),
    remedy(&PARACETAMOL_500, (16, 110), 15, (5, 60), ("57676002", "Joint pain")),
    remedy(&IBUPROFEN_400, (16, 60), 20, (5, 14), ("279039007", "Low back pain")),
    remedy(&SENNA, (18, 110), 8, (7, 28), ("14760008", "Constipation")),
    remedy(&LORATADINE, (12, 110), 10, (14, 60), ("418290006", "Itching")),
    remedy(&LOPERAMIDE, (18, 110), 6, (2, 4), ("62315008", "Diarrhoea")),
    remedy(&CODEINE_30, (18, 70), 6, (3, 3), ("279039007", "Low back pain")),
    remedy(&CETIRIZINE, (12, 110), 15, (28, 90), ("247472004", "Urticaria")),
    remedy(&CLOTRIMAZOLE, (12, 110), 10, (14, 28), ("6020002", "Tinea pedis")),
    remedy(&HYDROCORTISONE, (2, 110), 20, (7, 14), ("271807003", "Eruption of skin")),
    remedy(&CHLORAMPHENICOL, (2, 110), 10, (5, 7), ("9826008", "Conjunctivitis")),
    remedy(&LAXIDO, (18, 110), 12, (14, 60), ("14760008", "Constipation")),
    remedy(&OMEPRAZOLE_20, (18, 110), 20, (28, 56), ("162031009", "Indigestion")),
    remedy(&MOMETASONE, (18, 80), 12, (28, 90), ("68235000", "Nasal congestion")),
    remedy(&PARACETAMOL_LIQUID, (6, 11), 40, (3, 10), ("386661006", "Fever")),
    remedy(&PARACETAMOL_INFANT, (0, 5), 60, (3, 10), ("386661006", "Fever")),
    remedy(&IBUPROFEN_LIQUID, (1, 11), 25, (3, 7), ("386661006", "Fever")),
    remedy(&CHLORPHENAMINE_LIQUID, (1, 11), 20, (3, 10), ("271807003", "Eruption of skin")),
    remedy(&LACTULOSE, (1, 15), 12, (14, 60), ("14760008", "Constipation")),
    remedy(&PARACETAMOL_500, (12, 15), 30, (3, 10), ("386661006", "Fever")),
];
