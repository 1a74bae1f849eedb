//! Owns the one way a request fails: a status and an OperationOutcome. What callers may not know stays in the log.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};

use crate::access::Denied;
use crate::fhir::elements::is_resource_type;
use crate::fhir::json::Json;
use crate::fhir::outcome::{Issue, IssueType, outcome};
use crate::openapi::errors;
use crate::smart::Unauthorized;
use crate::store::{NotWritten, Refusal, StoreError};
use crate::telemetry::metrics::{self, Rejection};

/// A request that failed.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub issues: Vec<Issue>,
    /// The people whose records the request reached all the same, for the audit trail.
    pub about: Vec<i64>,
    /// Seconds after which it is worth asking again.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// One finding under a status.
    pub fn new(status: StatusCode, code: IssueType, words: impl Into<String>) -> Problem {
        Problem::of(status, vec![Issue::error(code, words)])
    }

    /// Several findings under a status.
    pub fn of(status: StatusCode, issues: Vec<Issue>) -> Problem {
        // What passes by itself is worth asking again at once.
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        Problem { status, issues, about: Vec::new(), retry_after }
    }

    /// 400 for what the request itself says.
    pub fn bad_request(code: IssueType, words: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, code, words)
    }

    /// The answer for what is not there and for what is hidden: one text, so that nobody can tell.
    pub fn not_found() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, "there is no such resource")
    }

    /// In a debug build, and so in every test, a refusal that callers are not told of is a fault of the program.
    fn is_documented(&self) {
        let known = self.issues.iter().any(|issue| errors::knows(self.status.as_u16(), issue.code));
        debug_assert!(known, "{} with {:?} is not in openapi/errors.rs", self.status, self.issues);
    }

    /// With its place; a finding that has one keeps it as the rest of the path, without the type it begins with.
    pub fn at(mut self, expression: &str) -> Problem {
        for issue in &mut self.issues {
            let inner = issue.expression.take().filter(|inner| !is_resource_type(inner));
            let inner = inner.map(|inner| match inner.split_once('.') {
                Some((kind, rest)) if is_resource_type(kind) => rest.to_owned(),
                _ => inner,
            });
            issue.expression = Some(inner.map_or(expression.to_owned(), |inner| format!("{expression}.{inner}")));
        }
        self
    }
}

impl Problem {
    /// `Bundle.entry.response` of an entry that failed.
    pub fn entry(&self) -> Json {
        self.is_documented();
        let status = format!("{} {}", self.status.as_u16(), self.status.canonical_reason().unwrap_or_default());
        Json::object([("status", Json::string(status)), ("outcome", outcome(&self.issues))])
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.is_documented();
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3.1: a token that is not in force is named so; a request without one is only asked for it.
            let unknown = self.issues.iter().any(|issue| issue.code == IssueType::Expired);
            let challenge =
                if unknown { "Bearer realm=\"lcr\", error=\"invalid_token\"" } else { "Bearer realm=\"lcr\"" };
            response.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        }
        if self.issues.iter().any(|issue| issue.expression.as_deref() == Some("http.Content-Encoding"))
            && self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE
        {
            // RFC 7694 §3: only a refused coding is answered with those there are.
            response.insert_header(("Accept-Encoding", "gzip, br"));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.insert_header(("Retry-After", "10"));
        }
        response.content_type(crate::http::FHIR_JSON).body(outcome(&self.issues).to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::TooMany { what, most, remedy } = error {
            return Problem::bad_request(IssueType::TooCostly, format!("more than {most} {what} {remedy}"));
        }
        if let StoreError::TokenEnded = error {
            return Unauthorized::Unknown.into();
        }
        if let StoreError::UnknownTerms(words) = error {
            let issues = words.into_iter().map(|words| Issue::error(IssueType::Value, words)).collect();
            return Problem::of(StatusCode::BAD_REQUEST, issues);
        }
        if let StoreError::Reindexing(kinds) = &error {
            let words = format!(
                "the rows of {} are being indexed for this search, which an operator's `lcr migrate` finishes: try again later",
                kinds.join(", ")
            );
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, IssueType::Transient, words);
        }
        if matches!(error, StoreError::TooLong) {
            let words = "the record would have to look for longer than it may (load.statement_seconds), and stopped: ask for less \
                         at a time, or narrow the search";
            return Problem::new(StatusCode::GATEWAY_TIMEOUT, IssueType::Timeout, words);
        }
        tracing::error!(%error, "a request failed in the store");
        match error {
            StoreError::Unavailable(_) | StoreError::InDoubt(_) => metrics::rejected(Rejection::Database),
            StoreError::Audit => metrics::rejected(Rejection::Audit),
            _ => {}
        }
        match error {
            StoreError::InDoubt(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                IssueType::Transient,
                "the record was lost sight of while the change was committed, so it may have been made: look for it, or send it so that \
                 twice is the same as once (PUT to an id, or If-None-Exist)",
            ),
            StoreError::Unavailable(_) | StoreError::Audit => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                IssueType::Transient,
                "the record cannot be reached at the moment: try again shortly",
            ),
            _ => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                IssueType::Exception,
                "the service failed to answer; the operator's log says why under this request's X-Request-Id",
            ),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Problem::new(StatusCode::FORBIDDEN, IssueType::Forbidden, denied.to_string())
    }
}

impl From<Unauthorized> for Problem {
    fn from(error: Unauthorized) -> Self {
        match error {
            Unauthorized::Store(error) => error.into(),
            Unauthorized::Missing => Problem::new(StatusCode::UNAUTHORIZED, IssueType::Login, error.to_string()),
            Unauthorized::Unknown => Problem::new(StatusCode::UNAUTHORIZED, IssueType::Expired, error.to_string()),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let conflict = |words: &str| Problem::new(StatusCode::CONFLICT, IssueType::Conflict, words);
        match refusal {
            Refusal::NotFound => Problem::not_found(),
            Refusal::Stale(0) => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                IssueType::Conflict,
                "If-Match names a version, but there is no such resource: leave the header out to create it",
            ),
            Refusal::Stale(version) => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                IssueType::Conflict,
                format!(
                    "If-Match names another version than the current one, W/\"{version}\": read it again and redo the change"
                ),
            ),
            Refusal::NotYours => Problem::new(
                StatusCode::FORBIDDEN,
                IssueType::Forbidden,
                "another source shared this resource, and only that source may change or delete it: share a resource of your own",
            ),
            Refusal::IdTaken => conflict("this id is in use: choose another, or let the server choose by POST"),
            Refusal::NoPatient(reference) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                IssueType::BusinessRule,
                format!("the subject must be a patient you are in a care relationship with; {reference} is not one"),
            ),
            Refusal::NotItsSource => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                IssueType::BusinessRule,
                "meta.source names another source of this record: leave it out, and yours is put in",
            )
            .at("meta.source"),
            Refusal::OutOfScope => Problem::new(
                StatusCode::FORBIDDEN,
                IssueType::Forbidden,
                "the token's scope lets only such resources be written as its parameters find, and this is none: ask for a wider scope",
            ),
            Refusal::Twice => Problem::bad_request(
                IssueType::Duplicate,
                "the same resource is changed twice: send one change for each",
            ),
            Refusal::Gone => {
                Problem::new(StatusCode::GONE, IssueType::Deleted, "the resource was deleted: an update brings it back")
            }
            Refusal::Several => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                IssueType::MultipleMatches,
                "several resources match the criteria: make them select one, by identifier for instance",
            ),
            Refusal::OtherId => Problem::bad_request(
                IssueType::Invalid,
                "the criteria match a resource with another id than the one sent: leave the id out, or name that one",
            )
            .at("id"),
            Refusal::MayNotCreate(denied) => denied.into(),
            Refusal::Unfit(issues) => Problem::of(StatusCode::UNPROCESSABLE_ENTITY, issues),
            Refusal::Reference { kind, several } => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                if several { IssueType::MultipleMatches } else { IssueType::NotFound },
                format!(
                    "a conditional reference to {kind} matches {}: it has to match one",
                    if several { "several resources" } else { "nothing" }
                ),
            ),
            Refusal::Moved => conflict("what the criteria match was changed at the same moment: send it again"),
        }
    }
}

impl From<NotWritten> for Problem {
    fn from(error: NotWritten) -> Self {
        match error {
            NotWritten::Store(error) => error.into(),
            NotWritten::Refused { refusal, seen, .. } => Problem { about: seen, ..refusal.into() },
        }
    }
}
