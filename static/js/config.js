/* htmx as this house uses it: own origin only, and no answer but a good one or a form with its errors (422) replaces
   anything on the page. Refusals and faults are told where they happened, by trouble.js. */
(() => {
  Object.assign(htmx.config, {
    mode: 'same-origin',
    noSwap: [204, 304, '40x', '41x', 429, '5xx'],
    defaultSettleDelay: 0,
    morphIgnore: ['data-htmx-powered', 'open'], // a menu stays open while news arrives around it
    defaultTimeout: 30000,
  });
})();
