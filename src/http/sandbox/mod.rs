//! What is served below `/sandbox` by `lcr demo` alone: elsewhere these addresses are unknown ones.

mod app;

use actix_web::guard::GuardContext;
use actix_web::web;

use super::State;

/// Every route, behind the one guard.
pub fn routes(app: &mut web::ServiceConfig) {
    app.service(web::scope("/sandbox").guard(is_sandbox).configure(app::routes));
}

/// Whether this service is a sandbox. Where it is not, the scope does not match, and the address is one that nobody knows.
fn is_sandbox(context: &GuardContext<'_>) -> bool {
    context.app_data::<web::Data<State>>().is_some_and(|state| state.config.sandbox)
}
