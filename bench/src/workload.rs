//! What is asked: views of patients by users who are in a care relationship with them, and the kinds of request they are made of.

use std::collections::BTreeMap;

use lcr_facade::access::Claims;
use lcr_facade::smart;
use lcr_facade::store::Store;
use serde_json::Value;
use sqlx::PgConnection;

use crate::Failure;
use crate::process::Service;
use crate::record::Record;

/// The client all users work with.
const CLIENT: &str = "bench-epr";
/// How many users an organisation has.
const USERS: usize = 4;
/// How long their tokens last: longer than a run.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    pub kind: &'static str,
    /// Path and query.
    pub path: String,
    pub token: String,
}

/// A patient, seen by a user.
pub struct View {
    /// Ten requests on average.
    pub requests: Vec<Request>,
    /// What else is measured by itself, for this patient and user.
    pub others: Vec<Request>,
    pub patient: String,
    pub person: i64,
}

/// A kind of request.
pub struct Kind {
    pub name: &'static str,
    /// What the report calls it.
    pub title: &'static str,
    /// Whether it is measured by itself too.
    pub alone: bool,
}

const fn kind(name: &'static str, title: &'static str, alone: bool) -> Kind {
    Kind { name, title, alone }
}

/// Those of a view, in its order, and two more.
pub const KINDS: &[Kind] = &[
    kind("identifier", "Patient by NHS number", true),
    kind("conditions", "Conditions that are active", false),
    kind("allergies", "AllergyIntolerances", false),
    kind("medicines", "MedicationStatements that are active", true),
    kind("medicines-all", "MedicationStatements, newest first", false),
    kind("results", "Observations, laboratory, newest first", true),
    kind("results-since", "the same since a date", true),
    kind("vitals", "Observations, vital signs, newest first", false),
    kind("plans", "CarePlans that are active", false),
    kind("trend", "Observations of one code, newest first", true),
    kind("page", "the second page of results", true),
    kind("read", "read of an Observation by id", true),
    kind("include", "Observations with their Patient and Practitioners", true),
];

#[derive(sqlx::FromRow)]
struct Seen {
    id: String,
    patient_id: i64,
    nhs_number: String,
    holder: String,
    code: Option<String>,
    observation: Option<String>,
}

/// Draws views, evenly over all patients with somebody to see them, and makes the users and their tokens. The heavy patient is
/// apart.
pub async fn draw(record: &Record, views: usize) -> Result<(Vec<View>, Option<View>), Failure> {
    let mut connection = record.connect().await?;
    let heavy = record.loading.heavy.as_deref();
    let mut seen = seen(&mut connection, views, heavy.unwrap_or_default()).await?;
    if seen.is_empty() {
        return Err("nobody is in a care relationship with anybody in this record".into());
    }
    if !record.lcr(&["client", "list"])?.contains(CLIENT) {
        let add = ["client", "add", "--id", CLIENT, "--name", "EPR of the benchmark", "--scope", "user/*.cruds"];
        record.lcr(&[&add[..], &["--redirect-uri", "http://127.0.0.1/app"]].concat())?;
    }
    let store = Store::connect(&record.url, 1)?;
    let mut tokens: BTreeMap<String, String> = BTreeMap::new();
    seen.sort_by_key(|one| Some(one.id.as_str()) == heavy);
    let mut drawn = Vec::new();
    for (at, one) in seen.into_iter().enumerate() {
        let user = format!("{}-{}", one.holder, at % USERS);
        if !tokens.contains_key(&user) {
            let claims = Claims {
                client: CLIENT.to_owned(),
                scope: "user/*.rs".to_owned(),
                role: "doctor".to_owned(),
                user: Some(user.clone()),
                organisation: Some(one.holder.clone()),
                ..Claims::default()
            };
            tokens.insert(user.clone(), smart::issue(&store, &claims, TOKEN_SECONDS).await?);
        }
        drawn.push(view(at, one, &tokens[&user]));
    }
    store.close().await;
    let heavy = drawn.pop_if(|view| Some(view.patient.as_str()) == heavy);
    Ok((drawn, heavy))
}

/// A token of a source's system, which shares in.
pub async fn source_token(record: &Record, scope: &str) -> Result<String, Failure> {
    let store = Store::connect(&record.url, 1)?;
    let claims = Claims {
        client: "bench-source".to_owned(),
        scope: scope.to_owned(),
        role: "system".to_owned(),
        source: Some("https://lcr.example/source/bench".to_owned()),
        ..Claims::default()
    };
    let token = smart::issue(&store, &claims, TOKEN_SECONDS).await?;
    store.close().await;
    Ok(token)
}

/// A patient whom somebody may see, to be made heavy.
pub async fn candidate(connection: &mut PgConnection) -> Result<Option<String>, Failure> {
    Ok(seen(connection, 1, "").await?.pop().map(|one| one.id))
}

async fn seen(connection: &mut PgConnection, views: usize, heavy: &str) -> Result<Vec<Seen>, Failure> {
    let draw = "SELECT k.id, p.patient_id, p.nhs_number, r.holder, \
            (SELECT o.code[1] FROM observation o WHERE o.patient_id = p.patient_id GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1) AS code, \
            (SELECT o.id FROM observation o WHERE o.patient_id = p.patient_id ORDER BY md5(o.id) LIMIT 1) AS observation \
        FROM (SELECT DISTINCT ON (patient_id) patient_id, holder FROM care_relationship WHERE holder_kind = 'organisation' \
                AND revoked_at IS NULL AND valid_from <= now() AND (valid_to IS NULL OR valid_to > now() + interval '1 day') ORDER BY patient_id, md5(patient_id || holder)) r \
        JOIN person p USING (patient_id) JOIN patient_key k USING (patient_id) JOIN patient t ON t.id = k.id AND t.patient_id = p.patient_id \
        WHERE p.nhs_number IS NOT NULL AND t.confidentiality <= 3 \
        ORDER BY k.id <> $2, md5(k.id || r.holder) LIMIT $1";
    Ok(sqlx::query_as(draw).bind(views as i64).bind(heavy).fetch_all(connection).await?)
}

/// The ten requests of a view (1.5 lists of medicines and 1.5 trends or pages, so every other view has the one or the other).
fn view(at: usize, seen: Seen, token: &str) -> View {
    let Seen { id, patient_id, nhs_number, code, observation, .. } = seen;
    let request =
        |kind: &'static str, query: &str| Request { kind, path: format!("/fhir/{query}"), token: token.to_owned() };
    let code = encoded(code.as_deref().unwrap_or("http://snomed.info/sct|75367002"));
    let laboratory = format!("Observation?patient={id}&category=laboratory&_sort=-date");
    let mut requests = vec![
        request("identifier", &format!("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C{nhs_number}")),
        request("conditions", &format!("Condition?patient={id}&clinical-status=active")),
        request("allergies", &format!("AllergyIntolerance?patient={id}")),
        request("medicines", &format!("MedicationStatement?patient={id}&status=active")),
        request("results", &laboratory),
        request(
            "results-since",
            &format!("Observation?patient={id}&category=laboratory&date=ge2024-06-01&_sort=-date"),
        ),
        request("vitals", &format!("Observation?patient={id}&category=vital-signs&_sort=-date")),
        request("plans", &format!("CarePlan?patient={id}&status=active")),
        request("trend", &format!("Observation?patient={id}&code={code}&_sort=-date&_count=50")),
    ];
    requests.push(match at % 2 {
        0 => request("medicines-all", &format!("MedicationStatement?patient={id}&_sort=-effective")),
        // Where there is a second page, its link takes this one's place.
        _ => request("page", &laboratory),
    });
    let include = "_include=Observation:patient&_include=Observation:performer";
    let mut others = vec![request("include", &format!("Observation?patient={id}&_sort=-date&{include}"))];
    others.extend(observation.map(|id| request("read", &format!("Observation/{id}"))));
    View { requests, others, patient: id, person: patient_id }
}

fn encoded(token: &str) -> String {
    token
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Asks once for everything: puts the links of second pages in, and gives every answer's bytes.
pub async fn answers(service: &Service, views: &mut [View]) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let client = reqwest::Client::new();
    let mut answers = BTreeMap::new();
    for view in views {
        for request in view.requests.iter_mut().chain(&mut view.others) {
            let mut body = ask(&client, service, request).await?;
            if request.kind == "page"
                && let Some(next) = next(&body)
            {
                request.path = next;
                body = ask(&client, service, request).await?;
            }
            answers.insert(request.path.clone(), body);
        }
    }
    Ok(answers)
}

/// One answer, which has to be good.
pub async fn ask(client: &reqwest::Client, service: &Service, request: &Request) -> Result<Vec<u8>, Failure> {
    let response = client.get(service.url(&request.path)).bearer_auth(&request.token).send().await?;
    let status = response.status();
    let body = response.bytes().await?.to_vec();
    match status.is_success() {
        true => Ok(body),
        false => Err(format!("{} answered {status}: {}", request.path, String::from_utf8_lossy(&body)).into()),
    }
}

/// Path and query of a page's next link.
fn next(body: &[u8]) -> Option<String> {
    let bundle: Value = serde_json::from_slice(body).ok()?;
    let link = bundle["link"].as_array()?.iter().find(|link| link["relation"] == "next")?;
    let (_, path) = link["url"].as_str()?.split_once("/fhir/")?;
    Some(format!("/fhir/{path}"))
}
