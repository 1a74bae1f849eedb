// Makes elements. Text from the record becomes text nodes and attribute values, never markup.

const SVG = 'http://www.w3.org/2000/svg';

// el('li.line', { 'data-id': id }, 'words', el('b', 'more words')): what is null or false is left out.
export function el(name, ...parts) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElement(tag), classes, parts);
}

// The same in SVG.
export function svg(name, ...parts) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElementNS(SVG, tag), classes, parts);
}

function fill(node, classes, parts) {
  if (classes.length) node.setAttribute('class', classes.join(' '));
  for (const part of parts.flat(Infinity)) {
    if (part === null || part === undefined || part === false) continue;
    if (part instanceof Node || typeof part !== 'object') node.append(part);
    else Object.entries(part).forEach(([key, value]) => set(node, key, value));
  }
  return node;
}

function set(node, key, value) {
  if (typeof value === 'function') node.addEventListener(key, value);
  else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
}
