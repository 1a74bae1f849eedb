//! What each role may do beyond reading and writing, asked with a token whose scopes allow everything.

use std::collections::BTreeMap;

use lcr_facade::access::{Claims, Permission, Policies};
use reqwest::Method;

use crate::ask::{Body, Mark, open, parameters};
use crate::asked::{Line, Stage};
use crate::cells::names;
use crate::rows::{Label, example, is_trail, kinds};
use crate::world::World;

/// A token of this role that lacks no scope.
pub fn claims(role: &str) -> Claims {
    let context = match role {
        "system" => "system",
        "patient" => "patient",
        _ => "user",
    };
    let trail = kinds().into_iter().filter(|kind| is_trail(kind)).map(|kind| format!(" {context}/{kind}.rs"));
    let more: String =
        Permission::SCOPED.iter().map(|permission| format!(" {}", permission.scope())).chain(trail).collect();
    Claims {
        client: "matrix".to_owned(),
        scope: format!("{context}/*.cruds{more}"),
        role: role.to_owned(),
        user: Some(format!("some-{role}")),
        organisation: Some("Y9ZZZ".to_owned()),
        patient: (role == "patient").then(|| "near".to_owned()),
        source: Some("https://lcr.example/source/some".to_owned()),
        ..Claims::default()
    }
}

/// Every role, and what it may.
pub async fn measure(world: &World, stage: &Stage) -> BTreeMap<String, Line> {
    let (open_to_all, _) = world.apart("role-open", Label::N).await;
    let (sealed, _) = world.apart("role-sealed", Label::V).await;
    let (told, _) = world.apart("role-told", Label::N).await;
    let away = world.apart("role-away", Label::N).await.0;
    let reason = ("reason", "a measurement of who may do this");
    let officer = world.app.persona("privacy-officer").await;
    let opt_out = [("nhs-number", away.number.as_str()), ("opted-out", "true"), reason];
    assert_eq!(officer.post("Patient/$protect", parameters(&opt_out)).await.status, 200, "an opt-out");
    let mut found = BTreeMap::new();
    for (role, _) in Policies::default().roles() {
        let asker = world.asker_as(&claims(role)).await;
        let post = async |column: &'static str, name: &str, pairs: &[(&str, &str)]| {
            Mark::of(
                &asker.ask(column, Method::POST, &format!("/Patient/${name}"), Body::Fhir(&parameters(pairs))).await,
            )
        };
        let mut line = Line::new();
        for (column, operation, person, more) in [
            ("self-claim", "self-claim", &open_to_all, None),
            ("break-glass", "break-glass", &open_to_all, None),
            ("over a seal", "break-glass", &sealed, Some(("over", "seal"))),
            ("over an opt-out", "break-glass", &away, Some(("over", "opt-out"))),
        ] {
            let reply = open(&asker, "roles", operation, person, more.as_slice()).await;
            line.push((column, Mark::of(&reply).text()));
        }
        let number = ("nhs-number", told.number.as_str());
        let holder = ("holder", "https://lcr.example/Id/team|some");
        line.push((
            "protect others",
            post("roles", "protect", &[number, ("restricted", "false"), reason]).await.text().replace("400", "–"),
        ));
        let own = post("roles", "protect", &[("restricted", "false"), reason]).await;
        line.push(("protect oneself", own.text().replace("400", "–")));
        line.push(("review", post("roles", "review", &[("alert", &stage.alert), ("verdict", "unclear")]).await.text()));
        line.push(("relate", post("roles", "relate", &[number, holder, ("basis", "referral"), reason]).await.text()));
        line.push(("export", Mark::of(&asker.ask("roles", Method::GET, "/$export", Body::Async).await).text()));
        let trail: Vec<&str> = kinds().into_iter().filter(|kind| is_trail(kind)).collect();
        let mut oversees = Mark::Refused;
        for kind in trail {
            let reply = asker.get("roles", &format!("/{kind}?patient=Patient/{}&_count=1", world.far.id)).await;
            oversees = if reply.status == 200 && names(&reply).is_empty() { Mark::Absent } else { Mark::of(&reply) };
        }
        line.push(("whole audit trail", oversees.text()));
        let id = format!("chosen-by-{role}");
        let mut chosen = Mark::Refused;
        for kind in kinds() {
            let row = example(kind, &id, &told, Label::N);
            let reply = asker.ask("roles", Method::PUT, &format!("/{kind}/{id}"), Body::Fhir(&row)).await;
            chosen = chosen.min(Mark::of(&reply));
        }
        line.push(("own ids", if chosen.is_done() { "✓".to_owned() } else { "–".to_owned() }));
        found.insert(role.to_owned(), line);
    }
    found
}
