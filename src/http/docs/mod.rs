//! `/docs`, to which `/` leads people: the API to try out, by Swagger UI below a page of our own. Nothing comes from elsewhere.

mod page;
mod vendored;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};

use super::nothing_here;
use super::oauth::assets::STYLE;
use super::oauth::only;
use super::page::go;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;

/// Every route.
pub fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::resource("/")
            .route(web::get().to(home))
            .route(web::head().to(home))
            .default_service(web::to(nothing_here)),
    )
    .service(only("/docs").route(web::get().to(page::page)).route(web::head().to(page::page)))
    .service(only("/docs/start.js").route(web::get().to(start)).route(web::head().to(start)))
    .service(only("/docs/frame.css").route(web::get().to(frame)).route(web::head().to(frame)))
    .service(only("/docs/style.css").route(web::get().to(style)).route(web::head().to(style)))
    .service(only("/docs/{file}").route(web::get().to(file)).route(web::head().to(file)));
}

/// `GET /`: whoever reads HTML is shown the documentation.
async fn home(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut accepts = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    if accepts.any(|kinds| kinds.contains("text/html")) { Ok(go("/docs")) } else { nothing_here(request).await }
}

async fn start() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(include_str!("start.js"))
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("style.css"))
}

/// The common stylesheet, kept out of Swagger UI, which has its own. What is said of the root itself, a rule a line, is no
/// rule of a scope.
async fn frame() -> HttpResponse {
    let (root, rest): (Vec<&str>, Vec<&str>) =
        STYLE.lines().partition(|line| line.starts_with(":root") || line.starts_with("html"));
    let scoped = format!("{}\n@scope (:root) to (.swagger-ui) {{\n{}\n}}\n", root.join("\n"), rest.join("\n"));
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(scoped)
}

/// A file of Swagger UI. Its page that a sign-in comes back to runs a script beside it, and nothing else.
async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let Some((media, bytes)) = vendored::file(&name) else {
        let words = "there is no such file of the API's documentation: begin at /docs";
        return Err(Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words));
    };
    let policy = "default-src 'none'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'";
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header(("Content-Security-Policy", policy))
        // Nobody's record, and large: a browser may keep it for a while.
        .insert_header(("Cache-Control", "max-age=3600"))
        .body(bytes))
}
