//! The routes that the service declares, read from the text of `src/http/mod.rs`.

/// Methods and paths in the order of `routes()`, which is the order in which they are tried.
pub fn declared() -> Vec<(String, String)> {
    let (mut scope, mut resource, mut found) = (String::new(), String::new(), Vec::new());
    let text = routes();
    let quoted = |rest: &str| rest.split('"').nth(1).map(str::to_owned);
    for (at, _) in text.char_indices() {
        let rest = &text[at..];
        if rest.starts_with("web::scope(") {
            scope = quoted(rest).expect("a scope");
        } else if rest.starts_with("web::resource(r") || rest.starts_with("only(\"") {
            resource = quoted(rest).expect("a resource");
        } else if rest.starts_with(".route(") {
            let arguments = rest.split_once(".to(").expect("a handler").0;
            let path = quoted(arguments).unwrap_or_else(|| resource.clone());
            let method = arguments.split("web::").nth(1).and_then(|rest| rest.split('(').next()).expect("a method");
            // What stands outside the scope's brackets has its whole path.
            let whole = if path.starts_with("/health") || path == "/metrics" || path == "/openapi.json" {
                path
            } else {
                format!("{scope}{path}")
            };
            found.push((method.to_uppercase(), whole));
        }
    }
    found
}

/// The body of `routes()`.
pub fn routes() -> &'static str {
    let text = include_str!("../../src/http/mod.rs");
    let text = text.split_once("pub fn routes(").expect("routes()").1;
    text.split_once("\n}").expect("its end").0
}
