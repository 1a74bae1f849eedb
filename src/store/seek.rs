//! Owns what a filter says beside its own column of where its rows can be: by keys that indexes begin with.

use super::sql::{Expr, Sql};
use crate::fhir::nhs_number;
use crate::resources::spec::{Param, ResourceSpec};
use crate::search::value::{Test, Token};

/// The system of user ids in the trail.
const USERS: &str = "https://fhir.nhs.uk/Id/sds-user-id";

/// A predicate that every row the filter finds satisfies, where there is one.
pub fn of(sql: &mut Sql, spec: &ResourceSpec, param: &Param, alias: &'static str, test: &Test) -> Option<Expr> {
    let in_trail = spec.is_trail().then(|| trail(sql, param, alias, test)).flatten();
    in_trail.or_else(|| person(sql, param, alias, test))
}

/// In the audit trail: the user, or the person by NHS number, where every alternative names one.
fn trail(sql: &mut Sql, param: &Param, alias: &'static str, test: &Test) -> Option<Expr> {
    let values = |tokens: &[Token], system: &str, bare: bool| {
        let own = |token: &Token| match (&token.system, &token.code) {
            (None, Some(code)) if bare => Some(code.clone()),
            (Some(known), Some(code)) if known == system => Some(code.clone()),
            _ => None,
        };
        tokens.iter().map(own).collect::<Option<Vec<String>>>()
    };
    match (param.code, test) {
        ("altid", Test::Tokens(tokens)) => {
            let users = sql.bind(values(tokens, "", true)?, "text[]");
            Some(Expr::fill("{} = ANY({})", &[&Expr::column(alias, "user_id"), &users]))
        }
        ("agent", Test::Logical(tokens)) => {
            let users = sql.bind(values(tokens, USERS, false)?, "text[]");
            Some(Expr::fill("{} = ANY({})", &[&Expr::column(alias, "user_id"), &users]))
        }
        ("patient", Test::Logical(tokens)) => {
            let numbers = sql.bind(values(tokens, nhs_number::SYSTEM, false)?, "text[]");
            let people = "{} IN (SELECT n.patient_id FROM person n WHERE n.nhs_number = ANY({}))";
            Some(Expr::fill(people, &[&Expr::column(alias, "patient_id"), &numbers]))
        }
        _ => None,
    }
}

/// Where every alternative names a Patient, the key of the person, through which all indexes begin.
fn person(sql: &mut Sql, param: &Param, alias: &'static str, test: &Test) -> Option<Expr> {
    let Test::Targets(targets) = test else { return None };
    if param.column != "subject" && param.column != "patient" {
        return None;
    }
    let ids: Option<Vec<String>> = targets.iter().map(|t| t.strip_prefix("Patient/").map(str::to_owned)).collect();
    let ids = ids?;
    let person = Expr::column(alias, "patient_id");
    Some(match &ids[..] {
        [one] => {
            let id = sql.bind(one.clone(), "text");
            Expr::fill("{} = (SELECT k.patient_id FROM patient_key k WHERE k.id = {})", &[&person, &id])
        }
        _ => {
            let ids = sql.bind(ids, "text[]");
            Expr::fill("{} IN (SELECT k.patient_id FROM patient_key k WHERE k.id = ANY({}))", &[&person, &ids])
        }
    })
}
