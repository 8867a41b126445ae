// Wakes an environment in a real Chromium, as somebody does with a phone whose pages run no script:
// node wake.mjs CHROMIUM ADDRESS APPLICATION
// The page of what sleeps is opened, its button is pressed by keyboard alone, and nothing else is done: the browser asks anew by
// itself, until the application answers with the text APPLICATION and nothing else. Printed are the pages that were seen, one a line, as JSON.
import { launch, open } from './chromium.mjs';

const PATIENCE = 120_000; // of a wake in the sandbox, in milliseconds
const TABS = 20; // more than the page has controls

const [program, address, application] = process.argv.slice(2);

const evaluate = async (tab, work) => {
  // Between two pages there is none to be asked.
  const { result, exceptionDetails } = await tab.send('Runtime.evaluate', { expression: `(${work})()`, returnByValue: true }).catch(() => ({ result: {} }));
  return exceptionDetails ? undefined : result.value;
};

const text = () => document.body?.innerText;
const isButton = () => document.activeElement?.localName === 'button';

const key = async (tab, key, code, text) => {
  await tab.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', key, code: key, windowsVirtualKeyCode: code, text });
  await tab.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: code });
};

const browser = launch(program);
try {
  const tab = await open(browser);
  await tab.send('Emulation.setDeviceMetricsOverride', { width: 360, height: 740, deviceScaleFactor: 2, mobile: true });
  // Evaluating from here works all the same: it is the page that may run nothing.
  await tab.send('Emulation.setScriptExecutionDisabled', { value: true });
  await tab.send('Page.navigate', { url: address });
  const seen = [];
  const look = async () => {
    const now = await evaluate(tab, text);
    if (now && now !== seen.at(-1)) { seen.push(now); console.log(JSON.stringify(now)); }
    return now;
  };
  const until = async (what, is) => {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      const now = await look();
      if (now && is(now)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what}: not within ${PATIENCE} ms; seen: ${JSON.stringify(seen)}`);
  };
  await until('the page', (now) => now.includes('is asleep'));
  for (let tabs = 0; !await evaluate(tab, isButton); tabs += 1) {
    if (tabs === TABS) throw new Error(`the button was not reached by ${TABS} times Tab in: ${seen.at(-1)}`);
    await key(tab, 'Tab', 9);
  }
  await key(tab, 'Enter', 13, '\r');
  await until('the application', (now) => now.trim() === application);
  const outside = tab.requests.filter((url) => new URL(url).origin !== new URL(address).origin && !url.startsWith('data:'));
  if (outside.length > 0) throw new Error(`it asked for ${outside}`);
} finally {
  await browser.close();
}
