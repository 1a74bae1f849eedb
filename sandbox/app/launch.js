// The start of a launch: goes to the server's sign-in, which comes back to index.html with a code.
import { clientId, redirectUri, scope, server } from './settings.js';

const asked = new URLSearchParams(location.search);
// An EPR says which launch this is, and so which patient; standalone, the server lets the user choose one.
const context = asked.has('launch') ? 'launch' : 'launch/patient';

FHIR.oauth2
  .authorize({
    clientId,
    redirectUri,
    iss: asked.get('iss') ?? server,
    scope: `${context} ${scope}`,
    pkceMode: 'required',
  })
  .catch((error) => {
    const state = document.getElementById('state');
    state.setAttribute('role', 'alert');
    state.textContent = `The record cannot be reached: ${error.message}`;
  });
