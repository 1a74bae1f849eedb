//! Owns addresses and phone numbers: real boroughs and towns with their postcode districts, but
//! invented streets, and numbers from the ranges Ofcom keeps for drama.

use serde_json::Value;

use super::fhir::{list, object, one, text};
use super::rng::Rng;

/// A borough or district, the post town on its letters, and its postcode districts.
struct Place {
    borough: &'static str,
    town: &'static str,
    outward: &'static [&'static str],
}

const fn place(borough: &'static str, town: &'static str, outward: &'static [&'static str]) -> Place {
    Place { borough, town, outward }
}

/// In the order of `organisations::REGIONS`.
const PLACES: [&[Place]; 7] = [
    &[
        place("Brent", "London", &["NW10", "NW2", "NW6"]),
        place("Brent", "Wembley", &["HA0", "HA9"]),
        place("Ealing", "London", &["W3", "W5", "W7", "W13"]),
        place("Ealing", "Southall", &["UB1", "UB2"]),
        place("Hammersmith and Fulham", "London", &["W6", "W12", "SW6"]),
        place("Harrow", "Harrow", &["HA1", "HA2", "HA3"]),
        place("Hillingdon", "Uxbridge", &["UB8", "UB10"]),
        place("Hounslow", "Hounslow", &["TW3", "TW4", "TW5"]),
        place("Kensington and Chelsea", "London", &["W8", "W11", "SW3"]),
        place("Westminster", "London", &["W2", "W9", "NW8"]),
    ],
    &[
        place("Barnet", "London", &["N3", "N12", "NW4", "NW11"]),
        place("Barnet", "Barnet", &["EN4", "EN5"]),
        place("Camden", "London", &["NW1", "NW3", "NW5"]),
        place("Enfield", "Enfield", &["EN1", "EN2", "EN3"]),
        place("Haringey", "London", &["N8", "N15", "N17", "N22"]),
        place("Islington", "London", &["N1", "N5", "N7", "N19"]),
    ],
    &[
        place("Barking and Dagenham", "Dagenham", &["RM8", "RM9", "RM10"]),
        place("Hackney", "London", &["E5", "E8", "E9", "N16"]),
        place("Havering", "Romford", &["RM1", "RM2", "RM7"]),
        place("Newham", "London", &["E6", "E7", "E13", "E16"]),
        place("Redbridge", "Ilford", &["IG1", "IG2", "IG3"]),
        place("Tower Hamlets", "London", &["E1", "E2", "E3", "E14"]),
        place("Waltham Forest", "London", &["E10", "E11", "E17"]),
    ],
    &[
        place("Bexley", "Bexleyheath", &["DA6", "DA7"]),
        place("Bromley", "Bromley", &["BR1", "BR2"]),
        place("Greenwich", "London", &["SE3", "SE10", "SE18"]),
        place("Lambeth", "London", &["SW2", "SW4", "SW9"]),
        place("Lewisham", "London", &["SE6", "SE13", "SE23"]),
        place("Southwark", "London", &["SE5", "SE15", "SE22"]),
    ],
    &[
        place("Croydon", "Croydon", &["CR0", "CR2"]),
        place("Kingston upon Thames", "Kingston upon Thames", &["KT1", "KT2"]),
        place("Merton", "London", &["SW19", "SW20"]),
        place("Merton", "Mitcham", &["CR4"]),
        place("Richmond upon Thames", "Richmond", &["TW9", "TW10"]),
        place("Sutton", "Sutton", &["SM1", "SM2"]),
        place("Wandsworth", "London", &["SW11", "SW15", "SW17", "SW18"]),
    ],
    &[
        place("Watford", "Watford", &["WD17", "WD18", "WD24"]),
        place("St Albans", "St Albans", &["AL1", "AL3", "AL4"]),
        place("Dacorum", "Hemel Hempstead", &["HP1", "HP2", "HP3"]),
        place("Stevenage", "Stevenage", &["SG1", "SG2"]),
        place("Welwyn Hatfield", "Welwyn Garden City", &["AL7", "AL8"]),
        place("Harlow", "Harlow", &["CM18", "CM19", "CM20"]),
        place("Epping Forest", "Epping", &["CM16"]),
    ],
    &[
        place("Milton Keynes", "Milton Keynes", &["MK1", "MK2", "MK3", "MK4", "MK5", "MK6", "MK7", "MK9"]),
        place("Milton Keynes", "Milton Keynes", &["MK10", "MK11", "MK12", "MK13", "MK14", "MK15"]),
        place("Milton Keynes", "Newport Pagnell", &["MK16"]),
    ],
];

const STREETS: [&str; 24] = [
    "Alderfield",
    "Bellamy",
    "Cardinal's",
    "Dunmore",
    "Elmstead",
    "Foxglove",
    "Gainsford",
    "Hawthorn",
    "Inkerman",
    "Jubilee",
    "Kingsmead",
    "Lavender",
    "Mulberry",
    "Nightingale",
    "Old Brewery",
    "Pemberton",
    "Queen Adelaide",
    "Rosebery",
    "St Mary's",
    "Tanners",
    "Upper Marsh",
    "Vicarage",
    "Wharfside",
    "Yew Tree",
];

const KINDS: [&str; 10] =
    ["Avenue", "Close", "Court", "Crescent", "Gardens", "Hill", "Lane", "Road", "Street", "Terrace"];

/// Letters that the second half of a postcode uses.
const INWARD: &[u8; 20] = b"ABDEFGHJLNPQRSTUWXYZ";

/// An address in `region`.
pub(super) fn address(rng: &mut Rng, region: u32, usage: &str, period: Value) -> Value {
    let place = rng.pick(PLACES[region as usize % PLACES.len()]);
    let mut lines = Vec::new();
    if rng.permille(380) {
        lines.push(text(format!("Flat {}", 1 + rng.below(48))));
    }
    let number = 1 + rng.below(180);
    lines.push(text(format!("{number} {} {}", rng.pick(&STREETS), rng.pick(&KINDS))));
    let letters = [*rng.pick(INWARD), *rng.pick(INWARD)].map(char::from);
    let postcode = format!("{} {}{}{}", rng.pick(place.outward), rng.below(10), letters[0], letters[1]);
    object([
        ("use", text(usage)),
        ("type", text("both")),
        ("line", list(lines)),
        ("city", text(place.town)),
        ("district", text(place.borough)),
        ("postalCode", text(postcode)),
        ("country", text("GBR")),
        ("period", period),
    ])
}

/// Home phone, mobile and e-mail, whichever this person gave.
pub(super) fn telecom(rng: &mut Rng, age: i64, region: u32, email_name: &str) -> Value {
    let contact = |system: &str, value: String, usage: &str| {
        object([("system", text(system)), ("value", text(value)), ("use", text(usage))])
    };
    let mut all = Vec::new();
    if rng.permille(if age > 60 { 800 } else { 250 }) {
        // 020 7946 0xxx in London, 01632 960xxx (no area) elsewhere: never given to a subscriber.
        let value = if region < 5 {
            format!("020 7946 0{:03}", rng.below(1000))
        } else {
            format!("01632 960{:03}", rng.below(1000))
        };
        all.push(contact("phone", value, "home"));
    }
    if age >= 13 && rng.permille(880) {
        all.push(contact("phone", format!("07700 900{:03}", rng.below(1000)), "mobile"));
    }
    if age >= 16 && rng.permille(560) {
        all.push(contact("email", format!("{email_name}@example.org"), "home"));
    }
    list(all)
}

/// A parent, partner or friend to call.
pub(super) fn next_of_kin(name: Value, relationship: (&str, &str), rng: &mut Rng) -> Value {
    let (code, display) = relationship;
    let system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    object([
        ("relationship", one(super::fhir::concept(vec![super::fhir::coding(system, code, display)]))),
        ("name", name),
        ("telecom", telecom(rng, 40, 0, "contact")),
    ])
}
