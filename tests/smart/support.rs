//! A service with registered clients, and a browser that goes through its pages.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lcr_facade::config::Config;
use lcr_facade::smart::client::{self, ClientKind, Registration};
use lcr_facade::store::{Relationship, SigningKey};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::{Reply, Session, TestApp, send};

/// The patient in whose care Dr Okafor is, and one who has nothing to do with her.
pub const NEAR: &str = "near";
pub const FAR: &str = "far";

/// Where the apps' answers go. Nobody is there: the browser here reads the address.
pub const APP: &str = "http://localhost:9999/app/cb";

/// A PKCE pair.
pub const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-0123456789";

pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// The most a test app may have.
pub const ALL: &str =
    "openid fhirUser profile launch launch/patient offline_access online_access patient/*.cruds user/*.cruds";

pub fn public() -> Registration {
    Registration {
        name: "Test app".into(),
        kind: ClientKind::Public,
        redirect_uris: vec![APP.into(), "http://localhost:9999/app/cb?second=1".into()],
        launch_uri: Some("http://localhost:9999/app/launch".into()),
        scope: ALL.into(),
        jwks: None,
        jwks_uri: None,
        organisation: None,
        source: None,
        launches: false,
        introspects: false,
        trusted: false,
    }
}

/// The public half of a key of `keys/`.
pub fn jwk(pem: &str, algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(&encoding_key(pem, algorithm), algorithm).expect("a JWK");
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).expect("JSON")
}

pub fn encoding_key(pem: &str, algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::ES384 | Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()).expect("an EC key"),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()).expect("an RSA key"),
    }
}

pub const ES384: &str = include_str!("keys/es384.pem");
pub const RS384: &str = include_str!("keys/rs384.pem");
pub const STRANGER: &str = include_str!("keys/stranger.pem");

/// A service with the sandbox's sign-in, two patients, staff, and a client of each kind.
pub struct World {
    pub app: TestApp,
    pub secret: String,
    pub epr_secret: String,
}

pub async fn world() -> World {
    world_with(Config::default()).await
}

pub async fn world_with(config: Config) -> World {
    let app = TestApp::with(Config { sandbox: true, ..config }).await;
    fill(&app).await;
    // A key that is there already: making one takes a second.
    let key =
        SigningKey { kid: "test".into(), private_pem: RS384.into(), public_jwk: jwk(RS384, Algorithm::RS256, "test") };
    app.store.add_signing_key(&key, 90, false).await.expect("a key");
    let register = async |id: &str, registration: Registration| {
        client::register(&app.store, id, registration, &[], false).await.expect("a client")
    };
    register("app", public()).await;
    register("other-app", public()).await;
    register("bare-app", Registration { scope: "openid patient/Observation.rs".into(), ..public() }).await;
    register("trusted-app", Registration { trusted: true, ..public() }).await;
    register("hospital-app", Registration { organisation: Some("Y9R01".into()), ..public() }).await;
    let symmetric = Registration { kind: ClientKind::Symmetric, ..public() };
    let secret = register("symmetric-app", symmetric.clone()).await.expect("a secret");
    let keys = json!({"keys": [jwk(ES384, Algorithm::ES384, "ec"), jwk(RS384, Algorithm::RS384, "rsa")]});
    let asymmetric = Registration { kind: ClientKind::Asymmetric, jwks: Some(keys.clone()), ..public() };
    register("asymmetric-app", asymmetric.clone()).await;
    let backend = Registration {
        redirect_uris: Vec::new(),
        launch_uri: None,
        scope: "system/*.cruds".into(),
        organisation: Some("Y90001".into()),
        source: Some("https://lcr.example/source/Y90001".into()),
        ..asymmetric
    };
    register("backend", backend.clone()).await;
    let narrow = Registration { scope: "system/Observation.rs system/Patient.r".into(), ..backend };
    register("narrow-backend", narrow).await;
    let epr = Registration {
        redirect_uris: Vec::new(),
        launches: true,
        introspects: true,
        scope: "openid".into(),
        ..symmetric
    };
    let epr_secret = register("epr", epr).await.expect("a secret");
    World { app, secret, epr_secret }
}

/// Two patients with an Observation each, and Practitioners for the personas.
pub async fn fill(app: &TestApp) {
    for (source, id, number) in
        [("https://lcr.example/source/Y90001", NEAR, "9990000018"), ("elsewhere", FAR, "9990000026")]
    {
        let source = app.source(source).await;
        let patient = json!({"resourceType": "Patient", "id": id, "birthDate": "1950-05-05",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}],
            "name": [{"use": "official", "family": format!("Attwood-{id}"), "given": ["Rowan"]}]});
        assert!(source.put(&format!("Patient/{id}"), patient).await.status.is_success(), "{id}");
        for (kind, category) in [("lab", "laboratory"), ("vital", "vital-signs")] {
            let observation = json!({"resourceType": "Observation", "id": format!("{id}-{kind}"), "status": "final",
                "subject": {"reference": format!("Patient/{id}")}, "code": {"text": "something"},
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}]});
            let put = source.put(&format!("Observation/{id}-{kind}"), observation).await;
            assert!(put.status.is_success(), "{}", put.text);
        }
    }
    let directory = app.source("https://lcr.example/source/directory").await;
    for line in lcr_facade::sandbox::STAFF.lines() {
        let staff: Value = serde_json::from_str(line).expect("an entry of the directory");
        let id = staff["id"].as_str().expect("id");
        let kind = staff["resourceType"].as_str().expect("type");
        assert!(directory.put(&format!("{kind}/{id}"), &staff).await.status.is_success());
    }
    relate(app, "9990000018", "organisation", "Y90001").await;
}

pub async fn relate(app: &TestApp, number: &str, kind: &str, holder: &str) {
    let relationship = Relationship {
        nhs_number: number.to_owned(),
        holder_kind: kind.to_owned(),
        holder: holder.to_owned(),
        basis: "referral".to_owned(),
        valid_from: "2000-01-01T00:00:00Z".to_owned(),
        valid_to: None,
        source: "test".to_owned(),
        reason: "test".to_owned(),
    };
    assert!(app.store.relate(&[relationship]).await.expect("a relationship").is_empty());
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    lcr_facade::search::query::encode(&pairs)
}

/// The parameters of an address.
pub fn parameters(address: &str) -> BTreeMap<String, String> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    lcr_facade::search::query::pairs(query).expect("a query").into_iter().collect()
}

/// What an app asks /oauth/authorize.
#[derive(Clone)]
pub struct Ask(pub Vec<(String, String)>);

impl Ask {
    pub fn new(world: &World, client: &str, scope: &str) -> Ask {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ask(vec![
            pair("response_type", "code"),
            pair("client_id", client),
            pair("redirect_uri", APP),
            pair("scope", scope),
            pair("state", "a state/of+mine"),
            pair("aud", &world.aud()),
            pair("code_challenge", &challenge(VERIFIER)),
            pair("code_challenge_method", "S256"),
        ])
    }

    pub fn with(mut self, name: &str, value: &str) -> Ask {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Ask {
        self.0.retain(|(known, _)| known != name);
        self
    }

    pub fn query(&self) -> String {
        lcr_facade::search::query::encode(&self.0)
    }
}

/// One browser: cookies, and redirects that a test looks at one by one.
pub struct Browser {
    pub url: String,
    client: Client,
    cookie: std::sync::Mutex<Option<String>>,
}

impl Browser {
    pub fn new(url: &str) -> Browser {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Browser { url: url.to_owned(), client, cookie: std::sync::Mutex::default() }
    }

    /// One that keeps every cookie of one host, for a provider.
    pub fn jar(url: &str) -> Browser {
        let builder = Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true);
        Browser { url: url.to_owned(), client: builder.build().expect("a client"), cookie: std::sync::Mutex::default() }
    }

    async fn send(&self, request: RequestBuilder) -> Reply {
        let cookie = self.cookie.lock().expect("cookie").clone();
        let request = match cookie {
            Some(cookie) => request.header("Cookie", cookie),
            None => request,
        };
        let reply = send(request).await;
        let set = reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        if set.starts_with("lcr-browser=") {
            *self.cookie.lock().expect("cookie") = Some(set);
        }
        reply
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') { format!("{}{address}", self.url) } else { address.to_owned() }
    }

    pub async fn get(&self, address: &str) -> Reply {
        self.send(self.client.get(self.absolute(address))).await
    }

    pub async fn post(&self, address: &str, pairs: &[(&str, &str)]) -> Reply {
        let request = self.client.post(self.absolute(address));
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form(pairs))).await
    }

    /// Follows redirects within the service; stops at a page, or at an address outside.
    pub async fn follow(&self, mut reply: Reply) -> Reply {
        while reply.status == 303 {
            let address = reply.header("location").to_owned();
            if !address.starts_with('/') && !address.starts_with(&self.url) {
                break;
            }
            reply = self.get(&address).await;
        }
        reply
    }

    /// Begins an authorization, and signs in as a persona.
    pub async fn sign_in(&self, ask: &Ask, persona: &str) -> Reply {
        let page = self.get(&format!("/oauth/authorize?{}", ask.query())).await;
        let page = self.follow(page).await;
        if page.status == 303 {
            return page;
        }
        self.choose(&page, persona).await
    }

    pub async fn choose(&self, page: &Reply, persona: &str) -> Reply {
        assert!(page.text.contains("Sign in as a persona"), "{} {}", page.status, page.text);
        let chosen = self.post("/sandbox/sign-in", &[("flow", &flow(page)), ("persona", persona)]).await;
        self.follow(chosen).await
    }

    /// Answers a page; gives the next one.
    pub async fn answer(&self, page: &Reply, pairs: &[(&str, &str)]) -> Reply {
        let flow = flow(page);
        let mut all = vec![("flow", flow.as_str())];
        all.extend(pairs);
        let next = self.post("/oauth/continue", &all).await;
        self.follow(next).await
    }

    /// Goes all the way: signs in, chooses the near patient where asked, allows everything. The parameters the app gets.
    pub async fn authorize(&self, ask: &Ask, persona: &str) -> BTreeMap<String, String> {
        let mut page = self.sign_in(ask, persona).await;
        if page.text.contains("Choose a patient") {
            page = self.answer(&page, &[("patient", NEAR)]).await;
        }
        if page.text.contains("Let this app in?") {
            page = self.allow(&page).await;
        }
        assert_eq!(page.status, 303, "{}", page.text);
        assert!(page.header("location").starts_with(APP), "{}", page.header("location"));
        parameters(page.header("location"))
    }

    /// Allows all that a consent page offers.
    pub async fn allow(&self, page: &Reply) -> Reply {
        let offered = offered(page);
        let pairs: Vec<(&str, &str)> = offered.iter().map(|word| ("scope", word.as_str())).collect();
        self.answer(page, &pairs).await
    }
}

/// The scopes that a consent page offers.
pub fn offered(page: &Reply) -> Vec<String> {
    let boxes = page.text.split("name=\"scope\" value=\"").skip(1);
    boxes.map(|rest| rest.split('"').next().expect("a value").replace("&amp;", "&")).collect()
}

/// The authorization that a page belongs to.
pub fn flow(page: &Reply) -> String {
    let rest = page.text.split_once("name=\"flow\" value=\"").unwrap_or_else(|| panic!("no flow in {}", page.text)).1;
    rest.split('"').next().expect("a value").to_owned()
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// An assertion of a client, which a test may change before it is signed.
pub struct Assertion {
    pub header: Header,
    pub claims: Value,
    pub pem: &'static str,
}

impl Assertion {
    pub fn new(world: &World, client: &str) -> Assertion {
        let now = jsonwebtoken::get_current_timestamp();
        Assertion {
            header: Header { kid: Some("ec".into()), ..Header::new(Algorithm::ES384) },
            claims: json!({"iss": client, "sub": client, "aud": format!("{}/oauth/token", world.issuer()),
                "exp": now + 240, "jti": uuid::Uuid::new_v4().to_string()}),
            pem: ES384,
        }
    }

    pub fn sign(&self) -> String {
        let key = encoding_key(self.pem, self.header.alg);
        jsonwebtoken::encode(&self.header, &self.claims, &key).expect("a JWT")
    }
}

pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl World {
    pub fn issuer(&self) -> String {
        self.app.url.clone()
    }

    pub fn aud(&self) -> String {
        self.app.base.clone()
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.app.url)
    }

    /// A request of a back channel.
    pub async fn back(&self, path: &str, authorization: Option<&str>, pairs: &[(&str, &str)]) -> Reply {
        let request = self.app.open(Method::POST, path);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form(pairs));
        send(match authorization {
            Some(header) => request.header("Authorization", header),
            None => request,
        })
        .await
    }

    pub async fn token(&self, pairs: &[(&str, &str)]) -> Reply {
        self.back("/oauth/token", None, pairs).await
    }

    /// Exchanges a code of the public app.
    pub async fn exchange(&self, client: &str, code: &str) -> Reply {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", APP),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// The token reply of a whole standalone launch of the public app.
    pub async fn launch(&self, scope: &str, persona: &str) -> Value {
        let answer = self.browser().authorize(&Ask::new(self, "app", scope), persona).await;
        let reply = self.exchange("app", answer.get("code").unwrap_or_else(|| panic!("no code: {answer:?}"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// A handle for an app, from the EPR.
    pub async fn epr(&self, more: &[(&str, &str)]) -> Reply {
        let mut pairs = vec![("app", "app"), ("user", "gp"), ("patient", NEAR)];
        pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.back("/oauth/launch", Some(&basic("epr", &self.epr_secret)), &pairs).await
    }

    pub async fn handle(&self, more: &[(&str, &str)]) -> String {
        let reply = self.epr(more).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["launch"].as_str().expect("a handle").to_owned()
    }

    /// A backend service's token request.
    pub async fn backend(&self, assertion: &str, scope: &str) -> Reply {
        self.token(&[
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ])
        .await
    }

    /// A session with a token of a reply.
    pub fn session<'a>(&'a self, reply: &Value) -> Session<'a> {
        Session { app: &self.app, token: reply["access_token"].as_str().expect("a token").to_owned() }
    }

    /// The FHIR status that a token gets for a path.
    pub async fn status(&self, reply: &Value, path: &str) -> u16 {
        self.session(reply).get(path).await.status.as_u16()
    }

    pub async fn introspect(&self, token: &str) -> Value {
        let reply = self.back("/oauth/introspect", Some(&basic("epr", &self.epr_secret)), &[("token", token)]).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }
}

/// The claims of an id_token, checked with the published key.
pub async fn id_claims(world: &World, reply: &Value) -> Value {
    let text = reply["id_token"].as_str().expect("an id_token");
    let header = jsonwebtoken::decode_header(text).expect("a header");
    assert_eq!(header.alg, Algorithm::RS256);
    let keys: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(send(world.app.open(Method::GET, "/oauth/jwks.json")).await.json()).expect("a JWKS");
    let key = keys.find(&header.kid.expect("a kid")).expect("the key").clone();
    let mut rules = jsonwebtoken::Validation::new(Algorithm::RS256);
    rules.set_audience(&["app", "symmetric-app", "asymmetric-app", "trusted-app"]);
    rules.set_issuer(&[world.issuer()]);
    let key = jsonwebtoken::DecodingKey::from_jwk(&key).expect("a key");
    jsonwebtoken::decode::<Value>(text, &key, &rules).expect("a good id_token").claims
}

impl Browser {
    /// As `authorize`, for one that may end in an error.
    pub async fn authorize_or_error(&self, ask: &Ask, persona: &str) -> BTreeMap<String, String> {
        let mut page = self.sign_in(ask, persona).await;
        if page.text.contains("Choose a patient") {
            page = self.answer(&page, &[("patient", NEAR)]).await;
        }
        if page.text.contains("Let this app in?") {
            page = self.allow(&page).await;
        }
        parameters(page.header("location"))
    }
}
