// Care plans, with what they hold.
import { line, nowAndPast, tag } from './line.js';
import { period, sentence, text } from './words.js';

const OVER = ['completed', 'revoked'];

export const plans = {
  id: 'plans',
  title: 'Care plans',
  noun: 'care plans',
  empty: 'No care plans have been shared.',
  queries: { all: 'CarePlan?_sort=-date' },
  draw({ all }) {
    const past = all.rows.filter((row) => OVER.includes(row.status));
    const current = all.rows.filter((row) => !past.includes(row));
    return nowAndPast(current, past, draw, { none: 'No current care plans.', fold: 'Past care plans' });
  },
};

function draw(row) {
  const category = row.category?.map(text).join(', ');
  const activities = (row.activity ?? []).map((activity) => activity.detail).filter(Boolean);
  return line(row, row.title ?? category ?? 'Care plan', {
    tags: [tag(sentence(row.status), row.status === 'active' ? 'good' : 'plain')],
    details: [
      row.title && category,
      sentence(row.intent),
      period(row.period),
      row.author && `by ${row.author.display ?? row.author.identifier?.value ?? row.author.reference}`,
      row.description,
    ],
    list: activities.map((detail) => `${detail.code ? text(detail.code) : 'Activity'}`
      + `${detail.description ? `: ${detail.description}` : ''} (${sentence(detail.status).toLowerCase()})`),
    verb: 'created',
    date: row.created ?? row.period?.start,
  });
}
