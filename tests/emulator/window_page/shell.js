// What the CloudWatch console does with <cwdb-action>, as far as our pages need it. It belongs to the sandbox: a custom widget has
// no script.
'use strict';

const widget = document.getElementById('widget');

// All fields that have a name, of the page and of what lies over it.
const form = () => {
  const fields = [...document.querySelectorAll('.wk input, .wk select, .wk textarea')].filter((field) => field.name);
  const chosen = fields.filter((field) => !['radio', 'checkbox'].includes(field.type) || field.checked);
  return Object.fromEntries(chosen.map((field) => [field.name, field.value]));
};

const context = () => {
  const minutes = -new Date().getTimezoneOffset();
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) => String(part).padStart(2, '0'));
  return {
    dashboardName: 'sandbox', widgetId: 'widget-1', locale: navigator.language, params: {},
    theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
    width: widget.clientWidth, height: window.innerHeight,
    timezone: { label: 'Local', offsetISO: `${minutes < 0 ? '-' : '+'}${hours}:${rest}`, offsetInMinutes: minutes },
    forms: { all: form() },
  };
};

const call = async (endpoint, event) => {
  const request = { endpoint, event: { ...event, widgetContext: context() } };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('/_watchkeeper/window/call', { method: 'POST', headers, body: JSON.stringify(request) });
  const text = await answer.text();
  if (answer.ok) return text;
  const problem = document.createElement('p');
  problem.textContent = `${answer.status}: ${text}`;
  return problem.outerHTML;
};

const show = (page, where) => {
  if (where !== 'popup') {
    document.querySelectorAll('dialog').forEach((open) => open.close());
    widget.innerHTML = page;
    scrollTo(0, 0);
    return;
  }
  const dialog = document.createElement('dialog');
  dialog.innerHTML = `<form method="dialog" class="close"><button>Close</button></form>${page}`;
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
};

document.addEventListener('click', async (press) => {
  const action = press.target.closest('button, a')?.nextElementSibling;
  if (action?.localName !== 'cwdb-action') return;
  press.preventDefault();
  const question = action.getAttribute('confirmation');
  if (question && !confirm(question)) return;
  const calls = action.getAttribute('action') === 'call';
  const page = calls ? await call(action.getAttribute('endpoint'), JSON.parse(action.textContent)) : action.innerHTML;
  show(page, action.getAttribute('display'));
});

call(widget.dataset.function, {}).then((page) => show(page, 'widget'));
