// What is asked of the server: one resource, or a list page by page. Everything else draws what this gives.
import { pageSize, pagesAtOnce } from './settings.js';
import { code } from './words.js';

// A search within the patient's record: { rows, mistakes, next }.
export function search(client, query) {
  const address = `${query}${query.includes('?') ? '&' : '?'}patient=${client.patient.id}&_count=${pageSize}`;
  return further(client, { rows: [], mistakes: 0, next: address });
}

// The list with more of its pages. A page that fails leaves what came before it, and the way on.
export async function further(client, { rows, mistakes, next }) {
  for (let page = 0; next && page < pagesAtOnce; page += 1) {
    let bundle;
    try {
      bundle = await client.request(next);
    } catch (error) {
      if (rows.length === 0 || error.status === 401) throw error;
      break;
    }
    const found = (bundle.entry ?? []).filter((entry) => entry.search?.mode !== 'outcome').map((entry) => entry.resource);
    // What its source has marked as a mistake is no fact about the patient: it is counted, and not shown.
    const facts = found.filter((resource) => !isMistake(resource));
    rows = rows.concat(facts);
    mistakes += found.length - facts.length;
    next = bundle.link?.find((link) => link.relation === 'next')?.url;
  }
  return { rows, mistakes, next };
}

function isMistake(resource) {
  return [resource.status, code(resource.verificationStatus)].includes('entered-in-error');
}

// Why there is no answer: the session is over, it is not for this user, or something failed.
export function reason(error) {
  if (error.status === 401) return 'ended';
  return error.status === 403 ? 'refused' : 'failed';
}
