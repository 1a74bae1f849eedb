//! Owns what can be observed: SNOMED CT and LOINC codes, categories and UCUM units.

use super::super::observation::Test;

type Code = (&'static str, &'static str);

const NONE: Code = ("", "");

const VITAL: &str = "vital-signs";
const SURVEY: &str = "survey";

const fn vital(snomed: Code, loinc: &'static str, unit: Code) -> Test {
    Test { category: VITAL, snomed, loinc, unit }
}

const MMHG: Code = ("mmHg", "mm[Hg]");
const PER_MINUTE: Code = ("per minute", "/min");

pub const PRESSURE: Test = vital(("75367002", "Blood pressure"), "85354-9", NONE);
pub const SYSTOLIC: Test = vital(("72313002", "Systolic arterial pressure"), "8480-6", MMHG);
pub const DIASTOLIC: Test = vital(("1091811000000102", "Diastolic arterial pressure"), "8462-4", MMHG);
pub const DAY_PRESSURE: Test = vital(("314463006", "24 hour blood pressure"), "97844-5", NONE);
pub const DAY_SYSTOLIC: Test = vital(("314464000", "24 hour systolic blood pressure"), "8490-5", MMHG);
pub const DAY_DIASTOLIC: Test = vital(("314465004", "24 hour diastolic blood pressure"), "8472-3", MMHG);
pub const PULSE: Test = vital(("364075005", "Heart rate"), "8867-4", PER_MINUTE);
pub const BREATHS: Test = vital(("86290005", "Respiratory rate"), "9279-1", PER_MINUTE);
pub const OXYGEN: Test = vital(("431314004", "Peripheral oxygen saturation"), "2708-6", ("%", "%"));
pub const TEMPERATURE: Test = vital(("276885007", "Core body temperature"), "8310-5", ("degrees Celsius", "Cel"));
pub const WEIGHT: Test = vital(("27113001", "Body weight"), "29463-7", ("kilogram", "kg"));
pub const HEIGHT: Test = vital(("50373000", "Body height measure"), "8302-2", ("centimetre", "cm"));
pub const BMI: Test = vital(("60621009", "Body mass index"), "39156-5", ("kilogram per square metre", "kg/m2"));
pub const HEAD: Test = vital(("363812007", "Head circumference"), "9843-4", ("centimetre", "cm"));
pub const INSPIRED: Test = vital(("371825009", "Patient on oxygen"), "", NONE);
pub const ALERTNESS: Test = vital(("1104441000000107", "Alert Confusion Voice Pain Unresponsive scale score"), "", NONE);
pub const NEWS2: Test = Test {
    category: SURVEY,
    snomed: ("1104051000000101", "Royal College of Physicians NEWS2 (National Early Warning Score 2) total score"),
    loinc: "",
    unit: ("score", "{ScoreOf}"),
};

const fn laboratory(snomed: Code, loinc: &'static str, unit: Code) -> Test {
    Test { category: "laboratory", snomed, loinc, unit }
}

const GIGA: Code = ("10*9/L", "10*9/L");
const G_L: Code = ("g/L", "g/L");
const MMOL: Code = ("mmol/L", "mmol/L");
const UMOL: Code = ("umol/L", "umol/L");
const IU_L: Code = ("iu/L", "[iU]/L");

pub const FULL_COUNT: Test = laboratory(("1022441000000101", "Full blood count"), "58410-2", NONE);
pub const HAEMOGLOBIN: Test = laboratory(("1022431000000105", "Haemoglobin estimation"), "718-7", G_L);
pub const WHITE: Test = laboratory(("1022541000000102", "Total white cell count"), "6690-2", GIGA);
pub const PLATELETS: Test = laboratory(("1022651000000100", "Platelet count"), "777-3", GIGA);
pub const RED: Test = laboratory(("1022451000000103", "Red blood cell count"), "789-8", ("10*12/L", "10*12/L"));
pub const HAEMATOCRIT: Test = laboratory(("1022291000000105", "Haematocrit"), "4544-3", ("L/L", "L/L"));
pub const CELL_VOLUME: Test = laboratory(("1022491000000106", "Mean cell volume"), "787-2", ("fL", "fL"));
pub const CELL_HAEMOGLOBIN: Test = laboratory(("1022471000000107", "Mean cell haemoglobin level"), "785-6", ("pg", "pg"));
pub const NEUTROPHILS: Test = laboratory(("1022551000000104", "Neutrophil count"), "751-8", GIGA);
pub const LYMPHOCYTES: Test = laboratory(("1022581000000105", "Lymphocyte count"), "731-0", GIGA);
pub const MONOCYTES: Test = laboratory(("1022591000000107", "Monocyte count"), "742-7", GIGA);
pub const EOSINOPHILS: Test = laboratory(("1022561000000101", "Eosinophil count"), "711-2", GIGA);
pub const BASOPHILS: Test = laboratory(("1022571000000108", "Basophil count"), "704-7", GIGA);

pub const RENAL: Test = laboratory(("1015971000000100", "Renal function tests"), "24362-6", NONE);
pub const SODIUM: Test = laboratory(("1000661000000107", "Serum sodium level"), "2951-2", MMOL);
pub const POTASSIUM: Test = laboratory(("1000651000000109", "Serum potassium level"), "2823-3", MMOL);
pub const UREA: Test = laboratory(("1000971000000107", "Serum urea level"), "22664-7", MMOL);
pub const CREATININE: Test = laboratory(("1000731000000107", "Serum creatinine level"), "14682-9", UMOL);
pub const EGFR: Test = laboratory(("1011481000000105", "eGFR using creatinine (CKD-EPI) per 1.73 square metres"), "62238-1", ("mL/min/1.73 m2", "mL/min/{1.73_m2}"));

pub const LIVER: Test = laboratory(("997531000000108", "Liver function tests"), "24325-3", NONE);
pub const ALBUMIN: Test = laboratory(("1000821000000103", "Serum albumin level"), "1751-7", G_L);
pub const ALT: Test = laboratory(("1018251000000107", "Serum alanine aminotransferase level"), "1742-6", IU_L);
pub const ALP: Test = laboratory(("1000621000000104", "Serum alkaline phosphatase level"), "6768-6", IU_L);
pub const BILIRUBIN: Test = laboratory(("999691000000104", "Serum bilirubin level"), "14631-6", UMOL);

pub const LIPIDS: Test = laboratory(("16254007", "Lipid profile"), "24331-1", NONE);
pub const CHOLESTEROL: Test = laboratory(("1005671000000105", "Serum cholesterol level"), "14647-2", MMOL);
pub const HDL: Test = laboratory(("1005681000000107", "Serum HDL cholesterol level"), "14646-4", MMOL);
pub const NON_HDL: Test = laboratory(("1006191000000106", "Serum non-HDL cholesterol level"), "70204-3", MMOL);
pub const TRIGLYCERIDES: Test = laboratory(("1005691000000109", "Serum triglycerides level"), "14927-8", MMOL);

pub const THYROID: Test = laboratory(("1016851000000107", "Thyroid function test"), "55204-2", NONE);
pub const TSH: Test = laboratory(("1022791000000101", "Serum TSH level"), "3016-3", ("mU/L", "m[IU]/L"));
pub const FREE_T4: Test = laboratory(("1016971000000106", "Serum free T4 level"), "14920-3", ("pmol/L", "pmol/L"));

pub const HBA1C: Test = laboratory(("999791000000106", "Haemoglobin A1c level - IFCC standardised"), "59261-8", ("mmol/mol", "mmol/mol"));
pub const CRP: Test = laboratory(("999651000000107", "Plasma C reactive protein level"), "1988-5", ("mg/L", "mg/L"));
pub const FERRITIN: Test = laboratory(("993381000000106", "Serum ferritin level"), "2276-4", ("ug/L", "ug/L"));
pub const GLUCOSE: Test = laboratory(("1010671000000102", "Plasma glucose level"), "14749-6", MMOL);
pub const PSA: Test = laboratory(("1000381000000105", "Serum prostate specific antigen level"), "2857-1", ("ug/L", "ug/L"));

const SOCIAL: &str = "social-history";
const SCORE: Code = ("score", "{score}");

const fn asked(category: &'static str, snomed: Code, loinc: &'static str, unit: Code) -> Test {
    Test { category, snomed, loinc, unit }
}

pub const TOBACCO: Test = asked(SOCIAL, ("365981007", "Tobacco smoking behaviour - finding"), "72166-2", NONE);
pub const ALCOHOL: Test = asked(SOCIAL, ("1082641000000106", "Alcohol units consumed per week"), "", ("units per week", "{unit}/wk"));
pub const PHQ9: Test = asked(SURVEY, ("720433000", "Patient Health Questionnaire 9 score"), "44261-6", SCORE);
pub const GAD7: Test = asked(SURVEY, ("445455005", "Generalised anxiety disorder 7 item score"), "70274-6", SCORE);
pub const FRAILTY: Test = asked(SURVEY, ("763264000", "Canadian Study of Health and Aging Clinical Frailty Scale score"), "", SCORE);
pub const BARTHEL: Test = asked(SURVEY, ("273302005", "Barthel index"), "96761-2", SCORE);
pub const PAIN: Test = asked(SURVEY, ("225908003", "Pain score"), "72514-3", SCORE);
pub const URINE: Test = asked("laboratory", ("27171005", "Urinalysis"), "24356-8", NONE);
pub const FEET: Test = asked("exam", ("401191002", "Diabetic foot examination"), "", NONE);
pub const TRACING: Test = asked("procedure", ("29303009", "Electrocardiographic procedure"), "11524-6", NONE);
