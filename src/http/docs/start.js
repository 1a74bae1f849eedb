// Starts Swagger UI on this service's own document, with the sign-in that is registered for it.
'use strict';
const place = document.getElementById('swagger-ui');
const { client, scopes, aud } = place.dataset;

// The scopes worth choosing from here, in this order; the document itself has all of them.
const OFFERED = [
  'openid', 'fhirUser', 'user/*.cruds', 'user/*.rs', 'launch/patient', 'patient/*.cruds', 'patient/*.rs', 'online_access',
  '__break-glass', '__self-claim', '__protect', '__review',
];

// The document as people try it: one way to sign in, no words that stand above already, and of a resource its example.
// Its whole schema Swagger UI would unfold without end, since types refer to each other.
function forPeople(spec) {
  const { securitySchemes = {}, schemas = {}, responses = {} } = spec.components ?? {};
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    const flow = scheme.flows?.authorizationCode;
    if (!flow) {
      delete securitySchemes[name];
      continue;
    }
    scheme.flows = { authorizationCode: flow };
    flow.scopes = Object.fromEntries(OFFERED.filter((word) => word in flow.scopes).map((word) => [word, flow.scopes[word]]));
    delete scheme.description;
  }
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.type === 'object' || !schema.type) schemas[name] = { type: 'object', title: name };
  }
  // Errors say what they are; their examples, at each of a hundred calls, would bury the answer.
  for (const [name, response] of Object.entries(responses)) if (name.startsWith('error-')) delete response.content;
  delete spec.info.description;
  // As a document of 3.0, whose references Swagger UI follows in half the time; nothing of what is left differs.
  spec.openapi = '3.0.3';
  return spec;
}

// The token endpoint takes its parameters from the body alone, and this client has no secret.
function tidy(request) {
  const url = new URL(request.url, location.href);
  if (url.pathname === '/oauth/token') {
    url.search = '';
    request.url = url.href;
    const form = new URLSearchParams(request.body);
    if (!form.get('client_secret')) form.delete('client_secret');
    request.body = form.toString();
  }
  return request;
}

async function start() {
  const answer = await fetch('/openapi.json');
  if (!answer.ok) throw new Error(`/openapi.json answers ${answer.status}`);
  const ui = SwaggerUIBundle({
    spec: forPeople(await answer.json()),
    dom_id: '#swagger-ui',
    deepLinking: true,
    docExpansion: 'none',
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    persistAuthorization: false,
    oauth2RedirectUrl: new URL('/docs/oauth2-redirect.html', location.href).href,
    requestInterceptor: tidy,
    validatorUrl: null,
    // Coloured, a large answer takes longer to draw than to get.
    syntaxHighlight: false,
  });
  ui.initOAuth({
    clientId: client,
    scopes,
    usePkceWithAuthorizationCodeGrant: true,
    additionalQueryStringParams: { aud },
  });
  // The things to try open their operation, with the form ready.
  for (const link of document.querySelectorAll('a.try')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      const { tag, operation } = link.dataset;
      ui.layoutActions.show(['operations-tag', tag], true);
      ui.layoutActions.show(['operations', tag, operation], true);
      reveal(`operations-${tag}-${operation}`);
    });
  }
}

// Shows an operation as soon as it is drawn.
function reveal(id) {
  const show = () => {
    const found = document.getElementById(id);
    found?.scrollIntoView({ block: 'start' });
    found?.querySelector('button')?.focus({ preventScroll: true });
    return found;
  };
  if (show()) return;
  const watch = new MutationObserver(() => show() && watch.disconnect());
  watch.observe(place, { childList: true, subtree: true });
}

start().catch((error) => { place.textContent = `The documentation cannot be shown: ${error.message}`; });
