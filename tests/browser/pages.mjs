// Looks at kept pages in a real Chromium, in both themes: widgets at three widths, documents of their own at that of a phone, too.
// node pages.mjs CHROMIUM FOLDER
// What is found fails the run. First a page with one mistake of each kind is looked at: each has to be found.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { launch, open } from './chromium.mjs';
import { look } from './look.mjs';

const WIDTHS = [1200, 900, 600];
const PHONE = 360; // the narrowest that is common
const THEMES = ['light', 'dark'];
const BYTES = 60_000; // the most of a page, as shared/window/src/page/window.rs has it

// Whether it is a document already, and no part of one.
const isDocument = (page) => page.startsWith('<!DOCTYPE html>');

// A widget as the console or the sandbox shows it: in a document of its own, in the colours of the browser.
const document = (page) => isDocument(page) ? page : `<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><style>html{color-scheme:light dark}html,body{margin:0}</style><body>${page}`;

// Controls without a name, as the accessibility tree has them.
const unnamed = async (tab) => {
  const { nodes } = await tab.send('Accessibility.getFullAXTree');
  const roles = ['button', 'link', 'textbox', 'searchbox', 'img', 'image', 'region'];
  const bad = nodes.filter((node) => !node.ignored && roles.includes(node.role?.value) && !node.name?.value?.trim());
  return bad.map((node) => `a ${node.role.value} without a name in the accessibility tree`);
};

const lookAt = async (tab, page, width, theme) => {
  await tab.send('Emulation.setDeviceMetricsOverride', { width, height: 1000, deviceScaleFactor: 1, mobile: false });
  await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: theme }] });
  const { frameTree } = await tab.send('Page.getFrameTree');
  tab.requests.length = 0;
  await tab.send('Page.setDocumentContent', { frameId: frameTree.frame.id, html: document(page) });
  const { result, exceptionDetails } = await tab.send('Runtime.evaluate', { expression: `(${look})()`, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  const outside = tab.requests.map((url) => `it asked for ${url}`);
  return [...result.value, ...outside, ...await unnamed(tab)];
};

// One mistake of each kind, and what finds it.
const MISTAKES = [
  ['<script>1</script>', 'may not have'],
  ['<p onclick="1">x</p>', 'is a script'],
  ['<div style="width:1300px">x</div>', 'px wide'],
  ['<p style="background:url(http://127.0.0.1:9/x.png)">x</p>', 'asked for'],
  ['<p style="color:#999;background:#fff">x</p>', 'contrast'],
  ['<button></button>', 'without a name'],
  ['<button tabindex="-1">x</button>', 'not reached by Tab'],
  ['<button style="width:30px;white-space:nowrap">a long label</button>', 'does not fit'],
  ['<p>x</p><cwdb-action action="call"></cwdb-action>', 'without its button'],
];

const [program, folder] = process.argv.slice(2);
const browser = launch(program);
let failures = 0;
try {
  const tab = await open(browser);
  const clean = await lookAt(tab, '<p>x</p><button>x</button>', 1200, 'light');
  if (clean.length > 0) throw new Error(`a clean page is found bad: ${clean}`);
  for (const [mistake, sign] of MISTAKES) {
    const found = await lookAt(tab, mistake, 1200, 'light');
    if (!found.some((what) => what.includes(sign))) throw new Error(`${mistake} was not found: ${JSON.stringify(found)}`);
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.html')).sort();
  if (names.length === 0) throw new Error(`no page in ${folder}`);
  for (const name of names) {
    // Kept pages have a line for each element.
    const kept = readFileSync(join(folder, name), 'utf8').trimEnd().replaceAll('>\n<', '><');
    const page = kept.replace(/<meta http-equiv="refresh"[^>]*>/, ''); // on a slow machine it would go on while it is looked at
    const tell = (where, what) => { failures += 1; console.error(`${name}, ${where}: ${what}`); };
    if (Buffer.byteLength(page) > BYTES) tell('as it is', `${Buffer.byteLength(page)} bytes, expected at most ${BYTES}`);
    const widths = isDocument(page) ? [...WIDTHS, PHONE] : WIDTHS;
    for (const width of widths) for (const theme of THEMES) {
      for (const what of new Set(await lookAt(tab, page, width, theme))) tell(`${width} px, ${theme}`, what);
    }
  }
  console.log(`${names.length} pages, ${WIDTHS.length} widths and a phone's, ${THEMES.length} themes: ${failures} findings`);
} finally {
  await browser.close();
}
process.exitCode = failures === 0 ? 0 : 1;
