// FHIR's values in words: codes, dates, how long ago, quantities. Dates are those of the NHS: 09-Jun-1963.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = 24 * 3600 * 1000;
const LONDON = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/London', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
});

// A CodeableConcept: what its source wrote, else a display, else the bare code.
export function text(concept) {
  const codings = concept?.coding ?? [];
  const shown = concept?.text ?? codings.find((coding) => coding.display)?.display ?? codings[0]?.code;
  return shown ?? 'Not named by its source';
}

// Whether one of the concept's codings is of these codes.
export function hasCode(concept, ...codes) {
  return (concept?.coding ?? []).some((coding) => codes.includes(coding.code));
}

// entered-in-error: the first code of a concept whose codes FHIR itself defines.
export function code(concept) {
  return concept?.coding?.[0]?.code;
}

// on-hold: On hold
export function sentence(word) {
  const spaced = String(word).replaceAll('-', ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

// A date or instant to the day, as exact as it was given: 2024, Apr-2024, 09-Jun-1963.
export function day(value) {
  const [year, month, date] = local(value).split('T')[0].split('-');
  return [date, month && MONTHS[month - 1], year].filter(Boolean).join('-');
}

// To the minute, where it was given so.
export function minute(value) {
  const time = local(value).split('T')[1];
  return time ? `${day(value)} ${time}` : day(value);
}

// An instant as clocks in London show it; a date, which is of no time zone, as it is.
function local(value) {
  if (!value.includes('T')) return value;
  const { year, month, day: date, hour, minute: minutes } =
    Object.fromEntries(LONDON.formatToParts(new Date(value)).map((part) => [part.type, part.value]));
  return `${year}-${month}-${date}T${hour}:${minutes}`;
}

// When that was, in milliseconds; a month or a year counts from its first day.
export function time(value) {
  return value ? Date.parse(value) : NaN;
}

// "3 days ago", as exact as the value allows.
export function ago(value, now = Date.now()) {
  const days = Math.floor((now - time(value)) / DAY);
  if (days < 0) return 'in the future';
  if (value.length < 10) {
    const [year, month = null] = value.split('-').map(Number);
    const years = new Date(now).getFullYear() - year;
    const months = years * 12 + new Date(now).getMonth() + 1 - month;
    return month && months < 24 ? plural(months, 'month', 'this month') : plural(years, 'year', 'this year');
  }
  if (days < 14) return plural(days, 'day', 'today');
  if (days < 70) return plural(Math.floor(days / 7), 'week');
  if (days < 730) return plural(Math.floor(days / 30.44), 'month');
  return plural(Math.floor(days / 365.25), 'year');
}

function plural(count, unit, none = '') {
  if (count === 0) return none;
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

// "12 medicines", "1 medicine"
export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

// The age of a person as the NHS writes it: 63y, 7y 2m, 14m, 9w, 12d.
export function age(birthDate, at = new Date().toISOString()) {
  const [born, then] = [birthDate, local(at)].map((date) => date.split('T')[0].split('-').map(Number));
  if (born.length < 3) return `${then[0] - born[0]}y`;
  const months = (then[0] - born[0]) * 12 + ((then[1] ?? 1) - born[1]) - ((then[2] ?? 1) < born[2] ? 1 : 0);
  const days = Math.floor((time(at) - time(birthDate)) / DAY);
  if (days < 28) return `${days}d`;
  if (days < 365) return `${Math.floor(days / 7)}w`;
  if (months < 24) return `${months}m`;
  if (months < 18 * 12) return `${Math.floor(months / 12)}y ${months % 12}m`;
  return `${Math.floor(months / 12)}y`;
}

// "5.3 mmol/L"
export function quantity(value) {
  if (value?.value === undefined) return null;
  const unit = value.unit ?? value.code ?? '';
  return `${value.comparator ?? ''}${value.value}${unit && (unit === '%' ? '%' : ` ${unit}`)}`;
}

// "10-Jul-2025 to 05-Jun-2026"
export function period(value) {
  if (!value?.start && !value?.end) return null;
  if (!value.end) return `since ${day(value.start)}`;
  return value.start ? `${day(value.start)} to ${day(value.end)}` : `until ${day(value.end)}`;
}

// "FAMILY, Given (Title)", the NHS's order.
export function patientName(patient) {
  const names = patient.name ?? [];
  const name = names.find((one) => one.use === 'official') ?? names.find((one) => one.use !== 'old') ?? names[0];
  if (!name) return 'Name not known';
  if (!name.family && !name.given) return name.text ?? 'Name not known';
  const title = name.prefix?.length ? ` (${name.prefix.join(' ')})` : '';
  return `${[name.family?.toUpperCase(), name.given?.join(' ')].filter(Boolean).join(', ')}${title}`;
}

// "Dr Amara Okafor"
export function staffName(practitioner) {
  const name = practitioner?.name?.[0];
  return name && (name.text ?? [...(name.prefix ?? []), ...(name.given ?? []), name.family].filter(Boolean).join(' '));
}

// Three, three and four digits.
export function nhsNumber(value) {
  return value.replace(/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3');
}
