//! SMART's endpoints. The pages between a request and its code are for people in a browser, and not among them.

use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Paths, RefOr, Required, Response, Schema};

use super::super::bodies::{self, FORM, schema};
use super::super::parameters::{one_of, query};
use super::super::responses::{header, plain};
use super::{With, add, call};

const TAG: &str = "Sign-in";

/// Name, whether it has to be there, what it says.
type Field = (&'static str, bool, &'static str);

const AUTHORIZE: [Field; 10] = [
    ("response_type", true, "code"),
    ("client_id", true, "The app, as it is registered"),
    ("redirect_uri", true, "Where the answer goes: one that is registered, letter by letter"),
    ("scope", true, "What the app wants to do"),
    ("state", true, "Comes back with the answer"),
    ("aud", true, "The FHIR base URL"),
    ("code_challenge", true, "PKCE: the base64url of the SHA-256 of a verifier"),
    ("code_challenge_method", true, "S256"),
    ("launch", false, "The handle that an EPR launched the app with; needs the scope launch"),
    ("nonce", false, "Comes back in the id_token"),
];

const CLIENT: [Field; 3] = [
    ("client_id", false, "The client, where it is public"),
    ("client_assertion_type", false, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ("client_assertion", false, "A JWT that the client signed, where it is registered with a key"),
];

const TOKEN: [Field; 6] = [
    ("grant_type", true, "authorization_code, refresh_token or client_credentials"),
    ("code", false, "The code"),
    ("redirect_uri", false, "As it was when the code was asked for"),
    ("code_verifier", false, "The verifier that the challenge was made of"),
    ("refresh_token", false, "The refresh token"),
    ("scope", false, "Less than was granted; for client_credentials what is wanted"),
];

const ONE_TOKEN: [Field; 1] = [("token", true, "An access token or a refresh token")];

const LAUNCH: [Field; 8] = [
    ("app", true, "The client_id of the app to launch"),
    ("user", true, "Who is to use it: an id of the sign-in provider"),
    ("patient", false, "A Patient's id, or https://fhir.nhs.uk/Id/nhs-number| and an NHS number"),
    ("encounter", false, "The encounter's id in the EPR"),
    ("fhirContext", false, "A JSON array of what else is open (SMART 2.2)"),
    ("intent", false, "What the app is to do"),
    ("need_patient_banner", false, "true or false"),
    ("tenant", false, "The EPR's tenant"),
];

/// All of them.
pub fn all(paths: &mut Paths) {
    let words = "Where the sign-in begins, in a browser: pages follow, and then the app's redirect_uri with a code.";
    let mut get = call("authorize", TAG, "Ask for a code", words);
    for (name, required, words) in AUTHORIZE {
        let required = if required { Required::True } else { Required::False };
        get = get.parameter(query(name, field(name, words), words).required(required));
    }
    add(paths, HttpMethod::Get, "/oauth/authorize", pages(get));
    let post = call("authorizeByPost", TAG, "Ask for a code, with the parameters in a form", words);
    add(paths, HttpMethod::Post, "/oauth/authorize", pages(post.request_body(Some(form(&AUTHORIZE, &[])))));
    let words = "A client with a secret sends `Authorization: Basic`, one with a key `client_assertion`, a public one its \
                 `client_id`.";
    let token = call("askForToken", TAG, "A token for a code, a refresh token or a signed assertion", words);
    let token = token.request_body(Some(form(&TOKEN, &CLIENT))).answers(200, plain("The token", "token-reply"));
    add(paths, HttpMethod::Post, "/oauth/token", refuses(token, &[400, 401, 403, 429, 500, 503]));
    let look = call(
        "introspect",
        TAG,
        "What a token is good for",
        "RFC 7662; for clients that prove themselves, or with the token itself as bearer.",
    );
    let look = look
        .request_body(Some(form(&ONE_TOKEN, &CLIENT)))
        .answers(200, plain("What there is to say of it", "introspection"));
    add(paths, HttpMethod::Post, "/oauth/introspect", refuses(look, &[400, 401, 429, 500, 503]));
    let end = call("revoke", TAG, "End a token", "RFC 7009; a refresh token ends with all that followed from it.");
    let end = end
        .request_body(Some(form(&ONE_TOKEN, &CLIENT)))
        .answers(200, plain("It is not in force any more", "configuration"));
    add(paths, HttpMethod::Post, "/oauth/revoke", refuses(end, &[400, 401, 429, 500, 503]));
    let words = "An EPR's back channel: it keeps the context and gives the handle to launch an app with.";
    let mut body = form(&LAUNCH, &CLIENT);
    body.content.insert("application/json".to_owned(), RefOr::T(bodies::form(fields(&LAUNCH, &CLIENT))));
    let launch = call("launch", TAG, "Prepare a launch", words).request_body(Some(body));
    let launch = launch.answers(201, plain("The handle", "launch-reply"));
    add(paths, HttpMethod::Post, "/oauth/launch", refuses(launch, &[400, 401, 429, 500, 503]));
    let keys = call("readKeys", TAG, "The public keys that id_tokens are signed with", "");
    let keys = keys.answers(200, plain("A JWK set", "key-set"));
    add(paths, HttpMethod::Get, "/oauth/jwks.json", refuses(keys, &[500, 503]));
    let style = call("readStyle", TAG, "Colours and measures for apps that want to look like this", "");
    let style = style.answers(200, plain("SMART's style document", "configuration")).open();
    add(paths, HttpMethod::Get, "/oauth/smart-style.json", style);
}

/// The values of a field; some are one word or another.
fn field(name: &str, words: &str) -> RefOr<Schema> {
    match name {
        "response_type" | "code_challenge_method" => one_of([words]).into(),
        "grant_type" => one_of(["authorization_code", "refresh_token", "client_credentials"]).into(),
        "need_patient_banner" => one_of(["true", "false"]).into(),
        _ => ObjectBuilder::new().schema_type(Type::String).description(Some(words)).into(),
    }
}

fn fields<'a>(own: &'a [Field], more: &'a [Field]) -> impl Iterator<Item = (&'a str, bool, RefOr<Schema>)> {
    own.iter().chain(more).map(|(name, required, words)| (*name, *required, field(name, words)))
}

fn form(own: &[Field], more: &[Field]) -> RequestBody {
    RequestBodyBuilder::new().required(Some(Required::True)).content(FORM, bodies::form(fields(own, more))).build()
}

/// Pages, and ways to other pages.
fn pages(call: OperationBuilder) -> OperationBuilder {
    let page = |words: &str| -> Response {
        let text = ObjectBuilder::new().schema_type(Type::String);
        ResponseBuilder::new().description(words).content("text/html", Content::new(Some(text))).build()
    };
    let away = ResponseBuilder::new().description("To the sign-in, or back to the app with an error");
    [400, 401, 403, 500, 503]
        .into_iter()
        .fold(call, |call, status| call.answers(status, page("Why it cannot go on, for a person")))
        .answers(200, page("A page to sign in on, or to choose"))
        .answers(303, away.header_ref("Location", header("Location")).build())
        .open()
}

/// Refusals as RFC 6749 has them.
fn refuses(call: OperationBuilder, statuses: &[u16]) -> OperationBuilder {
    let refusal = |status: u16| {
        let more = match status {
            401 => Some("WWW-Authenticate"),
            429 | 503 => Some("Retry-After"),
            _ => None,
        };
        let content = Content::new(Some(schema("oauth-error")));
        let response = ResponseBuilder::new()
            .description("Why not: error and error_description")
            .content("application/json", content);
        more.into_iter().fold(response, |response, name| response.header_ref(name, header(name))).build()
    };
    statuses.iter().fold(call, |call, status| call.answers(*status, refusal(*status))).open()
}
