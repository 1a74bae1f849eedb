//! Owns how a request to the authorization server fails: an error code of RFC 6749 with words that say what to do.

use crate::store::StoreError;

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status where the answer is JSON.
    pub status: u16,
    /// The registered error code.
    pub error: &'static str,
    /// What is wrong and what to do, in ASCII without quotes (RFC 6749 §5.2).
    pub description: String,
    /// Seconds after which it is worth asking again.
    pub retry_after: Option<u64>,
}

impl Fault {
    fn new(status: u16, error: &'static str, description: impl Into<String>) -> Fault {
        let plain = |letter: char| matches!(letter, ' '..='~') && letter != '"' && letter != '\\';
        let description: String = description.into();
        let description = description.chars().map(|c| if plain(c) { c } else { '\'' }).collect();
        Fault { status, error, description, retry_after: (status == 503).then_some(1) }
    }

    /// Something is missing, repeated or malformed.
    pub fn invalid_request(words: impl Into<String>) -> Fault {
        Fault::new(400, "invalid_request", words)
    }

    /// Who asks is not a client that has proved itself.
    pub fn invalid_client(words: impl Into<String>) -> Fault {
        Fault::new(401, "invalid_client", words)
    }

    /// The code, refresh token or token is not good, or not this client's.
    pub fn invalid_grant(words: impl Into<String>) -> Fault {
        Fault::new(400, "invalid_grant", words)
    }

    /// The client may not do this.
    pub fn unauthorized_client(words: impl Into<String>) -> Fault {
        Fault::new(400, "unauthorized_client", words)
    }

    /// No such grant type.
    pub fn unsupported_grant_type(words: impl Into<String>) -> Fault {
        Fault::new(400, "unsupported_grant_type", words)
    }

    /// No such response type.
    pub fn unsupported_response_type(words: impl Into<String>) -> Fault {
        Fault::new(400, "unsupported_response_type", words)
    }

    /// The scope is unknown, empty, or more than may be had.
    pub fn invalid_scope(words: impl Into<String>) -> Fault {
        Fault::new(400, "invalid_scope", words)
    }

    /// The user, or the record's rules, said no.
    pub fn access_denied(words: impl Into<String>) -> Fault {
        Fault::new(403, "access_denied", words)
    }

    /// Who asks has failed to prove itself too often; so many seconds from now it may try again.
    pub fn too_often(seconds: u64) -> Fault {
        let words = format!("too many failed attempts as this client: try again in {seconds} seconds");
        Fault { retry_after: Some(seconds), ..Fault::new(429, "temporarily_unavailable", words) }
    }

    /// More is asked of the service than it can do.
    pub fn busy() -> Fault {
        Fault::new(503, "temporarily_unavailable", "more is asked than can be done at the moment: try again shortly")
    }

    /// The service failed; the log says why.
    pub fn server_error() -> Fault {
        Fault::new(500, "server_error", "the service failed to answer; the operator's log says why")
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        tracing::error!(%error, "the authorization server failed in the store");
        match error {
            StoreError::Unavailable(_) | StoreError::Audit => Fault::new(
                503,
                "temporarily_unavailable",
                "the service cannot be reached at the moment: try again shortly",
            ),
            _ => Fault::server_error(),
        }
    }
}

impl From<super::secret::NoRandomness> for Fault {
    fn from(error: super::secret::NoRandomness) -> Fault {
        tracing::error!(%error, "no secret could be made");
        Fault::server_error()
    }
}
