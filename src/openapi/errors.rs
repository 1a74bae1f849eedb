//! Every way in which a request to the FHIR API fails: one table of status and issue code, when it comes and what to do.
//! The document is made from it; a debug build refuses to send a refusal that is not in it.

use crate::fhir::outcome::IssueType;

/// A way to fail.
#[derive(Debug)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// `OperationOutcome.issue.code`.
    pub code: IssueType,
    /// When it comes.
    pub when: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

const fn row(status: u16, code: IssueType, when: &'static str, remedy: &'static str) -> Failure {
    Failure { status, code, when, remedy }
}

/// All of them, by status.
#[rustfmt::skip]
pub const ALL: &[Failure] = &[
    row(400, IssueType::Structure, "The body is not JSON, XML or a resource of R4's shape", "Mend what expression points at; POST it to $validate to see all that is wrong"),
    row(400, IssueType::Required, "Something that has to be there is missing", "Add the element, parameter or header that diagnostics names"),
    row(400, IssueType::Value, "A value cannot be read as what it should be", "Write it as diagnostics says; expression names the element, parameter or header"),
    row(400, IssueType::CodeInvalid, "A code is not one of the value set that R4 requires", "Choose one of the codes that diagnostics lists"),
    row(400, IssueType::Invalid, "What was sent does not fit the address, the patch or the other parts of the request", "Make the two agree, as diagnostics says"),
    row(400, IssueType::Invariant, "A rule of R4 is broken, in a resource whose structure is wrong, too", "Mend all that is listed"),
    row(400, IssueType::BusinessRule, "A rule of this record is broken, in a resource whose structure is wrong, too", "Mend all that is listed"),
    row(400, IssueType::NotSupported, "A parameter, modifier, header or operation's parameter that this service does not know", "Use one that diagnostics lists, or send Prefer: handling=lenient to have unknown search parameters passed over"),
    row(400, IssueType::NotFound, "An entry of a Bundle names an address that is none of this service", "Use an address that /fhir/metadata describes"),
    row(400, IssueType::Duplicate, "Something is there twice that may be there once", "Send it once"),
    row(400, IssueType::TooLong, "Something is longer than this service takes", "Send less, as diagnostics says"),
    row(400, IssueType::TooCostly, "The request would cost more than a limit of this service allows", "Ask for less; diagnostics names the limit"),
    row(401, IssueType::Login, "There is no access token", "Send Authorization: Bearer with a token; /fhir/.well-known/smart-configuration says where to get one"),
    row(401, IssueType::Expired, "The access token is unknown, ended or revoked", "Refresh it, or sign in again"),
    row(403, IssueType::Forbidden, "Role, scope or the resource's source do not allow this", "Ask for a scope that covers it, or as somebody whose role may"),
    row(404, IssueType::NotFound, "There is no such resource, or it is hidden from the caller: the two are one answer", "Check the id; where you are caring for the person, the access operations open a record"),
    row(404, IssueType::NotSupported, "This record keeps no such type, or has no such operation or address", "Use one that diagnostics lists"),
    row(405, IssueType::NotSupported, "The method is not one of this address", "Use one that the header Allow lists"),
    row(406, IssueType::NotSupported, "The answer was asked for in a format that there is not", "Ask for application/fhir+json or application/fhir+xml"),
    row(408, IssueType::Timeout, "The body was not there in time", "Send less at a time, or over a better line"),
    row(409, IssueType::Conflict, "Somebody changed the same thing at the same moment, or the id is in use", "Send it again; choose another id if it is in use"),
    row(410, IssueType::Deleted, "The resource was deleted", "Its history can still be read; an update by its source brings it back"),
    row(412, IssueType::Conflict, "If-Match names another version than the current one, or the criteria select nothing by themselves", "Read the resource again and redo the change; give criteria that select"),
    row(412, IssueType::MultipleMatches, "The criteria of a conditional request match several resources", "Make them select one, by identifier for instance"),
    row(412, IssueType::NotFound, "A conditional reference matches nothing", "Send what it refers to first, or in the same transaction"),
    row(413, IssueType::TooLong, "The body is larger than this service takes", "Send less at a time"),
    row(413, IssueType::TooCostly, "The Bundle has more entries than this service takes", "Send it in parts"),
    row(414, IssueType::TooLong, "The address is longer than this service takes", "Send a long search by POST to _search"),
    row(415, IssueType::NotSupported, "The body's media type, character set or coding is not one this service reads", "Send application/fhir+json or application/fhir+xml in UTF-8, as it is or in gzip or br"),
    row(422, IssueType::Invariant, "A rule of R4 or of this record's profiles is broken", "Mend what expression points at; details.coding names the rule"),
    row(422, IssueType::BusinessRule, "A rule of this record is broken, such as an NHS number that nobody can have", "Mend what expression points at"),
    row(422, IssueType::Invalid, "The patch cannot be applied to the resource as it is", "Read the resource again, and make the patch fit it"),
    row(422, IssueType::Structure, "Something is there more often than a profile of this record allows, or what the patch makes is not of R4's shape", "Mend it, as diagnostics says"),
    row(422, IssueType::Required, "Something that a profile of this record asks for is missing, from what was sent or from what the patch makes", "Add the element that expression names"),
    row(422, IssueType::Value, "A value is not what a profile of this record fixes, or cannot be read in what the patch makes", "Mend it, as diagnostics says"),
    row(422, IssueType::CodeInvalid, "A code is not of the value set that a profile of this record requires, or that R4 requires of what the patch makes", "Choose one of the codes that diagnostics lists"),
    row(422, IssueType::NotSupported, "A summary was asked for in a profile that this service does not make", "Leave profile out"),
    row(429, IssueType::Throttled, "Somebody asks more often than they may, guesses, or has as many exports or files under way as there may be", "Wait for Retry-After seconds; DELETE the exports that are done with"),
    row(431, IssueType::TooLong, "The header lines are more than this service takes", "Send fewer"),
    row(500, IssueType::Exception, "The service failed", "Tell the operator the answer's X-Request-Id"),
    row(503, IssueType::Throttled, "More is asked at the moment than the service can do; nothing was done", "Try again after Retry-After seconds"),
    row(503, IssueType::Transient, "The record cannot be reached at the moment, or is being indexed for this search", "Try again after Retry-After seconds"),
    row(504, IssueType::Timeout, "The answer would take longer than it may, and was given up", "Ask for less at a time; after a change, read whether it was made"),
];

/// Whether the table has this way to fail.
pub fn knows(status: u16, code: IssueType) -> bool {
    ALL.iter().any(|failure| failure.status == status && failure.code == code)
}

/// The statuses, each once, in order.
pub fn statuses() -> impl Iterator<Item = u16> {
    let first = |at: usize| at == 0 || ALL[at - 1].status != ALL[at].status;
    (0..ALL.len()).filter(move |at| first(*at)).map(|at| ALL[at].status)
}

/// The name of a status among the document's components.
pub fn name(status: u16) -> String {
    format!("error-{status}")
}
