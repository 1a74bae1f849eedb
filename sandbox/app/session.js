// Who is signed in, how they leave, and what is shown when the session is over.
import { el } from './dom.js';
import { clientId } from './settings.js';
import { staffName, text } from './words.js';

// "Dr Amara Okafor, General practitioner, Fernleigh Sandbox Surgery": from fhirUser, and the directory where it has the role.
export async function whoIsSignedIn(client) {
  const reference = client.user.fhirUser;
  if (!reference) return 'Signed in';
  if (reference.includes('Patient/')) return 'Signed in as the patient';
  const role = client.request(`PractitionerRole?practitioner=${reference.split('/').slice(-2).join('/')}`).catch(() => null);
  const practitioner = await client.request(reference).catch(() => null);
  const held = (await role)?.entry?.[0]?.resource;
  return [staffName(practitioner) ?? 'Signed in', held?.code?.[0] && text(held.code[0]), held?.organization?.display].filter(Boolean).join(', ');
}

// Ends the session at the server (RFC 7009) and forgets it here.
export async function signOut(client) {
  const discovery = await (await fetch(`${client.state.serverUrl}/.well-known/smart-configuration`)).json();
  const body = new URLSearchParams({ client_id: clientId, token: client.state.tokenResponse.access_token });
  const answer = await fetch(discovery.revocation_endpoint, { method: 'POST', body });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  forget(client);
}

// Takes what fhirclient keeps of the session out of the browser.
export function forget(client) {
  sessionStorage.removeItem(client.state.key);
  sessionStorage.removeItem('SMART_KEY');
}

// In place of the record: why it is not here, and the way back.
export function door(title, words, client) {
  const iss = client?.state.serverUrl;
  document.title = title;
  document.body.replaceChildren(el('header.bar', el('div.inner', el('span.brand', 'Shared care record'))),
    el('main.door', el('h1', { tabindex: '-1' }, title), el('p', { role: 'alert' }, words),
    el('p', el('a.button', { href: `launch.html${iss ? `?iss=${encodeURIComponent(iss)}` : ''}` }, 'Sign in and choose a patient')),
    el('p', 'If you came from a patient’s page in another system, open the app from there again.')));
  document.querySelector('h1').focus();
}
