// Whose record this is, by the NHS's conventions: FAMILY, Given (Title), born with age, gender, NHS number in threes and four.
import { el } from './dom.js';
import { from, tag } from './line.js';
import { age, day, nhsNumber, patientName, sentence } from './words.js';

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
const VERIFICATION = 'NHSNumberVerificationStatus';
const GENDERS = { male: 'Male', female: 'Female', other: 'Other', unknown: 'Not known' };

// The part that stays on the screen.
export function identity(patient) {
  const died = patient.deceasedDateTime;
  return el('div.banner', { role: 'region', 'aria-label': 'Patient' }, el('div.inner',
    el('p.patient', patientName(patient)),
    el('dl',
      fact('Born', patient.birthDate ? `${day(patient.birthDate)}${died || patient.deceasedBoolean ? '' : ` (${age(patient.birthDate)})`}` : 'Not known'),
      (died || patient.deceasedBoolean) && fact('Died', died ? `${day(died)} (aged ${age(patient.birthDate, died)})` : 'Date not known'),
      fact('Gender', GENDERS[patient.gender] ?? 'Not stated'),
      fact('NHS No.', nhsNumberOf(patient) ? nhsNumber(nhsNumberOf(patient)) : 'Not known', ' ', verification(patient)))));
}

// Where they are, and who shared that.
export function contact(patient) {
  if (isRedacted(patient)) {
    return el('div.contact', el('p', tag('Restricted', 'warn'),
      ' Address, phone and practice are withheld for this patient’s safety. Do not tell anybody where they live or that they are a patient here.'));
  }
  const address = patient.address?.find((one) => one.use === 'home' && !one.period?.end) ?? patient.address?.[0];
  const phones = (patient.telecom ?? []).filter((one) => one.value && !one.period?.end);
  return el('div.contact', el('dl',
    fact('Address', address ? address.text ?? [...(address.line ?? []), address.city, address.postalCode].filter(Boolean).join(', ') : 'Not shared'),
    fact('Phone and email', phones.map((one) => `${one.value}${one.use ? ` (${one.use})` : ''}`).join(', ') || 'Not shared'),
    fact('GP practice', patient.generalPractitioner?.map((one) => one.display ?? one.identifier?.value).filter(Boolean).join(', ') || 'Not shared'),
    fact('Shared by', from(patient, 'received', patient.meta?.lastUpdated))));
}

// In one line, for paper and the window's title.
export function oneLine(patient) {
  const number = nhsNumberOf(patient);
  return [patientName(patient), patient.birthDate && `born ${day(patient.birthDate)}`, number && `NHS No. ${nhsNumber(number)}`]
    .filter(Boolean).join(', ');
}

function nhsNumberOf(patient) {
  return identifier(patient)?.value;
}

function identifier(patient) {
  return patient.identifier?.find((one) => one.system === NHS_NUMBER);
}

// Whether the number was traced and found to be the patient's: UK Core's extension, of which 01 means verified.
function verification(patient) {
  if (!identifier(patient) || isRedacted(patient)) return null;
  const status = identifier(patient).extension?.find((one) => one.url.includes(VERIFICATION))?.valueCodeableConcept?.coding?.[0];
  if (status?.code === '01') return tag('Verified', 'good');
  return tag(status ? `Not verified: ${sentence(status.display ?? status.code)}` : 'Not verified', 'warn');
}

function isRedacted(patient) {
  return (patient.meta?.security ?? []).some((label) => label.code === 'REDACTED');
}

function fact(term, ...words) {
  return el('div', el('dt', term), el('dd', words));
}
