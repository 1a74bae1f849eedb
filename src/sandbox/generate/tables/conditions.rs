//! Owns the medical facts about conditions: SNOMED CT codes, who gets them, when, how often.

use Course::{Event, Relapsing};
use Sex::{Female, Male};

use super::super::people::Sex;

/// What other subjects ask about: treatment, tests and plans follow from these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tag {
    Hypertension,
    Diabetes1,
    Diabetes2,
    Prediabetes,
    Asthma,
    Copd,
    Depression,
    Anxiety,
    Kidney,
    Fibrillation,
    HeartDisease,
    Stroke,
    HeartFailure,
    Cholesterol,
    Hypothyroid,
    Hyperthyroid,
    Obesity,
    Reflux,
    Bowel,
    Arthritis,
    BackPain,
    Migraine,
    Eczema,
    HayFever,
    Prostate,
    Cancer,
    Dementia,
    Gout,
    IronDeficiency,
    Psychosis,
    Menopause,
    HeavyPeriods,
    Throat,
    Chest,
    Ear,
    Urine,
    Skin,
    Stomach,
    Eye,
    Thrush,
    Shingles,
    Pain,
    Constipation,
    Fungus,
    Insomnia,
    Other,
}

/// How a long-term condition goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Chronic,
    /// May be in remission.
    Relapsing,
    /// Happened once and stays on the problem list.
    Event,
}

/// A condition that stays.
pub struct LongTerm {
    pub code: &'static str,
    pub display: &'static str,
    pub tag: Tag,
    pub course: Course,
    pub sex: Option<Sex>,
    /// Never before this age.
    pub from_age: i64,
    /// People in a thousand who have it at ages 10, 30, 50 and 80.
    pub permille: [i64; 4],
}

const fn chronic(code: &'static str, display: &'static str, tag: Tag, from_age: i64, permille: [i64; 4]) -> LongTerm {
    LongTerm { code, display, tag, course: Course::Chronic, sex: None, from_age, permille }
}

const fn with(course: Course, entry: LongTerm) -> LongTerm {
    LongTerm { course, ..entry }
}

const fn only(sex: Sex, entry: LongTerm) -> LongTerm {
    LongTerm { sex: Some(sex), ..entry }
}

pub const LONG_TERM: &[LongTerm] = &[
    chronic("38341003", "Hypertension", Tag::Hypertension, 28, [0, 30, 270, 650]),
    chronic("46635009", "Type 1 diabetes mellitus", Tag::Diabetes1, 4, [2, 6, 6, 5]),
    chronic("44054006", "Type 2 diabetes mellitus", Tag::Diabetes2, 25, [0, 12, 130, 260]),
    chronic("15777000", "Prediabetes", Tag::Prediabetes, 25, [0, 20, 120, 150]),
    chronic("414916001", "Obesity", Tag::Obesity, 12, [20, 150, 290, 260]),
    chronic("13644009", "Hypercholesterolaemia", Tag::Cholesterol, 30, [0, 20, 220, 430]),
    chronic("195967001", "Asthma", Tag::Asthma, 4, [110, 110, 90, 80]),
    chronic("13645005", "Chronic obstructive pulmonary disease", Tag::Copd, 42, [0, 0, 90, 300]),
    with(Relapsing, chronic("35489007", "Depressive disorder", Tag::Depression, 15, [0, 150, 190, 160])),
    with(Relapsing, chronic("197480006", "Anxiety disorder", Tag::Anxiety, 12, [10, 160, 160, 110])),
    chronic("58214004", "Schizophrenia", Tag::Psychosis, 18, [0, 8, 10, 6]),
    chronic("13746004", "Bipolar disorder", Tag::Psychosis, 18, [0, 8, 9, 5]),
    chronic("433144002", "Chronic kidney disease stage 3", Tag::Kidney, 45, [0, 0, 30, 320]),
    chronic("49436004", "Atrial fibrillation", Tag::Fibrillation, 45, [0, 0, 15, 150]),
    chronic("53741008", "Coronary heart disease", Tag::HeartDisease, 42, [0, 0, 30, 200]),
    with(Event, chronic("22298006", "Myocardial infarction", Tag::HeartDisease, 42, [0, 0, 12, 80])),
    with(Event, chronic("230690007", "Cerebrovascular accident", Tag::Stroke, 45, [0, 0, 10, 85])),
    with(Event, chronic("266257000", "Transient ischaemic attack", Tag::Stroke, 50, [0, 0, 6, 65])),
    chronic("84114007", "Heart failure", Tag::HeartFailure, 55, [0, 0, 5, 95]),

    chronic("40930008", "Hypothyroidism", Tag::Hypothyroid, 18, [0, 22, 55, 95]),
    with(Relapsing, chronic("34486009", "Hyperthyroidism", Tag::Hyperthyroid, 20, [0, 6, 10, 9])),
    chronic("235595009", "Gastro-oesophageal reflux disease", Tag::Reflux, 18, [0, 60, 150, 240]),
    chronic("10743008", "Irritable bowel syndrome", Tag::Bowel, 16, [0, 90, 90, 60]),
    chronic("239873007", "Osteoarthritis of knee", Tag::Arthritis, 40, [0, 0, 90, 330]),
    chronic("239872002", "Osteoarthritis of hip", Tag::Arthritis, 45, [0, 0, 40, 200]),
    chronic("278860009", "Chronic low back pain", Tag::BackPain, 20, [0, 80, 180, 220]),
    with(Relapsing, chronic("37796009", "Migraine", Tag::Migraine, 10, [15, 110, 100, 50])),
    with(Relapsing, chronic("24079001", "Atopic dermatitis", Tag::Eczema, 0, [180, 80, 50, 50])),
    chronic("9014002", "Psoriasis", Tag::Eczema, 12, [4, 22, 30, 30]),
    chronic("61582004", "Allergic rhinitis", Tag::HayFever, 4, [130, 190, 150, 80]),
    only(Male, chronic("266569009", "Benign prostatic hyperplasia", Tag::Prostate, 50, [0, 0, 60, 420])),
    only(Male, with(Relapsing, chronic("399068003", "Malignant tumour of prostate", Tag::Cancer, 52, [0, 0, 5, 110]))),
    only(Male, chronic("860914002", "Erectile dysfunction", Tag::Other, 35, [0, 5, 80, 160])),
    only(Female, with(Relapsing, chronic("254837009", "Malignant neoplasm of breast", Tag::Cancer, 35, [0, 1, 20, 90]))),
    only(Female, chronic("129103003", "Endometriosis", Tag::Other, 18, [0, 25, 40, 20])),
    only(Female, chronic("237055002", "Polycystic ovary syndrome", Tag::Other, 16, [0, 70, 60, 20])),
    only(Female, with(Event, chronic("289903006", "Menopause present", Tag::Menopause, 47, [0, 0, 260, 700]))),
    only(Female, with(Relapsing, chronic("386692008", "Menorrhagia", Tag::HeavyPeriods, 13, [0, 50, 90, 0]))),
    with(Relapsing, chronic("363406005", "Malignant tumour of colon", Tag::Cancer, 45, [0, 0, 5, 45])),
    chronic("52448006", "Dementia", Tag::Dementia, 66, [0, 0, 0, 120]),
    chronic("90560007", "Gout", Tag::Gout, 35, [0, 2, 25, 60]),
    with(Relapsing, chronic("87522002", "Iron deficiency anaemia", Tag::IronDeficiency, 12, [5, 60, 60, 70])),
    chronic("193570009", "Cataract", Tag::Other, 58, [0, 0, 0, 380]),
    chronic("23986001", "Glaucoma", Tag::Other, 45, [0, 0, 12, 75]),
    chronic("60700002", "Sensorineural hearing loss", Tag::Other, 50, [0, 0, 40, 330]),
    chronic("78275009", "Obstructive sleep apnoea syndrome", Tag::Other, 30, [0, 6, 35, 45]),
    chronic("406506008", "Attention deficit hyperactivity disorder", Tag::Other, 6, [30, 30, 10, 0]),
    chronic("408856003", "Autistic disorder", Tag::Other, 3, [22, 14, 6, 0]),
];

/// Who has one does not get the other.
pub const EXCLUSIVE: &[(&str, &str)] = &[
    ("46635009", "44054006"),
    ("46635009", "15777000"),
    ("44054006", "15777000"),
    ("40930008", "34486009"),
    ("58214004", "13746004"),
    ("24079001", "9014002"),
];

/// Who usually sees it first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Clinic,
    Hospital,
    /// Hospital, often by ambulance.
    Emergency,
}

/// An illness that passes.
pub struct Episode {
    pub code: &'static str,
    pub display: &'static str,
    pub tag: Tag,
    pub sex: Option<Sex>,
    pub ages: (i64, i64),
    pub days: (i64, i64),
    /// Weights under 16, under 60, and over.
    pub weights: [u32; 3],
    pub place: Place,
    /// At most once in a life.
    pub once: bool,
}

const fn passing(code: &'static str, display: &'static str, tag: Tag, days: (i64, i64), weights: [u32; 3]) -> Episode {
    Episode { code, display, tag, sex: None, ages: (0, 110), days, weights, place: Place::Clinic, once: false }
}

const fn aged(from: i64, to: i64, entry: Episode) -> Episode {
    Episode { ages: (from, to), ..entry }
}

const fn admitted(entry: Episode) -> Episode {
    Episode { place: Place::Hospital, ..entry }
}

const fn emergency(entry: Episode) -> Episode {
    Episode { place: Place::Emergency, ..entry }
}

const fn once(entry: Episode) -> Episode {
    Episode { once: true, ..entry }
}

const fn women(entry: Episode) -> Episode {
    Episode { sex: Some(Female), ..entry }
}

pub const EPISODES: &[Episode] = &[
    passing("54150009", "Upper respiratory infection", Tag::Other, (4, 12), [140, 60, 40]),
    passing("195662009", "Acute viral pharyngitis", Tag::Other, (3, 8), [70, 40, 15]),
    aged(2, 110, passing("17741008", "Acute tonsillitis", Tag::Throat, (5, 10), [60, 30, 4])),
    passing("65363002", "Otitis media", Tag::Ear, (5, 12), [80, 12, 6]),
    aged(8, 110, passing("444814009", "Viral sinusitis", Tag::Other, (7, 21), [10, 30, 20])),
    passing("10509002", "Acute bronchitis", Tag::Chest, (7, 21), [10, 30, 50]),
    passing("50417007", "Lower respiratory tract infection", Tag::Chest, (7, 21), [20, 30, 60]),
    aged(1, 110, admitted(passing("233604007", "Pneumonia", Tag::Chest, (10, 35), [4, 6, 25]))),
    passing("68566005", "Urinary tract infection", Tag::Urine, (4, 12), [15, 45, 70]),
    aged(1, 110, passing("128045006", "Cellulitis", Tag::Skin, (7, 20), [6, 15, 30])),
    passing("25374005", "Gastroenteritis", Tag::Stomach, (2, 8), [60, 35, 25]),
    passing("9826008", "Conjunctivitis", Tag::Eye, (4, 12), [50, 20, 15]),
    aged(6, 70, passing("44465007", "Sprain of ankle", Tag::Pain, (10, 42), [20, 25, 8])),
    aged(5, 110, emergency(passing("16114001", "Fracture of ankle", Tag::Pain, (42, 84), [6, 8, 12]))),
    aged(4, 110, emergency(passing("65966004", "Fracture of forearm", Tag::Pain, (35, 70), [18, 5, 10]))),
    aged(40, 110, admitted(passing("263199001", "Fracture of distal end of radius", Tag::Pain, (42, 70), [0, 5, 20]))),
    aged(2, 80, admitted(passing("62106007", "Concussion with no loss of consciousness", Tag::Other, (5, 21), [15, 8, 6]))),
    aged(2, 110, passing("284549007", "Laceration of hand", Tag::Other, (10, 21), [15, 15, 10])),
    passing("840539006", "COVID-19", Tag::Other, (6, 28), [15, 40, 40]),
    passing("6142004", "Influenza", Tag::Other, (5, 14), [15, 20, 20]),
    aged(30, 110, once(passing("4740000", "Herpes zoster", Tag::Shingles, (14, 42), [0, 8, 25]))),
    aged(1, 14, once(passing("38907003", "Varicella", Tag::Other, (7, 14), [70, 0, 0]))),
    women(aged(14, 70, passing("72605008", "Candidal vulvovaginitis", Tag::Thrush, (4, 14), [4, 40, 8]))),
    women(aged(19, 43, once(admitted(passing("72892002", "Normal pregnancy", Tag::Other, (260, 284), [0, 45, 0]))))),
    aged(6, 60, once(admitted(passing("74400008", "Appendicitis", Tag::Other, (3, 14), [10, 8, 2])))),
    aged(25, 110, once(admitted(passing("235919008", "Cholelithiasis", Tag::Other, (60, 200), [0, 10, 18])))),
    passing("14760008", "Constipation", Tag::Constipation, (10, 60), [45, 20, 70]),
    aged(6, 110, passing("25064002", "Headache", Tag::Pain, (1, 14), [20, 40, 20])),
    passing("21522001", "Abdominal pain", Tag::Other, (1, 21), [45, 40, 35]),
    aged(18, 110, emergency(passing("29857009", "Chest pain", Tag::Other, (1, 7), [0, 30, 45]))),
    aged(18, 110, passing("267036007", "Dyspnoea", Tag::Other, (2, 28), [0, 12, 40])),
    passing("386661006", "Fever", Tag::Other, (2, 6), [70, 10, 8]),
    passing("49727002", "Cough", Tag::Other, (7, 30), [70, 40, 45]),
    passing("271807003", "Eruption of skin", Tag::Eczema, (5, 30), [70, 35, 30]),
    aged(12, 110, passing("404640003", "Dizziness", Tag::Other, (2, 28), [4, 20, 55])),
    aged(12, 110, passing("84229001", "Fatigue", Tag::Other, (14, 90), [4, 45, 40])),
    aged(16, 110, passing("193462001", "Insomnia", Tag::Insomnia, (14, 120), [0, 35, 40])),
    aged(16, 80, passing("73595000", "Stress", Tag::Other, (14, 120), [0, 35, 10])),
    aged(16, 110, passing("279039007", "Low back pain", Tag::Pain, (7, 60), [0, 55, 45])),
    aged(18, 110, passing("45326000", "Shoulder pain", Tag::Pain, (14, 90), [0, 30, 45])),
    aged(14, 110, passing("30989003", "Knee pain", Tag::Pain, (7, 90), [6, 35, 45])),
    aged(15, 110, emergency(passing("271594007", "Syncope", Tag::Other, (1, 3), [0, 8, 25]))),
    aged(68, 110, emergency(passing("217082002", "Accidental fall", Tag::Other, (1, 3), [0, 0, 60]))),
    aged(40, 110, once(admitted(passing("91302008", "Sepsis", Tag::Chest, (7, 28), [0, 2, 12])))),
    aged(3, 110, passing("43878008", "Streptococcal sore throat", Tag::Throat, (5, 10), [30, 10, 2])),
    aged(10, 70, passing("6020002", "Tinea pedis", Tag::Fungus, (14, 42), [6, 14, 8])),
];
