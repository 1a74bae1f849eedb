//! Owns what people are allergic to, how they react, and which medicines that rules out.

pub struct Allergen {
    pub code: &'static str,
    pub display: &'static str,
    pub category: &'static str,
    pub allergy: bool,
    pub weight: u32,
    pub reactions: &'static [(&'static str, &'static str)],
    /// The medicine lines it rules out.
    pub lines: &'static [&'static str],
}

type Codes = &'static [(&'static str, &'static str)];

const fn drug(
    code: &'static str,
    display: &'static str,
    weight: u32,
    reactions: Codes,
    lines: &'static [&'static str],
) -> Allergen {
    Allergen {
        code,
        display,
        category: "medication",
        allergy: true,
        weight,
        reactions,
        lines,
    }
}

const fn intolerance(entry: Allergen) -> Allergen {
    Allergen {
        allergy: false,
        ..entry
    }
}

const fn of(
    category: &'static str,
    code: &'static str,
    display: &'static str,
    weight: u32,
    reactions: Codes,
) -> Allergen {
    Allergen {
        code,
        display,
        category,
        allergy: true,
        weight,
        reactions,
        lines: &[],
    }
}

const SKIN: Codes = &[
    ("271807003", "Eruption of skin"),
    ("247472004", "Urticarial rash"),
    ("418290006", "Itching"),
];
const SEVERE: Codes = &[
    ("247472004", "Urticarial rash"),
    ("39579001", "Anaphylaxis"),
    ("402387002", "Allergic angioedema"),
    ("56018004", "Wheezing"),
];
const NOSE: Codes = &[
    ("878820003", "Rhinoconjunctivitis"),
    ("267101005", "Nasal discharge"),
    ("418290006", "Itching"),
];
const GUT: Codes = &[
    ("422400008", "Vomiting"),
    ("422587007", "Nausea"),
    ("62315008", "Diarrhoea"),
];

pub const ALLERGENS: &[Allergen] = &[
    drug("91936005", "Allergy to penicillin", 170, SKIN, &["penicillin"]),
    drug("294505008", "Allergy to amoxicillin", 50, SKIN, &["penicillin"]),
    drug("387207008", "Ibuprofen", 40, SEVERE, &["nsaid", "aspirin"]),
    drug("387458008", "Aspirin", 30, SEVERE, &["nsaid", "aspirin"]),
    drug("387170002", "Trimethoprim", 40, SKIN, &[]),
    intolerance(drug("387494007", "Codeine", 50, GUT, &["opioid"])),
    intolerance(drug("387487009", "Clarithromycin", 30, GUT, &["macrolide"])),
    intolerance(drug("386872004", "Ramipril", 30, &[("49727002", "Cough")], &["ace inhibitor"])),
    intolerance(drug("387584000", "Simvastatin", 30, &[("68962001", "Muscle pain")], &["statin"])),
    drug("373543005", "Nitrofurantoin", 20, SKIN, &["nitrofurantoin"]),
    drug("372478003", "Doxycycline", 15, SKIN, &["tetracycline"]),
    of("food", "91935009", "Allergy to peanut", 40, SEVERE),
    of("food", "91934008", "Allergy to nut", 35, SEVERE),
    of("food", "300913006", "Allergy to shellfish", 30, SEVERE),
    of("food", "91930004", "Allergy to egg", 25, SKIN),
    intolerance(of("food", "425525006", "Allergy to dairy product", 25, GUT)),
    of("food", "420174000", "Allergy to wheat", 12, SKIN),
    of("environment", "418689008", "Allergy to grass pollen", 60, NOSE),
    of("environment", "232350006", "Allergy to house dust mite", 50, NOSE),
    of("environment", "232347008", "Allergy to animal dander", 40, NOSE),
    of("environment", "300916003", "Allergy to latex", 25, SKIN),
    of("environment", "424213003", "Allergy to bee venom", 12, SEVERE),
];
