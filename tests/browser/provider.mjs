// A real OpenID provider (oidc-provider), for the tests of signing in upstream. Each client of it is one person, who is
// signed in without being asked. Takes {port, callback} as JSON in its argument; says "ready" when it listens.
import http from 'node:http';
import Provider from 'oidc-provider';

const { port, callback } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const roles = [
  { person_roleid: '1', org_code: 'Y90001', role_code: 'S8000:G8000:R8000', role_name: '"Clinical":"Clinical Provision":"Clinical Practitioner Access Role"' },
  { person_roleid: '2', org_code: 'Y9C01', role_code: 'S8000:G8001:R8001', role_name: '"Clinical":"Clinical Provision":"Nurse Access Role"' },
];
const people = {
  'cis2-two-roles': { nhsid_useruid: 'gp', name: 'OKAFOR Amara (Dr)', nhsid_nrbac_roles: roles, nhsid_user_orgs: [{ org_code: 'Y90001', org_name: 'Fernleigh Surgery' }] },
  'cis2-selected': { nhsid_useruid: 'gp', name: 'OKAFOR Amara (Dr)', nhsid_nrbac_roles: roles, selected_roleid: '1' },
  'cis2-no-role': { nhsid_useruid: 'gp', name: 'OKAFOR Amara (Dr)', nhsid_nrbac_roles: [] },
  'nhs-login': { nhs_number: '9990000018', identity_proofing_level: 'P9', given_name: 'Rowan', family_name: 'Attwood' },
  'nhs-login-p5': { nhs_number: '9990000018', identity_proofing_level: 'P5', given_name: 'Rowan', family_name: 'Attwood' },
  'nhs-login-unknown': { nhs_number: '9990000034', identity_proofing_level: 'P9', given_name: 'No', family_name: 'Body' },
  keycloak: { preferred_username: 'nurse', realm_access: { roles: ['offline_access', 'district-nurse'] }, lcr_organisation: 'Y90001' },
};
const names = [...new Set(Object.values(people).flatMap(Object.keys))];

const provider = new Provider(issuer, {
  clients: Object.keys(people).map((id) => ({
    client_id: id, client_secret: 'upstream secret', redirect_uris: [callback], grant_types: ['authorization_code'], response_types: ['code'],
  })),
  claims: { openid: ['sub'], person: names },
  scopes: ['openid', 'person'],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['a key for tests'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
});

const callbackOf = provider.callback();
http.createServer(async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return callbackOf(request, response);
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: params.client_id } });
  }
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}).listen(port, '127.0.0.1', () => console.log('ready'));
