//! Owns a request whose token was used a moment ago: what it says is remembered, and whether it is still in force is for the
//! request's own statement to show, in the same round trip. There is no other way from here to a `Call`, and so to an answer.

use std::future::Future;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::Call;
use super::call::Arrival;
use crate::error::Problem;
use crate::store::Proved;

/// One request, of a caller who is still to be proved.
pub struct Unproven(Call);

impl FromRequest for Unproven {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Unproven, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let arrival = Arrival::of(request);
        Box::pin(async move {
            let arrival = arrival?;
            // What is refused without a statement, as a format is, is refused to a caller who was looked up.
            let recent = arrival.is_offered();
            Ok(Unproven(arrival.call(recent).await?))
        })
    }
}

impl Unproven {
    /// Runs what ends in a statement that proves the caller. Where it ends before one, or without its proof, the token is looked
    /// up: 401 comes before whatever else there is to say.
    pub async fn proven<T>(
        self,
        run: impl AsyncFnOnce(&Call) -> Result<Proved<T>, Problem>,
    ) -> Result<(Call, Result<T, Problem>), Problem> {
        let Unproven(mut call) = self;
        let result = match run(&call).await {
            Ok(proved) => {
                call.caller = call.caller.proven();
                Ok(proved.into_inner())
            }
            Err(problem) => {
                call.prove().await?;
                Err(problem)
            }
        };
        Ok((call, result))
    }
}
