/* Shortcuts of the queue: j and k (or the arrows) move the marked row, Enter opens it (it is a link), x ticks it,
   / goes to the search. Silent while somebody types. The rows' links are marked data-row. */
(() => {
  const typing = (target) => target.matches?.('input:not([type=checkbox]),textarea,select,[contenteditable]');

  const move = (step) => {
    const rows = [...document.querySelectorAll('[data-row]')];
    const here = rows.indexOf(document.activeElement.closest('tr')?.querySelector('[data-row]'));
    const next = rows[here < 0 ? 0 : Math.min(Math.max(here + step, 0), rows.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
    return next;
  };

  const act = {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const box = document.activeElement.closest('tr')?.querySelector('[type=checkbox]');
      box?.click();
      return box;
    },
    '/': () => {
      const search = document.querySelector('[data-search]');
      search?.closest('details')?.setAttribute('open', '');
      search?.focus();
      return search;
    },
    r: () => {
      const field = document.querySelector('.answer textarea');
      field?.focus();
      return field;
    },
  };
  act.ArrowDown = act.j;
  act.ArrowUp = act.k;

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key.startsWith('Arrow') && !document.activeElement.closest?.('.queue')) return;
    if (act[event.key]?.()) event.preventDefault();
  });
})();
