// One row of a list: what it says, and beside it who shared it and how fresh it is.
import { el } from './dom.js';
import { source } from './sources.js';
import { ago, day, minute } from './words.js';

const RESTRICTED = ['R', 'V'];

// line(resource, 'Hypertension', { tags: [tag('Severe')], details: ['Since 2008'], verb: 'recorded', date: '2008-11-27' })
export function line(resource, title, { tags = [], details = [], list = [], verb, date }) {
  const said = separated(details);
  return el('li.line', { 'data-id': id(resource) },
    el('div', el('strong.title', title), [...tags, restricted(resource)].filter(Boolean).map((one) => [' ', one])),
    said.length > 0 && el('div.details', said),
    list.length > 0 && el('ul.details', list.map((one) => el('li', one))),
    from(resource, verb, date));
}

// Source and freshness; the exact time, and when the record got it, in the title.
export function from(resource, verb, date) {
  return el('div.from', source(resource), ' ', el('span.fresh', date ? [`${verb} `, when(date, resource)] : 'not dated'));
}

function when(date, resource) {
  const shared = resource.meta?.lastUpdated;
  const title = `${minute(date)}${shared ? `; in the shared record since ${minute(shared)}` : ''}`;
  return el('time', { datetime: date, title }, `${day(date)}, ${ago(date)}`);
}

// A word that must not be missed; its kind gives the colour, the word itself the meaning.
export function tag(words, kind = 'plain') {
  return words && el(`span.tag.${kind}`, words);
}

// The label of a row that not everybody may see who may see the others.
export function restricted(resource) {
  const labels = resource.meta?.security ?? [];
  const high = labels.some((label) => RESTRICTED.includes(label.code) && label.system?.includes('Confidentiality'));
  return high ? tag('Restricted', 'warn') : null;
}

// What a part of lines draws: what counts now, and below it, folded away, what is past.
export function nowAndPast(now, past, draw, { none, fold }) {
  const list = (rows) => el('ul.lines', rows.map(draw));
  return {
    summary: past.length ? `${now.length} current, ${past.length} past` : `${now.length}`,
    nodes: [
      now.length ? list(now) : el('p.none', none),
      past.length > 0 && el('details.past', el('summary', `${fold} (${past.length})`), list(past)),
    ],
  };
}

// "Type/id", by which a row can be found on the page.
export function id(resource) {
  return `${resource.resourceType}/${resource.id}`;
}

// The details that there are, with dots between. Short ones, such as dates, do not break.
function separated(details) {
  const shown = details.flat().filter(Boolean).map((one) => el(one.length < 30 ? 'span.short' : 'span', one));
  return shown.flatMap((one, at) => (at ? [' · ', one] : [one]));
}
