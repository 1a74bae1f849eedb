//! `/sandbox/app/`: the sample SMART app of `sandbox/app`, file by file as it stands there. It is a client like any other:
//! nothing here knows a record, and nothing of the app is made by the service.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, ETag, EntityTag, Header, IfNoneMatch, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::Problem;
use crate::http::nothing_here;
use crate::http::oauth::only;

/// Scripts, styles, pictures and requests of this origin alone, so that no text of a record runs or leaves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The app's files, by their paths below `sandbox/app`.
const FILES: &[(&str, &[u8])] = &[
    ("allergies.js", include_bytes!("../../../sandbox/app/allergies.js")),
    ("app.js", include_bytes!("../../../sandbox/app/app.js")),
    ("banner.js", include_bytes!("../../../sandbox/app/banner.js")),
    ("dom.js", include_bytes!("../../../sandbox/app/dom.js")),
    ("icon.svg", include_bytes!("../../../sandbox/app/icon.svg")),
    ("index.html", include_bytes!("../../../sandbox/app/index.html")),
    ("launch.html", include_bytes!("../../../sandbox/app/launch.html")),
    ("launch.js", include_bytes!("../../../sandbox/app/launch.js")),
    ("line.js", include_bytes!("../../../sandbox/app/line.js")),
    ("medicines.js", include_bytes!("../../../sandbox/app/medicines.js")),
    ("plans.js", include_bytes!("../../../sandbox/app/plans.js")),
    ("plot.js", include_bytes!("../../../sandbox/app/plot.js")),
    ("problems.js", include_bytes!("../../../sandbox/app/problems.js")),
    ("record.js", include_bytes!("../../../sandbox/app/record.js")),
    ("results.js", include_bytes!("../../../sandbox/app/results.js")),
    ("section.js", include_bytes!("../../../sandbox/app/section.js")),
    ("session.js", include_bytes!("../../../sandbox/app/session.js")),
    ("settings.js", include_bytes!("../../../sandbox/app/settings.js")),
    ("sources.js", include_bytes!("../../../sandbox/app/sources.js")),
    ("style.css", include_bytes!("../../../sandbox/app/style.css")),
    ("value.js", include_bytes!("../../../sandbox/app/value.js")),
    ("vendor/LICENSE", include_bytes!("../../../sandbox/app/vendor/LICENSE")),
    ("vendor/fhir-client.pure.min.js", include_bytes!("../../../sandbox/app/vendor/fhir-client.pure.min.js")),
    (
        "vendor/fhir-client.pure.min.js.LICENSE.txt",
        include_bytes!("../../../sandbox/app/vendor/fhir-client.pure.min.js.LICENSE.txt"),
    ),
    ("words.js", include_bytes!("../../../sandbox/app/words.js")),
];

/// Its routes, below `/sandbox`.
pub fn routes(sandbox: &mut web::ServiceConfig) {
    sandbox
        .service(only("/app").route(web::get().to(folder)))
        .service(only("/app/{file:.*}").route(web::get().to(file)).route(web::head().to(file)));
}

/// `GET /sandbox/app`: its links are relative to the folder.
async fn folder() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "app/")).finish()
}

/// `GET|HEAD /sandbox/app/…`: asked for again each time, and sent again when it is another.
async fn file(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let wanted = if path.is_empty() { "index.html" } else { path.as_str() };
    let Some((name, bytes)) = FILES.iter().find(|(name, _)| *name == wanted) else {
        return nothing_here(request).await;
    };
    // A weak one: the body may be squeezed on its way.
    let tag = EntityTag::new_weak(URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)));
    let known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|one| one.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(ETag(tag))
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY));
    Ok(if known { response.finish() } else { response.content_type(media_type(name)).body(*bytes) })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
