// Chromium uses /docs as a tester would: reads what to try, signs in by the real sign-in as a persona, and executes calls.
// Takes its settings as JSON in its argument; each line it prints is a step that was seen. Any failure ends it.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { open } from './kit.mjs';

const settings = JSON.parse(process.argv[2]);
const { service } = settings;
const { chrome, consoleErrors, tabOf, look, picture, violations } = await open(settings);

// What axe-core finds in Swagger UI's own markup. What is not among these is a violation of ours.
const VENDORS = [
  'button-name', 'color-contrast', 'landmark-unique', 'nested-interactive', 'scrollable-region-focusable', 'select-name',
];

// Opens a thing to try, and executes it; the status and body that the page shows.
async function execute(tab, thing, operation) {
  await tab.getByRole('link', { name: thing }).click();
  const block = tab.locator(`[id="operations-${operation}"]`);
  const tryOut = block.getByRole('button', { name: 'Try it out' });
  await tryOut.or(block.getByRole('button', { name: 'Execute' })).first().waitFor();
  if (await tryOut.isVisible()) await tryOut.click();
  const [answer] = await Promise.all([
    tab.waitForResponse((response) => response.url().startsWith(`${service}/fhir/`)),
    block.getByRole('button', { name: 'Execute' }).click(),
  ]);
  // What the page shows, once that is this answer.
  const live = block.locator('.live-responses-table');
  const sent = await answer.json();
  const deadline = Date.now() + 60_000;
  for (;;) {
    const shown = await live.locator('.response-col_description pre').first().textContent().catch(() => 'null');
    if (isDeepStrictEqual(JSON.parse(shown.startsWith('{') ? shown : 'null'), sent)) break;
    assert.ok(Date.now() < deadline, `${operation}: the answer is not shown`);
  }
  const status = (await live.locator('tbody .response-col_status').first().innerText()).trim();
  return { block, status, body: sent };
}

// Signs in as somebody by the dialog and the window that it opens.
async function signIn(tab, person) {
  await tab.locator('.scheme-container').getByRole('button', { name: 'Authorize' }).click();
  const dialog = tab.locator('.modal-ux');
  await dialog.waitFor();
  const logout = dialog.getByRole('button', { name: 'Remove authorization' });
  if (await logout.first().isVisible()) await logout.first().click();
  assert.equal(await dialog.locator('input[id^="client_secret"]').filter({ visible: true }).count(), 0, 'no secret is asked for');
  await picture(tab, `docs-authorize-${tab.viewportSize().width}`, false);
  const [window] = await Promise.all([
    tab.waitForEvent('popup'),
    dialog.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click(),
  ]);
  await window.getByRole('button', { name: person }).click();
  await window.getByRole('heading', { name: 'Let this app in?' }).waitFor();
  await Promise.all([window.waitForEvent('close'), window.getByRole('button', { name: 'Allow', exact: true }).click()]);
  await dialog.getByRole('button', { name: 'Remove authorization' }).first().waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
}

try {
  const desk = await tabOf(1280);
  await desk.goto(`${service}/docs`);
  await desk.locator('.opblock-tag').first().waitFor();
  await look(desk, 'docs-1280', [['#swagger-ui']]);
  for (const link of await desk.locator('a.try').all()) {
    const { tag, operation } = await link.evaluate((a) => a.dataset);
    const known = await desk.evaluate((id) => fetch('/openapi.json').then((d) => d.json()).then((d) =>
      Object.values(d.paths).flatMap((p) => Object.values(p)).find((o) => o.operationId === id)?.tags), operation);
    assert.deepEqual(known, [tag], `the document has ${operation}`);
  }

  await signIn(desk, 'Dr Amara Okafor');
  console.log('signed in as gp by the real sign-in');

  const patients = await execute(desk, 'Find a patient', 'Patient-searchPatient');
  assert.equal(patients.status, '200', JSON.stringify(patients.body));
  assert.equal(patients.body.resourceType, 'Bundle');
  assert.ok(patients.body.entry.length > 0, 'entries');
  await patients.block.locator('.live-responses-table').scrollIntoViewIfNeeded();
  await picture(desk, 'docs-patient-1280', false);
  console.log('Patient search: 200 and a Bundle with entries');

  const results = await execute(desk, 'Read their results', 'Observation-searchObservation');
  assert.equal(results.status, '200', JSON.stringify(results.body));
  assert.ok(results.body.entry.every((entry) => ['Observation', 'Patient'].includes(entry.resource.resourceType)));
  assert.ok(results.body.entry.length > 0, 'entries');
  console.log('Observation search: 200 and a Bundle with entries');

  for (const [thing, operation] of [['Take everything', 'Operations-everythingOnePatient'], ['Read a summary', 'Operations-summaryOnePatient']]) {
    const { status, body } = await execute(desk, thing, operation);
    assert.equal(status, '200', `${thing}: ${JSON.stringify(body)}`);
    assert.ok(body.entry.length > 1, thing);
  }
  console.log('everything and the summary: 200 and entries');

  await signIn(desk, 'Dr Sam Reed');
  const nothing = await execute(desk, 'Read their results', 'Observation-searchObservation');
  assert.equal(nothing.status, '200');
  assert.equal(nothing.body.entry, undefined);
  console.log('as stranger: 200 and nothing');

  assert.deepEqual((await violations(desk, [['#swagger-ui']])).map((v) => v.id), [], 'what is ours has none');
  const found = await violations(desk);
  assert.deepEqual([...new Set(found.map((v) => v.id))].sort(), VENDORS, 'the vendor\'s violations are these');

  const phone = await tabOf(390);
  await phone.goto(`${service}/docs`);
  await phone.locator('.opblock-tag').first().waitFor();
  await look(phone, 'docs-390', [['#swagger-ui']]);
  await signIn(phone, 'Dr Amara Okafor');
  const small = await execute(phone, 'Find a patient', 'Patient-searchPatient');
  assert.equal(small.status, '200');
  await picture(phone, 'docs-operation-390', false);
  await small.block.locator('.live-responses-table').scrollIntoViewIfNeeded();
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(wide, false, 'an executed call does not scroll sideways');
  await picture(phone, 'docs-patient-390', false);
  assert.deepEqual(consoleErrors, [], 'nothing was blocked by the page\'s own policy');
  console.log('every page is accessible at its width');
} finally {
  await chrome.close();
}
