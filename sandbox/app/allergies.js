// Allergies and intolerances. "None known" is something a source says; that nothing was shared is something else.
import { line, nowAndPast, tag } from './line.js';
import { code, day, hasCode, sentence, text } from './words.js';

// SNOMED CT: no known allergy; of drugs, to food, environmental.
const NONE_KNOWN = ['716186003', '409137002', '429625007', '428607008'];

export const allergies = {
  id: 'allergies',
  title: 'Allergies and intolerances',
  noun: 'allergies',
  empty: 'No allergy information has been shared. This does not mean that the patient has none.',
  queries: { all: 'AllergyIntolerance?_sort=-date' },
  draw({ all }) {
    const past = all.rows.filter((row) => ['inactive', 'resolved'].includes(code(row.clinicalStatus)) || isRefuted(row));
    const present = all.rows.filter((row) => !past.includes(row)).sort((a, b) => isNone(a) - isNone(b));
    return nowAndPast(present, past, draw, { none: 'None of those that were shared is active.', fold: 'Inactive, resolved or ruled out' });
  },
};

const isNone = (row) => hasCode(row.code, ...NONE_KNOWN);
const isRefuted = (row) => code(row.verificationStatus) === 'refuted';

function draw(row) {
  const reactions = (row.reaction ?? []).map((reaction) =>
    `${reaction.manifestation.map(text).join(', ')}${reaction.severity ? ` (${reaction.severity})` : ''}`);
  const verified = code(row.verificationStatus);
  return line(row, isNone(row) ? `${text(row.code)} recorded` : text(row.code), {
    tags: [
      row.criticality === 'high' && tag('High risk', 'bad'),
      verified && verified !== 'confirmed' && tag(verified === 'refuted' ? 'Ruled out' : sentence(verified), 'warn'),
      past(row) && tag(past(row)),
    ],
    details: [
      row.type && sentence(row.type),
      row.category?.join(', '),
      reactions.length > 0 && `Reaction: ${reactions.join('; ')}`,
      row.onsetDateTime && `since ${day(row.onsetDateTime)}`,
      row.recorder?.display,
      (row.note ?? []).map((note) => note.text),
    ],
    verb: 'recorded',
    date: row.recordedDate,
  });
}

function past(row) {
  const status = code(row.clinicalStatus);
  return status && status !== 'active' ? sentence(status) : null;
}
