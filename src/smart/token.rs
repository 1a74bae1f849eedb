//! Owns the token endpoint: codes, refresh tokens and backend services become access tokens (RFC 6749, SMART 2.2).

use serde_json::{Value, json};

use super::client::{Client, ClientKind};
use super::desk::{Actor, Desk};
use super::fault::Fault;
use super::given::{ACCESS_SECONDS, Given};
use super::interact::CodeBound;
use super::keys;
use super::params::Params;
use super::scopes;
use super::secret;
use crate::access::policy::SYSTEM;
use crate::access::{Claims, Permission};
use crate::store::{NewToken, Outcome, Redeemed, SigningKey};

/// How long a backend service's token lasts (SMART 2.2 §5: five minutes at most).
const BACKEND_SECONDS: i64 = 300;

/// Answers a token request of a client that has proved itself.
pub async fn answer(desk: &Desk<'_>, client: &Client, params: &Params) -> Result<Value, Fault> {
    match params.get("grant_type") {
        Some("authorization_code") => by_code(desk, client, params).await,
        Some("refresh_token") => by_refresh_token(desk, client, params).await,
        Some("client_credentials") => by_itself(desk, client, params).await,
        Some(_) => Err(Fault::unsupported_grant_type(
            "grant_type is one of authorization_code, refresh_token and client_credentials",
        )),
        None => Err(Fault::invalid_request("grant_type is missing")),
    }
}

async fn by_code(desk: &Desk<'_>, client: &Client, params: &Params) -> Result<Value, Fault> {
    let need = |name: &str| params.get(name).ok_or_else(|| Fault::invalid_request(format!("{name} is missing")));
    let code = secret::hash(need("code")?);
    let redirect_uri = need("redirect_uri")?;
    let verifier = need("code_verifier")?;
    let bound: Option<CodeBound> = desk.store.code_bound(&code, &client.client_id).await?;
    let unknown = || Fault::invalid_grant("the code is unknown, has expired, or is another client's: authorize again");
    let bound = bound.ok_or_else(unknown)?;
    if bound.redirect_uri != redirect_uri {
        return Err(Fault::invalid_grant("redirect_uri is not the one the code was sent to"));
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
    if !(43..=128).contains(&verifier.len()) || !verifier.chars().all(plain) {
        return Err(Fault::invalid_grant("code_verifier is not 43 to 128 letters, digits and -._~"));
    }
    if secret::challenge(verifier) != bound.challenge {
        return Err(Fault::invalid_grant("code_verifier does not belong to the code_challenge of this code"));
    }
    let signer = keys::current(desk.store).await?;
    let (access, refresh) = (secret::random()?, secret::random()?);
    let (access_hash, refresh_hash) = (secret::hash(&access), secret::hash(&refresh));
    let tokens = |given: &Given| {
        (access_token(desk, given, &given.claims.scope, access_hash), given.refreshes().then_some(refresh_hash))
    };
    let redeemed = desk.store.redeem_code(&code, &client.client_id, tokens).await?;
    let given = match redeemed {
        Redeemed::Good(given) => given,
        Redeemed::Again => {
            return Err(Fault::invalid_grant(
                "the code was used before, so the tokens it gave have ended: authorize again",
            ));
        }
        Redeemed::Unknown => return Err(unknown()),
    };
    let scope = given.claims.scope.clone();
    reply(desk, &given, &scope, (&access, &refresh), &signer, true).await
}

async fn by_refresh_token(desk: &Desk<'_>, client: &Client, params: &Params) -> Result<Value, Fault> {
    let token = params.get("refresh_token").ok_or_else(|| Fault::invalid_request("refresh_token is missing"))?;
    let hash = secret::hash(token);
    let unknown =
        || Fault::invalid_grant("the refresh token is unknown, has ended, or is another client's: authorize again");
    // Whether the scope may be had is asked before the token is used up; one that was used up before ends its family.
    let scope = match (params.get("scope"), desk.store.refresh_token::<Given>(&hash).await?) {
        (Some(asked), Some((consent, _))) if consent.client_id == client.client_id => {
            let within = scopes::within(asked, &consent.body.claims.scope);
            Some(within.map(|words| words.join(" ")).map_err(|word| {
                let word: String = word.chars().take(80).collect();
                Fault::invalid_scope(format!(
                    "{word} is more than was granted: a refresh can narrow the scope, not widen it"
                ))
            })?)
        }
        _ => None,
    };
    let signer = keys::current(desk.store).await?;
    let (access, refresh) = (secret::random()?, secret::random()?);
    let (access_hash, refresh_hash) = (secret::hash(&access), secret::hash(&refresh));
    let tokens = |given: &Given| {
        let scope = scope.as_deref().unwrap_or(&given.claims.scope);
        (access_token(desk, given, scope, access_hash), Some(refresh_hash))
    };
    let redeemed = desk.store.redeem_refresh_token(&hash, &client.client_id, tokens).await?;
    let given = match redeemed {
        Redeemed::Good(given) => given,
        Redeemed::Again => {
            return Err(Fault::invalid_grant(
                "the refresh token was used before, so all tokens that followed from it have ended: authorize again",
            ));
        }
        Redeemed::Unknown => return Err(unknown()),
    };
    let scope = scope.unwrap_or_else(|| given.claims.scope.clone());
    reply(desk, &given, &scope, (&access, &refresh), &signer, false).await
}

fn access_token(desk: &Desk<'_>, given: &Given, scope: &str, hash: crate::store::Hash) -> NewToken {
    let claims = Claims { scope: scope.to_owned(), ..given.claims.clone() };
    NewToken { hash, claims, facts: given.facts(desk.server), seconds: ACCESS_SECONDS }
}

async fn reply(
    desk: &Desk<'_>,
    given: &Given,
    scope: &str,
    (access, refresh): (&str, &str),
    signer: &SigningKey,
    first: bool,
) -> Result<Value, Fault> {
    let how = if first { "authorization_code" } else { "refresh_token" };
    let actor = Actor::of(&given.claims);
    desk.audit(&actor, "token", &format!("grant_type={how}&scope={scope}"), Outcome::Success).await?;
    let refresh = given.refreshes().then_some(refresh);
    let signer = scopes::has(scope, "openid").then_some(signer);
    Ok(given.reply(desk.server, scope, access, refresh, signer, first)?)
}

/// SMART Backend Services: a client with a key of its own, and nobody signed in.
async fn by_itself(desk: &Desk<'_>, client: &Client, params: &Params) -> Result<Value, Fault> {
    let registration = &client.registration;
    if registration.kind != ClientKind::Asymmetric || !scopes::has_context(&registration.scope, "system/") {
        return Err(Fault::unauthorized_client(
            "client_credentials is for clients registered with a key and system/ scopes",
        ));
    }
    let Some(asked) = params.get("scope") else {
        return Err(Fault::invalid_scope("scope is missing: ask for system/ scopes"));
    };
    let policy = desk.server.policies.of_role(SYSTEM);
    let may = |permission: Permission| policy.is_some_and(|policy| policy.may(permission));
    let fits = |word: &str| word.starts_with("system/") || Permission::of_scope(word).is_some_and(may);
    if let Some(word) = asked.split_ascii_whitespace().find(|word| !fits(word)) {
        let word: String = word.chars().take(80).collect();
        let own = Permission::SCOPED.into_iter().filter(|permission| may(*permission)).map(Permission::scope);
        let own: Vec<&str> = own.collect();
        return Err(Fault::invalid_scope(format!(
            "{word} is not for backend services: ask for system/ scopes, and of this record's own for {}",
            own.join(", ")
        )));
    }
    let granted = scopes::of_client(asked, &registration.scope).join(" ");
    if granted.is_empty() {
        return Err(Fault::invalid_scope("nothing of this scope is known here and registered for the client"));
    }
    let claims = Claims {
        client: client.client_id.clone(),
        scope: granted.clone(),
        role: SYSTEM.to_owned(),
        organisation: registration.organisation.clone(),
        source: registration.source.clone(),
        ..Claims::default()
    };
    let access = secret::random()?;
    let facts = json!({ "iss": desk.server.issuer, "sub": client.client_id });
    let actor = Actor::of(&claims);
    let token = NewToken { hash: secret::hash(&access), claims, facts, seconds: BACKEND_SECONDS };
    desk.audit(&actor, "token", &format!("grant_type=client_credentials&scope={granted}"), Outcome::Success).await?;
    if !desk.store.keep_client_token(&client.client_id, &token).await? {
        return Err(Fault::invalid_client("there is no such client here"));
    }
    Ok(json!({ "access_token": access, "token_type": "Bearer", "expires_in": BACKEND_SECONDS, "scope": granted }))
}
