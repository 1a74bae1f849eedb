//! Owns the way of an authorization through a browser: which page is next, what its answer changes, and the code at its
//! end. The machine of `flow` decides; here is its I/O.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::desk::{self, Actor, Desk};
use super::fault::Fault;
use super::flow::{Flow, Refused, SignedIn, Step, Upstream};
use super::given::Given;
use super::launch::LaunchContext;
use super::params::Params;
use super::people;
use super::request::{answer_uri, error_uri};
use super::scopes;
use super::secret;
use crate::store::{Consent, Outcome, Page};

/// How long somebody may take over it.
const SECONDS: i64 = 1800;

/// How long a code lasts.
const CODE_SECONDS: i64 = 60;

/// Patients on a page to choose from.
const PATIENTS: usize = 10;

/// What a code is bound to beside its client.
#[derive(Debug, Serialize, Deserialize)]
pub struct CodeBound {
    pub redirect_uri: String,
    pub challenge: String,
}

/// An authorization in the browser it began in.
pub struct Session {
    /// Its name in addresses and forms.
    pub id: String,
    pub flow: Flow,
    step: i32,
}

/// What the browser is to show or do.
pub enum View {
    /// Go there; the authorization is over, or goes on at a provider.
    Go(String),
    /// Choose where to sign in: names and titles.
    Providers(Vec<(String, String)>),
    /// Choose a role.
    Roles(Vec<String>),
    /// Choose a patient.
    Patients(Box<Patients>),
    /// Say what the client may do.
    Consent,
    /// See what was consented to: family, client's name, and the rest.
    Manage(Vec<(Uuid, Given)>),
    /// An error that only the user can be told.
    Sorry(Fault),
}

/// Patients to choose from.
pub struct Patients {
    /// Each by logical id, with how a person knows them.
    pub found: Vec<(String, String)>,
    /// What was looked for.
    pub wanted: String,
    /// Where the next ones begin.
    pub next: Option<String>,
}

impl Patients {
    fn of(desk: &Desk<'_>, page: Page, wanted: &str) -> Patients {
        let next = page.next.as_ref().map(|cursor| page.search.seal(desk.key, cursor));
        let found = page.rows.into_iter().map(|row| (row.id, people::label(&row.resource))).collect();
        Patients { found, wanted: wanted.to_owned(), next }
    }
}

/// Begins; gives the name of the authorization.
pub async fn begin(desk: &Desk<'_>, flow: &Flow, browser: &str) -> Result<String, Fault> {
    let id = secret::random()?;
    desk.store.keep_sign_in(&secret::hash(&id), &secret::hash(browser), flow, SECONDS).await?;
    Ok(id)
}

/// The authorization of this name, in the browser it began in.
pub async fn resume(desk: &Desk<'_>, id: &str, browser: Option<&str>) -> Result<Session, Fault> {
    let words = "this sign-in is over, or was begun in another browser: go back to the app and start again";
    let gone = || Fault::invalid_request(words);
    let browser = browser.ok_or_else(gone)?;
    let kept = desk.store.sign_in(&secret::hash(id), &secret::hash(browser)).await?;
    let (step, flow): (i32, Flow) = kept.ok_or_else(gone)?;
    Ok(Session { id: id.to_owned(), flow: flow.under(&desk.server.policies), step })
}

impl Session {
    async fn save(&mut self, desk: &Desk<'_>) -> Result<(), Fault> {
        if desk.store.advance_sign_in(&secret::hash(&self.id), self.step, &self.flow).await? {
            self.step += 1;
            return Ok(());
        }
        Err(Fault::invalid_request("this page was answered already: go back to the app and start again"))
    }

    /// What comes next, after all that needs no answer of the user's.
    pub async fn next(&mut self, desk: &Desk<'_>, params: &Params) -> Result<View, Fault> {
        loop {
            match self.flow.step() {
                Err(refused) => return self.refuse(desk, refused).await,
                Ok(Step::SignIn) => return self.sign_in(desk, params).await,
                Ok(Step::ChooseRole) => {
                    return Ok(View::Roles(self.flow.works().iter().map(|work| work.title.clone()).collect()));
                }
                Ok(Step::CheckPatient(id)) => {
                    let Some(label) = desk.opens(&self.flow, &id).await? else {
                        return self.refuse(desk, Refused::NotTheirPatient).await;
                    };
                    self.flow.may_open(&id, &label).map_err(|_| Fault::server_error())?;
                    self.save(desk).await?;
                }
                Ok(Step::ChoosePatient) => {
                    let wanted = params.get("q").unwrap_or_default();
                    return match desk.patients(&self.flow, &patient_query(wanted, params.get("from"))).await {
                        Ok(page) => Ok(View::Patients(Box::new(Patients::of(desk, page, wanted)))),
                        Err(fault) if fault.error == "access_denied" => self.deny(desk, &fault).await,
                        Err(fault) => Err(fault),
                    };
                }
                Ok(Step::Consent) => return Ok(View::Consent),
                Ok(Step::Done) => return self.finish(desk).await,
                Ok(Step::Manage) => return self.consents(desk).await,
            }
        }
    }

    /// Takes the answer to the page that was shown.
    pub async fn answer(&mut self, desk: &Desk<'_>, params: &Params) -> Result<View, Fault> {
        let out_of_turn = |_| Fault::invalid_request("this page is an old one: go back to the app and start again");
        if params.get("action") == Some("cancel") {
            return self.refuse(desk, Refused::Declined).await;
        }
        match self.flow.step() {
            Ok(Step::ChooseRole) => {
                let at = params.get("role").and_then(|at| at.parse().ok()).unwrap_or(usize::MAX);
                self.flow.chose_role(at).map_err(out_of_turn)?;
            }
            Ok(Step::ChoosePatient) => {
                let id = params.get("patient").unwrap_or_default();
                let words = "this patient is not one you can open: choose from the list";
                let label = desk.opens(&self.flow, id).await?.ok_or_else(|| Fault::invalid_request(words))?;
                self.flow.may_open(id, &label).map_err(out_of_turn)?;
            }
            Ok(Step::Consent) => {
                let chosen: Vec<&str> = params.all("scope").collect();
                self.flow.agreed(&chosen).map_err(out_of_turn)?;
            }
            Ok(Step::Manage) => {
                let family = params.get("family").and_then(|id| id.parse().ok()).unwrap_or_default();
                let user = self.flow.user.as_ref().map(|user| user.user.clone()).unwrap_or_default();
                if desk.store.withdraw(&user, family).await? {
                    let actor = Actor::signing_in(&self.flow);
                    desk.audit(&actor, "consent", "withdrawn", Outcome::Success).await?;
                }
                return self.consents(desk).await;
            }
            _ => return self.next(desk, params).await,
        }
        self.save(desk).await?;
        self.next(desk, &Params::default()).await
    }

    /// Sends the user to the provider they chose, or to the only one.
    async fn sign_in(&mut self, desk: &Desk<'_>, params: &Params) -> Result<View, Fault> {
        let providers = &desk.server.providers;
        let chosen = match (params.get("provider"), &providers[..]) {
            (_, []) => {
                return Ok(View::Sorry(Fault::access_denied(
                    "nobody can sign in here: the service has no sign-in provider (sign_in in its configuration)",
                )));
            }
            (_, [one]) => Some(one),
            (Some(name), _) => desk.server.provider(name),
            (None, _) => None,
        };
        let Some(provider) = chosen else {
            let list = providers.iter().map(|p| (p.name().to_owned(), p.title().to_owned())).collect();
            return Ok(View::Providers(list));
        };
        let (nonce, verifier) = (secret::random()?, secret::random()?);
        let upstream = Upstream { provider: provider.name().to_owned(), nonce, verifier };
        let address = provider.address(&desk.server.url("/oauth/callback"), &self.id, &upstream).await;
        let address = match address {
            Ok(address) => address,
            Err(error) => {
                tracing::error!(provider = provider.name(), %error, "nobody can be sent to sign in");
                let words = "the sign-in service cannot be reached at the moment: try again shortly";
                return Ok(View::Sorry(Fault { status: 503, ..Fault::access_denied(words) }));
            }
        };
        self.flow.sent_upstream(upstream).map_err(|_| Fault::server_error())?;
        self.save(desk).await?;
        Ok(View::Go(address))
    }

    /// The provider sent the user back.
    pub async fn returned(&mut self, desk: &Desk<'_>, params: &Params) -> Result<View, Fault> {
        let Some(upstream) = self.flow.upstream.clone() else {
            return Err(Fault::invalid_request("this page is an old one: go back to the app and start again"));
        };
        let provider = desk.server.provider(&upstream.provider).ok_or_else(Fault::server_error)?;
        let Some(code) = params.get("code") else {
            // The provider's own words may quote anything; they stay out.
            return self.deny(desk, &Fault::access_denied("the user did not sign in")).await;
        };
        let said = provider.claims(desk.store, &desk.server.url("/oauth/callback"), code, &upstream).await;
        let identity = said.and_then(|claims| provider.identity(&claims));
        let mut identity = match identity {
            Ok(identity) => identity,
            Err(error) => {
                tracing::warn!(provider = provider.name(), %error, "a sign-in failed");
                return self.deny(desk, &Fault::access_denied("the sign-in failed")).await;
            }
        };
        if let (Some(number), Some(work)) = (&identity.nhs_number, identity.user.works.first()) {
            identity.user.patient = desk.patient_of(&identity.user, work, number).await?;
            if identity.user.patient.is_none() {
                let fault =
                    Fault::access_denied("this record knows nobody with the NHS number that was signed in with");
                return self.deny(desk, &fault).await;
            }
        }
        self.flow.signed_in(identity.user).map_err(|_| Fault::server_error())?;
        let words = format!("signed in at {}", upstream.provider);
        desk.audit(&Actor::signing_in(&self.flow), "sign-in", &words, Outcome::Success).await?;
        self.save(desk).await?;
        self.next(desk, &Params::default()).await
    }

    async fn refuse(&mut self, desk: &Desk<'_>, refused: Refused) -> Result<View, Fault> {
        let words = refused.to_string();
        let fault = match refused {
            Refused::NoPatient | Refused::NothingLeft => Fault::invalid_scope(words),
            _ => Fault::access_denied(words),
        };
        self.deny(desk, &fault).await
    }

    /// Ends without a code: the client is told, or else the user.
    async fn deny(&mut self, desk: &Desk<'_>, fault: &Fault) -> Result<View, Fault> {
        let words = format!("{}: {}", fault.error, fault.description);
        desk.audit(&Actor::signing_in(&self.flow), "authorization", &words, Outcome::Refused).await?;
        desk.store.end_sign_in(&secret::hash(&self.id), self.step).await?;
        Ok(match &self.flow.ask {
            Some(ask) => View::Go(error_uri(&ask.redirect_uri, Some(&ask.state), fault)),
            None => View::Sorry(fault.clone()),
        })
    }

    /// Gives the code.
    async fn finish(&mut self, desk: &Desk<'_>) -> Result<View, Fault> {
        let (Some(ask), Some(user), Some(work)) = (&self.flow.ask, &self.flow.user, self.flow.work()) else {
            return Err(Fault::server_error());
        };
        let scope = self.flow.granted().join(" ");
        let mut claims = desk::claims(user, work, &scope, self.flow.patient());
        claims.client = ask.client_id.clone();
        claims.source = ask.source.clone().or_else(|| work.source.clone());
        if scopes::has(&scope, "openid") && (scopes::has(&scope, "fhirUser") || scopes::has(&scope, "profile")) {
            claims.fhir_user = desk.fhir_user(user, work).await?;
        }
        let mut context: LaunchContext = ask.launch.clone().unwrap_or_default();
        context.patient = self.flow.patient().map(str::to_owned);
        context.tenant = context.tenant.or_else(|| work.organisation.clone());
        let given = Given {
            claims,
            context,
            nonce: ask.nonce.clone(),
            auth_time: user.auth_time,
            app: ask.client_name.clone(),
        };
        let consent = Consent {
            family: Uuid::new_v4(),
            client_id: ask.client_id.clone(),
            user_id: user.user.clone(),
            seconds: given.seconds(),
            body: given,
        };
        let code = secret::random()?;
        let bound = CodeBound { redirect_uri: ask.redirect_uri.clone(), challenge: ask.challenge.clone() };
        if !desk.store.end_sign_in(&secret::hash(&self.id), self.step).await? {
            return Err(Fault::invalid_request("this page was answered already: go back to the app"));
        }
        desk.audit(&Actor::of(&consent.body.claims), "consent", &format!("scope={scope}"), Outcome::Success).await?;
        desk.store.keep_code(&consent, &secret::hash(&code), &bound, CODE_SECONDS).await?;
        Ok(View::Go(answer_uri(&ask.redirect_uri, &[("code", Some(&code)), ("state", Some(&ask.state))])))
    }

    async fn consents(&self, desk: &Desk<'_>) -> Result<View, Fault> {
        let user = self.flow.user.as_ref().map(|user| user.user.as_str()).unwrap_or_default();
        let list: Vec<(Uuid, String, Given)> = desk.store.consents(user).await?;
        Ok(View::Manage(list.into_iter().map(|(family, _, given)| (family, given)).collect()))
    }

    /// What the sandbox's page says of a persona, as a code for this authorization.
    pub async fn sandbox_code(
        &self,
        desk: &Desk<'_>,
        name: &str,
        persona: &crate::access::Claims,
    ) -> Result<String, Fault> {
        let upstream = self.flow.upstream.as_ref().filter(|upstream| upstream.provider == "sandbox");
        let upstream = upstream.ok_or_else(|| Fault::invalid_request("this sign-in is not waiting for a persona"))?;
        let now = crate::fhir::date::now().unix_timestamp();
        let claims = serde_json::json!({ "nonce": upstream.nonce, "name": name, "auth_time": now, "persona": persona });
        let code = secret::random()?;
        desk.store.keep_sandbox_sign_in(&secret::hash(&code), &claims).await?;
        Ok(code)
    }

    /// Whom the page greets.
    pub fn user(&self) -> Option<&SignedIn> {
        self.flow.user.as_ref()
    }
}

/// The search behind the list of patients: by name, by NHS number, or all of them.
fn patient_query(wanted: &str, from: Option<&str>) -> Vec<(String, String)> {
    let digits: String = wanted.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let mut query = vec![pair("_count", PATIENTS.to_string()), pair("_sort", "family".to_owned())];
    if digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        query.push(pair("identifier", format!("{}|{digits}", crate::fhir::nhs_number::SYSTEM)));
    } else {
        for word in wanted.split_whitespace().take(5) {
            query.push(pair("name", word.replace('\\', "").replace(',', "\\,").replace(['|', '$'], "")));
        }
    }
    query.retain(|(_, value)| !value.is_empty());
    query.extend(from.map(|cursor| pair("_cursor", cursor.to_owned())));
    query
}
