//! Operations (R4 §3.2): one table, which drives the routes and the CapabilityStatement; one file per operation.

mod everything;
mod input;
mod lastn;
mod matching;
mod overrides;
mod protect;
mod relate;
mod reply;
mod review;
mod summary;
mod validate;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use super::call::spec;
use super::{Answer, Call};
use crate::access::Permission;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::profile::CANONICAL;
use crate::resources::{self, spec::ResourceSpec};
use input::Body;

/// What the service can be asked to do beyond REST.
pub struct Operation {
    /// Its name, without the dollar sign.
    pub name: &'static str,
    /// The canonical URL of its definition; of one of our own what stands behind ours.
    pub definition: &'static str,
    /// The types it is for; empty: every type of the record.
    pub kinds: &'static [&'static str],
    /// Whether it is asked of the type, `Type/$name`.
    pub on_type: bool,
    /// Whether it is asked of one resource, `Type/id/$name`.
    pub on_instance: bool,
    /// Whether GET asks it too: only where nothing changes and every parameter is a plain value (R4 §3.2.0.1).
    pub by_get: bool,
    /// What a caller gets.
    pub doc: &'static str,
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    Everything,
    Lastn,
    Match,
    Validate,
    Summary,
    BreakGlass,
    SelfClaim,
    Relate,
    EndRelationship,
    Relationships,
    Protect,
    AccessAlerts,
    Review,
}

/// Every operation. None of them changes the record; some change who may see it.
pub const ALL: &[Operation] = &[
    Operation {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        kinds: &["Patient"],
        on_type: true,
        on_instance: true,
        by_get: true,
        doc: "A Patient's compartment and the professionals it refers to; of the type: of the patient of the launch",
        run: Run::Everything,
    },
    Operation {
        name: "lastn",
        definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        kinds: &["Observation"],
        on_type: true,
        on_instance: false,
        by_get: true,
        doc: "The newest Observations of each code; max says how many of each, 1 unless given",
        run: Run::Lastn,
    },
    Operation {
        name: "match",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "Patients who may be the one described, scored and graded; only those the caller could have found by search",
        run: Run::Match,
    },
    Operation {
        name: "validate",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        kinds: &[],
        on_type: true,
        on_instance: true,
        by_get: false,
        doc: "Everything that is wrong with a resource; the record is not looked at",
        run: Run::Validate,
    },
    Operation {
        name: "summary",
        definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
        kinds: &["Patient"],
        on_type: false,
        on_instance: true,
        by_get: true,
        doc: "An International Patient Summary of what the caller may see",
        run: Run::Summary,
    },
    Operation {
        name: "break-glass",
        definition: "/OperationDefinition/Patient-break-glass",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "Opens a record without a care relationship for a short time: nhs-number, birth-date, reason; over=opt-out or over=seal for roles that may",
        run: Run::BreakGlass,
    },
    Operation {
        name: "self-claim",
        definition: "/OperationDefinition/Patient-self-claim",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "Says that the user is involved in somebody's care, for a short time: nhs-number, birth-date, reason",
        run: Run::SelfClaim,
    },
    Operation {
        name: "relate",
        definition: "/OperationDefinition/Patient-relate",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "A source tells of a care relationship: nhs-number, holder (system|value), basis, start, end, reason",
        run: Run::Relate,
    },
    Operation {
        name: "end-relationship",
        definition: "/OperationDefinition/Patient-end-relationship",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "Ends a relationship that the source told of: relationship",
        run: Run::EndRelationship,
    },
    Operation {
        name: "relationships",
        definition: "/OperationDefinition/Patient-relationships",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: true,
        doc: "What the source told of a person: nhs-number",
        run: Run::Relationships,
    },
    Operation {
        name: "protect",
        definition: "/OperationDefinition/Patient-protect",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "Sets or lifts an opt-out or a restriction: nhs-number, opted-out, restricted, reason",
        run: Run::Protect,
    },
    Operation {
        name: "access-alerts",
        definition: "/OperationDefinition/Patient-access-alerts",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: true,
        doc: "Overrides and claims that wait for a review, the oldest first; all=true: every one",
        run: Run::AccessAlerts,
    },
    Operation {
        name: "review",
        definition: "/OperationDefinition/Patient-review",
        kinds: &["Patient"],
        on_type: true,
        on_instance: false,
        by_get: false,
        doc: "Says of an override whether it was appropriate: alert, verdict, note; one that was not ends at once",
        run: Run::Review,
    },
];

impl Operation {
    /// Whether it is for this type.
    pub fn is_for(&self, kind: &str) -> bool {
        self.kinds.contains(&kind) || self.kinds.is_empty() && resources::ALL.iter().any(|spec| spec.name == kind)
    }

    /// The canonical URL of its definition.
    pub fn definition_url(&self) -> String {
        match self.definition.starts_with('/') {
            true => format!("{CANONICAL}{}", self.definition),
            false => self.definition.to_owned(),
        }
    }

    fn methods(&self) -> &'static str {
        if self.by_get { "GET, HEAD, POST" } else { "POST" }
    }
}

/// `/fhir/{Type}/$name`
pub async fn on_type(
    call: Call,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, name) = path.into_inner();
    ask(call, request, (&kind, None, &name), payload).await
}

/// `/fhir/{Type}/{id}/$name`
pub async fn on_instance(
    call: Call,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (kind, id, name) = path.into_inner();
    ask(call, request, (&kind, Some(&id), &name), payload).await
}

/// `/fhir/$name`: there is none.
pub async fn on_system(_: Call, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Err(unknown(&path, None))
}

async fn ask(
    call: Call,
    request: HttpRequest,
    (kind, id, name): (&str, Option<&str>, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let spec = spec(kind)?;
    let plain = name.strip_prefix('$').unwrap_or(name);
    let found = ALL.iter().find(|operation| {
        let here = if id.is_some() { operation.on_instance } else { operation.on_type };
        here && operation.name == plain && operation.is_for(spec.name)
    });
    let Some(operation) = found else { return Err(unknown(name, Some(spec))) };
    let method = request.method().clone();
    let read = matches!(method, Method::GET | Method::HEAD);
    if !(method == Method::POST || read && operation.by_get) {
        return Ok(wrong_method(operation, &method));
    }
    let body = Body { request, payload: (!read).then_some(payload) };
    let answer: Answer = match operation.run {
        // Its answer is a stream, which takes the call along.
        Run::Everything => return everything::everything(call, id, body).await,
        Run::Lastn => lastn::run(&call, spec, body).await?,
        Run::Match => matching::run(&call, spec, body).await?,
        Run::Validate => validate::run(&call, spec, id, body).await?,
        Run::Summary => summary::run(&call, spec, id.unwrap_or_default(), body).await?,
        Run::BreakGlass => overrides::run(&call, Permission::BreakGlass, operation.name, body).await?,
        Run::SelfClaim => overrides::run(&call, Permission::SelfClaim, operation.name, body).await?,
        Run::Relate => relate::relate(&call, body).await?,
        Run::EndRelationship => relate::end(&call, body).await?,
        Run::Relationships => relate::list(&call, body).await?,
        Run::Protect => protect::run(&call, body).await?,
        Run::AccessAlerts => review::list(&call, body).await?,
        Run::Review => review::review(&call, body).await?,
    };
    Ok(answer.response(&call, false))
}

fn wrong_method(operation: &Operation, method: &Method) -> HttpResponse {
    let words = format!("${} is asked by {}, not by {method}", operation.name, operation.methods());
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, IssueType::NotSupported, words);
    let mut response = problem.error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(operation.methods()));
    response
}

/// 404 with the operations there are.
fn unknown(name: &str, at: Option<&'static ResourceSpec>) -> Problem {
    let forms =
        ALL.iter().filter(|operation| at.is_none_or(|spec| operation.is_for(spec.name))).flat_map(|operation| {
            let kind = match (at, operation.kinds) {
                (Some(spec), _) => spec.name,
                (None, [one]) => one,
                (None, _) => "[type]",
            };
            let of_type = operation.on_type.then(|| format!("{kind}/${}", operation.name));
            let of_one = operation.on_instance.then(|| format!("{kind}/[id]/${}", operation.name));
            of_type.into_iter().chain(of_one)
        });
    let forms: Vec<String> = forms.collect();
    let words = format!("there is no operation {} at this address; there are {}", shorten(name), forms.join(", "));
    Problem::new(StatusCode::NOT_FOUND, IssueType::NotSupported, words)
}
