/* A form is sent once, however often it is pressed. Its button says so meanwhile. */
(() => {
  const busy = new WeakMap();

  const start = (form, button) => {
    form.ariaBusy = 'true';
    busy.set(form, button);
    if (button) {
      button.setAttribute('aria-disabled', 'true');
      button.dataset.busy = '';
    }
  };

  const end = (form) => {
    const button = busy.get(form);
    form.ariaBusy = null;
    busy.delete(form);
    if (button) {
      button.removeAttribute('aria-disabled');
      delete button.dataset.busy;
    }
  };

  addEventListener('submit', (event) => {
    if (busy.has(event.target)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method === 'post' && (!event.defaultPrevented || form.matches('[hx-post]'))) start(form, event.submitter);
  });

  // A form that stays on the page after it was taken begins anew; one whose answer leads elsewhere stays busy until then.
  addEventListener('htmx:finally:request', (event) => {
    const { ctx } = event.detail;
    if (ctx.keepIndicators) return;
    const form = ctx.sourceElement;
    end(form);
    if (ctx.request.method === 'POST' && ctx.response?.status < 300 && form.matches('form')) form.reset();
  });
  addEventListener('pageshow', () => document.querySelectorAll('form[aria-busy]').forEach(end));
})();
