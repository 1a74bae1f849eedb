//! Owns how a Grant's reach becomes SQL: the first predicate of every statement that shows or changes a row.

use super::sql::{Expr, Sql};
use crate::access::{Grant, Holders, Reach};
use crate::resources::spec::Compartment;

/// The rows of `alias` (with patient_id, source_id and confidentiality) that the grant covers, now.
pub fn rows(sql: &mut Sql, grant: &Grant, alias: &'static str) -> Expr {
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
