//! Puts the document together: what the page opens with, the order of its chapters, and everything that is shared.

use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Server, Tag};

use super::{examples, parameters, paths, responses, schemas, security};
use crate::sandbox;

/// What a reader meets first.
const ABOUT: &str = "\
The FHIR R4 front door to a shared care record: one REST service in which a person's record is seen by the staff involved \
in their care and by nobody else, and every look is logged. Hidden is absent: what you may not see answers exactly as what \
never existed.

Beside the parameters listed, a search takes their modifiers (`code:text=…`), chains (`patient.family=…`) and `_has` \
(`_has:Observation:patient:code=…`). Bodies and answers are JSON or XML, as `Content-Type` and `Accept` or `_format` say; \
`application/json`, `text/json`, `application/xml` and `text/xml` stand for FHIR's own names.

**Five things to try** in the sandbox (`lcr demo`), signed in as `gp`. The examples are filled in:

1. `GET /fhir/Patient`: find a patient of the practice by NHS number
2. `GET /fhir/Observation`: their laboratory results, newest first
3. `GET /fhir/Patient/{id}/$summary`: all of it on one page, as an International Patient Summary
4. `POST /fhir/CarePlan`: write a plan, and read it back
5. The first one again as `stranger`: nothing is there

**The personas** are the sandbox's, and so is every person in the examples; a service with a real record has neither. \
`lcr sandbox token gp` prints a token for use as bearer.

";

/// The chapters, in a reader's order.
const TAGS: [(&str, &str); 17] = [
    ("Discovery", "What the service can do, and where; open to anyone"),
    ("Patient", "The person whose record this is"),
    ("Condition", "Problems and diagnoses"),
    ("Observation", "Results, vital signs, social history"),
    ("MedicationStatement", "Medicines"),
    ("AllergyIntolerance", "Allergies and intolerances"),
    ("CarePlan", "Care plans; staff may write them"),
    ("Practitioner", "Who gives care"),
    ("PractitionerRole", "As what, and for whom"),
    ("Organization", "Organisations that give care"),
    ("Compartment", "All that is about one patient"),
    ("Whole record", "Several types at once: search, history, batch and transaction"),
    ("Operations", "More than REST: everything about a patient, summaries, matching, validation"),
    ("Access", "Who may see whose record: breaking glass, relationships, protection, review"),
    ("AuditEvent", "Who looked at whose record"),
    ("Sign-in", "SMART App Launch 2.2: codes, tokens, launches"),
    ("Health", "For probes; open to anyone"),
];

/// The whole document.
pub fn build() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("London Care Record FHIR facade")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(format!("{ABOUT}{}", personas())))
        .license(Some(license))
        .build();
    let tag = |(name, words): (&str, &str)| -> Tag { TagBuilder::new().name(name).description(Some(words)).build() };
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("/")]))
        .tags(Some(TAGS.map(tag)))
        .paths(paths::all())
        .components(Some(components()))
        .security(Some(security::SCHEMES.map(|name| SecurityRequirement::new(name, [""; 0]))))
        .build()
}

fn components() -> Components {
    let mut components = Components::new();
    components.schemas = schemas::all();
    components.parameters = parameters::all();
    components.headers = responses::headers();
    components.responses = responses::all();
    components.examples = examples::all();
    components.security_schemes = security::schemes();
    components
}

/// A table of the sandbox's personas.
fn personas() -> String {
    let personas = sandbox::personas().unwrap_or_default();
    let rows = personas.iter().map(|(name, persona)| format!("| `{name}` | {} |\n", persona.title));
    format!("| persona | who |\n|---|---|\n{}", rows.collect::<String>())
}
