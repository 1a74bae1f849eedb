//! Owns why a scope that was asked for was granted, granted in part, or not: the client's registration, the role's policy and
//! the user's consent, one after the other, by the functions that decided it.

use crate::access::Policies;
use crate::smart::scopes::{of_client, of_role, unknown};

/// What became of one word of a scope.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    pub asked: String,
    pub got: Vec<String>,
    /// Why it is not what was asked for.
    pub why: Option<String>,
}

/// What became of each word.
pub fn verdicts(asked: &str, registered: &str, role: &str, policies: &Policies, granted: &str) -> Vec<Verdict> {
    let granted: Vec<&str> = granted.split_ascii_whitespace().collect();
    let one = |word: &str| {
        let may = of_client(word, registered);
        let can = of_role(&may, role, policies);
        let got: Vec<String> = can.iter().filter(|word| granted.contains(&word.as_str())).cloned().collect();
        let why = if unknown(word).next().is_some() {
            Some("this service knows no such scope".to_owned())
        } else if may.is_empty() {
            Some("the client is not registered for it".to_owned())
        } else if can.is_empty() {
            Some(format!("the role {role} may do nothing of it in this record: that is the role's policy"))
        } else if got.is_empty() {
            Some("the user did not allow it: that is consent".to_owned())
        } else if got == [word] {
            None
        } else if may != [word] {
            Some("the client is registered for this part of it".to_owned())
        } else {
            Some(format!("the role {role} may do this part of it in this record: that is the role's policy"))
        };
        Verdict { asked: word.to_owned(), got, why }
    };
    asked.split_ascii_whitespace().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_three_is_named_as_the_reason() {
        let registered = "openid user/*.cruds __break-glass";
        let asked =
            "openid user/Observation.cruds user/CarePlan.cruds user/Condition.rs patient/*.rs nonsense __break-glass";
        let verdicts = verdicts(
            asked,
            registered,
            "therapist",
            &Policies::default(),
            "openid user/Observation.rs user/CarePlan.cruds",
        );
        let of = |word: &str| {
            let found = verdicts.iter().find(|verdict| verdict.asked == word).expect(word);
            (found.got.join(" "), found.why.clone().unwrap_or_default())
        };
        assert_eq!(of("openid"), ("openid".to_owned(), String::new()));
        assert_eq!(of("user/CarePlan.cruds"), ("user/CarePlan.cruds".to_owned(), String::new()));
        let (got, why) = of("user/Observation.cruds");
        assert!(got == "user/Observation.rs" && why.contains("role therapist may do this part"), "{got} {why}");
        for (word, reason) in [
            ("user/Condition.rs", "consent"),
            ("patient/*.rs", "not registered"),
            ("nonsense", "knows no such scope"),
            ("__break-glass", "role's policy"),
        ] {
            let (got, why) = of(word);
            assert!(got.is_empty() && why.contains(reason), "{word}: {got} {why}");
        }
    }
}
