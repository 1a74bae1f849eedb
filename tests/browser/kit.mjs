// What the scripts here share: Chromium, tabs of a width, and a look at a page as it should be for everybody.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function open({ browser: executablePath, screenshots }) {
  const chrome = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  if (screenshots) mkdirSync(screenshots, { recursive: true });
  const consoleErrors = [];
  // Browsers ask for an icon that pages do not name.
  const counts = (message) => message.type() === 'error' && !message.location().url.endsWith('/favicon.ico');
  const listen = (tab) => tab.on('console', (message) => counts(message) && consoleErrors.push(`${message.text()} ${message.location().url}`));

  // A browser of its own, with one tab of this width.
  async function tabOf(width) {
    const context = await chrome.newContext({ viewport: { width, height: 900 } });
    // Swagger UI draws for a while on a machine that does other things too.
    context.setDefaultTimeout(120_000);
    context.on('page', listen);
    return context.newPage();
  }

  // What axe-core finds on a page, or in the part of it that is not left out.
  async function violations(tab, without = []) {
    const found = await tab.evaluate(`(() => { ${axe}; return window.axe.run({ exclude: ${JSON.stringify(without)} },
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }); })()`);
    return found.violations;
  }

  // One of the service's pages: as it should be for everybody, and kept for a person to look at.
  async function look(tab, name, without = []) {
    const found = await violations(tab, without);
    assert.deepEqual(found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), [], `${name} is accessible`);
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.equal(wide, false, `${name} does not scroll sideways`);
    await picture(tab, name);
  }

  async function picture(tab, name, fullPage = true) {
    if (screenshots) await tab.screenshot({ path: `${screenshots}/${name}.png`, fullPage });
  }

  return { chrome, consoleErrors, tabOf, look, picture, violations };
}

// Tab until what has the focus says this, then Enter.
export async function press(tab, words) {
  for (let at = 0; at < 60; at += 1) {
    await tab.keyboard.press('Tab');
    const has = await tab.evaluate((text) => document.activeElement?.innerText?.includes(text) ?? false, words);
    if (has) return tab.keyboard.press('Enter');
  }
  throw new Error(`the keyboard does not reach "${words}"`);
}
