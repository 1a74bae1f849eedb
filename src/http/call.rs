//! Owns what every interaction starts with and ends with: the caller behind the token, the headers
//! that change an answer, and the audit row without which nothing is answered.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use tracing::Instrument;
use uuid::Uuid;

use super::address::{household, origin};
use super::format::Format;
use super::gate::busy;
use super::media::Media;
use super::span::RequestId;
use super::{State, search};
use crate::access::{Caller, Grant, Interaction};
use crate::error::Problem;
use crate::fhir::date;
use crate::fhir::outcome::IssueType;
use crate::limits::Turn;
use crate::resources::{self, spec::ResourceSpec};
use crate::search::Search;
use crate::smart::{self, Unauthorized};
use crate::store::{AuditRow, Outcome};

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// One authenticated request.
pub struct Call {
    pub state: Arc<State>,
    pub caller: Caller,
    pub request_id: Uuid,
    /// The query string as it came.
    pub query: String,
    headers: HeaderMap,
    /// Where it came from.
    origin: Option<IpAddr>,
    /// Its turn among those that work at once.
    turn: Option<Turn>,
}

/// A request as it came, whose caller is not known yet.
pub(super) struct Arrival {
    state: Arc<State>,
    request_id: Uuid,
    query: String,
    headers: HeaderMap,
    origin: Option<IpAddr>,
    /// None: the form of a search may still name a format, and an export's file is in no format of FHIR's REST.
    format: Option<Format>,
    turn: Option<Turn>,
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Call, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let arrival = Arrival::of(request);
        Box::pin(async move {
            let mut call = arrival?.call(false).await?;
            call.caller = call.caller.proven();
            Ok(call)
        })
    }
}

impl Arrival {
    pub fn of(request: &HttpRequest) -> Result<Arrival, Problem> {
        let state = request.app_data::<web::Data<State>>().map(|data| Arc::clone(data));
        let state = state.ok_or_else(|| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, IssueType::Exception, "the service is not set up")
        })?;
        let headers = request.headers().clone();
        let form = request.method() == Method::POST && is_form(&headers);
        let file = request.match_info().get("file").is_some();
        Ok(Arrival {
            request_id: request.extensions().get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0),
            query: request.query_string().to_owned(),
            origin: origin(request.peer_addr(), &headers, &state.config.proxies),
            headers,
            format: (!form && !file).then(|| Format::of(request)),
            turn: request.extensions().get::<Turn>().cloned(),
            state,
        })
    }

    /// Whether an answer can be had in the format that is asked for.
    pub fn is_offered(&self) -> bool {
        self.format.is_none_or(|format| format.offered().is_ok())
    }

    /// The call, of a caller who is still to be proved: looked up now, or `recent` ones remembered.
    pub async fn call(self, recent: bool) -> Result<Call, Problem> {
        let Arrival { state, request_id, query, headers, origin, format, turn } = self;
        let token = smart::bearer(headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()))?;
        let (known, policies) = (&state.recent, &state.config.policies);
        let look = async {
            match recent {
                true => known.caller(&state.store, policies, &token).await,
                false => known.look_up(&state.store, policies, &token).await,
            }
        };
        let caller = look.instrument(tracing::debug_span!("token")).await.map_err(Problem::from);
        let caller = turned_away(&state, request_id, origin, caller).await?;
        state.rates.requests.take((&caller.claims().client, &caller.claims().user))?;
        if let Some(format) = format {
            format.offered()?;
        }
        Ok(Call { state, caller, request_id, query, headers, origin, turn })
    }
}

impl Call {
    /// Its turn among those that work at once.
    pub fn turn(&self) -> Option<&Turn> {
        self.turn.as_ref()
    }

    /// Gives its turn to others, while it waits for its client.
    pub fn rest(&self) {
        self.turn.iter().for_each(Turn::end);
    }

    /// Works on, at the next piece of its answer: when its turn comes again.
    pub async fn work(&self) -> Result<(), Problem> {
        let longest = Duration::from_secs(self.state.config.load.request_seconds);
        match &self.turn {
            Some(turn) => turn.go_on(longest).await.map_err(busy),
            None => Ok(()),
        }
    }

    /// Looks the token up, unless that was done for this request: it has to be in force, and say what it said before.
    pub(super) async fn prove(&mut self) -> Result<(), Problem> {
        let Some(mark) = self.caller.mark() else { return Ok(()) };
        let state = &self.state;
        let found = match state.recent.look_up(&state.store, &state.config.policies, &mark.hash).await {
            Ok(now) if now.mark() == Some(mark) => Ok(now.proven()),
            Ok(_) => Err(Problem::from(Unauthorized::Unknown)),
            Err(error) => Err(error.into()),
        };
        self.caller = turned_away(state, self.request_id, self.origin, found).await?;
        Ok(())
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The texts of a header that may be there several times.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).map(|value| value.to_str().unwrap_or("not text"))
    }

    /// Whether a `Prefer` header holds this choice (RFC 7240).
    pub fn prefers(&self, choice: &str) -> bool {
        let values = self.headers.get_all("prefer").filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split([',', ';']))
            .any(|word| word.trim().replace('"', "").eq_ignore_ascii_case(choice))
    }

    /// A header that may come once, as text. A condition that cannot be read must not be passed over.
    pub fn only(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.headers.get_all(name);
        let (first, more) = (values.next(), values.next());
        let bad =
            |words: &str| Problem::bad_request(IssueType::Value, format!("{name} {words}")).at(&format!("http.{name}"));
        if more.is_some() {
            return Err(bad("comes more than once: send one"));
        }
        first.map(|value| value.to_str().map_err(|_| bad("is not ASCII: percent-encode it"))).transpose()
    }

    /// The search that criteria ask for, under the caller's own grant to search: 412 where they select nothing.
    pub fn criteria(&self, spec: &'static ResourceSpec, text: &str) -> Result<Search, Problem> {
        let grant = self.grant(spec, Interaction::Search)?;
        Search::criteria(grant, text, &search::context(self, None)).map_err(|issues| {
            let has = |code| issues.iter().any(|issue| issue.code == code);
            let status = match (has(IssueType::Forbidden), has(IssueType::Conflict)) {
                (true, _) => StatusCode::FORBIDDEN,
                (_, true) => StatusCode::PRECONDITION_FAILED,
                _ => StatusCode::BAD_REQUEST,
            };
            Problem::of(status, issues)
        })
    }

    /// The version an If-Match header names.
    pub fn if_match(&self) -> Result<Option<i32>, Problem> {
        let header = self.headers.get("if-match").map(|value| value.to_str().unwrap_or("not text"));
        header.map(|text| parse_etag(text).map_err(|problem| problem.at("http.If-Match"))).transpose()
    }

    /// The grant for this type and interaction, or 403.
    pub fn grant(&self, spec: &'static ResourceSpec, interaction: Interaction) -> Result<Grant, Problem> {
        let _span = tracing::debug_span!("grant", resource_type = spec.name, ?interaction).entered();
        Ok(self.caller.grant(spec, interaction)?)
    }

    /// Asks anew who calls: for answers that go on for long, and end when the token is revoked.
    pub async fn renew(&mut self) -> Result<(), Problem> {
        let authorization = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.caller = smart::still(&self.state.store, &self.state.config.policies, authorization).await?;
        Ok(())
    }

    /// The request's audit row, about nobody yet.
    pub fn audit(&self, action: &'static str, kind: &str, query: &str) -> AuditRow {
        let claims = self.caller.claims();
        AuditRow {
            at: date::now(),
            request_id: self.request_id,
            client: claims.client.clone(),
            user: claims.user.clone(),
            role: claims.role.clone(),
            organisation: claims.organisation.clone(),
            address: self.origin.map(|address| address.to_string()),
            holders: self.caller.holders().keys(),
            purpose: self.caller.purpose().to_owned(),
            action,
            resource_type: kind.to_owned(),
            query: query.to_owned(),
            what: None,
            patient_id: None,
            outcome: Outcome::Success,
        }
    }

    /// Commits the row for each person seen, or one for nobody; only then may the answer leave.
    pub async fn saw(&self, row: AuditRow, people: impl IntoIterator<Item = i64>) -> Result<(), Problem> {
        Ok(self.state.trail.record(rows_about(row, people)).await?)
    }

    /// Passes a result on; a refusal is audited first.
    pub async fn audited<T>(&self, row: AuditRow, result: Result<T, Problem>) -> Result<T, Problem> {
        if let Err(problem) = &result {
            let row = AuditRow { outcome: Outcome::Refused, ..row };
            self.state.trail.record(rows_about(row, problem.about.iter().copied())).await?;
        }
        result
    }
}

/// Passes a look-up's result on. That of a token which is none, or no longer one, has its row first: nobody knows whose it was.
async fn turned_away<T>(
    state: &State,
    request_id: Uuid,
    origin: Option<IpAddr>,
    found: Result<T, Problem>,
) -> Result<T, Problem> {
    if found.as_ref().is_err_and(|problem| problem.status == StatusCode::UNAUTHORIZED) {
        // Where somebody goes on and on, it is not written down.
        state.rates.tokens.take(origin.map(household))?;
        let row = AuditRow {
            at: date::now(),
            request_id,
            client: "unknown".to_owned(),
            user: None,
            role: "unknown".to_owned(),
            organisation: None,
            address: origin.map(|address| address.to_string()),
            holders: Vec::new(),
            purpose: "TREAT".to_owned(),
            action: "E",
            resource_type: "access-token".to_owned(),
            query: "an access token that is unknown or has expired".to_owned(),
            what: None,
            patient_id: None,
            outcome: Outcome::Refused,
        };
        state.trail.record(vec![row]).await?;
    }
    found
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| Media::parse(kind).name == FORM)
}

/// A row for each person, or one for nobody.
pub fn rows_about(row: AuditRow, people: impl IntoIterator<Item = i64>) -> Vec<AuditRow> {
    let mut people: Vec<i64> = people.into_iter().filter(|person| *person != 0).collect();
    people.sort_unstable();
    people.dedup();
    match &people[..] {
        [] => vec![row],
        _ => people.iter().map(|person| AuditRow { patient_id: Some(*person), ..row.clone() }).collect(),
    }
}

/// A version as this service writes it: digits, no sign, no leading zero.
pub fn parse_version(text: &str) -> Option<i32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

/// The version of `W/"3"`.
pub fn parse_etag(text: &str) -> Result<i32, Problem> {
    let text = text.trim();
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let digits = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    digits.and_then(parse_version).ok_or_else(|| {
        Problem::bad_request(IssueType::Value, "If-Match is not an ETag this service gave: W/\"1\" and so on")
    })
}

/// The type a path names, or 404 with the ones there are.
pub fn spec(kind: &str) -> Result<&'static ResourceSpec, Problem> {
    resources::find(kind).ok_or_else(|| {
        let known: Vec<&str> = resources::served().map(|spec| spec.name).collect();
        let kind = crate::fhir::primitive::shorten(kind);
        let words = format!("this record keeps no resource type \"{kind}\"; it keeps {}", known.join(", "));
        Problem::new(StatusCode::NOT_FOUND, IssueType::NotSupported, words)
    })
}
