/* When a request fails: say so where it was made, keep what was typed, and try again where that is safe.
   Reading is tried again a few times; a form only if the server takes the same one twice as one (data-retry). */
(() => {
  const waits = [2, 5, 10, 20, 30];
  const tries = new WeakMap();

  const place = (source) => (source.closest('form') || source.closest('.sheet') || document).querySelector('[data-trouble]')
    || document.getElementById('flashes');

  const say = (source, node) => {
    const spot = place(source);
    if (!spot) return;
    spot.replaceChildren(node);
    if (spot.getBoundingClientRect().bottom > innerHeight) spot.scrollIntoView({ block: 'nearest' });
  };

  const word = (name) => document.getElementById('words').content.querySelector(`[data-word=${name}]`).cloneNode(true);

  const again = (source, event) => {
    const count = tries.get(source) || 0;
    tries.set(source, count + 1);
    const go = () => {
      clearTimeout(timer);
      removeEventListener('online', go);
      if (!source.isConnected) return;
      if (source.matches('form')) source.requestSubmit(event.detail.ctx.request.submitter);
      else source.click();
    };
    const timer = setTimeout(go, 1000 * waits[Math.min(count, waits.length - 1)]);
    addEventListener('online', go);
  };

  addEventListener('htmx:error', (event) => {
    const { ctx, error } = event.detail;
    if (!ctx || ctx.response) return;
    const source = ctx.sourceElement;
    const late = error.name === 'AbortError';
    if (/every/.test(source.getAttribute('hx-trigger'))) return;
    const safe = source.matches('[data-retry]') || (ctx.request.method === 'GET' && source.matches('a') && (tries.get(source) || 0) < 3);
    say(source, word(safe ? 'retry' : late ? 'slow' : 'offline'));
    if (safe) again(source, event);
  });

  addEventListener('htmx:response:error', (event) => {
    const { ctx } = event.detail;
    if (ctx.response.status === 422) return;
    const page = new DOMParser().parseFromString(ctx.text, 'text/html');
    const told = page.querySelector('[data-alert]');
    if (/every/.test(ctx.sourceElement.getAttribute('hx-trigger'))) return;
    say(ctx.sourceElement, told ? document.importNode(told, true) : word('fault'));
  });

  addEventListener('htmx:before:swap', (event) => {
    const { ctx } = event.detail;
    tries.delete(ctx.sourceElement);
    if (ctx.response && ctx.response.status < 400) place(ctx.sourceElement)?.replaceChildren();
  });
})();
