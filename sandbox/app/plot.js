// A trend as SVG: axis with unit, reference range as a band, a point a number, a shape a source. The same numbers stand
// in the table beside it; readers of the screen are told the gist.
import { svg } from './dom.js';
import { day } from './words.js';

const [WIDTH, HEIGHT] = [256, 88];
const [LEFT, RIGHT, TOP, BOTTOM] = [38, 10, 16, 18];

// plot([{ time, date, value, series, source, flagged, words }], { name, unit, low, high, sources })
export function plot(points, { name, unit, low, high, sources }) {
  const values = [...points.map((point) => point.value), low, high].filter(Number.isFinite);
  const ticks = scale(Math.min(...values), Math.max(...values));
  const [bottom, top] = [ticks[0], ticks.at(-1)];
  const [first, last] = [points[0], points.at(-1)];
  const x = (time) => LEFT + 8 + (first.time === last.time ? 0.5 : (time - first.time) / (last.time - first.time)) * (WIDTH - LEFT - RIGHT - 16);
  const y = (value) => TOP + (1 - (value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const series = [...new Set(points.map((point) => point.series))].map((one) => points.filter((point) => point.series === one));

  return svg('svg.plot', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': gist(points, name, unit) },
    (low !== undefined || high !== undefined) && svg('rect.range', {
      x: LEFT, width: WIDTH - LEFT - RIGHT, y: y(high ?? top), height: y(low ?? bottom) - y(high ?? top),
    }),
    ticks.map((tick) => [
      svg('line.grid', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
      svg('text', { x: LEFT - 5, y: y(tick) + 3.5, 'text-anchor': 'end' }, String(tick)),
    ]),
    svg('text', { x: LEFT, y: 9 }, unit),
    svg('text', { x: LEFT, y: HEIGHT - 4 }, day(first.date.slice(0, 10))),
    first.time !== last.time && svg('text', { x: WIDTH - RIGHT, y: HEIGHT - 4, 'text-anchor': 'end' }, day(last.date.slice(0, 10))),
    series.map((line) => svg('polyline.trend', { points: line.map((point) => `${x(point.time)},${y(point.value)}`).join(' ') })),
    points.map((point) => mark(x(point.time), y(point.value), point, sources.indexOf(point.source), points.length > 40 ? 1.5 : 3.2)));
}

// A circle for the first source, a square for the second, a diamond for all others; a ring around what is abnormal.
export function mark(x, y, point, shape, size = 3.2) {
  const turned = shape > 1 ? `rotate(45 ${x} ${y})` : null;
  const title = point.words && svg('title', point.words);
  return svg('g.point', { class: point.flagged ? 'point flagged' : 'point' },
    point.flagged && svg('circle.ring', { cx: x, cy: y, r: size + 3 }),
    shape < 1 ? svg('circle', { cx: x, cy: y, r: size }, title)
      : svg('rect', { x: x - size, y: y - size, width: 2 * size, height: 2 * size, transform: turned }, title));
}

// Round numbers from below the lowest value to above the highest, four at most.
function scale(lowest, highest) {
  const span = highest - lowest || Math.abs(highest) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 3));
  for (const step of [1, 2, 5, 10, 20].map((factor) => factor * power)) {
    const start = Math.floor(lowest / step + 1e-6);
    const end = Math.max(Math.ceil(highest / step - 1e-6), start + 1);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    if (end - start <= 3) return Array.from({ length: end - start + 1 }, (_, at) => Number(((start + at) * step).toFixed(digits)));
  }
  return [lowest, highest];
}

function gist(points, name, unit) {
  const values = points.map((point) => point.value);
  return `Trend of ${name}, ${points.length} values from ${day(points[0].date)} to ${day(points.at(-1).date)}: `
    + `lowest ${Math.min(...values)}, highest ${Math.max(...values)}, newest ${values.at(-1)} ${unit}`;
}
