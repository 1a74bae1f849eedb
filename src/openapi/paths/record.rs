//! The whole record: search and history of several types, batch and transaction.

use utoipa::openapi::Paths;
use utoipa::openapi::path::HttpMethod;

use super::super::{bodies, parameters, responses};
use super::{ALWAYS, WITH_BODY, With, add, call};

const TAG: &str = "Whole record";

/// All of it.
pub fn all(paths: &mut Paths) {
    let found = || responses::bundle("A page of what matches, in a Bundle", "Condition-found");
    let words = "Beside the parameters listed, those that every type in question has";
    let get = call("searchRecord", TAG, "Search several types at once", words).takes([
        "_type",
        "_id",
        "_lastUpdated",
        "_count",
        "_total",
        "_format",
        "_pretty",
    ]);
    add(paths, HttpMethod::Get, "/fhir", get.answers(200, found()).fails(&ALWAYS));
    let post = call("searchRecordByPost", TAG, "The same with the parameters in a form", words)
        .request_body(Some(parameters::across()));
    add(paths, HttpMethod::Post, "/fhir/_search", post.answers(200, found()).fails(&ALWAYS).fails(&WITH_BODY));
    let history = call("readRecordHistory", TAG, "Every version of everything you may search", "").takes([
        "_since",
        "_at",
        "history-count",
        "_format",
        "_pretty",
    ]);
    add(paths, HttpMethod::Get, "/fhir/_history", history.answers(200, responses::shared("history")).fails(&ALWAYS));
    let words = "A transaction is carried out as a whole or not at all; a batch answers each entry by itself. Entries are \
                 creates, updates, patches (in a Binary, or as Parameters), deletes, reads and searches, with their \
                 conditions.";
    let send = call("sendBundle", TAG, "Send a transaction or a batch", words)
        .takes(["Prefer-return", "_format", "_pretty"])
        .request_body(Some(bodies::resource("bundle-sent", &["transaction"], true)))
        .answers(200, responses::bundle("What became of each entry, in a Bundle", ""))
        .fails(&ALWAYS)
        .fails(&[404, 409, 410, 412, 422])
        .fails(&WITH_BODY);
    add(paths, HttpMethod::Post, "/fhir", send);
}
