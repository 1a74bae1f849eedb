//! Owns how a Grant's reach becomes SQL: the first predicate of every statement that shows or changes a row.

use super::predicate;
use super::sql::{Expr, Sql};
use crate::access::{Confidentiality, Grant, Holders, Narrow, Reach};
use crate::resources::spec::Compartment;
use crate::search::value;

/// The rows of `alias`, a table of current versions, that the grant covers, now.
pub fn rows(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let covered = covered(sql, grant, alias);
    if grant.narrow().is_empty() {
        return covered;
    }
    let narrow = narrow(sql, grant, alias);
    Expr::all(&[covered, narrow])
}

/// The rows of `alias`, a table of all versions, that the grant covers, now. What a granular scope asks is known of the
/// current version alone, which has the columns for it; so under such a scope no other version is shown.
pub fn versions(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let covered = covered(sql, grant, alias);
    if grant.narrow().is_empty() {
        return covered;
    }
    let narrow = narrow(sql, grant, "g");
    let (table, alias) = (Expr::literal(grant.spec().seen.current), Expr::literal(alias));
    let current = Expr::fill(
        "EXISTS (SELECT 1 FROM {} g WHERE g.patient_id = {}.patient_id AND g.id = {}.id AND g.version = {}.version AND {})",
        &[&table, &alias, &alias, &alias, &narrow],
    );
    Expr::all(&[covered, current])
}

/// What the grant's granular scopes ask of a row of `alias`, a table of current versions.
pub fn narrow(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let mut test = |narrow: &Narrow| {
        // No token is a URL of this service, so its base does not matter; what cannot be read lets nothing through.
        match value::read(grant.spec(), narrow.param, &narrow.value, "", usize::MAX) {
            Ok(test) => predicate::of_param(sql, grant.spec(), narrow.param, alias, &test),
            Err(_) => Expr::literal("false"),
        }
    };
    let alternatives: Vec<Expr> =
        grant.narrow().iter().map(|all| Expr::all(&all.iter().map(&mut test).collect::<Vec<Expr>>())).collect();
    // A column without a value makes a test unknown, which is no leave.
    Expr::fill("coalesce({}, false)", &[&Expr::any(&alternatives)])
}

/// The JSON of a row of `alias` as the grant shows it. A restricted person's Patient has a redacted form, which everybody sees
/// but the person, the source of the row, and who has opened the seal; of the trail, a person sees no queries.
pub fn shown(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let (full, redacted) = (Expr::column(alias, "resource"), Expr::column(alias, "redacted"));
    let spec = grant.spec();
    if spec.is_trail() {
        return if matches!(grant.reach(), Reach::Trail) { full } else { redacted };
    }
    if !spec.is_person() || matches!(grant.reach(), Reach::Patient { staff: None, .. }) {
        return full;
    }
    let opened = match grant.reach() {
        Reach::Source { source, .. } => Some(own(sql, source, alias)),
        _ => overridden(sql, grant, Override::Seal, &Expr::column(alias, "patient_id")),
    };
    match opened {
        None => Expr::fill("coalesce({}, {})", &[&redacted, &full]),
        Some(opened) => {
            Expr::fill("CASE WHEN {} IS NULL OR {} THEN {} ELSE {} END", &[&redacted, &opened, &full, &redacted])
        }
    }
}

/// The rows that reach, protections and label let through.
fn covered(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let spec = grant.spec();
    if spec.is_trail() {
        return match grant.reach() {
            Reach::Trail => opened(sql, grant),
            Reach::Patient { staff: None, .. } => Expr::all(&[opened(sql, grant), people(sql, grant, alias)]),
            // Staff see no trail of their own patients.
            _ => Expr::literal("false"),
        };
    }
    let label = labelled(sql, grant, alias);
    if spec.compartment == Compartment::Nobody {
        return label;
    }
    let opened = opened(sql, grant);
    let people = people(sql, grant, alias);
    let reach = match grant.reach() {
        Reach::Source { source, .. } => Expr::any(&[own(sql, source, alias), people]),
        _ => people,
    };
    Expr::all(&[opened, reach, label])
}

/// Rows up to the grant's label, and those that are open to it whatever their label. A Patient that is labelled R is not hidden but shown redacted.
fn labelled(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let limit = most(grant, grant.spec().is_person());
    let limit = sql.bind(limit as i16, "smallint");
    let label = Expr::fill("{} <= {}", &[&Expr::column(alias, "confidentiality"), &limit]);
    let opened = match grant.reach() {
        // What a source labels is its own all the same.
        Reach::Source { source, .. } => Some(own(sql, source, alias)),
        _ => overridden(sql, grant, Override::Seal, &Expr::column(alias, "patient_id")),
    };
    match opened {
        Some(opened) => Expr::any(&[label, opened]),
        None => label,
    }
}

/// The highest label that is not hidden from the grant.
fn most(grant: &Grant, of_person: bool) -> Confidentiality {
    if of_person { grant.up_to().max(Confidentiality::Restricted) } else { grant.up_to() }
}

/// The rows of a source.
fn own(sql: &mut Sql, source: &str, alias: &'static str) -> Expr {
    let source = sql.bind(source.to_owned(), "text");
    Expr::fill(
        "{} = (SELECT s.source_id FROM source s WHERE s.name = {})",
        &[&Expr::column(alias, "source_id"), &source],
    )
}

/// Opens the second lock as far as the grant reaches, for this statement: PostgreSQL evaluates what names no row before it
/// looks at any, and where it did not, the rows would not be there.
pub fn opened(sql: &mut Sql, grant: &Grant) -> Expr {
    match sql.opens_first(grant.reach()) {
        true => Expr::literal("true"),
        false => Expr::fill("(SELECT {})", &[&open(sql, grant.reach())]),
    }
}

/// The column `opened` of a statement's first row, to which all others are joined: it opens the lock for every reach in the
/// statement, so it is made last. In the place of a condition that would be too late for rows that a join finds by key.
pub fn first(sql: &mut Sql) -> Expr {
    let reaches = sql.reaches();
    let opened: Vec<Expr> = reaches.iter().map(|reach| open(sql, reach)).collect();
    Expr::fill("{} AS opened", &[&Expr::all(&opened)])
}

fn open(sql: &mut Sql, reach: &Reach) -> Expr {
    let (holders, patient, source, trail) = match reach {
        Reach::Patient { id, staff: None } => (Vec::new(), Some(id.clone()), None, false),
        Reach::Patient { staff: Some(holders), .. } | Reach::Relationships(holders) => {
            (holders.keys(), None, None, false)
        }
        Reach::Source { source, organisation } => {
            (of_organisation(organisation).keys(), None, Some(source.clone()), false)
        }
        Reach::Trail => (Vec::new(), None, None, true),
    };
    let (holders, patient) = (sql.bind(holders, "text[]"), sql.bind(patient, "text"));
    let (source, trail) = (sql.bind(source, "text"), sql.bind(trail, "boolean"));
    Expr::fill("reach_set({}, {}, {}, {})", &[&holders, &patient, &source, &trail])
}

/// The people that the grant covers, whatever the row: `alias` has a patient_id. The second lock is `opened` apart from it.
pub fn people(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let person = Expr::column(alias, "patient_id");
    match grant.reach() {
        Reach::Patient { id, staff } => {
            let own = in_context(sql, id, &person);
            match staff {
                None => own,
                Some(holders) => Expr::all(&[own, related(sql, holders, &person), unprotected(sql, grant, &person)]),
            }
        }
        Reach::Relationships(holders) => Expr::all(&[related(sql, holders, &person), unprotected(sql, grant, &person)]),
        Reach::Source { organisation, .. } => {
            let holders = of_organisation(organisation);
            Expr::all(&[related(sql, &holders, &person), unprotected(sql, grant, &person)])
        }
        Reach::Trail => Expr::literal("false"),
    }
}

/// Whether nothing hides the person from everyone: an opt-out, or a Patient with a label above the grant's. Each gives way to
/// an override of the caller's own, where the role may have one.
fn unprotected(sql: &mut Sql, grant: &Grant, person: &Expr) -> Expr {
    let ways = [Override::OptOut, Override::Seal].map(|way| hiding(sql, grant, way, person));
    unless_protected(person, &Expr::any(&ways))
}

/// Whether no protection of the person is so.
fn unless_protected(person: &Expr, so: &Expr) -> Expr {
    Expr::fill("NOT EXISTS (SELECT 1 FROM person_protection p WHERE p.patient_id = {} AND {})", &[person, so])
}

/// Whether a protection `p` hides the person from the grant in this way.
fn hiding(sql: &mut Sql, grant: &Grant, way: Override, person: &Expr) -> Expr {
    let protected = match way {
        Override::OptOut => Expr::literal("p.opted_out"),
        Override::Seal => Expr::fill("p.label > {}", &[&sql.bind(most(grant, true) as i16, "smallint")]),
    };
    match overridden(sql, grant, way, person) {
        Some(over) => Expr::fill("({} AND NOT {})", &[&protected, &over]),
        None => protected,
    }
}

/// One thing that a row has to pass before a grant shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hurdle {
    /// Of the patient in the token's launch context.
    Context,
    /// In a care relationship.
    Relationship,
    /// No opt-out.
    OptOut,
    /// No Patient of the person with a label above the grant's.
    Seal,
    /// The client's own, or of a patient in its organisation's care.
    Source,
    /// A label of its own that the grant shows.
    Label,
    /// What the granular scopes ask.
    Scope,
}

/// What `rows` asks of a row of `alias`, each by itself: for whoever explains an answer. The trail has none.
pub fn hurdles(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Vec<(Hurdle, Expr)> {
    let person = Expr::column(alias, "patient_id");
    let mut all = Vec::new();
    if grant.spec().is_trail() {
        return all;
    }
    let holders = match grant.reach() {
        _ if grant.spec().compartment == Compartment::Nobody => None,
        Reach::Patient { id, staff } => {
            all.push((Hurdle::Context, in_context(sql, id, &person)));
            staff.as_ref()
        }
        Reach::Relationships(holders) => Some(holders),
        Reach::Source { source, .. } => {
            let parts = [own(sql, source, alias), people(sql, grant, alias)];
            all.push((Hurdle::Source, Expr::any(&parts)));
            None
        }
        Reach::Trail => None,
    };
    if let Some(holders) = holders {
        all.push((Hurdle::Relationship, related(sql, holders, &person)));
        for (hurdle, way) in [(Hurdle::OptOut, Override::OptOut), (Hurdle::Seal, Override::Seal)] {
            let hiding = hiding(sql, grant, way, &person);
            all.push((hurdle, unless_protected(&person, &hiding)));
        }
    }
    all.push((Hurdle::Label, labelled(sql, grant, alias)));
    if !grant.narrow().is_empty() {
        all.push((Hurdle::Scope, narrow(sql, grant, alias)));
    }
    all
}

/// Whether that is the person in context.
fn in_context(sql: &mut Sql, id: &str, person: &Expr) -> Expr {
    let id = sql.bind(id.to_owned(), "text");
    Expr::fill("{} = (SELECT k.patient_id FROM patient_key k WHERE k.id = {})", &[person, &id])
}

/// What breaking glass may go over.
#[derive(Clone, Copy)]
enum Override {
    OptOut,
    Seal,
}

/// Whether the caller has gone over it for this person, and still may; none where the role never does.
fn overridden(sql: &mut Sql, grant: &Grant, over: Override, person: &Expr) -> Option<Expr> {
    let (may, flag) = match over {
        Override::OptOut => (grant.goes_over_opt_outs(), "over_opt_out"),
        Override::Seal => (grant.opens_seals(), "unseals"),
    };
    let (Reach::Relationships(Holders { user, .. }) | Reach::Patient { staff: Some(Holders { user, .. }), .. }) =
        grant.reach()
    else {
        return None;
    };
    let user = user.as_ref().filter(|_| may)?;
    let key = sql.bind(format!("practitioner/{user}"), "text");
    Some(Expr::fill(
        "EXISTS (SELECT 1 FROM care_relationship o WHERE o.patient_id = {} AND o.holder_key = {} AND o.{} \
         AND o.revoked_at IS NULL AND o.valid_from <= now() AND (o.valid_to IS NULL OR o.valid_to > now()))",
        &[person, &key, &Expr::literal(flag)],
    ))
}

/// Whether one of the holders is in a care relationship with the person, now.
fn related(sql: &mut Sql, holders: &Holders, person: &Expr) -> Expr {
    let keys = sql.bind(holders.keys(), "text[]");
    Expr::fill(
        "EXISTS (SELECT 1 FROM care_relationship r WHERE r.patient_id = {} AND r.holder_key = ANY({}) \
         AND r.revoked_at IS NULL AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now()))",
        &[person, &keys],
    )
}

fn of_organisation(organisation: &Option<String>) -> Holders {
    Holders { organisation: organisation.clone(), ..Holders::default() }
}
