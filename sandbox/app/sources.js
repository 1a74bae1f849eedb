// Who shared a row: its meta.source, and the name of the Organization that has this URI among its identifiers.
import { el } from './dom.js';

const URI = 'urn:ietf:rfc:3986';
const names = new Map();

// The source of a row; until its name is known, the end of its URI.
export function source(resource) {
  const uri = resource.meta?.source;
  if (!uri) return el('span.source', 'Source not told');
  return el('span.source', { 'data-source': uri }, names.get(uri) ?? short(uri));
}

// Asks for the names that are on the page and not known yet, all in one request. Without an answer the short ones stay.
export async function nameSources(client) {
  const shown = [...document.querySelectorAll('[data-source]')];
  const unknown = [...new Set(shown.map((node) => node.dataset.source))].filter((uri) => !names.has(uri));
  if (unknown.length) {
    const values = unknown.map((uri) => encodeURIComponent(`${URI}|${uri.replace(/[\\,|$]/g, '\\$&')}`));
    const bundle = await client.request(`Organization?identifier=${values.join(',')}&_count=100`);
    for (const { resource } of bundle.entry ?? []) {
      const uris = (resource.identifier ?? []).filter((identifier) => identifier.system === URI);
      uris.forEach((identifier) => names.set(identifier.value, resource.name));
    }
  }
  shown.forEach((node) => { node.textContent = names.get(node.dataset.source) ?? short(node.dataset.source); });
}

function short(uri) {
  return uri.split(/[/:#]/).filter(Boolean).pop();
}
