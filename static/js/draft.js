/* What is typed into a long field is kept in this browser until it is sent: for the signed-in person alone, gone at
   sign-out and when somebody else signs in. Where the browser can't let a field grow by itself, it is grown here. */
(() => {
  const person = document.body.dataset.drafts;
  const root = 'draft:';
  const key = (field) => `${root}${person}:${field.dataset.draft}`;
  const all = () => Object.keys(localStorage).filter((name) => name.startsWith(root));
  const grows = CSS.supports('field-sizing', 'content');

  const grow = (field) => {
    if (grows) return;
    field.style.blockSize = 'auto';
    field.style.blockSize = `${field.scrollHeight + 2}px`;
  };

  const keep = (field) => {
    try {
      if (field.value.trim()) localStorage.setItem(key(field), field.value);
      else localStorage.removeItem(key(field));
    } catch { /* full or forbidden: the field itself still holds it */ }
  };

  const note = (field) => field.parentNode.querySelector('[data-draft-note]');

  const bring = (root) => root.querySelectorAll?.('[data-draft]').forEach((field) => {
    const kept = person && localStorage.getItem(key(field));
    if (kept && !field.value) {
      field.value = kept;
      if (note(field)) note(field).hidden = false;
    }
    grow(field);
  });

  const forget = (form) => form.querySelectorAll?.('[data-draft]').forEach((field) => localStorage.removeItem(key(field)));

  try {
    if (person) all().filter((name) => !name.startsWith(`${root}${person}:`)).forEach((name) => localStorage.removeItem(name));
    const sent = sessionStorage.getItem('sent');
    if (sent && document.querySelector('[data-flash=good]')) sent.split('\n').forEach((name) => localStorage.removeItem(name));
    sessionStorage.removeItem('sent');
    bring(document);
  } catch { return; }

  addEventListener('input', (event) => {
    const field = event.target;
    if (field.matches('textarea')) grow(field);
    if (person && field.dataset.draft) keep(field);
  });

  addEventListener('submit', (event) => {
    if (event.target.matches('[data-signout]')) return all().forEach((name) => localStorage.removeItem(name));
    const names = [...event.target.querySelectorAll('[data-draft]')].map(key);
    if (person && names.length) sessionStorage.setItem('sent', names.join('\n'));
  });

  addEventListener('click', (event) => {
    if (!event.target.closest('[data-draft-drop]')) return;
    const field = event.target.closest('.field').querySelector('[data-draft]');
    field.value = '';
    keep(field);
    note(field).hidden = true;
    field.focus();
  });

  const taken = ({ detail: { ctx } }) => {
    if (ctx.request?.method !== 'POST' || ctx.keepIndicators) return;
    sessionStorage.removeItem('sent');
    if (ctx.response?.status < 300) forget(ctx.request.form || ctx.sourceElement);
  };
  // Before the empty form that comes back is looked at; and at the end, where nothing is swapped but the page itself.
  addEventListener('htmx:before:swap', taken);
  addEventListener('htmx:finally:request', taken);
  addEventListener('htmx:after:swap', () => bring(document));
})();
