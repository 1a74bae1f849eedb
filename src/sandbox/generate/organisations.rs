//! Owns who shares: the synthetic organisations of the seven regions, their ODS-like codes and the
//! staff who sign entries. No code or name here belongs to a real organisation.
//!
//! Codes: `Y9` + kind letter (`R` acute, `M` mental health, `C` community, `L` local authority) +
//! region 01 to 07; a practice is `Y9` + region 0 to 6 + number 001 on. `Y9OOH` is the one
//! out-of-hours provider and `Y9AMB` the one ambulance service of London.

use serde_json::Value;

use super::dates::Clock;
use super::fhir;
use super::rng::Rng;

/// The regions behind London's record. Patient `k` belongs to region `k % 7`.
pub const REGIONS: [&str; 7] = [
    "North West London",
    "North Central London",
    "North East London",
    "South East London",
    "South West London",
    "Hertfordshire and West Essex",
    "Milton Keynes",
];

/// A practice takes this many patients of its region before the next one opens. It follows from the
/// index alone, so a larger run begins with the same patients at the same practices.
pub const PATIENTS_PER_PRACTICE: u32 = 1_200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Practice,
    Acute,
    MentalHealth,
    Community,
    Council,
    OutOfHours,
    Ambulance,
}

/// A synthetic organisation that shares records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    pub code: String,
    pub name: String,
    pub kind: Kind,
    number: u32,
}

const PRACTICE_NAMES: [&str; 12] = [
    "Fernleigh",
    "Kestrel",
    "Larchwood",
    "Marigold",
    "Northgate",
    "Orchard",
    "Primrose",
    "Quayside",
    "Rowan",
    "Silverbrook",
    "Thistle",
    "Willowbank",
];

const STAFF: [&str; 20] = [
    "A Adeyemi",
    "B Begum",
    "C Clarke",
    "D Costa",
    "E Evans",
    "F Farah",
    "G Georgiou",
    "H Hussain",
    "I Ivanova",
    "J Joseph",
    "K Kaya",
    "L Lim",
    "M Mensah",
    "N Nowak",
    "O O'Connor",
    "P Patel",
    "R Rahman",
    "S Sivakumar",
    "T Thomas",
    "W Wójcik",
];

impl Organisation {
    fn new(kind: Kind, region: u32, practice: u32) -> Self {
        let place = REGIONS[region as usize % REGIONS.len()];
        let regional = |letter: &str| format!("Y9{letter}{:02}", region + 1);
        let (code, name) = match kind {
            Kind::Practice => {
                let name = PRACTICE_NAMES[((region * 5 + practice) % 12) as usize];
                (format!("Y9{region}{:03}", practice + 1), format!("{name} Sandbox Surgery"))
            }
            Kind::Acute => (regional("R"), format!("{place} Sandbox Hospitals")),
            Kind::MentalHealth => (regional("M"), format!("{place} Sandbox Mental Health")),
            Kind::Community => (regional("C"), format!("{place} Sandbox Community Health")),
            Kind::Council => (regional("L"), format!("{place} Sandbox Council")),
            Kind::OutOfHours => ("Y9OOH".into(), "London Sandbox 111 and Out of Hours".into()),
            Kind::Ambulance => ("Y9AMB".into(), "London Sandbox Ambulance Service".into()),
        };
        Self { code, name, kind, number: kind as u32 * 10_000 + region * 1_000 + practice }
    }

    /// `https://lcr.example/source/Y9R01`: the `meta.source` of what it shares.
    pub fn source(&self) -> String {
        format!("https://lcr.example/source/{}", self.code)
    }

    /// The system of its own identifiers.
    pub fn identifier_system(&self) -> String {
        format!("https://{}.lcr.example/id", self.code.to_ascii_lowercase())
    }

    /// How its system writes an instant: a shared record meets every way there is.
    pub(super) fn clock(&self) -> Clock {
        match self.kind {
            Kind::Acute | Kind::Ambulance => Clock::Utc,
            Kind::MentalHealth | Kind::OutOfHours => Clock::LocalMillis,
            Kind::Practice | Kind::Community | Kind::Council => Clock::Local,
        }
    }

    /// One of its twelve members of staff, as a logical reference.
    pub(super) fn staff(&self, rng: &mut Rng) -> Value {
        let who = rng.below(12);
        let title = match (self.kind, who % 3) {
            (Kind::Practice | Kind::Acute | Kind::OutOfHours, 0 | 1) | (Kind::MentalHealth, 0) => "Dr",
            (Kind::Council, _) => "Social Worker",
            (Kind::Ambulance, _) => "Paramedic",
            _ => "Nurse",
        };
        let name = STAFF[((self.number * 7 + who * 3) % 20) as usize];
        let user = format!("999{:06}{who:03}", self.number);
        fhir::logical(fhir::SDS_USER, &user, &format!("{title} {name}"))
    }
}

/// Everyone who may look after one patient.
pub(super) struct Providers {
    pub(super) practice: Organisation,
    pub(super) acute: Organisation,
    pub(super) mental_health: Organisation,
    pub(super) community: Organisation,
    pub(super) council: Organisation,
    pub(super) out_of_hours: Organisation,
    pub(super) ambulance: Organisation,
}

impl Providers {
    pub(super) fn of(patient: u32) -> Self {
        let region = patient % 7;
        let at = |kind| Organisation::new(kind, region, 0);
        Self {
            practice: Organisation::new(Kind::Practice, region, patient / 7 / PATIENTS_PER_PRACTICE),
            acute: at(Kind::Acute),
            mental_health: at(Kind::MentalHealth),
            community: at(Kind::Community),
            council: at(Kind::Council),
            out_of_hours: Organisation::new(Kind::OutOfHours, 0, 0),
            ambulance: Organisation::new(Kind::Ambulance, 0, 0),
        }
    }
}

/// Every organisation that a run of `patients` can name: the regions' own first, practices last.
pub fn organisations(patients: u32) -> Vec<Organisation> {
    let mut all = vec![Organisation::new(Kind::OutOfHours, 0, 0), Organisation::new(Kind::Ambulance, 0, 0)];
    for region in 0..7 {
        for kind in [Kind::Acute, Kind::MentalHealth, Kind::Community, Kind::Council] {
            all.push(Organisation::new(kind, region, 0));
        }
    }
    for region in 0..7 {
        let registered = (patients + 6 - region) / 7;
        for practice in 0..registered.div_ceil(PATIENTS_PER_PRACTICE) {
            all.push(Organisation::new(Kind::Practice, region, practice));
        }
    }
    all
}
