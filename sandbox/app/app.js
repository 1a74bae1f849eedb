// The app in the order in which it happens: the session, the patient, the parts of the record side by side.
import { allergies } from './allergies.js';
import { contact, identity, oneLine } from './banner.js';
import { el } from './dom.js';
import { medicines } from './medicines.js';
import { plans } from './plans.js';
import { problems } from './problems.js';
import { reason } from './record.js';
import { others as observations, results, vitals } from './results.js';
import { section } from './section.js';
import { door, forget, signOut, whoIsSignedIn } from './session.js';
import { nameSources } from './sources.js';
import { minute } from './words.js';

const columns = [[problems, medicines, plans, vitals, observations], [results]];

const answer = location.search;
let client;
try {
  client = await FHIR.oauth2.ready();
} catch (error) {
  door('Not signed in', answer ? `The record is not open here: ${error.message.split('\n')[0]}`
    : 'The app was opened without a launch, so that it does not know whose record to show.');
}
if (client) await open();

async function open() {
  if (!client.patient.id) return door('No patient', 'This app shows the record of one patient, and none was chosen.', client);
  let patient;
  try {
    patient = await client.patient.read();
  } catch (error) {
    return reason(error) === 'ended' ? ended() : door('The record is not open', unreadable(error), client);
  }
  // The names of those who shared are asked for once, when the last part is there.
  async function changed() {
    if (!document.querySelector('section[aria-busy]')) await nameSources(client).catch(() => null);
  }
  const told = { ended, changed };
  const [first, ...others] = [allergies, ...columns.flat()].map((part) => section(client, part, told));
  const of = (part) => others.find((one) => one.element.id === part.id).element;

  document.title = `${oneLine(patient)} - shared care record`;
  document.body.replaceChildren(
    el('a.skip', { href: '#record' }, 'Skip to the record'),
    bar(),
    // An EPR that shows a banner of its own says that it needs no second one.
    client.state.tokenResponse.need_patient_banner === false ? '' : identity(patient),
    paperHeading(patient),
    el('main', { id: 'record', tabindex: '-1' },
      el('h1.hidden', 'Shared care record'),
      contact(patient),
      el('nav.parts', { 'aria-label': 'Parts of the record' },
        [allergies, ...columns.flat()].map((part) => el('a', { href: `#${part.id}` }, part.title))),
      first.element,
      el('div.columns', columns.map((column) => el('div.column', column.map(of))))));
  setTimeout(ended, client.state.expiresAt * 1000 - Date.now());
  await Promise.all([first.fill(), ...others.map((one) => one.fill()), showUser()]);
}

// Who is signed in, and what they can do with the page.
function bar() {
  return el('header.bar', el('div.inner',
    el('span.brand', 'Shared care record'),
    el('span.user', { id: 'user' }, 'Signed in'),
    el('span.buttons',
      el('button', { type: 'button', click: () => print() }, 'Print'),
      el('button', { type: 'button', click: leave }, 'Sign out'))));
}

// What stands at the top of every sheet: whose record, when it was printed and by whom.
function paperHeading(patient) {
  const printed = el('span');
  addEventListener('beforeprint', () => {
    printed.textContent = `Printed ${minute(new Date().toISOString())} by ${document.getElementById('user').textContent}`;
  });
  return el('div.paper', el('p', el('strong', oneLine(patient)), el('br'), printed, '. Confidential: personal health data.'));
}

async function showUser() {
  const user = await whoIsSignedIn(client);
  document.getElementById('user')?.replaceChildren(user);
}

async function leave() {
  try {
    await signOut(client);
    door('You have signed out', 'This app can no longer read the record. Close the browser on a computer that others use.', client);
  } catch (error) {
    forget(client);
    door('You have left the record', `The server could not be told (${error.message}): its token ends by itself within the hour.`, client);
  }
}

// The token has run out or was taken back: nothing more can be read, and what was read should not stay on the screen.
function ended() {
  forget(client);
  door('Your session has ended', 'You were signed out, or too much time went by. The record has been taken off this screen.', client);
}

function unreadable(error) {
  if (reason(error) === 'refused') return 'Your role does not see this patient, or this app was not allowed to.';
  if (error.status === 404) return 'There is no such patient, or you are not involved in their care.';
  return 'The server did not answer. Try again in a moment.';
}
