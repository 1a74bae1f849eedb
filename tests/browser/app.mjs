// Chromium opens the sample app of sandbox/app, as an EPR would and standalone, and compares what it shows with what the
// API answers to the same token, asked from here. Takes its settings as JSON in its argument; each line it prints is a step
// that was seen. Any failure ends it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const settings = JSON.parse(process.argv[2]);
const { service, secret, many, screenshots, browser: executablePath } = settings;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const fhir = `${service}/fhir`;
const RICH = '13c4dc1b-7947-4d74-9add-0ad316d0a6f3';
const HEAVY = '638ea2de-760c-4466-9d07-2f9fc5c51a25';
const USERS = { gp: 'Dr Amara Okafor', 'social-worker': 'Priya Shah', patient: 'Raymond Wright-Dhillon' };

const chrome = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
if (screenshots) mkdirSync(screenshots, { recursive: true });
const onConsole = [];
// A request that a test makes fail, and one that the service refuses, are told on the console too.
const expected = /Failed to load resource: (the server responded with a status of 40[13]|net::ERR_FAILED)/;

async function tabOf(width, errors = onConsole) {
  const context = await chrome.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  const tab = await context.newPage();
  tab.on('console', (message) => {
    const icon = message.location().url.endsWith('/favicon.ico');
    if (message.type() === 'error' && !icon && !expected.test(message.text())) errors.push(message.text());
  });
  tab.on('pageerror', (error) => errors.push(String(error)));
  return tab;
}

// As it should be for everybody, and kept for a person to look at.
async function look(tab, name) {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const problems = await tab.evaluate(`(() => { ${axe}; return window.axe.run(document, { runOnly: ${JSON.stringify(tags)} }); })()`);
  assert.deepEqual(problems.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), [], `${name} is accessible`);
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(wide, false, `${name} does not scroll sideways`);
  if (screenshots) await tab.screenshot({ path: `${screenshots}/app-${name}.png`, fullPage: true });
}

// Tab until what has the focus says this, then the key.
async function press(tab, words, key = 'Enter') {
  for (let at = 0; at < 80; at += 1) {
    await tab.keyboard.press('Tab');
    const has = await tab.evaluate((text) => document.activeElement?.innerText?.includes(text) ?? false, words);
    if (has) return tab.keyboard.press(key);
  }
  throw new Error(`the keyboard does not reach "${words}"`);
}

// Every part is there, and so are the names of who signed in and who shared.
async function settled(tab) {
  await tab.locator('#results').waitFor();
  await tab.waitForFunction(() => !document.querySelector('[aria-busy]'));
  await tab.waitForFunction(() => document.getElementById('user').textContent !== 'Signed in');
  await tab.waitForFunction(() => [...document.querySelectorAll('[data-source]')].every((one) => !one.dataset.source.endsWith(one.textContent)));
}

// As an EPR does it: a launch for this user and patient, and the user's way through sign-in and consent.
async function launched(tab, user, patient, more = {}) {
  const made = await fetch(`${service}/oauth/launch`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`sandbox-epr:${secret}`).toString('base64')}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ app: 'sandbox-app', user, patient, ...more }),
  });
  assert.equal(made.status, 201);
  await tab.goto((await made.json()).launch_url);
  const persona = tab.getByRole('button', { name: USERS[user] });
  const allow = tab.getByRole('button', { name: 'Allow', exact: true });
  await persona.or(allow).first().waitFor();
  if (await persona.isVisible()) await persona.click();
  await allow.click();
  await settled(tab);
}

const token = (tab) => tab.evaluate(() => JSON.parse(sessionStorage.getItem(JSON.parse(sessionStorage.getItem('SMART_KEY')))).tokenResponse.access_token);

// All that the API answers to this token, page by page, without what is marked as a mistake.
async function asked(bearer, query) {
  const rows = [];
  for (let next = `${fhir}/${query}`; next;) {
    const answer = await fetch(next, { headers: { Authorization: `Bearer ${bearer}` } });
    assert.equal(answer.status, 200, query);
    const bundle = await answer.json();
    rows.push(...(bundle.entry ?? []).map((entry) => entry.resource));
    next = bundle.link.find((link) => link.relation === 'next')?.url;
  }
  const mistake = (row) => JSON.stringify([row.status, row.verificationStatus]).includes('entered-in-error');
  return { facts: rows.filter((row) => !mistake(row)), mistakes: rows.filter(mistake).length };
}

const ids = (rows) => rows.map((row) => `${row.resourceType}/${row.id}`).sort();
const shown = (tab, part) => tab.locator(`#${part}`).evaluate((section) =>
  [...section.querySelectorAll('[data-id], [data-ids]')].flatMap((node) => (node.dataset.id ?? node.dataset.ids).split(' ')).sort());

// The screen against the API: the same rows in every part, each with the name of who shared it and when.
async function compare(tab, patient) {
  const bearer = await token(tab);
  const of = async (type, keep = () => true) => {
    const { facts, mistakes } = await asked(bearer, `${type}?patient=${patient}&_count=500`);
    return { rows: facts.filter(keep), mistakes };
  };
  const inCategory = (...codes) => (row) => (row.category ?? []).some((one) => one.coding.some((coding) => codes.includes(coding.code)));
  const parts = {
    allergies: await of('AllergyIntolerance'),
    problems: await of('Condition'),
    medicines: await of('MedicationStatement'),
    plans: await of('CarePlan'),
    results: await of('Observation', inCategory('laboratory')),
    vitals: await of('Observation', inCategory('vital-signs')),
    others: await of('Observation', (row) => !inCategory('laboratory', 'vital-signs')(row)),
  };
  const organisations = (await asked(bearer, 'Organization?_count=500')).facts;
  const nameOf = (uri) => organisations.find((one) => one.identifier.some((identifier) => identifier.value === uri)).name;
  for (const [part, { rows, mistakes }] of Object.entries(parts)) {
    assert.deepEqual(await shown(tab, part), ids(rows), `${part} of ${patient}`);
    if (!['results', 'vitals', 'others'].includes(part)) {
      const words = await tab.locator(`#${part}`).innerText();
      assert.equal(words.includes('entered in error'), mistakes > 0, `${part}: mistakes are counted, not shown`);
    }
    const said = await tab.locator(`#${part}`).evaluate((section) => [...section.querySelectorAll('li.line, tr[data-id], li.result[data-id]')].map((node) =>
      ({ id: node.dataset.id, source: node.querySelector('.source').textContent, time: node.querySelector('time')?.title, words: node.textContent })));
    const byId = new Map(rows.map((row) => [`${row.resourceType}/${row.id}`, row]));
    for (const line of said) {
      const row = byId.get(line.id);
      assert.equal(line.source, nameOf(row.meta.source), `${line.id}: who shared it`);
      const at = row.recordedDate ?? row.dateAsserted ?? row.extension?.[0].valueDateTime ?? row.created ?? row.effectiveDateTime ?? row.effectivePeriod?.start;
      assert.ok(at ? line.time.includes(at.slice(0, 4)) : /not dated/i.test(line.words), `${line.id}: when`);
    }
    if (part !== 'results' && part !== 'vitals' && part !== 'others') assert.equal(said.length, rows.length, part);
  }
  return parts;
}

// Each plot has a point for each number of the rows in its table.
async function trends(tab, observations) {
  const plots = await tab.evaluate(() => [...document.querySelectorAll('li.result:has(.plot)')].map((node) => ({
    name: node.querySelector('.name').textContent,
    points: node.querySelectorAll('.plot .point').length,
    rows: [...node.querySelectorAll('tr[data-id]')].map((row) => row.dataset.id.split('/')[1]),
    label: node.querySelector('.plot').getAttribute('aria-label'),
  })));
  for (const { name, points, rows, label } of plots) {
    const numbers = rows.flatMap((id) => {
      const row = observations.find((one) => one.id === id);
      return [row, ...(row.component ?? [])].map((part) => part.valueQuantity?.value ?? part.valueInteger).filter((value) => value !== undefined);
    });
    assert.equal(points, numbers.length, name);
    assert.ok(label.includes(`${numbers.length} values`) && label.includes(name), label);
  }
  return plots.length;
}

const text = (tab, part) => tab.locator(`#${part}`).innerText();
const line = (tab, id) => tab.locator(`[data-id="${id}"]`);

try {
  const desk = await tabOf(1280);
  const requests = [];
  desk.on('request', (request) => request.url().startsWith(`${fhir}/`) && requests.push(request.url()));
  await launched(desk, 'gp', RICH);
  assert.match(await desk.locator('.banner').innerText(), /WRIGHT-DHILLON, Raymond \(Mr\)\s+Born\s+09-Jun-1963 \(\d\dy\)\s+Gender\s+Male\s+NHS No\.\s+999 079 1902 Verified/);
  assert.match(await desk.locator('.contact').innerText(), /59 Dunmore Terrace, London, W8 1YL[^]*07700 900515[^]*Fernleigh Sandbox Surgery/);
  assert.equal(await desk.locator('#user').innerText(), 'Dr Amara Okafor, General practitioner, Fernleigh Sandbox Surgery');
  assert.ok(requests.length <= 14, `${requests.length} requests`);
  const rich = await compare(desk, RICH);
  await look(desk, 'gp-1280');
  await desk.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  assert.equal((await desk.locator('.banner').boundingBox()).y, 0, 'the banner stays');
  if (screenshots) await desk.screenshot({ path: `${screenshots}/app-gp-1280-scrolled.png` });
  await desk.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  await look(desk, 'gp-1280-unfolded');
  console.log(`the full screen says what the API says: ${requests.length} requests, ${Object.entries(rich).map(([part, { rows }]) => `${rows.length} ${part}`).join(', ')}`);
  const observations = [...rich.results.rows, ...rich.vitals.rows, ...rich.others.rows];
  const plots = await trends(desk, observations);
  assert.ok(plots > 5);
  console.log(`every trend has the numbers of its results: ${plots} trends`);

  const other = await tabOf(1280);
  await launched(other, 'gp', HEAVY);
  const heavy = await compare(other, HEAVY);
  await trends(other, [...heavy.results.rows, ...heavy.vitals.rows, ...heavy.others.rows]);
  assert.match(await text(other, 'allergies'), /No known allergy recorded/);
  await look(other, 'heavy-1280');
  console.log(`heavy record: the full screen says what the API says: ${Object.entries(heavy).map(([part, { rows }]) => `${rows.length} ${part}`).join(', ')}`);

  await launched(other, 'gp', 'restricted');
  await compare(other, 'restricted');
  const contact = await other.locator('.contact').innerText();
  assert.match(contact, /Restricted[^]*withheld/);
  assert.ok(!/Secret|07700/.test(await other.locator('body').innerText()));
  const allergies = await text(other, 'allergies');
  assert.match(allergies, /Allergy to peanut High risk[^]*Latex Unconfirmed[^]*No known allergy recorded/, 'both are shown, what is dangerous first');
  assert.match(await text(other, 'problems'), /Past or ruled out \(1\)/);
  assert.match(await text(other, 'problems'), /Coeliac disease Provisional/);
  assert.match(await text(other, 'problems'), /XYZ9/, 'a code that nothing names');
  assert.match(await text(other, 'problems'), /1 entry that the source marked as entered in error: not shown/);
  assert.ok(!(await text(other, 'problems')).includes('Another patient'));
  assert.match(await line(other, 'Condition/sensitive').innerText(), /Restricted/);
  assert.match(await text(other, 'medicines'), /last issued 02-Nov-2026, \d+ \w+ ago/);
  assert.match(await text(other, 'plans'), /Safety plan Active[^]*Weekly call/);
  assert.match(await text(other, 'results'), /3\.1 mmol\/L ▼ Below range/);
  assert.equal(await other.locator('#results .point.flagged').count(), 2);
  await look(other, 'restricted-1280');
  console.log('restricted person: what is withheld, doubtful, wrong and contradictory is told apart');

  await launched(other, 'gp', 'few-words');
  const banner = await other.locator('.banner').innerText();
  assert.match(banner, /Born\s+05-May-1950\s+Died\s+04-Mar-2026 \(aged 75y\)/);
  assert.match(banner, /Not verified: Number present but not traced/);
  assert.match(await text(other, 'allergies'), /No allergy information has been shared\. This does not mean that the patient has none/);
  for (const part of ['problems', 'medicines', 'plans', 'results', 'vitals', 'others']) assert.match(await text(other, part), /No .* have been shared/);
  await look(other, 'few-words-1280');
  console.log('few words: nothing shared is said to be nothing shared');

  await launched(other, 'gp', 'many');
  assert.match(await other.locator('#results h2').innerText(), /300, and more/);
  await other.getByRole('button', { name: 'Show more results' }).click();
  await other.waitForFunction((count) => document.querySelectorAll('#results tr[data-id]').length === count, many);
  assert.equal(await other.locator('#results .point').count(), many);
  assert.equal(await other.getByRole('button', { name: 'Show more results' }).count(), 0);
  await look(other, 'many-1280');
  console.log(`more than is read at once: the rest on demand: ${many}`);

  await launched(other, 'gp', 'hostile');
  assert.equal(await other.evaluate(() => window.hacked), undefined);
  assert.equal(await other.locator('body img, body script').count(), 0);
  for (const part of ['allergies', 'problems', 'medicines', 'plans', 'results']) assert.ok((await text(other, part)).includes('<img src=x onerror='), part);
  assert.ok((await other.locator('.banner').innerText()).includes('<IMG SRC=X'));
  await look(other, 'hostile-1280');
  console.log('hostile text is text');

  await launched(other, 'gp', RICH, { need_patient_banner: false });
  assert.equal(await other.locator('.banner').count(), 0);
  assert.equal(await other.locator('.paper').count(), 1);
  await look(other, 'no-banner-1280');
  console.log("an EPR's own banner is not doubled");

  const social = await tabOf(1280);
  await launched(social, 'social-worker', RICH);
  assert.match(await text(social, 'medicines'), /Your role does not see medicines/);
  assert.match(await text(social, 'results'), /Your role does not see results/);
  assert.match(await text(social, 'vitals'), /Your role does not see vital signs/);
  const conditions = (await asked(await token(social), `Condition?patient=${RICH}&_count=500`)).facts;
  assert.deepEqual(await shown(social, 'problems'), ids(conditions));
  await look(social, 'social-worker-1280');
  console.log('a role that does not see medicines and results is told so');

  const self = await tabOf(390);
  await launched(self, 'patient', RICH);
  assert.equal(await self.locator('#user').innerText(), 'Signed in as the patient');
  await compare(self, RICH);
  console.log('a patient sees their own record');

  // On a phone's width, by keyboard alone, with nothing said of server and patient.
  const phone = await tabOf(390);
  await phone.goto(`${service}/sandbox/app/launch.html`);
  await phone.getByRole('heading', { name: 'Sign in as a persona' }).waitFor();
  await press(phone, 'Dr Amara Okafor');
  await phone.getByRole('heading', { name: 'Choose a patient' }).waitFor();
  await press(phone, 'WRIGHT-DHILLON');
  await phone.getByRole('heading', { name: 'Let this app in?' }).waitFor();
  await press(phone, 'Allow');
  await settled(phone);
  await look(phone, 'gp-390');
  if (screenshots) await phone.screenshot({ path: `${screenshots}/app-gp-390-top.png` });
  const below = await phone.locator('#problems .past').evaluate((one) => one.open);
  await press(phone, 'Past or ruled out');
  assert.notEqual(await phone.locator('#problems .past').evaluate((one) => one.open), below, 'Enter unfolds');
  await phone.reload();
  await settled(phone);
  await press(phone, 'Medicines');
  assert.ok((await phone.locator('#medicines h2').boundingBox()).y >= (await phone.locator('.banner').boundingBox()).height, 'the heading is not below the banner');
  await phone.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  await look(phone, 'gp-390-unfolded');
  if (screenshots) await phone.locator('#vitals').screenshot({ path: `${screenshots}/app-vitals-390.png` });
  console.log('standalone launch at 390 px, by keyboard');

  await desk.reload();
  await settled(desk);
  await desk.emulateMedia({ media: 'print' });
  await desk.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.match(await desk.locator('.paper').innerText(), /WRIGHT-DHILLON, Raymond \(Mr\), born 09-Jun-1963, NHS No\. 999 079 1902\s+Printed \d\d-\w{3}-\d{4} \d\d:\d\d by Dr Amara Okafor/);
  assert.deepEqual(await desk.evaluate(() => ['.bar', '.banner', '.parts'].map((one) => getComputedStyle(document.querySelector(one)).display)), ['none', 'none', 'none']);
  assert.match(await text(desk, 'problems'), /Fernleigh Sandbox Surgery/, 'sources are on paper too');
  await desk.emulateMedia({ media: null });
  const pdf = await desk.pdf({ preferCSSPageSize: true, path: screenshots ? `${screenshots}/app-print.pdf` : undefined });
  assert.equal(pdf.subarray(0, 4).toString(), '%PDF');
  console.log('on paper: whose, when, by whom');

  await desk.route('**/fhir/MedicationStatement*', (route) => route.abort());
  await desk.reload();
  await settled(desk);
  assert.match(await desk.locator('#medicines [role=alert]').innerText(), /Not loaded/);
  assert.equal((await shown(desk, 'problems')).length, rich.problems.rows.length, 'the others are there');
  await look(desk, 'failed-1280');
  await desk.unroute('**/fhir/MedicationStatement*');
  await desk.getByRole('button', { name: 'Try again to load medicines' }).click();
  await desk.locator('#medicines .line').first().waitFor();
  assert.deepEqual(await shown(desk, 'medicines'), ids(rich.medicines.rows));
  console.log('what fails is tried again, alone');

  const bearer = await token(desk);
  const revoked = await fetch(`${service}/oauth/revoke`, { method: 'POST', body: new URLSearchParams({ client_id: 'sandbox-app', token: bearer }) });
  assert.equal(revoked.status, 200);
  await desk.reload();
  await desk.getByRole('heading', { name: 'Your session has ended' }).waitFor();
  assert.ok(!(await desk.locator('body').innerText()).includes('WRIGHT'), 'the record is off the screen');
  assert.equal(await desk.evaluate(() => sessionStorage.length), 0);
  await look(desk, 'ended-1280');
  await desk.getByRole('link', { name: 'Sign in and choose a patient' }).click();
  await desk.getByRole('heading', { name: /Sign in as a persona|Choose a patient/ }).waitFor();
  console.log('a revoked token ends the session, and a new launch begins');

  const late = await tabOf(1280);
  await late.clock.install();
  await launched(late, 'gp', RICH);
  await late.clock.fastForward('01:00:05');
  await late.getByRole('heading', { name: 'Your session has ended' }).waitFor();
  assert.equal(await late.locator('#problems').count(), 0);
  console.log('a session that ran out ends by itself');

  const last = await token(phone);
  await phone.getByRole('button', { name: 'Sign out' }).click();
  await phone.getByRole('heading', { name: 'You have signed out' }).waitFor();
  assert.equal((await fetch(`${fhir}/Patient/${RICH}`, { headers: { Authorization: `Bearer ${last}` } })).status, 401);
  assert.equal(await phone.evaluate(() => sessionStorage.length), 0);
  await look(phone, 'signed-out-390');
  console.log('signed out: the token is dead');

  const fresh = await tabOf(390);
  await fresh.goto(`${service}/sandbox/app/`);
  await fresh.getByRole('heading', { name: 'Not signed in' }).waitFor();
  assert.match(await fresh.getByRole('alert').innerText(), /opened without a launch/);
  await look(fresh, 'without-session-390');
  await fresh.getByRole('link', { name: 'Sign in and choose a patient' }).click();
  await fresh.getByRole('button', { name: 'Dr Amara Okafor' }).waitFor();
  console.log('without a session: the way to one');
  await fresh.getByRole('button', { name: 'Dr Amara Okafor' }).click();
  await fresh.getByRole('button', { name: /WRIGHT-DHILLON/ }).click();
  await fresh.getByRole('button', { name: 'Do not allow' }).click();
  await fresh.getByRole('heading', { name: 'Not signed in' }).waitFor();
  assert.match(await fresh.getByRole('alert').innerText(), /access_denied/);
  await look(fresh, 'declined-390');
  console.log('declined: said so');

  const blocked = [];
  const lured = await tabOf(390, blocked);
  await lured.goto(`${service}/sandbox/app/launch.html?launch=1&iss=${encodeURIComponent('https://elsewhere.example/fhir')}`);
  await lured.getByRole('alert').getByText('The record cannot be reached').waitFor();
  assert.ok(blocked.length > 0 && blocked.every((words) => words.includes('Content Security Policy')), blocked.join());
  console.log('a launch for another server goes nowhere');

  assert.deepEqual(onConsole, []);
  console.log('no errors on the console');
} finally {
  await chrome.close();
}
