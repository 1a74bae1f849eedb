// Medicines that are taken, or were to be: those in use first.
import { line, nowAndPast, tag } from './line.js';
import { day, hasCode, period, quantity, sentence, text } from './words.js';

const OVER = 'completed,stopped,not-taken';
const LAST_ISSUED = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationStatementLastIssueDate';

export const medicines = {
  id: 'medicines',
  title: 'Medicines',
  noun: 'medicines',
  empty: 'No medicines have been shared.',
  queries: {
    current: `MedicationStatement?status:not=${OVER}&_sort=-effective`,
    past: `MedicationStatement?status=${OVER}&_sort=-effective`,
  },
  draw({ current, past }) {
    return nowAndPast(current.rows, past.rows, draw, { none: 'No current medicines.', fold: 'Past medicines' });
  },
};

function draw(row) {
  const issued = row.extension?.find((extension) => extension.url === LAST_ISSUED)?.valueDateTime;
  return line(row, row.medicationCodeableConcept ? text(row.medicationCodeableConcept) : row.medicationReference?.display ?? 'Not named by its source', {
    tags: [
      !['active', 'completed'].includes(row.status) && tag(row.status === 'unknown' ? 'Status unknown' : sentence(row.status), row.status === 'on-hold' ? 'warn' : 'plain'),
      row.category && !hasCode(row.category, 'community') && tag(text(row.category)),
    ],
    details: [
      dosage(row.dosage?.[0]),
      row.effectivePeriod ? period(row.effectivePeriod) : row.effectiveDateTime && day(row.effectiveDateTime),
      row.dateAsserted && issued && `last issued ${day(issued)}`,
      row.reasonCode && `for ${row.reasonCode.map(text).join(', ')}`,
      row.statusReason?.map(text).join(', '),
      (row.note ?? []).map((note) => note.text),
    ],
    verb: row.dateAsserted ? 'recorded' : 'last issued',
    date: row.dateAsserted ?? issued,
  });
}

// What the prescriber wrote, else what can be said of its parts.
function dosage(dose) {
  if (!dose) return null;
  return dose.text ?? [quantity(dose.doseAndRate?.[0]?.doseQuantity), dose.timing?.code && text(dose.timing.code),
    dose.route && text(dose.route)].filter(Boolean).join(', ');
}
