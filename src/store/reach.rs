//! Owns how a Grant's reach becomes SQL: the first predicate of every statement that shows or changes a row.

use super::predicate;
use super::sql::{Expr, Sql};
use crate::access::{Grant, Holders, Narrow, Reach};
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
    let (table, alias) = (Expr::literal(grant.spec().table), Expr::literal(alias));
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

/// The rows that reach and label let through.
fn covered(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let label = sql.bind(grant.up_to() as i16, "smallint");
    let label = Expr::fill("{} <= {}", &[&Expr::column(alias, "confidentiality"), &label]);
    if grant.spec().compartment == Compartment::Nobody {
        return label;
    }
    let people = people(sql, grant, alias);
    let reach = match grant.reach() {
        Reach::Source { source, .. } => {
            let source = sql.bind(source.clone(), "text");
            let own = Expr::fill(
                "{} = (SELECT s.source_id FROM source s WHERE s.name = {})",
                &[&Expr::column(alias, "source_id"), &source],
            );
            Expr::any(&[own, people])
        }
        _ => people,
    };
    Expr::all(&[reach, label])
}

/// The people that the grant covers, whatever the row: `alias` has a patient_id.
pub fn people(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
    let person = Expr::column(alias, "patient_id");
    match grant.reach() {
        Reach::Patient { id, staff } => {
            let id = sql.bind(id.clone(), "text");
            let own = Expr::fill("{} = (SELECT k.patient_id FROM patient_key k WHERE k.id = {})", &[&person, &id]);
            match staff {
                None => own,
                Some(holders) => Expr::all(&[own, related(sql, holders, &person)]),
            }
        }
        Reach::Relationships(holders) => related(sql, holders, &person),
        Reach::Source { organisation, .. } => {
            let holders = Holders { organisation: organisation.clone(), ..Holders::default() };
            related(sql, &holders, &person)
        }
    }
}

/// Whether one of the holders is in a care relationship with the person, now.
fn related(sql: &mut Sql, holders: &Holders, person: &Expr) -> Expr {
    let user = holders.user.iter().map(|id| format!("practitioner/{id}"));
    let teams = holders.teams.iter().map(|id| format!("team/{id}"));
    let organisation = holders.organisation.iter().map(|ods| format!("organisation/{ods}"));
    let keys = sql.bind(user.chain(teams).chain(organisation).collect::<Vec<String>>(), "text[]");
    Expr::fill(
        "EXISTS (SELECT 1 FROM care_relationship r WHERE r.patient_id = {} AND r.holder_key = ANY({}) \
         AND r.revoked_at IS NULL AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now()))",
        &[person, &keys],
    )
}
