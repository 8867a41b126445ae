// Presses buttons of the operator's window in a real Chromium, by keyboard alone:
// node press.mjs CHROMIUM ADDRESS FORM BUTTON [BUTTON ...]
// FORM has what is typed into the fields, BUTTON what a button's call holds, such as {"do": "awake", "environment": "dev"}; both are
// JSON. Each button is looked for in what the one before it led to. Printed is, for each, what was asked before, and the page then.
import { launch, open } from './chromium.mjs';

const PATIENCE = 30_000; // of a page, in milliseconds
const TABS = 400; // more than a page has controls

const [program, address, form, ...buttons] = process.argv.slice(2);

const evaluate = async (tab, work, ...given) => {
  const expression = `(${work})(${given.map((it) => JSON.stringify(it)).join(', ')})`;
  const { result, exceptionDetails } = await tab.send('Runtime.evaluate', { expression, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
};

const until = async (what, look) => {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${PATIENCE} ms`);
};

// In the page: what is on top, the page itself or what lies over it.
const shown = () => ([...document.querySelectorAll('dialog[open] .wk')].at(-1) ?? document.querySelector('#widget .wk'))?.innerText;
const marked = () => { document.querySelectorAll('.wk').forEach((page) => page.setAttribute('data-seen', '')); };
const unseen = () => [...document.querySelectorAll('.wk')].some((page) => !page.hasAttribute('data-seen'));
// In the page: whether what has the focus is the field of this name, or the button of this call.
const isField = (name) => document.activeElement?.name === name;
const isButton = (call) => {
  const action = document.activeElement?.nextElementSibling;
  if (document.activeElement?.localName !== 'button' || action?.localName !== 'cwdb-action') return false;
  const calls = JSON.parse(action.textContent);
  return Object.entries(call).every(([field, value]) => calls[field] === value);
};

const key = async (tab, key, code, text) => {
  await tab.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', key, code: key, windowsVirtualKeyCode: code, text });
  await tab.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: code });
};

// Tab by Tab, as somebody without a mouse gets there.
const reach = async (tab, what, is, given) => {
  for (let n = 0; n < TABS; n += 1) {
    if (await evaluate(tab, is, given)) return;
    await key(tab, 'Tab', 9);
  }
  throw new Error(`${what} was not reached by ${TABS} times Tab in:\n${await evaluate(tab, shown)}`);
};

const browser = launch(program);
try {
  const tab = await open(browser);
  await tab.send('Emulation.setDeviceMetricsOverride', { width: 1200, height: 1000, deviceScaleFactor: 1, mobile: false });
  const asked = [];
  browser.listen((message) => {
    if (message.method !== 'Page.javascriptDialogOpening') return;
    asked.push(message.params.message);
    tab.send('Page.handleJavaScriptDialog', { accept: true });
  });
  await tab.send('Page.navigate', { url: address });
  await until('the window', () => evaluate(tab, shown));
  const typed = Object.entries(JSON.parse(form));
  for (const button of buttons.map((text) => JSON.parse(text))) {
    for (const [name, text] of typed) {
      if (!await evaluate(tab, (field) => [...document.querySelectorAll('.wk input')].some((it) => it.name === field), name)) continue;
      await reach(tab, `the field ${name}`, isField, name);
      await evaluate(tab, () => document.activeElement.select());
      await tab.send('Input.insertText', { text });
    }
    await reach(tab, `the button ${JSON.stringify(button)}`, isButton, button);
    await evaluate(tab, marked);
    await key(tab, 'Enter', 13, '\r');
    await until(`an answer to ${JSON.stringify(button)}`, () => evaluate(tab, unseen));
    console.log(JSON.stringify({ asked: asked.splice(0), page: await evaluate(tab, shown) }));
  }
} finally {
  await browser.close();
}
