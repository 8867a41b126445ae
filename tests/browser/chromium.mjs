// A Chromium without a window, spoken to over a pipe: no port, no library (Chrome DevTools Protocol, `--remote-debugging-pipe`:
// JSON messages that end in a zero byte, in on descriptor 3 and out on 4).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A process that dies may still leave a file behind in a folder that was found empty: then once more from the top.
const removed = async (folder, tries = 20) => {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 250));
    await removed(folder, tries - 1);
  }
};

export const launch = (program) => {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe', `--user-data-dir=${profile}`];
  const child = spawn(program, [...flags, 'about:blank'], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [waiting, listeners] = [new Map(), []];
  let [last, rest] = [0, Buffer.alloc(0)];
  const gone = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`${program} ended with ${code ?? signal}`)));
    // What it had written and nobody had read is lost with it, and is said by the pipe: nothing else once it is closed.
    child.stdio.slice(3).forEach((pipe) => pipe.on('error', reject));
  });
  gone.catch(() => {});
  child.stdio[4].on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.subarray(0, end).toString());
      rest = rest.subarray(end + 1);
      if (message.id === undefined) { listeners.forEach((listen) => listen(message)); continue; }
      const { method, resolve, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${JSON.stringify(message.error)}`)); else resolve(message.result);
    }
  });
  const send = (method, params = {}, sessionId) => Promise.race([gone, new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { method, resolve, reject });
    child.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  })]);
  const close = async () => {
    const over = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL'); // the whole group: what it started would go on writing to the profile
    await over;
    await removed(profile);
  };
  return { send, listen: (listener) => listeners.push(listener), close };
};

// A page of its own: what it is sent goes to this page alone.
export const open = async (browser) => {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  const requests = [];
  browser.listen((message) => {
    if (message.sessionId === sessionId && message.method === 'Network.requestWillBeSent') requests.push(message.params.request.url);
  });
  await send('Page.enable');
  await send('Network.enable');
  await send('Accessibility.enable');
  return { send, requests };
};
