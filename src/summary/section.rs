//! Owns the sections of the summary: LOINC codes, titles, what is said where there is nothing, and in what order.

use super::Entry;
use super::rows;
use super::source::Sources;
use super::xhtml::{self, Cell};

/// A section of the International Patient Summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Allergies,
    Problems,
    Medicines,
    Results,
    VitalSigns,
    SocialHistory,
    PastIllness,
    Plans,
}

/// What a section is called and how it reads.
pub struct Shape {
    pub topic: Topic,
    /// LOINC.
    pub code: &'static str,
    pub display: &'static str,
    pub title: &'static str,
    /// What finishes "No information about … is held".
    pub about: &'static str,
    /// Whether it is there when nothing is in it.
    pub always: bool,
    /// What is in it, where that is not everything.
    pub note: &'static str,
    /// Whether only the newest of each code is in it.
    pub newest: bool,
    pub heads: &'static [&'static str],
    cells: fn(&Entry, &Sources) -> Vec<Cell>,
}

const RESULT: &[&str] = &["Test", "Result", "Flag", "Reference range", "When", "Status", "Source"];
const FINDING: &[&str] = &["Measurement", "Value", "Flag", "Reference range", "When", "Status", "Source"];

/// Every section, in the order of the document: what could harm first.
pub const ALL: [Shape; 8] = [
    Shape {
        topic: Topic::Allergies,
        code: "48765-2",
        display: "Allergies and adverse reactions Document",
        title: "Allergies and intolerances",
        about: "allergies or intolerances",
        always: true,
        note: "",
        newest: false,
        heads: &["Allergy or intolerance", "Reaction", "Criticality", "Status", "Since", "Recorded", "Source"],
        cells: rows::allergy,
    },
    Shape {
        topic: Topic::Problems,
        code: "11450-4",
        display: "Problem list - Reported",
        title: "Problems",
        about: "current problems",
        always: true,
        note: "",
        newest: false,
        heads: &["Problem", "Status", "Severity", "Since", "Recorded", "Source"],
        cells: rows::problem,
    },
    Shape {
        topic: Topic::Medicines,
        code: "10160-0",
        display: "History of Medication use Narrative",
        title: "Medicines",
        about: "medicines",
        always: true,
        note: "Current medicines, and those that ended in the last 12 months.",
        newest: false,
        heads: &["Medicine", "Dose and instructions", "Status", "Taken", "For", "Source"],
        cells: rows::medicine,
    },
    Shape {
        topic: Topic::Results,
        code: "30954-2",
        display: "Relevant diagnostic tests/laboratory data Narrative",
        title: "Results",
        about: "results",
        always: true,
        note: "The newest result of each test.",
        newest: true,
        heads: RESULT,
        cells: rows::result,
    },
    Shape {
        topic: Topic::VitalSigns,
        code: "8716-3",
        display: "Vital signs",
        title: "Vital signs",
        about: "vital signs",
        always: true,
        note: "The newest of each measurement.",
        newest: true,
        heads: FINDING,
        cells: rows::result,
    },
    Shape {
        topic: Topic::SocialHistory,
        code: "29762-2",
        display: "Social history Narrative",
        title: "Social history",
        about: "social history",
        always: false,
        note: "The newest of each finding.",
        newest: true,
        heads: &["Finding", "Value", "Flag", "Reference range", "When", "Status", "Source"],
        cells: rows::result,
    },
    Shape {
        topic: Topic::PastIllness,
        code: "11348-0",
        display: "History of Past illness Narrative",
        title: "Past problems",
        about: "past problems",
        always: false,
        note: "",
        newest: false,
        heads: &["Problem", "Status", "Severity", "Since", "Ended", "Source"],
        cells: rows::past_problem,
    },
    Shape {
        topic: Topic::Plans,
        code: "18776-5",
        display: "Plan of care note",
        title: "Plan of care",
        about: "care plans",
        always: true,
        note: "",
        newest: false,
        heads: &["Plan", "For", "Activities", "Status", "Period", "Source"],
        cells: rows::plan,
    },
];

/// The section of a topic.
pub fn shape(topic: Topic) -> &'static Shape {
    ALL.iter().find(|shape| shape.topic == topic).unwrap_or(&ALL[0])
}

/// Why a section is empty, in the codes of HL7's list-empty-reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The reader may not see the type, whatever is there.
    Withheld,
    /// Nothing is held that the reader may see.
    Unavailable,
}

impl Reason {
    /// Code and display.
    pub fn coding(self) -> (&'static str, &'static str) {
        match self {
            Reason::Withheld => ("withheld", "Information Withheld"),
            Reason::Unavailable => ("unavailable", "Unavailable"),
        }
    }

    /// In words. Nothing known is never said as nothing there.
    pub fn words(self, shape: &Shape) -> String {
        match self {
            Reason::Withheld => format!(
                "Not shown: the role or token this summary was asked for under has no access to {}. This says nothing of whether \
                 there are any.",
                shape.about
            ),
            Reason::Unavailable => {
                format!(
                    "No information about {} is available here. This does not mean that there are none.",
                    shape.about
                )
            }
        }
    }
}

/// The narrative of a section with entries, which come in the order they are to be read in.
pub fn narrative(shape: &Shape, entries: &[Entry], more: bool, sources: &Sources) -> String {
    let mut inner = String::new();
    if !shape.note.is_empty() {
        inner.push_str(&xhtml::paragraph(shape.note));
    }
    let (statements, plain): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| entry.is_absence());
    for entry in &statements {
        inner.push_str(&xhtml::paragraph(&rows::absence(entry, sources, !plain.is_empty())));
    }
    if !plain.is_empty() {
        let lines: Vec<Vec<Cell>> = plain.iter().map(|entry| (shape.cells)(entry, sources)).collect();
        inner.push_str(&xhtml::table(shape.heads, &lines));
    }
    if more {
        inner.push_str(&xhtml::paragraph(&format!(
            "Only the newest {} are here; the record holds more.",
            entries.len()
        )));
    }
    xhtml::div(&inner)
}
