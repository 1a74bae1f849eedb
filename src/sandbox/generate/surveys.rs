//! Owns what is asked and looked at: smoking and alcohol, scores, and findings in words.

use serde_json::Value;

use super::body::Body;
use super::condition_table::Tag;
use super::fhir::{Decimal, snomed};
use super::observations::{Finding, Test, Visit, diabetic, observation};
use super::people::Smoking;
use super::scribe::Scribe;
use super::vitals::SURVEY;

type Code = (&'static str, &'static str);

const SOCIAL: &str = "social-history";
const NONE: Code = ("", "");
const SCORE: Code = ("score", "{score}");

const fn asked(category: &'static str, snomed: Code, loinc: &'static str, unit: Code) -> Test {
    Test { category, snomed, loinc, unit }
}

const TOBACCO: Test = asked(SOCIAL, ("365981007", "Tobacco smoking behaviour - finding"), "72166-2", NONE);
const ALCOHOL: Test = asked(SOCIAL, ("1082641000000106", "Alcohol units consumed per week"), "", ("units per week", "{unit}/wk"));
const PHQ9: Test = asked(SURVEY, ("720433000", "Patient Health Questionnaire 9 score"), "44261-6", SCORE);
const GAD7: Test = asked(SURVEY, ("445455005", "Generalised anxiety disorder 7 item score"), "70274-6", SCORE);
const FRAILTY: Test = asked(SURVEY, ("763264000", "Canadian Study of Health and Aging Clinical Frailty Scale score"), "", SCORE);
const BARTHEL: Test = asked(SURVEY, ("273302005", "Barthel index"), "96761-2", SCORE);
const PAIN: Test = asked(SURVEY, ("225908003", "Pain score"), "72514-3", SCORE);
const URINE: Test = asked("laboratory", ("27171005", "Urinalysis"), "24356-8", NONE);
const FEET: Test = asked("exam", ("401191002", "Diabetic foot examination"), "", NONE);
const TRACING: Test = asked("procedure", ("29303009", "Electrocardiographic procedure"), "11524-6", NONE);

/// Smoking as this person does, and how much they drink.
pub(super) fn lifestyle(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let (code, display) = match scribe.person.smoking {
        Smoking::Never => ("266919005", "Never smoked tobacco"),
        Smoking::Former => ("8517006", "Ex-smoker"),
        Smoking::Current => ("77176002", "Smoker"),
    };
    let mut all = vec![observation(scribe, visit, &TOBACCO, Finding::Coded(snomed(code, display)))];
    let finding = if scribe.rng.permille(70) {
        Finding::Absent("asked-declined")
    } else {
        let units = scribe.rng.near(body.drinks, 4).max(0);
        Finding::Number(Decimal::new(units, 0))
    };
    all.push(observation(scribe, visit, &ALCOHOL, finding));
    all
}

/// One questionnaire or score that fits the person.
pub(super) fn survey(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let day = visit.at.day;
    let rng = &mut scribe.rng;
    let (low, anxious) = (body.had(Tag::Depression, day), body.had(Tag::Anxiety, day));
    let old = body.age(day) >= 65;
    let weights = [if low { 40 } else { 12 }, if anxious { 40 } else { 10 }, if old { 25 } else { 0 }, if old { 12 } else { 0 }, 12];
    let (test, score) = match rng.weighted(&weights) {
        0 => (&PHQ9, if low { rng.near(13, 9) } else { rng.between(0, 6) }),
        1 => (&GAD7, if anxious { rng.near(11, 8) } else { rng.between(0, 6) }),
        2 => (&FRAILTY, rng.near(if body.age(day) >= 80 { 5 } else { 3 }, 2).clamp(1, 9)),
        3 => (&BARTHEL, rng.near(17, 3).clamp(0, 20)),
        _ => (&PAIN, rng.between(0, 8)),
    };
    vec![observation(scribe, visit, test, Finding::Counted(score.max(0)))]
}

/// A finding in words.
pub(super) fn exam(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let day = visit.at.day;
    let rng = &mut scribe.rng;
    let (test, finding) = match rng.below(3) {
        0 if diabetic(body, day) => (&FEET, FEET_FOUND[rng.weighted(&[70, 20, 10])].to_owned()),
        1 => {
            let rhythm = if body.had(Tag::Fibrillation, day) { "Atrial fibrillation" } else { "Sinus rhythm" };
            let rate = body.pulse(rng, day);
            (&TRACING, format!("{rhythm}, rate {rate}, normal axis, no acute ST change"))
        }
        _ => (&URINE, (*rng.pick(&URINE_FOUND)).to_owned()),
    };
    vec![observation(scribe, visit, test, Finding::Told(finding))]
}

const FEET_FOUND: [&str; 3] = [
    "Low risk: sensation to 10 g monofilament normal, both pulses felt",
    "Moderate risk: reduced sensation, left great toe",
    "High risk: callus over first metatarsal head; referred to podiatry",
];

const URINE_FOUND: [&str; 4] = [
    "Nothing abnormal detected",
    "Protein trace; blood, glucose, ketones, nitrite and leucocytes negative",
    "Leucocytes ++, nitrite positive; sent for culture",
    "Blood +; repeat in two weeks",
];
