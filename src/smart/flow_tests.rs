//! The machine of an authorization: every step, every way it ends, and answers out of turn.

use super::*;

fn ask(scope: &str) -> Ask {
    Ask {
        client_id: "app".into(),
        client_name: "App".into(),
        redirect_uri: "https://app.example/cb".into(),
        state: "s".into(),
        scope: scope.split(' ').map(str::to_owned).collect(),
        challenge: "c".into(),
        nonce: None,
        launch: None,
        trusted: false,
        organisation: None,
        source: None,
    }
}

fn work(role: &str, organisation: &str) -> Work {
    Work {
        role: role.into(),
        title: role.into(),
        organisation: Some(organisation.into()),
        teams: Vec::new(),
        source: None,
    }
}

fn user(works: Vec<Work>) -> SignedIn {
    SignedIn { user: "u".into(), name: "U".into(), auth_time: 0, works, patient: None }
}

fn upstream() -> Upstream {
    Upstream { provider: "p".into(), nonce: "n".into(), verifier: "v".into() }
}

/// A flow whose user has signed in.
fn signed_in(ask: Ask, user: SignedIn) -> Flow {
    let mut flow = Flow::new(Some(ask));
    assert_eq!(flow.step(), Ok(Step::SignIn));
    flow.sent_upstream(upstream()).expect("sent");
    flow.signed_in(user).expect("signed in");
    flow
}

fn launched(patient: Option<&str>, for_user: &str) -> LaunchContext {
    LaunchContext { user: Some(for_user.into()), patient: patient.map(str::to_owned), ..LaunchContext::default() }
}

#[test]
fn a_standalone_launch_step_by_step() {
    let doctor = user(vec![work("doctor", "A"), work("nurse", "B")]);
    let mut flow = signed_in(ask("openid launch/patient offline_access patient/*.cruds user/CarePlan.cruds"), doctor);
    assert_eq!(flow.step(), Ok(Step::ChooseRole));
    assert_eq!(flow.grantable(), Vec::<String>::new(), "nothing is granted to nobody in particular");
    flow.chose_role(1).expect("a role");
    assert_eq!(flow.work().map(|work| work.role.as_str()), Some("nurse"));
    assert_eq!(flow.step(), Ok(Step::ChoosePatient));
    flow.may_open("p1", "P").expect("a patient");
    assert_eq!((flow.step(), flow.patient()), (Ok(Step::Consent), Some("p1")));
    flow.agreed(&["patient/*.cruds", "user/*.rs"]).expect("agreed");
    assert_eq!(flow.step(), Ok(Step::Done));
    assert_eq!(flow.granted(), ["openid", "launch/patient", "patient/*.cruds"], "what was not offered is not granted");
}

#[test]
fn every_way_it_ends_without_a_code() {
    let doctor = || user(vec![work("doctor", "A")]);
    let patient = || SignedIn {
        patient: Some("own".into()),
        works: vec![Work { organisation: None, ..work(PATIENT, "") }],
        ..user(Vec::new())
    };
    let with_launch = |launch| Ask { launch: Some(launch), ..ask("launch patient/*.rs") };
    for (case, ask, user, refused) in [
        ("no role", ask("user/*.rs"), user(Vec::new()), Refused::NoRole),
        (
            "another organisation",
            Ask { organisation: Some("B".into()), ..ask("user/*.rs") },
            doctor(),
            Refused::AnotherOrganisation,
        ),
        ("another user's launch", with_launch(launched(Some("p"), "other")), doctor(), Refused::AnotherUser),
        ("a launch without a patient", with_launch(launched(None, "u")), doctor(), Refused::NoPatient),
        ("patient/ alone", ask("patient/*.rs openid"), doctor(), Refused::NoPatient),
        ("a patient and another's record", with_launch(launched(Some("p"), "u")), patient(), Refused::NotTheirPatient),
        ("a role that may do none of it", ask("user/Patient.cud"), doctor(), Refused::NothingLeft),
        ("words alone", ask("offline_access"), doctor(), Refused::NothingLeft),
    ] {
        assert_eq!(signed_in(ask, user).step(), Err(refused), "{case}");
    }
    let mut flow = signed_in(ask("user/*.rs offline_access"), doctor());
    flow.agreed(&["offline_access"]).expect("an answer");
    assert_eq!(flow.step(), Err(Refused::Declined), "nothing that opens anything was left in");
}

#[test]
fn a_launch_and_a_patient_are_looked_up_before_anything_is_shown() {
    let doctor = user(vec![work("doctor", "A")]);
    let launch = Ask { launch: Some(launched(Some("p1"), "u")), trusted: true, ..ask("launch patient/*.rs") };
    let mut flow = signed_in(launch, doctor);
    assert_eq!(flow.step(), Ok(Step::CheckPatient("p1".into())));
    assert_eq!(flow.may_open("p2", "P"), Err(OutOfTurn), "it is the launch's patient, and no other");
    flow.may_open("p1", "P").expect("the patient");
    assert_eq!(flow.step(), Ok(Step::Done), "a trusted client's user is not asked");
    let mut works = vec![Work { organisation: None, ..work(PATIENT, "") }];
    works[0].title = "Patient".into();
    let own = SignedIn { patient: Some("own".into()), ..user(works) };
    let mut flow = signed_in(ask("launch/patient patient/*.rs user/*.rs"), own);
    assert_eq!(flow.step(), Ok(Step::CheckPatient("own".into())), "a patient chooses nobody");
    flow.may_open("own", "P").expect("their own");
    assert_eq!(flow.grantable(), ["launch/patient", "patient/*.rs"]);
}

#[test]
fn answers_out_of_turn_change_nothing() {
    let mut flow = Flow::new(Some(ask("launch/patient patient/*.rs")));
    let doctor = || user(vec![work("doctor", "A")]);
    assert_eq!(flow.signed_in(doctor()), Err(OutOfTurn), "nobody was sent to sign in");
    assert_eq!(flow.agreed(&["patient/*.rs"]), Err(OutOfTurn));
    assert_eq!(flow.may_open("p", "P"), Err(OutOfTurn));
    assert_eq!(flow.chose_role(0), Err(OutOfTurn));
    let mut flow = signed_in(ask("launch/patient patient/*.rs"), doctor());
    let before = flow.clone();
    assert_eq!(flow.signed_in(user(Vec::new())), Err(OutOfTurn), "the user stays who they are");
    assert_eq!(flow.sent_upstream(upstream()), Err(OutOfTurn));
    assert_eq!(flow.chose_role(0), Err(OutOfTurn), "there is one role");
    assert_eq!(flow.agreed(&["patient/*.rs"]), Err(OutOfTurn), "no consent before the patient");
    assert_eq!(flow, before);
    flow.may_open("p", "P").expect("a patient");
    assert_eq!(flow.may_open("q", "Q"), Err(OutOfTurn), "the patient stays who they are");
    flow.agreed(&["patient/*.rs"]).expect("agreed");
    assert_eq!(flow.agreed(&[]), Err(OutOfTurn));
    // Without a request there is only one's own consents.
    let mut manage = Flow::new(None);
    assert_eq!(manage.step(), Ok(Step::SignIn));
    manage.sent_upstream(upstream()).expect("sent");
    manage.signed_in(doctor()).expect("signed in");
    assert_eq!(manage.step(), Ok(Step::Manage));
}
