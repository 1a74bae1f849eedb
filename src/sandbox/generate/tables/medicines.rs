//! Owns the medicines: dm+d products by name and code, how each is taken, and what it is for.
//! The codes are those of real products (nearly all virtual medicinal products), so that searches
//! and code browsers work; the doses are ordinary ones.

use super::super::fhir::Decimal;

/// A product as it is prescribed.
pub struct Medicine {
    pub code: &'static str,
    pub name: &'static str,
    /// Its class: one medicine of a line at a time, and none that an allergy forbids.
    pub line: &'static str,
    pub directions: &'static str,
    pub dose: Decimal,
    pub unit: (&'static str, &'static str),
    pub times_a_day: u32,
    /// None: by mouth, which nobody writes down.
    pub route: Option<(&'static str, &'static str)>,
    pub as_needed: bool,
}

type Unit = (&'static str, &'static str);

const MG: Unit = ("milligram", "mg");
const MICROGRAM: Unit = ("microgram", "ug");
const ML: Unit = ("millilitre", "mL");
const TABLET: Unit = ("tablet", "{tbl}");
const PUFF: Unit = ("puff", "{puff}");
const APPLICATION: Unit = ("application", "{application}");
const UNITS: Unit = ("unit", "[iU]");
const SACHET: Unit = ("sachet", "{sachet}");
const DROP: Unit = ("drop", "[drp]");

const fn oral(
    code: &'static str,
    name: &'static str,
    line: &'static str,
    directions: &'static str,
    dose: (i64, u8),
    unit: Unit,
    times_a_day: u32,
) -> Medicine {
    let dose = Decimal::new(dose.0, dose.1);
    Medicine { code, name, line, directions, dose, unit, times_a_day, route: None, as_needed: false }
}

const fn by(route: (&'static str, &'static str), medicine: Medicine) -> Medicine {
    Medicine { route: Some(route), ..medicine }
}

const fn needed(medicine: Medicine) -> Medicine {
    Medicine { as_needed: true, ..medicine }
}

const INHALED: (&str, &str) = ("447694001", "Respiratory tract route");
const SKIN: (&str, &str) = ("6064005", "Topical route");
const NASAL: (&str, &str) = ("46713006", "Nasal route");
const EYE: (&str, &str) = ("54485002", "Ophthalmic route");
const INJECTED: (&str, &str) = ("34206005", "Subcutaneous route");

const ONE_DAILY: &str = "One to be taken each day";
const ONE_MORNING: &str = "One to be taken in the morning";
const ONE_NIGHT: &str = "One to be taken at night";
const ONE_TWICE: &str = "One to be taken twice a day";
const ONE_THREE: &str = "One to be taken three times a day";

type M = Medicine;

pub const RAMIPRIL_2_5: M = oral("42381411000001102", "Ramipril 2.5mg capsules", "ace inhibitor", ONE_DAILY, (25, 1), MG, 1);
pub const RAMIPRIL_5: M = oral("42381611000001104", "Ramipril 5mg capsules", "ace inhibitor", ONE_DAILY, (5, 0), MG, 1);
pub const RAMIPRIL_10: M = oral("42381211000001101", "Ramipril 10mg capsules", "ace inhibitor", ONE_DAILY, (10, 0), MG, 1);
pub const AMLODIPINE_5: M = oral("39732011000001102", "Amlodipine 5mg tablets", "calcium blocker", ONE_DAILY, (5, 0), MG, 1);
pub const AMLODIPINE_10: M = oral("39731911000001109", "Amlodipine 10mg tablets", "calcium blocker", ONE_DAILY, (10, 0), MG, 1);
pub const DOXAZOSIN_4: M = oral("42209311000001101", "Doxazosin 4mg tablets", "alpha blocker", ONE_DAILY, (4, 0), MG, 1);
pub const BISOPROLOL_2_5: M = oral("42371311000001103", "Bisoprolol 2.5mg tablets", "beta blocker", ONE_MORNING, (25, 1), MG, 1);
pub const BISOPROLOL_5: M = oral("42371511000001109", "Bisoprolol 5mg tablets", "beta blocker", ONE_MORNING, (5, 0), MG, 1);
pub const PROPRANOLOL_40: M = oral("42380311000001104", "Propranolol 40mg tablets", "beta blocker", ONE_TWICE, (40, 0), MG, 2);
pub const FUROSEMIDE_40: M = oral("42294811000001108", "Furosemide 40mg tablets", "loop diuretic", ONE_MORNING, (40, 0), MG, 1);
pub const ATORVASTATIN_20: M = oral("320030001", "Atorvastatin 20mg tablets", "statin", ONE_NIGHT, (20, 0), MG, 1);
pub const ATORVASTATIN_40: M = oral("320031002", "Atorvastatin 40mg tablets", "statin", ONE_NIGHT, (40, 0), MG, 1);
pub const SIMVASTATIN_40: M = oral("320000009", "Simvastatin 40mg tablets", "statin", ONE_NIGHT, (40, 0), MG, 1);
pub const ASPIRIN_75: M = oral("42291811000001106", "Aspirin 75mg dispersible tablets", "aspirin", ONE_DAILY, (75, 0), MG, 1);
pub const CLOPIDOGREL_75: M = oral("39689111000001106", "Clopidogrel 75mg tablets", "clopidogrel", ONE_DAILY, (75, 0), MG, 1);
pub const APIXABAN_5: M = oral("42206511000001102", "Apixaban 5mg tablets", "anticoagulant", ONE_TWICE, (5, 0), MG, 2);
pub const DIGOXIN_125: M = oral("42208511000001101", "Digoxin 125microgram tablets", "digoxin", ONE_MORNING, (125, 0), MICROGRAM, 1);
pub const METFORMIN_MR: M = oral("39113511000001101", "Metformin 500mg modified-release tablets", "metformin", "Two to be taken with the evening meal", (1000, 0), MG, 1);
pub const METFORMIN_1G: M = oral("39461411000001102", "Metformin 1g tablets", "metformin", "One to be taken twice a day with food", (1000, 0), MG, 2);
pub const GLICLAZIDE_80: M = oral("325242002", "Gliclazide 80mg tablets", "sulfonylurea", "One to be taken each day with breakfast", (80, 0), MG, 1);
pub const LANTUS: M = by(INJECTED, oral("11933011000001106", "Lantus 100units/ml solution for injection 3ml pre-filled SoloStar pen (Sanofi)", "basal insulin", "18 units once a day, as directed by the diabetes team", (18, 0), UNITS, 1));
pub const LEVOTHYROXINE_100: M = oral("374296008", "Levothyroxine sodium 100microgram tablets", "levothyroxine", "One to be taken each morning before breakfast", (100, 0), MICROGRAM, 1);
pub const OMEPRAZOLE_20: M = oral("42356411000001102", "Omeprazole 20mg gastro-resistant capsules", "proton pump inhibitor", ONE_MORNING, (20, 0), MG, 1);
pub const LANSOPRAZOLE_30: M = oral("42354611000001108", "Lansoprazole 30mg gastro-resistant capsules", "proton pump inhibitor", ONE_MORNING, (30, 0), MG, 1);
pub const CITALOPRAM_20: M = oral("321987003", "Citalopram 20mg tablets", "antidepressant", ONE_DAILY, (20, 0), MG, 1);
pub const FLUOXETINE_20: M = oral("321949006", "Fluoxetine 20mg capsules", "antidepressant", ONE_MORNING, (20, 0), MG, 1);
pub const ESCITALOPRAM_10: M = oral("407915000", "Escitalopram 10mg tablets", "antidepressant", ONE_DAILY, (10, 0), MG, 1);
pub const OLANZAPINE_5: M = oral("42276111000001101", "Olanzapine 5mg tablets", "antipsychotic", ONE_NIGHT, (5, 0), MG, 1);
pub const RISPERIDONE_1: M = oral("42278711000001101", "Risperidone 1mg tablets", "antipsychotic", ONE_TWICE, (10, 1), MG, 2);
pub const SALBUTAMOL: M = needed(by(INHALED, oral("39113611000001102", "Salbutamol 100micrograms/dose inhaler CFC free", "reliever inhaler", "Two puffs when needed", (2, 0), PUFF, 4)));
pub const BECLOMETASONE: M = by(INHALED, oral("35908111000001105", "Beclometasone 100micrograms/dose inhaler CFC free", "preventer inhaler", "Two puffs twice a day; rinse the mouth afterwards", (2, 0), PUFF, 2));
pub const TRELEGY: M = by(INHALED, oral("34952211000001104", "Trelegy Ellipta 92micrograms/dose / 55micrograms/dose / 22micrograms/dose dry powder inhaler (GlaxoSmithKline UK Ltd)", "triple inhaler", "One inhalation each day", (1, 0), PUFF, 1));
pub const SUMATRIPTAN_50: M = needed(oral("322815004", "Sumatriptan 50mg tablets", "triptan", "One at the start of a migraine", (50, 0), MG, 1));
pub const MEBEVERINE_135: M = oral("42355011000001102", "Mebeverine 135mg tablets", "antispasmodic", "One three times a day, 20 minutes before food", (135, 0), MG, 3);
pub const TAMSULOSIN: M = oral("38754011000001109", "Tamsulosin 400microgram modified-release capsules", "alpha blocker", "One each day after breakfast", (400, 0), MICROGRAM, 1);
pub const FINASTERIDE_5: M = oral("42036011000001106", "Finasteride 5mg tablets", "finasteride", ONE_DAILY, (5, 0), MG, 1);
pub const FERROUS_FUMARATE: M = oral("41984711000001104", "Ferrous fumarate 210mg tablets", "iron", ONE_DAILY, (210, 0), MG, 1);
pub const COMBINED_PILL: M = oral("41877111000001108", "Ethinylestradiol 30microgram / Levonorgestrel 150microgram tablets", "contraceptive", "One a day for 21 days, then 7 days without", (1, 0), TABLET, 1);
pub const DESOGESTREL: M = oral("41874011000001104", "Desogestrel 75microgram tablets", "contraceptive", "One at the same time each day, without a break", (75, 0), MICROGRAM, 1);

pub const CO_CODAMOL: M = needed(oral("42010211000001106", "Co-codamol 8mg/500mg tablets", "opioid", "One or two up to four times a day for pain", (2, 0), TABLET, 4));
pub const CODEINE_30: M = needed(oral("42010411000001105", "Codeine 30mg tablets", "opioid", "One every six hours when needed, for three days only", (30, 0), MG, 4));
pub const NAPROXEN_250: M = oral("42107511000001103", "Naproxen 250mg tablets", "nsaid", "One twice a day with food", (250, 0), MG, 2);
pub const IBUPROFEN_400: M = needed(oral("42104911000001104", "Ibuprofen 400mg tablets", "nsaid", "One three times a day with food when needed", (400, 0), MG, 3));
pub const PARACETAMOL_500: M = needed(oral("42109611000001109", "Paracetamol 500mg tablets", "paracetamol", "Two up to four times a day when needed", (1000, 0), MG, 4));
pub const PARACETAMOL_LIQUID: M = needed(oral("42108911000001106", "Paracetamol 250mg/5ml oral suspension", "paracetamol", "5 ml up to four times a day when needed", (5, 0), ML, 4));
pub const PARACETAMOL_INFANT: M = needed(oral("19575511000001104", "Paracetamol 120mg/5ml oral suspension paediatric", "paracetamol", "2.5 ml to 5 ml by age, up to four times a day when needed", (25, 1), ML, 4));
pub const IBUPROFEN_LIQUID: M = needed(oral("39108111000001104", "Ibuprofen 100mg/5ml oral suspension sugar free", "nsaid", "5 ml three times a day with food when needed", (50, 1), ML, 3));
pub const AMOXICILLIN_500: M = oral("39732411000001106", "Amoxicillin 500mg capsules", "penicillin", ONE_THREE, (500, 0), MG, 3);
pub const AMOXICILLIN_LIQUID: M = oral("41941111000001109", "Amoxicillin 250mg/5ml oral suspension", "penicillin", "5 ml three times a day for 5 days", (5, 0), ML, 3);
pub const PENICILLIN_V: M = oral("41953811000001101", "Phenoxymethylpenicillin 250mg tablets", "penicillin", "Two four times a day for 5 days", (500, 0), MG, 4);
pub const PENICILLIN_V_LIQUID: M = oral("41953911000001106", "Phenoxymethylpenicillin 250mg/5ml oral solution", "penicillin", "5 ml twice a day for 5 days", (5, 0), ML, 2);
pub const FLUCLOXACILLIN: M = oral("39692211000001107", "Flucloxacillin 500mg capsules", "penicillin", "One four times a day, an hour before food", (500, 0), MG, 4);
pub const CLARITHROMYCIN: M = oral("41946511000001109", "Clarithromycin 500mg tablets", "macrolide", ONE_TWICE, (500, 0), MG, 2);
pub const DOXYCYCLINE: M = oral("41948311000001104", "Doxycycline 100mg capsules", "tetracycline", "Two on the first day, then one each day", (100, 0), MG, 1);
pub const NITROFURANTOIN: M = oral("39108511000001108", "Nitrofurantoin 100mg modified-release capsules", "nitrofurantoin", "One twice a day with food for 3 days", (100, 0), MG, 2);
pub const ACICLOVIR: M = oral("41485911000001101", "Aciclovir 800mg tablets", "antiviral", "One five times a day for 7 days", (800, 0), MG, 5);
pub const FLUCONAZOLE: M = oral("41787011000001104", "Fluconazole 150mg capsules", "antifungal", "One as a single dose", (150, 0), MG, 1);
pub const CLOTRIMAZOLE: M = by(SKIN, oral("41894811000001103", "Clotrimazole 1% cream", "antifungal cream", "Apply thinly two or three times a day", (1, 0), APPLICATION, 2));
pub const HYDROCORTISONE: M = by(SKIN, oral("41900511000001104", "Hydrocortisone 1% cream", "steroid cream", "Apply thinly twice a day for 7 days", (1, 0), APPLICATION, 2));
pub const CHLORAMPHENICOL: M = by(EYE, oral("42186611000001102", "Chloramphenicol 0.5% eye drops", "eye antibiotic", "One drop to the affected eye four times a day", (1, 0), DROP, 4));
pub const MOMETASONE: M = by(NASAL, oral("39109911000001109", "Mometasone 50micrograms/dose nasal spray", "nasal steroid", "Two sprays to each nostril each day", (2, 0), PUFF, 1));
pub const CETIRIZINE: M = oral("42186511000001101", "Cetirizine 10mg tablets", "antihistamine", ONE_DAILY, (10, 0), MG, 1);
pub const LORATADINE: M = oral("42192711000001108", "Loratadine 10mg tablets", "antihistamine", ONE_DAILY, (10, 0), MG, 1);
pub const CHLORPHENAMINE_LIQUID: M = needed(oral("37083111000001107", "Chlorphenamine 2mg/5ml oral solution sugar free", "antihistamine", "2.5 ml twice a day when needed", (25, 1), ML, 2));
pub const LACTULOSE: M = oral("42354411000001105", "Lactulose 3.1-3.7g/5ml oral solution", "laxative", "5 ml twice a day", (5, 0), ML, 2);
pub const SENNA: M = needed(oral("42358311000001108", "Senna 7.5mg tablets", "stimulant laxative", "Two at night when needed", (150, 1), MG, 1));
pub const LAXIDO: M = oral("17420611000001107", "Laxido Orange oral powder sachets sugar free (Galen Ltd)", "laxative", "One or two sachets a day", (1, 0), SACHET, 2);
pub const LOPERAMIDE: M = needed(oral("42354711000001104", "Loperamide 2mg capsules", "loperamide", "One after each loose stool, at most eight a day", (20, 1), MG, 4));
