//! `Patient/$match` (R4 patient-operation-match): who in the record may be the person described.

use super::super::{Answer, Call};
use super::input::Body;
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::{date, decode, nhs_number, text};
use crate::matching::compare::{compare, slips};
use crate::matching::score::{Grade, Score};
use crate::matching::{Name, Person};
use crate::operations::MATCH;
use crate::resources::index::token;
use crate::resources::spec::ResourceSpec;
use crate::search::query;
use crate::store::{Candidate, Candidates, Keys};
use actix_web::http::StatusCode;

/// R4's extension that grades a match.
const GRADE: &str = "http://hl7.org/fhir/StructureDefinition/match-grade";

/// What a call asks for.
struct Question {
    person: Person,
    only_certain: bool,
    count: usize,
    warnings: Vec<Issue>,
    /// What the audit trail says of it.
    query: String,
}

/// Somebody it may be, with how likely that is.
struct Match {
    score: Score,
    candidate: Candidate,
}

/// Answers a call.
pub async fn run(call: &Call, spec: &'static ResourceSpec, body: Body) -> Result<Answer, Problem> {
    let mut row = call.audit("E", spec.name, "Patient/$match");
    let question = question(call, spec, body).await;
    let question = call.audited(row.clone(), question).await?;
    row.query = format!("Patient/$match?{}", question.query);
    let result = find(call, spec, &question).await;
    let (matches, people) = call.audited(row.clone(), result).await?;
    call.saw(row, people).await?;
    let mut writer = Writer::new("searchset", i64::try_from(matches.len()).ok(), &[]);
    for found in matches.iter().take(question.count) {
        let search = Json::object([
            (
                "extension",
                Json::Array(vec![Json::object([
                    ("url", Json::string(GRADE)),
                    ("valueCode", Json::string(found.score.grade.code())),
                ])]),
            ),
            ("mode", Json::string("match")),
            ("score", Json::Number(found.score.text())),
        ]);
        let url = format!("{}/{}/{}", call.state.base, spec.name, found.candidate.id);
        writer.matched(&url, &found.candidate.resource, &search);
    }
    writer.warnings(&question.warnings);
    Ok(Answer::ok(writer.finish()))
}

async fn question(call: &Call, spec: &'static ResourceSpec, body: Body) -> Result<Question, Problem> {
    call.grant(spec, Interaction::Search)?;
    let mut input = body.read(call).await?;
    let only_certain = input.truth("onlyCertainMatches")?;
    let limits = call.state.config.limits;
    let count = input.number("count")?.map_or(limits.page, |n| usize::try_from(n).unwrap_or(usize::MAX));
    input.no_more(call, MATCH.parameters)?;
    let Some(patient) = input.resource else {
        let words = "post Parameters with the parameter \"resource\": a Patient with what is known of the person";
        return Err(Problem::bad_request(IssueType::Required, words).at("Parameters.parameter"));
    };
    if patient.text("resourceType") != Some(spec.name) {
        let words = "the parameter resource must be a Patient";
        return Err(Problem::bad_request(IssueType::Invalid, words).at("resourceType"));
    }
    let issues = decode::check(&patient);
    if !issues.is_empty() {
        return Err(Problem::of(StatusCode::BAD_REQUEST, issues));
    }
    Ok(Question {
        person: Person::of(&patient),
        only_certain,
        count: count.min(limits.most_page),
        warnings: faults(&patient),
        query: asked(&patient),
    })
}

/// NHS numbers that nobody can have: mistyped, so that nothing follows from them.
fn faults(patient: &Object) -> Vec<Issue> {
    let fault = |number: &str| {
        let fault = nhs_number::fault(number)?;
        let words = format!("the NHS number was not compared: {fault}");
        Some(Issue::warning(IssueType::Value, words).at("Patient.identifier"))
    };
    nhs_number::of(patient).filter_map(fault).collect()
}

/// The description as search parameters, for the audit trail.
fn asked(patient: &Object) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: Option<&str>| {
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    };
    for identifier in patient.objects("identifier") {
        let token = format!(
            "{}|{}",
            identifier.text("system").unwrap_or_default(),
            identifier.text("value").unwrap_or_default()
        );
        add("identifier", Some(&token));
    }
    for name in patient.objects("name") {
        add("family", name.text("family"));
        name.get("given").into_iter().flat_map(Json::items).for_each(|given| add("given", given.as_str()));
    }
    add("birthdate", patient.text("birthDate"));
    patient.objects("address").for_each(|address| add("address-postalcode", address.text("postalCode")));
    add("gender", patient.text("gender"));
    query::encode(&pairs)
}

/// The matches, best first, and everybody of whom the answer tells something.
async fn find(
    call: &Call,
    spec: &'static ResourceSpec,
    question: &Question,
) -> Result<(Vec<Match>, Vec<i64>), Problem> {
    let wanted = &question.person;
    let keys = keys(wanted);
    if !keys.suffice() {
        let words = "too little is known of the person: give an identifier such as the NHS number, or a name or postcode \
                     with the full date of birth, or a name with a postcode";
        return Err(Problem::bad_request(IssueType::Required, words).at("Patient"));
    }
    let grant = call.grant(spec, Interaction::Search)?;
    let candidates = Candidates::new(grant, keys).ok_or_else(Problem::not_found)?;
    let candidates = call.state.store.candidates(&candidates).await?;
    let (mut matches, mut people) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let Ok(Json::Object(patient)) = Json::parse(candidate.resource.as_bytes()) else { continue };
        let known = Person::of(&patient);
        let score = Score::of(&compare(wanted, &known));
        let named = known.numbers.iter().any(|number| wanted.numbers.contains(number));
        if score.grade != Grade::CertainlyNot {
            matches.push(Match { score, candidate });
        } else if named {
            // No answer about a person who was asked for by number is an answer too.
            people.push(candidate.patient_id);
        }
    }
    matches.sort_by(|a, b| {
        b.score.thousandths.cmp(&a.score.thousandths).then_with(|| a.candidate.id.cmp(&b.candidate.id))
    });
    // Whom a search for certain matches passes over, it tells of all the same.
    people.extend(matches.iter().map(|found| found.candidate.patient_id));
    if question.only_certain {
        matches = the_one(matches);
    }
    Ok((matches, people))
}

/// The one certain match, if all that are certain are of one person: sources may each have a Patient for them.
fn the_one(matches: Vec<Match>) -> Vec<Match> {
    let mut certain: Vec<Match> = matches.into_iter().filter(|found| found.score.grade == Grade::Certain).collect();
    let one_person = certain.windows(2).all(|two| two[0].candidate.patient_id == two[1].candidate.patient_id);
    certain.truncate(usize::from(one_person));
    certain
}

/// What indexes can find the person by.
fn keys(person: &Person) -> Keys {
    // As the record has them, and as they sound without what divides them.
    let sounds = |name: &Name| {
        let mut sounds = text::sounds(&name.written);
        sounds.extend(name.words.iter().flat_map(|word| text::sounds(word)));
        sounds.sort();
        sounds.dedup();
        sounds
    };
    let families: Vec<String> = person.families.iter().flat_map(sounds).collect();
    let givens: Vec<String> = person.givens.iter().flatten().flat_map(sounds).collect();
    // A few of each are enough to be found by; a name of hundreds must not make hundreds of searches.
    let pairs =
        families.iter().take(4).flat_map(|family| givens.iter().take(2).map(|given| [family.clone(), given.clone()]));
    let pairs = pairs.collect();
    let numbers = person.numbers.iter().map(|number| token(Some(nhs_number::SYSTEM), number));
    let identifiers = numbers.chain(person.identifiers.iter().map(|(system, value)| token(Some(system), value)));
    let moment = |day: &String| date::parse_date(day).map(|span| date::to_text(span.lo));
    let whole = person.birth.as_ref().filter(|birth| birth.len() == 10);
    let swapped = whole.map(|birth| format!("{}-{}-{}", &birth[..4], &birth[8..], &birth[5..7]));
    Keys {
        identifiers: identifiers.collect(),
        births: whole.iter().copied().chain(&swapped).filter_map(moment).collect(),
        slips: whole.map(|birth| slips(birth).iter().filter_map(moment).collect()).unwrap_or_default(),
        names: person
            .families
            .iter()
            .chain(person.givens.iter().flatten())
            .map(|name| text::stored(&name.written))
            .collect(),
        sounds: families.into_iter().chain(givens).collect(),
        pairs,
        postcodes: person.postcodes.clone(),
    }
}
