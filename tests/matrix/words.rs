//! The words of the page: what its marks mean. Everything else in it is measured.

pub const INTRODUCTION: &str = "\
# Who sees and does what

For a clinician, a privacy officer or anybody else who wants to check what this record shows to whom. Every mark on this page was
measured: a test (`tests/matrix`) starts the service, signs in as each persona of the sandbox, asks for each thing over HTTP and
writes down what happened. The test fails when the service and this page differ; `LCR_GENERATE=1 cargo test --test matrix` writes
the page anew, and whoever does that reads the difference first.

## Who is who

";

pub const REACH: &str = "
A persona has a role (doctor, nurse …), which says what such people may do at all, and scopes, which an app may narrow. Whom they
see depends on who is *in reach*: patients with whom they or their organisation have a care relationship now.

## What the marks mean

";

pub const MEANINGS: [(&str, &str); 8] = [
    ("✓ N", "seen or done, where nothing is labelled"),
    ("✓ R", "also what is labelled R, restricted"),
    ("✓ V", "also what is labelled V, very restricted: everything"),
    ("own R", "the same, but only for what the persona's own organisation or system wrote into the record"),
    ("*", "a Patient labelled R or V without address or telephone; an AuditEvent without what was asked"),
    ("·", "not there: the answer is the one for a row that never was (404), or a list without it"),
    ("–", "refused (403), whatever is in the record"),
    ("409", "refused, because the id is in use"),
];

pub const GLANCE: &str = "
The letters are HL7's confidentiality labels; a row without a label counts as N, normal. The types are FHIR's: Condition is
problems, Observation results and measurements, MedicationStatement medicines, AllergyIntolerance allergies. Practitioner,
PractitionerRole and Organization are the directory of those who give care: nobody's record, so reach does not matter for it.
AuditEvent is the trail of who looked at whose record; its rows have no labels.

## At a glance: who reads what

Of people in reach. For personas who have nobody in reach until they open a record (ambulance, 111, the stranger), what they read
once they have.

";

pub const COLUMNS: &str = "
## Each persona

The columns are FHIR's interactions: *read* one resource, *vread* one of its versions, *search* for it, list its versions
(*history-instance*) or those of its whole type (*history-type*); *create* one about somebody in reach, *update* it as a whole,
*patch* a part of it, *delete* it. Each was done in every way the service has (by id and by criteria; GET, HEAD and POST; in the
whole record and in one person's compartment), and all ways have to agree.

What no note below a table says otherwise is the same for all: rows about people out of reach are not there, and are not changed.
";

pub const OPERATIONS: &str = "
## Operations

Beyond these interactions the service has operations. Marks are as above; a label says up to which label of somebody's rows the
answer showed any.
";

/// What stands before each of the four tables.
pub const PARTS: [&str; 4] = [
    "
### To look

About somebody in reach; about others, each was asked too and told nothing. *Of the launch* is for apps that were started for one
patient; · where none was. *$validate*: the types whose resources may be checked before they are sent; the record is not looked at
for it.

",
    "
### To open a record

Of somebody who is not in reach: whether it opens, up to which label the persona then sees what is in it, and whether the address.
A record is *sealed* where the Patient is labelled V.

",
    "
### To take out, and to say who sees what

- *$export*: an export of the record and of patients is begun, asked about, fetched and ended; the file is what the search finds.
- *$relate*, *$relationships*, *$end-relationship*: a source tells who is involved in somebody's care, lists it and ends it.
- *$protect*: sets an opt-out or a restriction for somebody named by NHS number, or for oneself; · where it cannot be asked so.
- *$access-alerts*, *$review*: looks at how records were opened, and judges it.

",
    "
### At once

The types of which rows are seen in a search or history of all types, and which can be read or created in a batch or a transaction.
Each agrees, row by row, with what is asked one by one. *Own id*: the types that can be created under an id of the caller's choice.

",
];

pub const HIGHEST: &str = "
## The highest label seen

Of the rows of a person's record in reach (without the Patient itself), of the directory, and of the audit trail; and whether
anything was seen about people out of reach.

";

pub const PROTECTED: &str = "
## People who are protected

All of them would be in reach. A Patient may be labelled by its source, or restricted or opted out by `$protect`; *rows* are what
is about them, up to which label.

";

pub const ROLES: &str = "
## What each role may do beyond reading and writing

Asked with a token that lacks no scope, so that only the role decides (`src/access/roles.toml`). *Own ids*: whether anything can be
created under an id of the caller's choice.

";

pub const REQUESTS: &str = "
## The requests behind the columns

";
