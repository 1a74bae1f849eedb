"""The usual work of a client, by fhirpy as its own documentation has it: python work.py BASE TOKEN"""

import asyncio
import datetime
import sys
import time

from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, MultipleResourcesFound, OperationOutcome, ResourceNotFound

BASE, TOKEN = sys.argv[1:3]
STAMP = f"py-{time.time_ns()}"
SYSTEM = "http://example.org/fhirpy"


def client_with(**headers):
    return SyncFHIRClient(BASE, authorization=f"Bearer {TOKEN}", extra_headers=headers)


# It asks for a count with a parameter that R4 does not have.
client = client_with(Prefer="handling=lenient")


def capability():
    statement = client.execute("metadata", method="get")
    assert statement["fhirVersion"] == "4.0.1"


def create_and_find():
    organization = client.resource("Organization", name=f"Surgery {STAMP}", active=False)
    organization.save()
    assert organization.id
    organization["active"] = True
    organization.save()
    assert organization.meta.versionId == "2"
    patient = client.resource(
        "Patient",
        identifier=[{"system": SYSTEM, "value": STAMP}],
        name=[{"family": "Pyfhir", "given": ["Ada"]}],
        birthDate="1970-01-02",
        managingOrganization=organization.to_reference(),
    )
    patient.save()
    for day in range(1, 13):
        client.resource(
            "Observation",
            status="final",
            code={"coding": [{"system": "http://loinc.org", "code": "8310-5", "display": "Body temperature"}]},
            subject=patient.to_reference(),
            effectiveDateTime=f"2024-03-{day:02}",
            valueQuantity={"value": 36.5, "unit": "Cel", "system": "http://unitsofmeasure.org", "code": "Cel"},
        ).save()
    observations = client.resources("Observation").search(patient=patient)
    assert observations.count() == 12
    pages = observations.sort("-date").limit(5)
    assert len(pages.fetch()) == 5
    days = [o["effectiveDateTime"] for o in pages.fetch_all()]
    assert days == [f"2024-03-{day:02}" for day in range(12, 0, -1)], days
    assert observations.sort("date").first()["effectiveDateTime"] == "2024-03-01"
    some = observations.search(date__ge=datetime.date(2024, 3, 2), date__lt="2024-03-04").fetch_all()
    assert len(some) == 2
    patients = client.resources("Patient")
    assert patients.search(identifier=f"{SYSTEM}|{STAMP}").get().id == patient.id
    assert patients.search(family__exact="Pyfhir", gender__not=["male", "female"]).search(_id=patient.id).fetch()
    assert patients.search(organization__Organization__name=f"Surgery {STAMP}").get().id == patient.id
    assert patients.has("Observation", "patient", date="2024-03-05").search(_id=patient.id).first().id == patient.id
    bundle = patients.search(_id=patient.id).include("Patient", "organization").revinclude("Observation", "subject")
    kinds = sorted(entry["resource"]["resourceType"] for entry in bundle.fetch_raw()["entry"])
    assert kinds == ["Observation"] * 12 + ["Organization", "Patient"], kinds
    shown = patients.search(_id=patient.id).elements("birthDate").first()
    assert shown["birthDate"] == "1970-01-02" and "name" not in shown
    try:
        patients.search(_id="no-such-patient").get()
        raise AssertionError("found what is not there")
    except ResourceNotFound:
        pass
    return patient, organization


def follow(patient, organization):
    assert patient["managingOrganization"].to_resource()["name"] == organization["name"]
    assert client.reference("Patient", patient.id).to_resource().get_by_path(["name", 0, "family"]) == "Pyfhir"
    version = client.execute(f"Patient/{patient.id}/_history/1", method="get")
    assert version["meta"]["versionId"] == "1"


def update_with_etag(patient):
    patient["gender"] = "female"
    fresh = client_with(**{"If-Match": f'W/"{patient.meta.versionId}"'})
    body = patient.serialize()
    saved = fresh.execute(f"Patient/{patient.id}", method="put", data=body)
    assert saved["meta"]["versionId"] == "2"
    try:
        fresh.execute(f"Patient/{patient.id}", method="put", data=body)
        raise AssertionError("a stale ETag was taken")
    except MultipleResourcesFound:  # its name for 412
        pass
    history = client.execute(f"Patient/{patient.id}/_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]


def patch(patient):
    patches = client_with(**{"Content-Type": "application/json-patch+json"})
    change = [{"op": "replace", "path": "/birthDate", "value": "1971-01-02"}]
    assert patches.execute(f"Patient/{patient.id}", method="patch", data=change)["birthDate"] == "1971-01-02"


def bundles(patient):
    batch = client.resource(
        "Bundle",
        type="batch",
        entry=[
            {"request": {"method": "GET", "url": f"Patient/{patient.id}"}},
            {"request": {"method": "GET", "url": "Patient/no-such-patient"}},
        ],
    )
    answer = client.execute("", data=batch.serialize())
    assert [entry["response"]["status"][:3] for entry in answer["entry"]] == ["200", "404"]
    transaction = client.resource(
        "Bundle",
        type="transaction",
        entry=[
            {
                "fullUrl": "urn:uuid:0f0c4d2a-7e1e-4b4a-9f1c-3c5d8f6a1b2c",
                "resource": {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": f"{STAMP}-2"}]},
                "request": {"method": "POST", "url": "Patient"},
            },
            {
                "resource": {
                    "resourceType": "Condition",
                    "subject": {"reference": "urn:uuid:0f0c4d2a-7e1e-4b4a-9f1c-3c5d8f6a1b2c"},
                    "code": {"text": "Asthma"},
                },
                "request": {"method": "POST", "url": "Condition"},
            },
        ],
    )
    answer = client.execute("", data=transaction.serialize())
    assert [entry["response"]["status"][:3] for entry in answer["entry"]] == ["201", "201"]
    made = client.resources("Patient").search(identifier=f"{SYSTEM}|{STAMP}-2").get()
    assert client.resources("Condition").search(subject=made).get()["code"]["text"] == "Asthma"


def conditional():
    patients = client.resources("Patient").search(identifier=f"{SYSTEM}|{STAMP}-3")
    body = client.resource("Patient", identifier=[{"system": SYSTEM, "value": f"{STAMP}-3"}])
    first, created = patients.update(body)
    assert created
    again, created = patients.update(client.resource("Patient", **{**body, "gender": "other"}))
    assert not created and again.id == first.id and again["gender"] == "other"
    patients.delete()
    assert patients.fetch() == []


def delete(patient):
    observation = client.resources("Observation").search(patient=patient).first()
    observation.delete()
    try:
        observation.to_reference().to_resource()
        raise AssertionError("read what was deleted")
    except ResourceNotFound:
        pass
    try:
        client.resource("Observation", status="final").save()
        raise AssertionError("an Observation without a code was taken")
    except OperationOutcome:
        pass
    try:
        SyncFHIRClient(BASE, authorization="Bearer nobody").resources("Patient").fetch()
        raise AssertionError("a wrong token was taken")
    except AuthorizationError:
        pass


async def at_once(patient):
    """The same by its asynchronous half, several requests at a time."""
    several = AsyncFHIRClient(BASE, authorization=f"Bearer {TOKEN}")
    reads = [several.reference("Patient", patient.id).to_resource() for _ in range(8)]
    assert {read.id for read in await asyncio.gather(*reads)} == {patient.id}
    found = [o async for o in several.resources("Observation").search(patient=patient).limit(3)]
    assert len(found) == 11


def main():
    made = {}
    steps = [
        ("the capability statement says what there is", capability),
        ("create, read, search and turn pages", lambda: made.update(both=create_and_find())),
        ("references are followed", lambda: follow(*made["both"])),
        ("update with an ETag, and a stale one", lambda: update_with_etag(made["both"][0])),
        ("patch by JSON Patch", lambda: patch(made["both"][0])),
        ("batch and transaction", lambda: bundles(made["both"][0])),
        ("conditional update and delete", conditional),
        ("delete, and what is left", lambda: delete(made["both"][0])),
        ("several at once", lambda: asyncio.run(at_once(made["both"][0]))),
    ]
    for name, step in steps:
        step()
        print(f"ok {name}", flush=True)


if __name__ == "__main__":
    main()
