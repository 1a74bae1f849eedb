// One part of the screen: its heading, and below it what was found, or why there is nothing. A part is a declaration
// { id, title, noun, queries, empty, draw }: queries by name; draw gets what each found by the same name, and makes
// { summary, nodes } of it.
import { el } from './dom.js';
import { further, reason, search } from './record.js';
import { count } from './words.js';

// The element of a part; fill() asks and draws, and can be called again. changed() is told after each drawing.
export function section(client, part, { ended, changed }) {
  const summary = el('span.summary');
  const body = el('div.body');
  const element = el('section', { id: part.id, 'aria-labelledby': `${part.id}-title`, tabindex: '-1' },
    el('h2', { id: `${part.id}-title` }, part.title, ' ', summary), body);
  let lists = {};

  async function ask(way) {
    // A button that was pressed here is gone when the answer is: the focus stays in the part.
    const focused = element.contains(document.activeElement);
    element.setAttribute('aria-busy', 'true');
    try {
      const names = Object.keys(part.queries);
      const found = await Promise.all(names.map(way));
      lists = Object.fromEntries(names.map((name, at) => [name, found[at]]));
      show();
    } catch (error) {
      if (reason(error) === 'ended') return ended();
      refuse(error, () => ask(way));
    } finally {
      element.removeAttribute('aria-busy');
    }
    if (focused) element.focus();
    return changed();
  }

  function show() {
    const all = Object.values(lists);
    const rows = all.flatMap((list) => list.rows);
    const unread = all.some((list) => list.next);
    const mistakes = all.reduce((sum, list) => sum + list.mistakes, 0);
    const drawn = rows.length ? part.draw(lists) : { summary: '', nodes: [el('p.none', part.empty)] };
    summary.textContent = `${drawn.summary}${unread ? ', and more' : ''}`;
    body.replaceChildren(...[drawn.nodes,
      mistakes > 0 && el('p.note', `${count(mistakes, 'entry', 'entries')} that the source marked as entered in error: not shown.`),
      unread && el('p.more', el('button', { type: 'button', click: () => ask(onward) }, `Show more ${part.noun}`),
        ' There are older ones that were not read yet.')].flat().filter(Boolean));
  }

  function refuse(error, again) {
    summary.textContent = '';
    body.replaceChildren(reason(error) === 'refused'
      ? el('p.refused', el('strong', 'Not permitted. '),
        `Your role does not see ${part.noun}, or this app was not allowed to. It does not mean that there are none.`)
      : el('div.failed', { role: 'alert' }, el('p', el('strong', 'Not loaded. '),
        `The ${part.noun} could not be read, so none are shown here.`),
        el('button', { type: 'button', click: again }, `Try again to load ${part.noun}`)));
  }

  function fill() {
    body.replaceChildren(el('p.note', `Loading ${part.noun}…`));
    return ask((name) => search(client, part.queries[name]));
  }

  const onward = (name) => (lists[name].next ? further(client, lists[name]) : lists[name]);
  return { element, fill };
}
