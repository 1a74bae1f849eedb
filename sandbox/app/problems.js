// Conditions: those that are not over first, then the others. What two sources say of one problem is two rows.
import { line, nowAndPast, tag } from './line.js';
import { code, day, sentence, text } from './words.js';

const OVER = 'inactive,resolved,remission';

export const problems = {
  id: 'problems',
  title: 'Problems',
  noun: 'problems',
  empty: 'No problems have been shared.',
  queries: {
    // :not also finds what has no status, so that the two lists together are all there is.
    current: `Condition?clinical-status:not=${OVER}&_sort=-onset-date`,
    past: `Condition?clinical-status=${OVER}&_sort=-onset-date`,
  },
  draw({ current, past }) {
    const isRefuted = (row) => code(row.verificationStatus) === 'refuted';
    const now = current.rows.filter((row) => !isRefuted(row));
    return nowAndPast(now, [...current.rows.filter(isRefuted), ...past.rows], draw, { none: 'No active problems.', fold: 'Past or ruled out' });
  },
};

function draw(row) {
  const verified = code(row.verificationStatus);
  const status = code(row.clinicalStatus);
  const onset = row.onsetDateTime ?? row.onsetPeriod?.start;
  const end = row.abatementDateTime ?? row.abatementPeriod?.end;
  return line(row, text(row.code), {
    tags: [
      row.severity && tag(text(row.severity), text(row.severity) === 'Severe' ? 'bad' : 'plain'),
      verified && verified !== 'confirmed' && tag(verified === 'refuted' ? 'Ruled out' : sentence(verified), 'warn'),
      status && status !== 'active' && status !== 'resolved' && tag(sentence(status)),
    ],
    details: [
      onset && (end ? `${day(onset)} to ${day(end)}` : `Since ${day(onset)}`),
      row.bodySite?.map(text).join(', '),
      row.recorder?.display ?? row.asserter?.display,
      (row.note ?? []).map((note) => note.text),
    ],
    verb: 'recorded',
    date: row.recordedDate,
  });
}
