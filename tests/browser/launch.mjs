// Chromium launches an app on the official SMART client (fhirclient), as an EPR would and standalone, by mouse and by
// keyboard. Takes its settings as JSON in its argument; each line it prints is a step that was seen. Any failure ends it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { open, press } from './kit.mjs';

const settings = JSON.parse(process.argv[2]);
const { service, port, epr, patient } = settings;
const require = createRequire(import.meta.url);
const smart = readFileSync(require.resolve('fhirclient/build/fhir-client.min.js'));
const app = `http://localhost:${port}`;
const iss = `${service}/fhir`;
const scope = 'openid fhirUser launch launch/patient offline_access patient/*.rs user/Practitioner.r';

// The app: what a developer writes with fhirclient, and no more.
const page = (script) => `<!doctype html><html lang="en"><title>App</title><main id="out">waiting</main>
<script src="/fhir-client.js"></script><script>${script}</script></html>`;
const files = {
  '/fhir-client.js': ['text/javascript', smart],
  '/launch.html': ['text/html', page(`FHIR.oauth2.authorize({ clientId: 'browser-app', scope: new URLSearchParams(location.search).has('launch')
    ? ${JSON.stringify(scope.replace(' launch/patient', ''))} : ${JSON.stringify(scope.replace(' launch ', ' '))}, redirectUri: '/index.html', pkceMode: 'required' })
    .catch((error) => { out.textContent = error.message; });`)],
  '/index.html': ['text/html', page(`FHIR.oauth2.ready().then(async (client) => { window.client = client;
    const patient = await client.patient.read(); const user = await client.user.read();
    out.textContent = patient.name[0].family + ' seen by ' + user.name[0].family; })
    .catch((error) => { out.textContent = 'failed: ' + error.message; });`)],
};
const server = http.createServer((request, response) => {
  const [type, body] = files[request.url.split('?')[0]] ?? ['text/plain', 'not here'];
  response.setHeader('Content-Type', type);
  response.end(body);
}).listen(port, '127.0.0.1');

const { chrome, consoleErrors, tabOf, look } = await open(settings);

try {
  // As an EPR launches it, at a desk.
  const made = await fetch(`${service}/oauth/launch`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`epr:${epr}`).toString('base64')}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ app: 'browser-app', user: 'gp', patient, need_patient_banner: false }),
  });
  assert.equal(made.status, 201);
  const desk = await tabOf(1280);
  await desk.goto((await made.json()).launch_url);
  await desk.getByRole('heading', { name: 'Sign in as a persona' }).waitFor();
  await look(desk, 'personas-1280');
  await desk.getByRole('button', { name: 'Dr Amara Okafor' }).click();
  await desk.getByRole('heading', { name: 'Let this app in?' }).waitFor();
  await look(desk, 'consent-1280');
  await desk.getByRole('button', { name: 'Allow', exact: true }).click();
  await desk.getByText('seen by Okafor').waitFor();
  assert.match(await desk.locator('#out').textContent(), /^Attwood-near seen by Okafor$/);
  console.log('EHR launch: a rendered patient');

  const before = await desk.evaluate(() => client.state.tokenResponse.access_token);
  await desk.evaluate(() => client.refresh());
  const after = await desk.evaluate(() => client.state.tokenResponse);
  assert.notEqual(after.access_token, before);
  assert.equal(await desk.evaluate((id) => client.request(`Patient/${id}`).then((p) => p.id), patient), patient);
  console.log('refresh: a new token, the same patient');

  const revoked = await desk.evaluate(async (url) => {
    const body = new URLSearchParams({ client_id: 'browser-app', token: client.state.tokenResponse.refresh_token });
    return (await fetch(`${url}/oauth/revoke`, { method: 'POST', body })).status;
  }, service);
  assert.equal(revoked, 200);
  const denied = await desk.evaluate(async (url) => {
    const token = client.state.tokenResponse.access_token;
    return (await fetch(`${url}/fhir/Patient`, { headers: { Authorization: `Bearer ${token}` } })).status;
  }, service);
  assert.equal(denied, 401);
  const ended = await desk.evaluate(() => client.request('Patient').then(() => 'still there', () => 'denied'));
  assert.equal(ended, 'denied');
  console.log('revocation: denied');

  // Standalone, on a phone's width, by keyboard alone.
  consoleErrors.length = 0;
  const phone = await tabOf(390);
  await phone.goto(`${app}/launch.html?iss=${encodeURIComponent(iss)}`);
  await phone.getByRole('heading', { name: 'Sign in as a persona' }).waitFor();
  await look(phone, 'personas-390');
  await press(phone, 'Dr Amara Okafor');
  await phone.getByRole('heading', { name: 'Choose a patient' }).waitFor();
  await look(phone, 'patients-390');
  await phone.getByLabel('Name or NHS number').focus();
  await phone.keyboard.type('attwood');
  await phone.keyboard.press('Enter');
  await phone.waitForURL(/q=attwood/);
  await press(phone, 'ATTWOOD-NEAR');
  await phone.getByRole('heading', { name: 'Let this app in?' }).waitFor();
  await look(phone, 'consent-390');
  await press(phone, 'Allow');
  await phone.getByText('seen by Okafor').waitFor();
  assert.deepEqual(consoleErrors, [], 'nothing was blocked by the pages\' own policy');
  console.log('standalone launch: a rendered patient, by keyboard');

  // What users see beside the way.
  await desk.goto(`${service}/oauth/manage`);
  await desk.getByRole('button', { name: 'Dr Amara Okafor' }).click();
  await desk.getByRole('heading', { name: 'Apps you have let in' }).waitFor();
  await look(desk, 'manage-1280');
  await desk.getByRole('button', { name: 'Take back' }).first().click();
  await desk.getByText('There is none.').waitFor();
  assert.equal(await phone.evaluate(() => client.request('Patient').then(() => 'still there', () => 'denied')), 'denied');
  console.log('taken back: denied');
  await desk.goto(`${service}/oauth/authorize?client_id=nobody`);
  await desk.getByRole('heading', { name: 'This did not work' }).waitFor();
  await look(desk, 'error-1280');
  console.log('every page is accessible at its width');
} finally {
  await chrome.close();
  server.close();
}
