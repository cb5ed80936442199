/* Shortcuts of the queue: j and k (or the arrows) move the marked row, Enter opens it (it is a link), x ticks it,
   / goes to the search, r to the reply. Silent while somebody types, and where they were turned off (WCAG 2.1.4).
   Rows' links are marked data-row, the search data-search; ui/keys.html explains them and holds the switch. */
(() => {
  const OFF = 'keys-off';
  const typing = (target) => target.matches?.('input:not([type=checkbox]),textarea,select,[contenteditable]');
  const row = () => document.activeElement.closest('tr');

  const move = (step) => {
    const rows = [...document.querySelectorAll('[data-row]')];
    const here = rows.indexOf(row()?.querySelector('[data-row]'));
    const next = rows[here < 0 ? 0 : Math.min(Math.max(here + step, 0), rows.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
    return next;
  };

  const focus = (selector) => {
    const field = document.querySelector(selector);
    field?.closest('details')?.setAttribute('open', '');
    field?.focus();
    return field;
  };

  const tick = () => {
    const box = row()?.querySelector('[type=checkbox]');
    box?.click();
    return box;
  };

  const act = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => row() && move(1),
    ArrowUp: () => row() && move(-1),
    x: tick,
    '/': () => focus('[data-search]'),
    r: () => focus('.answer textarea'),
  };

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || localStorage.getItem(OFF)) return;
    if (act[event.key]?.()) event.preventDefault();
  });

  const explain = () => document.querySelectorAll('[data-keys]').forEach((line) => {
    line.hidden = false;
    line.querySelectorAll('[data-needs]').forEach((each) => { each.hidden = !document.querySelector(each.dataset.needs); });
    line.querySelector('[data-keys-switch]').checked = !localStorage.getItem(OFF);
  });

  addEventListener('change', (event) => {
    if (!event.target.matches('[data-keys-switch]')) return;
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, '1');
  });
  addEventListener('htmx:after:swap', explain);
  explain();
})();
