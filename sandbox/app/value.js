// What an Observation says: its value in words, whether it is out of range, and the numbers that can be plotted.
import { minute, quantity, sentence, text, time } from './words.js';

const FLAGS = {
  H: ['High', '▲'], HH: ['Critically high', '▲▲'], HU: ['Significantly high', '▲▲'],
  L: ['Low', '▼'], LL: ['Critically low', '▼▼'], LU: ['Significantly low', '▼▼'],
  A: ['Abnormal', '◆'], AA: ['Critically abnormal', '◆◆'], POS: ['Positive', '◆'],
};

// Of an Observation or one of its components.
export function value(observation) {
  const parts = (observation.component ?? []).filter((part) => value(part));
  return quantity(observation.valueQuantity)
    ?? (observation.valueCodeableConcept && text(observation.valueCodeableConcept))
    ?? observation.valueString ?? observation.valueInteger?.toString()
    ?? (observation.valueBoolean === undefined ? null : observation.valueBoolean ? 'Yes' : 'No')
    ?? (observation.valueDateTime && minute(observation.valueDateTime))
    ?? (parts.length > 0 ? ofParts(parts) : null)
    ?? (observation.dataAbsentReason && `Not known: ${text(observation.dataAbsentReason).replaceAll('-', ' ')}`);
}

function ofParts(parts) {
  const [first, second, more] = parts.map((part) => part.valueQuantity);
  // Two pressures are written as one: 142/84 mmHg.
  if (!more && first?.code === 'mm[Hg]' && second?.code === 'mm[Hg]') return `${first.value}/${quantity(second)}`;
  return parts.map((part) => `${text(part.code)} ${value(part)}`).join('; ');
}

// { words, sign } of what the source calls abnormal, or of a number outside the range that it gives; else null.
export function flag(observation) {
  for (const one of [observation, ...(observation.component ?? [])]) {
    const coded = (one.interpretation ?? []).flatMap((concept) => concept.coding ?? []);
    const known = coded.find((coding) => FLAGS[coding.code]);
    if (known) return { words: FLAGS[known.code][0], sign: FLAGS[known.code][1] };
    const { low, high } = range(one);
    const number = one.valueQuantity?.value;
    if (coded.length === 0 && number > high?.value) return { words: 'Above range', sign: '▲' };
    if (coded.length === 0 && number < low?.value) return { words: 'Below range', sign: '▼' };
  }
  return null;
}

// The one reference range, if there is one.
export function range(observation) {
  return observation.referenceRange?.length === 1 ? observation.referenceRange[0] : {};
}

// "3.5 to 5.3 mmol/L"
export function rangeText(observation) {
  const { low, high, text: words } = range(observation);
  if (words) return words;
  if (low && high) return `${low.value} to ${quantity(high)}`;
  return (low && `from ${quantity(low)}`) ?? (high && `up to ${quantity(high)}`) ?? null;
}

// When it was true of the patient, or else when it was told.
export function date(observation) {
  return observation.effectiveDateTime ?? observation.effectiveInstant ?? observation.effectivePeriod?.start ?? observation.issued;
}

// The numbers of these Observations, oldest first: one each, or one of each component.
export function points(observations) {
  return observations.filter((one) => !Number.isNaN(time(date(one)))).toReversed().flatMap((one) => {
    const words = `${minute(date(one))}: ${value(one)}${flag(one) ? `, ${flag(one).words.toLowerCase()}` : ''}`;
    return [one, ...(one.component ?? [])].map((part) => ({
      value: part.valueQuantity?.value ?? part.valueInteger,
      unit: part.valueQuantity?.unit ?? '',
      series: part === one ? '' : text(part.code),
      time: time(date(one)), date: date(one), source: one.meta?.source, flagged: Boolean(flag(part)), words,
    })).filter((point) => Number.isFinite(point.value));
  });
}

// What is said of one that is not final: preliminary, amended, corrected.
export function state(observation) {
  return observation.status === 'final' ? null : sentence(observation.status);
}
