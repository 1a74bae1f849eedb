//! Owns what a provider's claims say: who the user is, and in what roles. Several roles stay several.

use serde_json::{Map, Value};

use crate::access::Claims;
use crate::access::policy::{PATIENT, Policies, SYSTEM};
use crate::config::{SignIn, SignInKind};
use crate::fhir::nhs_number;
use crate::smart::flow::{SignedIn, Work};

/// A user as the provider knows them.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub user: SignedIn,
    /// The NHS number of a user who is a patient, by which their Patient is found.
    pub nhs_number: Option<String>,
}

/// National role codes (the R part of a job role) that need no configuration.
const NATIONAL_ROLES: [(&str, &str); 3] = [("R0260", "doctor"), ("R8000", "doctor"), ("R8001", "nurse")];

/// Reads the claims of a configured provider. The error says what is missing, never whose it is.
pub fn read(config: &SignIn, policies: &Policies, claims: &Map<String, Value>) -> Result<Identity, String> {
    match config.kind {
        SignInKind::Cis2 => cis2(config, policies, claims),
        SignInKind::NhsLogin => nhs_login(claims),
        SignInKind::Oidc => oidc(config, policies, claims),
    }
}

/// A persona: its claims are the record's own.
pub fn sandbox(claims: &Map<String, Value>) -> Result<Identity, String> {
    let persona: Claims = serde_json::from_value(claims.get("persona").cloned().unwrap_or_default())
        .map_err(|error| error.to_string())?;
    let name = text(claims, "name").unwrap_or_default();
    let user = persona.user.ok_or("the persona is no user")?;
    let work = Work {
        title: match &persona.organisation {
            Some(organisation) => format!("{} at {organisation}", spoken(&persona.role)),
            None => spoken(&persona.role),
        },
        role: persona.role,
        organisation: persona.organisation,
        teams: persona.teams,
        source: persona.source,
    };
    let auth_time = claims.get("auth_time").and_then(Value::as_i64).unwrap_or_default();
    let user = SignedIn { user, name: name.to_owned(), auth_time, works: vec![work], patient: persona.patient };
    Ok(Identity { user, nhs_number: None })
}

/// A role of this record's policy in words: `social-worker` is a Social worker.
fn spoken(role: &str) -> String {
    let mut words = role.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn cis2(config: &SignIn, policies: &Policies, claims: &Map<String, Value>) -> Result<Identity, String> {
    let user = text(claims, "nhsid_useruid").ok_or("there is no nhsid_useruid")?;
    let roles: Vec<&Map<String, Value>> = claims
        .get("nhsid_nrbac_roles")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect();
    // What the user chose at the provider counts; what they did not choose is not theirs now.
    let selected = text(claims, "selected_roleid");
    let chosen = roles.into_iter().filter(|role| selected.is_none_or(|id| text(role, "person_roleid") == Some(id)));
    let works = chosen.filter_map(|role| {
        let code = text(role, "role_code")?;
        let known = mapped(config, policies, code)
            .or_else(|| mapped(config, policies, code.rsplit(':').next().unwrap_or(code)))?;
        let organisation = text(role, "org_code")?;
        let what = text(role, "role_name")
            .map_or(known.as_str(), |name| name.rsplit(':').next().unwrap_or(name))
            .trim_matches('"');
        let place = organisation_name(claims, organisation).unwrap_or(organisation);
        Some(Work {
            title: format!("{what}, {place}"),
            role: known.clone(),
            organisation: Some(organisation.to_owned()),
            teams: Vec::new(),
            source: None,
        })
    });
    let works = works.collect();
    Ok(Identity { user: signed_in(claims, user, works), nhs_number: None })
}

fn organisation_name<'a>(claims: &'a Map<String, Value>, code: &str) -> Option<&'a str> {
    let mut all =
        claims.get("nhsid_user_orgs").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    all.find(|org| text(org, "org_code") == Some(code)).and_then(|org| text(org, "org_name"))
}

fn nhs_login(claims: &Map<String, Value>) -> Result<Identity, String> {
    let user = text(claims, "sub").ok_or("there is no sub")?;
    if text(claims, "identity_proofing_level") != Some("P9") {
        return Err("the identity is not proved to P9".to_owned());
    }
    let number = text(claims, "nhs_number").filter(|number| nhs_number::fault(number).is_none());
    let number = number.ok_or("there is no valid nhs_number")?.to_owned();
    let title = "Patient".to_owned();
    let work = Work { role: PATIENT.to_owned(), title, organisation: None, teams: Vec::new(), source: None };
    Ok(Identity { user: signed_in(claims, user, vec![work]), nhs_number: Some(number) })
}

fn oidc(config: &SignIn, policies: &Policies, claims: &Map<String, Value>) -> Result<Identity, String> {
    let named = |claim: &Option<String>, usual: &str| at(claims, claim.as_deref().unwrap_or(usual));
    let user = named(&config.user_claim, "sub").and_then(Value::as_str).ok_or("there is no user claim")?;
    let organisation = named(&config.organisation_claim, "lcr_organisation").and_then(Value::as_str);
    let roles = match named(&config.role_claim, "lcr_role") {
        Some(Value::String(role)) => vec![role.as_str()],
        Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut works: Vec<Work> = Vec::new();
    for role in roles {
        let Some(known) = mapped(config, policies, role).filter(|known| known != PATIENT) else { continue };
        if works.iter().all(|work| work.role != known) {
            works.push(Work {
                title: organisation.map_or(role.to_owned(), |place| format!("{role}, {place}")),
                role: known,
                organisation: organisation.map(str::to_owned),
                teams: Vec::new(),
                source: None,
            });
        }
    }
    Ok(Identity { user: signed_in(claims, user, works), nhs_number: None })
}

/// The record's role that a provider's role stands for. `system` is for clients, never for users.
fn mapped(config: &SignIn, policies: &Policies, code: &str) -> Option<String> {
    let national = NATIONAL_ROLES.iter().find(|(known, _)| *known == code).map(|(_, role)| (*role).to_owned());
    let role = config.roles.get(code).cloned().or(national.filter(|_| config.kind == SignInKind::Cis2))?;
    (role != SYSTEM && policies.of_role(&role).is_some()).then_some(role)
}

fn signed_in(claims: &Map<String, Value>, user: &str, works: Vec<Work>) -> SignedIn {
    let family = text(claims, "family_name").unwrap_or_default();
    let name = text(claims, "name").map_or_else(
        || format!("{} {family}", text(claims, "given_name").unwrap_or_default()).trim().to_owned(),
        str::to_owned,
    );
    let number = |claim: &str| claims.get(claim).and_then(Value::as_i64);
    let auth_time = number("auth_time").or(number("iat")).unwrap_or_default();
    SignedIn { user: user.to_owned(), name, auth_time, works, patient: None }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A claim by its name, or by a path with dots into objects.
fn at<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        at(claims.get(first)?.as_object()?, rest)
    })
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
