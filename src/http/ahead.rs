//! Owns how an answer is sent while it is read: one piece is read ahead of the one that is being sent, and no more, so that a
//! slow reader holds neither memory nor a connection.

use actix_web::http::StatusCode;
use actix_web::rt;
use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream;
use tokio::sync::mpsc;

use crate::error::Problem;
use crate::fhir::outcome::IssueType;

/// A piece, and the rest of the way where there is one.
pub type Step<W> = (Result<Bytes, Problem>, Option<W>);

/// The body of an answer: what each step brings. A failure ends the connection before the body's end, so that nobody takes a part
/// for the whole.
pub fn body<W: 'static, F>(
    way: W,
    step: impl Fn(W) -> F + 'static,
) -> impl Stream<Item = Result<Bytes, Problem>> + 'static
where
    F: Future<Output = Step<W>> + 'static,
{
    let (pieces, sent) = mpsc::channel(1);
    rt::spawn(async move {
        let mut way = Some(way);
        while let Some(here) = way {
            let (piece, rest) = step(here).await;
            way = rest;
            // Who no longer reads is read to no longer.
            if pieces.send((piece, way.is_none())).await.is_err() {
                return;
            }
        }
    });
    stream::unfold(Some(sent), async |sent| {
        let mut sent = sent?;
        Some(match sent.recv().await {
            Some((piece, last)) => (piece, (!last).then_some(sent)),
            // Whoever reads ahead did not come to an end.
            None => {
                let words = "the answer broke off";
                (Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, IssueType::Exception, words)), None)
            }
        })
    })
}
