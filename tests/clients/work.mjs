// The usual work of a client, by fhir-kit-client as its own documentation has it: node work.mjs BASE TOKEN
import assert from 'node:assert/strict';
import { CapabilityTool, Client } from 'fhir-kit-client';

const [baseUrl, bearerToken] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken });
const stamp = `kit-${Date.now()}`;
const system = 'http://example.org/kit';

/** The status of a call that has to fail. */
async function status(call) {
  try {
    await call;
  } catch (error) {
    const outcome = error.response?.data;
    assert.equal(outcome?.resourceType, 'OperationOutcome', `no OperationOutcome: ${error}`);
    return error.response.status;
  }
  return assert.fail('it should have been refused');
}

/** Every resource of a search, page by page. */
async function all(bundle) {
  const found = [];
  for (let page = bundle; page; page = await client.nextPage({ bundle: page })) {
    found.push(...(page.entry ?? []).filter((e) => e.search.mode === 'match').map((e) => e.resource));
  }
  return found;
}

const header = (resource, name) => Client.httpFor(resource).response.headers.get(name);
const observation = (patient, number) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8310-5' }], text: 'Body temperature' },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: `2024-03-${String(number).padStart(2, '0')}`,
  valueQuantity: { value: 36 + number / 10, unit: 'Cel', system: 'http://unitsofmeasure.org', code: 'Cel' },
});

const work = {
  async 'the capability statement says what there is'() {
    const statement = await client.capabilityStatement();
    assert.equal(statement.fhirVersion, '4.0.1');
    const tool = new CapabilityTool(statement);
    for (const code of ['read', 'vread', 'create', 'update', 'patch', 'delete', 'search-type', 'history-instance']) {
      assert.ok(tool.supportFor({ resourceType: 'Patient', capabilityType: 'interaction', where: { code } }), code);
    }
    assert.ok(tool.supportFor({ resourceType: 'Observation', capabilityType: 'searchParam', where: { name: 'code' } }));
  },

  async 'create, read, search and turn pages'() {
    const organization = await client.create({
      resourceType: 'Organization',
      body: { resourceType: 'Organization', name: `Surgery ${stamp}` },
    });
    const patient = await client.create({
      resourceType: 'Patient',
      body: {
        resourceType: 'Patient',
        identifier: [{ system, value: stamp }],
        name: [{ family: 'Kit', given: ['Ada'] }],
        birthDate: '1970-01-02',
        managingOrganization: { reference: `Organization/${organization.id}` },
      },
    });
    assert.match(header(patient, 'location'), new RegExp(`/Patient/${patient.id}/_history/1$`));
    assert.equal(header(patient, 'etag'), 'W/"1"');
    const days = Array.from({ length: 23 }, (_, n) => n + 1);
    for (const day of days) {
      await client.create({ resourceType: 'Observation', body: observation(patient.id, day) });
    }
    const read = await client.read({ resourceType: 'Patient', id: patient.id });
    assert.deepEqual(read, patient);

    const searchParams = { patient: patient.id, _sort: '-date', _count: 5 };
    const first = await client.search({ resourceType: 'Observation', searchParams });
    assert.equal(first.entry.length, 5);
    const found = await all(first);
    assert.deepEqual(found.map((r) => Number(r.effectiveDateTime.slice(-2))), days.reverse());
    const second = await client.nextPage({ bundle: first });
    const back = await client.prevPage({ bundle: second });
    assert.deepEqual(back.entry, first.entry);

    const posted = await client.search({
      resourceType: 'Patient',
      searchParams: { identifier: `${system}|${stamp}`, _include: 'Patient:organization', _total: 'accurate' },
      options: { postSearch: true },
    });
    assert.equal(posted.total, 1);
    assert.deepEqual(posted.entry.map((e) => e.search.mode), ['match', 'include']);
    const two = await client.search({
      resourceType: 'Observation',
      searchParams: { 'subject:Patient.identifier': stamp, date: ['ge2024-03-02', 'lt2024-03-04'] },
    });
    assert.equal(two.entry.length, 2);
    const none = await client.search({ resourceType: 'Patient', searchParams: { family: stamp } });
    assert.equal(none.entry?.length ?? 0, 0);
    Object.assign(this, { patient, organization });
  },

  async 'references are followed'() {
    const { patient, organization } = this;
    const reference = patient.managingOrganization.reference;
    const relative = await client.resolve({ reference, context: patient });
    assert.equal(relative.id, organization.id);
    const absolute = await client.resolve({ reference: `${baseUrl}/${reference}` });
    assert.equal(absolute.name, organization.name);
    const bundle = await client.search({
      resourceType: 'Patient',
      searchParams: { _id: patient.id, _include: 'Patient:organization' },
    });
    const inside = await client.resolve({ reference: bundle.entry[1].fullUrl, context: bundle });
    assert.equal(inside.id, organization.id);
  },

  async 'update with an ETag, and a stale one'() {
    const { patient } = this;
    const options = { headers: { 'If-Match': header(patient, 'etag') } };
    const body = { ...patient, gender: 'female' };
    const updated = await client.update({ resourceType: 'Patient', id: patient.id, body, options });
    assert.equal(updated.meta.versionId, '2');
    assert.equal(await status(client.update({ resourceType: 'Patient', id: patient.id, body, options })), 412);
    const older = await client.vread({ resourceType: 'Patient', id: patient.id, version: '1' });
    assert.equal(older.gender, undefined);
    const history = await client.history({ resourceType: 'Patient', id: patient.id });
    assert.deepEqual(history.entry.map((e) => e.resource.meta.versionId), ['2', '1']);
    assert.ok((await client.history({ resourceType: 'Patient' })).entry.length >= 2);
    assert.ok((await client.history()).entry.length >= 3);
  },

  async 'patch by JSON Patch'() {
    const { patient } = this;
    const jsonPatch = [
      { op: 'test', path: '/gender', value: 'female' },
      { op: 'replace', path: '/birthDate', value: '1971-01-02' },
      { op: 'add', path: '/name/0/given/-', value: 'Mary' },
    ];
    const options = { headers: { 'Content-Type': 'application/json-patch+json' } };
    const patched = await client.patch({ resourceType: 'Patient', id: patient.id, jsonPatch, options });
    assert.equal(patched.birthDate, '1971-01-02');
    assert.deepEqual(patched.name[0].given, ['Ada', 'Mary']);
    const wrong = [{ op: 'test', path: '/gender', value: 'male' }];
    const refused = await status(client.patch({ resourceType: 'Patient', id: patient.id, jsonPatch: wrong, options }));
    assert.ok([409, 412, 422].includes(refused), `${refused}`);
  },

  async 'batch and transaction'() {
    const { patient } = this;
    const batch = await client.batch({
      body: {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [
          { request: { method: 'GET', url: `Patient/${patient.id}` } },
          { request: { method: 'GET', url: `Observation?patient=${patient.id}&_summary=count` } },
          { request: { method: 'GET', url: 'Patient/no-such-patient' } },
        ],
      },
    });
    assert.equal(batch.type, 'batch-response');
    assert.deepEqual(batch.entry.map((e) => e.response.status.slice(0, 3)), ['200', '200', '404']);
    assert.equal(batch.entry[1].resource.total, 23);

    const urn = 'urn:uuid:0f0c4d2a-7e1e-4b4a-9f1c-3c5d8f6a1b2c';
    const transaction = await client.transaction({
      body: {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          {
            fullUrl: 'urn:uuid:5f1d2b3c-1111-4222-8333-444455556666',
            resource: { ...observation('x', 30), subject: { reference: urn } },
            request: { method: 'POST', url: 'Observation' },
          },
          {
            fullUrl: urn,
            resource: { resourceType: 'Patient', identifier: [{ system, value: `${stamp}-2` }] },
            request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=${system}|${stamp}-2` },
          },
        ],
      },
    });
    assert.equal(transaction.type, 'transaction-response');
    assert.deepEqual(transaction.entry.map((e) => e.response.status.slice(0, 3)), ['201', '201']);
    const [, second] = transaction.entry;
    const made = await client.resolve({ reference: second.response.location.replace(/\/_history.*/, '') });
    const linked = await client.search({ resourceType: 'Observation', searchParams: { subject: `Patient/${made.id}` } });
    assert.equal(linked.entry.length, 1);
  },

  async 'what belongs to a patient, and what all types have'() {
    const { patient } = this;
    const compartment = { resourceType: 'Patient', id: patient.id };
    const own = await client.search({ resourceType: 'Observation', compartment, searchParams: { _count: 100 } });
    assert.equal(own.entry.length, 23);
    const both = await client.search({ searchParams: { _type: 'Patient,Organization', _count: 100 } });
    const kinds = new Set(both.entry.map((e) => e.resource.resourceType));
    assert.deepEqual([...kinds].sort(), ['Organization', 'Patient']);
    const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id: patient.id, method: 'GET' });
    assert.equal((await all(everything)).filter((r) => r.resourceType === 'Observation').length, 23);
  },

  async 'conditional create and update'() {
    const body = { resourceType: 'Patient', identifier: [{ system, value: `${stamp}-3` }], gender: 'male' };
    const options = { headers: { 'If-None-Exist': `identifier=${system}|${stamp}-3` } };
    const first = await client.create({ resourceType: 'Patient', body, options });
    const again = await client.create({ resourceType: 'Patient', body, options });
    assert.equal(Client.httpFor(first).response.status, 201);
    assert.equal(Client.httpFor(again).response.status, 200);
    const searchParams = { identifier: `${system}|${stamp}-3` };
    const other = await client.update({ resourceType: 'Patient', searchParams, body: { ...body, gender: 'other' } });
    assert.equal(other.id, first.id);
    assert.equal(other.meta.versionId, '2');
  },

  async 'delete, and what is left'() {
    const { patient } = this;
    const found = await client.search({ resourceType: 'Observation', searchParams: { patient: patient.id, _count: 1 } });
    const { id } = found.entry[0].resource;
    await client.delete({ resourceType: 'Observation', id });
    assert.equal(await status(client.read({ resourceType: 'Observation', id })), 410);
    assert.equal(await status(client.read({ resourceType: 'Observation', id: 'no-such-thing' })), 404);
    const history = await client.resourceHistory({ resourceType: 'Observation', id });
    assert.equal(history.entry[0].request.method, 'DELETE');
    const wrong = { resourceType: 'Observation', status: 'final' };
    assert.ok([400, 422].includes(await status(client.create({ resourceType: 'Observation', body: wrong }))));
    const stranger = new Client({ baseUrl, bearerToken: 'nobody' });
    assert.equal(await status(stranger.read({ resourceType: 'Patient', id: patient.id })), 401);
  },
};

const seen = {};
for (const [name, step] of Object.entries(work)) {
  await step.call(seen);
  console.log(`ok ${name}`);
}
