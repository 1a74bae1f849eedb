//! Owns how an interaction's outcome becomes an HTTP response, or an entry of a transaction's reply.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LAST_MODIFIED, LOCATION};
use time::OffsetDateTime;

use super::{Call, FHIR_JSON};
use crate::fhir::bundle::Writer;
use crate::fhir::date;
use crate::fhir::json::Json;
use crate::fhir::outcome::{Issue, IssueType, outcome};

/// What an interaction answers when it succeeds.
pub struct Answer {
    pub status: StatusCode,
    /// The JSON to send; empty: none.
    pub body: String,
    pub version: Option<i32>,
    pub updated_at: Option<OffsetDateTime>,
    /// URL of the version that was written.
    pub location: Option<String>,
    /// What the sender should know of what was written.
    pub notes: Vec<Issue>,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(body: String) -> Answer {
        Answer { status: StatusCode::OK, body, version: None, updated_at: None, location: None, notes: Vec::new() }
    }

    /// The response. `Prefer: return=…` decides what a write sends back (R4 §3.1.0.1.7).
    pub fn response(mut self, call: &Call, is_write: bool) -> HttpResponse {
        // 204 has no body; a deletion that is to be confirmed in words is 200.
        if is_write && self.status == StatusCode::NO_CONTENT && call.prefers("return=OperationOutcome") {
            self.status = StatusCode::OK;
        }
        let mut response = HttpResponse::build(self.status);
        if let Some(version) = self.version {
            response.insert_header((ETAG, format!("W/\"{version}\"")));
        }
        if let Some(at) = self.updated_at {
            response.insert_header((LAST_MODIFIED, http_date(at)));
        }
        if let Some(location) = &self.location {
            response.insert_header((LOCATION, location.as_str()));
        }
        let body = match (is_write, call.prefers("return=minimal"), call.prefers("return=OperationOutcome")) {
            (true, true, _) => String::new(),
            (true, _, true) => self.confirmation().to_string(),
            _ => self.body,
        };
        if body.is_empty() {
            return response.finish();
        }
        response.content_type(FHIR_JSON).body(body)
    }

    /// What became of a change, in words.
    fn confirmation(&self) -> Json {
        let words = match (self.status, self.version) {
            (StatusCode::OK | StatusCode::NO_CONTENT, None) => "nothing matches, so there was nothing to delete",
            _ => "what was asked for is in the record",
        };
        let mut issues = self.notes.clone();
        issues.push(Issue { severity: "information", ..Issue::error(IssueType::Informational, words) });
        outcome(&issues)
    }

    /// An entry of a Bundle's reply. `Prefer: return=…` decides what a change sends back, a read always shows.
    pub fn write_entry(&self, call: &Call, writer: &mut Writer, is_write: bool) {
        let full_url = self.location.as_deref().and_then(|url| url.split_once("/_history/")).map(|(url, _)| url);
        let shows = !is_write || call.prefers("return=representation");
        let body = Some(self.body.as_str()).filter(|body| shows && !body.is_empty());
        let mut response = self.entry();
        if let Json::Object(members) = &mut response
            && is_write
            && call.prefers("return=OperationOutcome")
        {
            members.set("outcome", self.confirmation());
        }
        writer.exchange(full_url, body, None, &response);
    }

    /// `Bundle.entry.response` of a transaction.
    fn entry(&self) -> Json {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut response = Json::object([("status", Json::string(format!("{} {reason}", self.status.as_u16())))]);
        if let Json::Object(members) = &mut response {
            if let Some(location) = &self.location {
                members.set("location", Json::string(location.clone()));
            }
            if let Some(version) = self.version {
                members.set("etag", Json::string(format!("W/\"{version}\"")));
            }
            if let Some(at) = self.updated_at {
                members.set("lastModified", Json::string(date::to_instant(at)));
            }
        }
        response
    }
}

/// RFC 9110 date.
const HTTP_DATE: &[time::format_description::BorrowedFormatItem<'static>] = time::macros::format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

pub fn http_date(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(HTTP_DATE).unwrap_or_default()
}

/// The moment a header names; a text that is no HTTP date names none.
pub fn parse_http_date(text: &str) -> Option<OffsetDateTime> {
    time::PrimitiveDateTime::parse(text.trim(), HTTP_DATE).ok().map(time::PrimitiveDateTime::assume_utc)
}
