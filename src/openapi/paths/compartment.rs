//! What is about one patient: the searches of a Patient's compartment.

use utoipa::openapi::Paths;
use utoipa::openapi::path::HttpMethod;

use super::super::parameters::{self, of_search};
use super::super::responses::{self, shared};
use super::kind::form;
use super::{ALWAYS, WITH_BODY, With, add, call};
use crate::resources;
use crate::resources::spec::Compartment;

const TAG: &str = "Compartment";

/// Every type that is in it, and all of them at once.
pub fn all(paths: &mut Paths) {
    for spec in resources::served().filter(|spec| spec.compartment != Compartment::Nobody) {
        let kind = spec.name;
        let summary = format!("Search for {kind} in a patient's compartment");
        let words =
            if spec.is_trail() { "In the sandbox, ask as `privacy-officer`, or as `patient` for his own." } else { "" };
        let found = shared(&format!("{kind}-found"));
        let get = call(&format!("searchCompartmentFor{kind}"), TAG, &summary, words)
            .takes(["Patient.id"])
            .takes(of_search(spec, true))
            .takes(["Prefer-handling"]);
        let path = format!("/fhir/Patient/{{id}}/{kind}");
        add(paths, HttpMethod::Get, &path, get.answers(200, found.clone()).fails(&ALWAYS).fails(&[404]));
        let summary = format!("{summary}, with the parameters in a form");
        let post = call(&format!("searchCompartmentFor{kind}ByPost"), TAG, &summary, words)
            .takes(["Patient.id", "Prefer-handling"])
            .request_body(Some(form(spec, true)));
        let post = post.answers(200, found).fails(&ALWAYS).fails(&[404]).fails(&WITH_BODY);
        add(paths, HttpMethod::Post, &format!("{path}/_search"), post);
    }
    let words = "Beside the parameters listed, those that every type in question has";
    let found = || responses::bundle("A page of what is about the patient, in a Bundle", "Condition-found");
    let get = call("searchCompartment", TAG, "Search for everything in a patient's compartment", words).takes([
        "Patient.id",
        "_type",
        "_lastUpdated",
        "_count",
        "_total",
        "_format",
        "_pretty",
    ]);
    add(paths, HttpMethod::Get, "/fhir/Patient/{id}/*", get.answers(200, found()).fails(&ALWAYS).fails(&[404]));
    let post = call("searchCompartmentByPost", TAG, "The same with the parameters in a form", words)
        .takes(["Patient.id"])
        .request_body(Some(parameters::across()));
    let post = post.answers(200, found()).fails(&ALWAYS).fails(&[404]).fails(&WITH_BODY);
    add(paths, HttpMethod::Post, "/fhir/Patient/{id}/*/_search", post);
}
