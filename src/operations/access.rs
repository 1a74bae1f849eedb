//! Operations that change, or tell of, who may see whose record.

use super::{Operation, Parameter, Run, may, must};
use crate::access::relationship::BASES;

/// What a reviewer may find.
pub const VERDICTS: &[&str] = &["appropriate", "inappropriate", "unclear"];

/// What breaking glass may go over, for roles that may.
pub const OVER: &[&str] = &["opt-out", "seal"];

const NHS_NUMBER: Parameter = must("nhs-number", "string", "The person's NHS number");
const BIRTH_DATE: Parameter =
    must("birth-date", "date", "The person's date of birth, to be sure that it is the right one");
const REASON: Parameter = must("reason", "string", "Why, in 10 to 1000 characters");

/// An operation of ours on the type Patient that answers with Parameters.
const fn ours(
    name: &'static str,
    definition: &'static str,
    doc: &'static str,
    parameters: &'static [Parameter],
    run: Run,
) -> Operation {
    Operation {
        name,
        definition,
        kinds: &["Patient"],
        on_system: None,
        on_type: true,
        on_instance: false,
        by_get: false,
        doc,
        parameters,
        searches: false,
        returns: "Parameters",
        run,
    }
}

pub const BREAK_GLASS: Operation = ours(
    "break-glass",
    "/OperationDefinition/Patient-break-glass",
    "Opens a record without a care relationship for a short time: nhs-number, birth-date, reason; over=opt-out or over=seal for roles that may",
    &[
        NHS_NUMBER,
        BIRTH_DATE,
        REASON,
        may("over", "code", "What else it goes over, for roles that may").of(OVER).several(),
    ],
    Run::BreakGlass,
);

pub const SELF_CLAIM: Operation = ours(
    "self-claim",
    "/OperationDefinition/Patient-self-claim",
    "Says that the user is involved in somebody's care, for a short time: nhs-number, birth-date, reason",
    &[NHS_NUMBER, BIRTH_DATE, REASON],
    Run::SelfClaim,
);

pub const RELATE: Operation = ours(
    "relate",
    "/OperationDefinition/Patient-relate",
    "A source tells of a care relationship: nhs-number, holder (system|value), basis, start, end, reason",
    &[
        NHS_NUMBER,
        must("holder", "string", "Who is involved: system|value of an SDS user, a team or an ODS code"),
        must("basis", "code", "On what").of(&BASES),
        may("start", "dateTime", "From when; now unless given"),
        may("end", "dateTime", "Until when; open unless given"),
        REASON,
    ],
    Run::Relate,
);

pub const END_RELATIONSHIP: Operation = ours(
    "end-relationship",
    "/OperationDefinition/Patient-end-relationship",
    "Ends a relationship that the source told of: relationship",
    &[must("relationship", "string", "Its id, as $relate and $relationships gave it")],
    Run::EndRelationship,
);

pub const RELATIONSHIPS: Operation = Operation {
    by_get: true,
    ..ours(
        "relationships",
        "/OperationDefinition/Patient-relationships",
        "What the source told of a person: nhs-number",
        &[NHS_NUMBER],
        Run::Relationships,
    )
};

pub const PROTECT: Operation = ours(
    "protect",
    "/OperationDefinition/Patient-protect",
    "Sets or lifts an opt-out or a restriction: nhs-number, opted-out, restricted, reason",
    &[
        // The first: a patient, who speaks for themselves alone, has the others.
        Parameter {
            required: false,
            doc: "The person's NHS number; not for a patient, who speaks for themselves alone",
            ..NHS_NUMBER
        },
        may("opted-out", "boolean", "Whether the person has opted out; this or restricted has to be there"),
        may("restricted", "boolean", "Whether the person's record is restricted"),
        REASON,
    ],
    Run::Protect,
);

pub const ACCESS_ALERTS: Operation = Operation {
    by_get: true,
    ..ours(
        "access-alerts",
        "/OperationDefinition/Patient-access-alerts",
        "Overrides and claims that wait for a review, the oldest first; all=true: every one",
        &[
            may("all", "boolean", "Whether those that were reviewed are listed too"),
            may("count", "positiveInt", "How many at most"),
        ],
        Run::AccessAlerts,
    )
};

pub const REVIEW: Operation = ours(
    "review",
    "/OperationDefinition/Patient-review",
    "Says of an override whether it was appropriate: alert, verdict, note; one that was not ends at once",
    &[
        must("alert", "string", "Its id, as $access-alerts gave it"),
        must("verdict", "code", "What was found").of(VERDICTS),
        may("note", "string", "Words for the record of the review"),
    ],
    Run::Review,
);
