//! Claims as CIS2, NHS login and Keycloak send them, and who that is here.

use serde_json::json;

use super::*;

fn config(kind: &str, roles: &[(&str, &str)]) -> SignIn {
    let text = format!(
        "name = \"p\"\ntitle = \"P\"\nkind = \"{kind}\"\nissuer = \"https://p.example\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
         role_claim = \"realm_access.roles\"\n[roles]\n{}",
        roles.iter().map(|(code, role)| format!("{code} = \"{role}\"\n")).collect::<String>()
    );
    toml::from_str(&text).expect("a configuration")
}

fn identity(config: &SignIn, claims: Value) -> Result<Identity, String> {
    read(config, &Policies::default(), claims.as_object().expect("an object"))
}

fn cis2_claims() -> Value {
    json!({
        "sub": "910000000001", "nhsid_useruid": "910000000001", "name": "OKAFOR Amara (Dr)", "auth_time": 1700000000,
        "nhsid_nrbac_roles": [
            {"person_roleid": "1", "org_code": "Y90001", "role_code": "S8000:G8000:R8000",
             "role_name": "\"Clinical\":\"Clinical Provision\":\"Clinical Practitioner Access Role\""},
            {"person_roleid": "2", "org_code": "Y9R01", "role_code": "S8000:G8001:R8001"},
            {"person_roleid": "3", "org_code": "Y9R01", "role_code": "S8002:G8003:R8006"}
        ],
        "nhsid_user_orgs": [{"org_code": "Y90001", "org_name": "The Practice"}]
    })
}

#[test]
fn cis2_roles_are_never_united() {
    let known = identity(&config("cis2", &[]), cis2_claims()).expect("an identity");
    assert_eq!((known.user.user.as_str(), known.user.auth_time), ("910000000001", 1_700_000_000));
    let works: Vec<_> = known.user.works.iter().map(|w| (w.role.as_str(), w.organisation.as_deref())).collect();
    assert_eq!(
        works,
        [("doctor", Some("Y90001")), ("nurse", Some("Y9R01"))],
        "a role that stands for none is left out"
    );
    assert_eq!(known.user.works[0].title, "Clinical Practitioner Access Role, The Practice");
    let mut chosen = cis2_claims();
    chosen["selected_roleid"] = json!("2");
    let known = identity(&config("cis2", &[]), chosen).expect("an identity");
    assert_eq!(known.user.works.len(), 1);
    assert_eq!(known.user.works[0].role, "nurse");
    let mut unknown = cis2_claims();
    unknown["selected_roleid"] = json!("9");
    assert_eq!(identity(&config("cis2", &[]), unknown).expect("an identity").user.works, []);
    let mapped = identity(&config("cis2", &[("R8006", "social-worker"), ("R8000", "system")]), cis2_claims());
    let works: Vec<String> = mapped.expect("an identity").user.works.into_iter().map(|w| w.role).collect();
    assert_eq!(works, ["nurse", "social-worker"], "configuration wins, and nobody becomes a system");
    let nobody = json!({"sub": "1"});
    assert!(identity(&config("cis2", &[]), nobody).is_err());
}

#[test]
fn nhs_login_is_for_patients_proved_to_p9() {
    let claims = |level: &str, number: &str| json!({"sub": "s", "identity_proofing_level": level, "nhs_number": number, "family_name": "Wright", "given_name": "Raymond"});
    let config = config("nhs-login", &[]);
    let known = identity(&config, claims("P9", "9990791902")).expect("an identity");
    assert_eq!(known.nhs_number.as_deref(), Some("9990791902"));
    assert_eq!((known.user.works[0].role.as_str(), known.user.name.as_str()), (PATIENT, "Raymond Wright"));
    assert!(identity(&config, claims("P5", "9990791902")).is_err());
    assert!(identity(&config, claims("P9", "9990791903")).is_err());
}

#[test]
fn other_providers_say_it_in_claims_of_the_configuration() {
    let config = config("oidc", &[("gp", "doctor"), ("boss", "patient")]);
    let claims =
        json!({"sub": "u1", "realm_access": {"roles": ["gp", "boss", "offline_access"]}, "lcr_organisation": "Y90001"});
    let known = identity(&config, claims).expect("an identity");
    assert_eq!(known.user.works.len(), 1, "a role that is not mapped, or is a patient's, is none of staff");
    assert_eq!(
        (known.user.works[0].role.as_str(), known.user.works[0].organisation.as_deref()),
        ("doctor", Some("Y90001"))
    );
    assert!(identity(&config, json!({"name": "x"})).is_err());
}
