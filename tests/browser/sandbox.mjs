// Chromium uses the sandbox's pages: launches for a persona to the token reply, is refused as a stranger, and reads why.
// Takes its settings as JSON in its argument; each line it prints is a step that was seen. Any failure ends it.
import assert from 'node:assert/strict';
import { open, press } from './kit.mjs';

const settings = JSON.parse(process.argv[2]);
const { service, near, far } = settings;
const { chrome, consoleErrors, tabOf, look, picture } = await open(settings);

// The persona and patient of an EHR launch, by the labels of the page.
async function choose(tab, persona, patient) {
  await tab.goto(`${service}/sandbox`);
  await tab.getByLabel('Persona').selectOption(persona);
  await tab.getByLabel('Patient', { exact: true }).selectOption(patient);
}
const launch = (tab) => tab.getByRole('button', { name: 'Launch' }).click();
const reply = async (tab) => JSON.parse(await tab.getByLabel('The token reply').textContent());

try {
  const desk = await tabOf(1280);
  await desk.goto(`${service}/sandbox`);
  await look(desk, 'sandbox-1280');

  // Who is in whose care stands in the list before anything is launched.
  await choose(desk, 'stranger', far);
  assert.equal(await desk.locator('#cared option').count(), 0);
  await choose(desk, 'gp', near);
  assert.equal(await desk.locator(`#cared option[value="${near}"]`).count(), 1);
  assert.equal(await desk.locator(`#others option[value="${far}"]`).count(), 1);

  // An EHR launch: nobody is asked who they are a second time, and the patient is the one that was open.
  await desk.getByLabel('Scopes that it asks for').fill('openid fhirUser patient/*.rs patient/CarePlan.cruds system/*.rs offline_access');
  await launch(desk);
  await desk.getByRole('heading', { name: 'Let this app in?' }).waitFor();
  assert.match(await desk.locator('main').textContent(), /WRIGHT-DHILLON/);
  await desk.getByRole('checkbox', { name: /90 days/ }).uncheck();
  await desk.getByRole('button', { name: 'Allow', exact: true }).click();
  await desk.getByRole('heading', { name: 'What the app got' }).waitFor();
  const got = await reply(desk);
  assert.equal(got.patient, near);
  assert.deepEqual(got.scope.split(' ').sort(), ['fhirUser', 'launch', 'openid', 'patient/*.rs', 'patient/CarePlan.cruds']);
  const row = (word) => desk.getByRole('row').filter({ has: desk.getByRole('rowheader', { name: word, exact: true }) }).textContent();
  assert.match(await row('patient/*.rs'), /Yes.*Open and search everything in this patient's record/);
  assert.match(await row('system/*.rs'), /No.*not registered for it/);
  assert.match(await row('offline_access'), /No.*consent/);
  await look(desk, 'token-1280');
  console.log('EHR launch: the token reply, explained');

  // The token is good for what the page says, by its own commands.
  const shell = await desk.getByLabel('Commands that use the token').textContent();
  const [, token] = shell.match(/^TOKEN=(\S+)$/m);
  const ask = async (path) => (await fetch(`${service}/fhir/${path}`, { headers: { Authorization: `Bearer ${token}` } })).status;
  for (const [, address] of shell.matchAll(/"(http[^"]+)"$/gm)) {
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200, address);
  }
  assert.equal(await ask(`Patient/${far}`), 404);
  assert.equal(await ask('Patient/never-was'), 404);
  assert.equal((await fetch(`${service}/fhir/Observation`, { method: 'POST', body: '{}',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' } })).status, 403);
  await desk.getByRole('button', { name: 'Why was I denied?' }).click();
  await desk.getByRole('heading', { name: 'Why was I denied?' }).waitFor();
  const why = (path) => desk.locator('li', { has: desk.locator('.asked', { hasText: path }) }).first().textContent();
  assert.match(await why(`read Patient/${far}`), /404.*Another patient.*launch context is Patient\/13c4dc1b.*No care relationship.*organisation\/Y91001 \(gp registered\)/s);
  assert.match(await why('read Patient/never-was'), /Does not exist/);
  assert.match(await why('create Observation'), /403.*Scope.*do not allow create of Observation/s);
  await look(desk, 'denials-1280');
  console.log('denials: another patient, nobody, a scope, each explained');

  // A page that is loaded again sends no code again: what it gave stays in force.
  await desk.goto(`${service}/sandbox?code=again&state=again`);
  await desk.getByText('launch again').waitFor();
  assert.equal(await ask(`Patient/${near}`), 200);

  // The sample app, launched as any other, to a full screen.
  await choose(desk, 'gp', near);
  await desk.getByRole('radio', { name: /The sample app/ }).check();
  await launch(desk);
  await desk.getByRole('button', { name: 'Allow', exact: true }).click();
  await desk.waitForURL(/sandbox\/app\//);
  for (const part of ['allergies', 'problems', 'medicines', 'plans', 'results', 'vitals']) {
    await desk.locator(`#${part}`).locator('[data-id], [data-ids]').first().waitFor({ state: 'attached' });
  }
  assert.match(await desk.locator('body').innerText(), /WRIGHT-DHILLON/);
  await picture(desk, 'launched-app-1280');
  console.log('the sample app: a full screen of a record');

  // A stranger is refused, and reads why.
  await choose(desk, 'stranger', near);
  await launch(desk);
  await desk.getByRole('heading', { name: 'Refused' }).waitFor();
  const refusal = await desk.locator('main').textContent();
  assert.match(refusal, /the patient of this launch is not one the user can open/);
  assert.match(refusal, /of practitioner\/stranger and organisation\/Y9X99, nobody is in a care relationship with this patient now/);
  assert.match(refusal, /organisation\/Y90001 \(gp registered: gp, health-assistant, pharmacist, receptionist\)/);
  await desk.getByText('The last requests of Dr Sam Reed').click();
  await desk.locator('li.refused', { hasText: `Patient/${near} for a launch` }).first().waitFor();
  await look(desk, 'refused-1280');
  console.log('stranger: refused, and told why');

  // By itself, on a phone, by keyboard: the user signs in, and nobody is in the stranger's care.
  const phone = await tabOf(390);
  await phone.goto(`${service}/sandbox`);
  await look(phone, 'sandbox-390');
  await phone.getByRole('radio', { name: 'By itself' }).focus();
  await phone.keyboard.press('Space');
  await phone.getByLabel('Scopes that it asks for').fill('openid user/*.rs');
  await press(phone, 'Launch');
  await phone.getByRole('heading', { name: 'Sign in as a persona' }).waitFor();
  await press(phone, 'Dr Sam Reed');
  await phone.getByRole('heading', { name: 'Let this app in?' }).waitFor();
  await press(phone, 'Allow');
  await phone.getByRole('heading', { name: 'What the app got' }).waitFor();
  await look(phone, 'token-390');
  const { access_token: stranger, patient } = await reply(phone);
  assert.equal(patient, undefined);
  const nothing = await fetch(`${service}/fhir/Observation?patient=${near}`, { headers: { Authorization: `Bearer ${stranger}` } });
  assert.equal((await nothing.json()).entry, undefined);
  await phone.getByRole('button', { name: 'Why was I denied?' }).press('Enter');
  await phone.locator('li.empty', { hasText: 'search Observation?patient=' }).first().waitFor();
  assert.match(await phone.locator('li.empty').first().textContent(), /No care relationship.*Y90001/s);
  await look(phone, 'denials-390');
  console.log('standalone: an empty answer, explained');

  await choose(phone, 'stranger', near);
  await launch(phone);
  await phone.getByRole('heading', { name: 'Refused' }).waitFor();
  await look(phone, 'refused-390');
  assert.deepEqual(consoleErrors.filter((text) => !/404|400/.test(text)), [], 'nothing was blocked by the pages\' own policy');
  console.log('every page is accessible at its width');
} finally {
  await chrome.close();
}
