//! Owns what the launcher began in this browser, kept in a cookie of its own: who is signed in at its EPR, and, where the
//! launcher itself plays the app, what it needs when the answer comes. Personas are no secret, and the verifier is the browser's.

use crate::http::oauth::Visit;
use crate::search::query;

/// The cookie's name; it goes to the sandbox's addresses alone.
const NAME: &str = "lcr-sandbox";

/// What was begun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Begun {
    /// The persona who is signed in at the EPR.
    pub signed_in: Option<String>,
    /// The Patient whose record the EPR has open.
    pub patient: Option<String>,
    /// The launcher's own request: its state, its PKCE verifier and what it asked for.
    pub state: Option<String>,
    pub verifier: Option<String>,
    pub scope: Option<String>,
}

impl Begun {
    /// What this browser brings.
    pub fn of(visit: &Visit) -> Option<Begun> {
        Begun::read(visit.cookie(NAME)?)
    }

    fn read(text: &str) -> Option<Begun> {
        let pairs = query::pairs(text).ok()?;
        let get = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        Some(Begun {
            signed_in: get("signed_in"),
            patient: get("patient"),
            state: get("state"),
            verifier: get("verifier"),
            scope: get("scope"),
        })
    }

    /// The cookie that keeps it until the browser is closed.
    pub fn cookie(&self, https: bool) -> String {
        let pairs = [
            ("signed_in", &self.signed_in),
            ("patient", &self.patient),
            ("state", &self.state),
            ("verifier", &self.verifier),
            ("scope", &self.scope),
        ];
        let pairs: Vec<(String, String)> =
            pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
        let secure = if https { "; Secure" } else { "" };
        format!("{NAME}={}; Path=/sandbox; HttpOnly; SameSite=Lax{secure}", query::encode(&pairs))
    }

    /// Without the launcher's own request, which is answered once.
    pub fn answered(self) -> Begun {
        Begun { state: None, verifier: None, scope: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::Begun;

    #[test]
    fn what_is_kept_comes_back() {
        let begun = Begun {
            signed_in: Some("gp".into()),
            scope: Some("openid patient/Observation.rs?category=a|b&code=x;y".into()),
            ..Begun::default()
        };
        let cookie = begun.cookie(false);
        let value = cookie.split_once('=').expect("a name").1.split("; ").next().expect("a value");
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)), "{value}");
        assert_eq!(Begun::read(value), Some(begun));
    }
}
