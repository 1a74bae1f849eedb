// Observations by what was measured: the newest value, its range, the trend, and every result in a table. Results of one
// code and unit stand together, whoever shared them; each keeps its source.
import { el, svg } from './dom.js';
import { from, id, restricted, tag } from './line.js';
import { mark, plot } from './plot.js';
import { source } from './sources.js';
import { count, day, minute, text, time } from './words.js';
import { date, flag, points, range, rangeText, state, value } from './value.js';

export const results = part('results', 'Results', 'results', 'No laboratory results have been shared.', 'category=laboratory');
export const vitals = part('vitals', 'Vital signs', 'vital signs', 'No vital signs have been shared.', 'category=vital-signs');
export const others = part('others', 'Other observations', 'other observations', 'No other observations have been shared.',
  'category:not=laboratory,vital-signs');

function part(id, title, noun, empty, query) {
  return { id, title, noun, empty, queries: { all: `Observation?${query}&_sort=-date` }, draw };
}

function draw({ all: { rows } }) {
  // A panel, such as a full blood count, has no value; it names its members.
  const panels = rows.filter((row) => row.hasMember && !value(row));
  const place = new Map(panels.flatMap((panel) => panel.hasMember.map((member, at) => [member.reference, { title: text(panel.code), at }])));
  const groups = Object.values(Object.groupBy(rows.filter((row) => !panels.includes(row)), key));
  const placeOf = (group) => group.map((row) => place.get(id(row))).find(Boolean);

  const blocks = Map.groupBy(groups, (group) => placeOf(group)?.title);
  panels.forEach((panel) => blocks.has(text(panel.code)) || blocks.set(text(panel.code), []));
  const loose = blocks.get(undefined) ?? [];
  blocks.delete(undefined);
  const nodes = [...blocks].map(([title, members]) => block(title, panels.filter((panel) => text(panel.code) === title),
    members.toSorted((a, b) => placeOf(a).at - placeOf(b).at)));
  if (loose.length > 0) nodes.push(block(nodes.length > 0 ? 'Single tests' : null, [], loose));
  return { summary: `${rows.length}`, nodes };
}

// What is one measurement: the SNOMED CT code if there is one, and the unit.
function key(row) {
  const codings = row.code?.coding ?? [];
  const coding = codings.find((one) => one.system === 'http://snomed.info/sct') ?? codings[0];
  return `${coding ? `${coding.system}|${coding.code}` : text(row.code)} ${row.valueQuantity?.code ?? row.valueQuantity?.unit ?? ''}`;
}

// Groups under one heading, and whose marks the plots have.
function block(title, panels, groups) {
  const sources = [...new Set(groups.flat().map((row) => row.meta?.source))];
  const results = groups.map((rows) => result(rows, sources));
  const several = sources.length > 1 && groups.some(hasTrend);
  return el('div.block',
    title && el('h3', title, panels.length > 0 && el('span.reports', { 'data-ids': panels.map(id).join(' ') },
      `${count(panels.length, 'report')}, newest ${day(date(panels[0]))}`)),
    several && legend(sources, groups.flat()),
    el('ul', results));
}

// Two numbers at least, of different Observations.
function hasTrend(rows) {
  return new Set(points(rows).map((point) => point.words)).size > 1;
}

// One measurement, newest first.
function result(rows, sources) {
  const [newest] = rows;
  const name = text(newest.code);
  const numbers = points(rows);
  const { low, high } = range(newest);
  return el('li.result', { 'data-id': rows.length === 1 && id(newest) },
    el('div.newest', el('span.name', name), el('span.value', value(newest) ?? 'No value', marks(newest))),
    rangeText(newest) && el('div.details', `Range ${rangeText(newest)}`),
    from(newest, 'taken', date(newest)),
    hasTrend(rows) && el('div.trend', plot(numbers, { name, unit: numbers[0].unit, low: low?.value, high: high?.value, sources })),
    rows.length > 1 && el('details', el('summary', `All ${rows.length} results`, el('span.hidden', ` of ${name}`)), table(rows, name)));
}

// What is to be said with a value: out of range, not final, restricted.
function marks(row) {
  return [flagTag(row), state(row) && tag(state(row), 'warn'), restricted(row)].filter(Boolean).map((one) => [' ', one]);
}

function flagTag(row) {
  const found = flag(row);
  return found && el('span.tag.bad', el('span', { 'aria-hidden': 'true' }, `${found.sign} `), found.words);
}

// Which mark in the plots is whose.
function legend(sources, rows) {
  return el('p.legend', sources.map((uri, at) => el('span.key',
    svg('svg', { viewBox: '0 0 14 14', 'aria-hidden': 'true' }, mark(7, 7, {}, at)), source(rows.find((row) => row.meta?.source === uri)))));
}

// What the plot shows, and what it cannot.
function table(rows, name) {
  const ranged = rows.some(rangeText);
  const heads = ['Taken', 'Result', ranged && 'Range', 'Shared by'].filter(Boolean);
  return el('table', el('caption.hidden', `All results of ${name}, newest first`),
    el('thead', el('tr', heads.map((words) => el('th', { scope: 'col' }, words)))),
    el('tbody', rows.map((row) => el('tr', { 'data-id': id(row) },
      el('td', Number.isNaN(time(date(row))) ? 'Not dated' : el('time', { datetime: date(row), title: minute(date(row)) }, day(date(row)))),
      el('td', value(row) ?? 'No value', marks(row)),
      ranged && el('td', rangeText(row) ?? ''),
      el('td', source(row))))));
}
