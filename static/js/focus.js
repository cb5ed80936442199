/* After a swap the focus stays where it was, goes where the answer asks (autofocus), or to the page's title when the
   address moved on; never to nowhere. An error summary also takes it on a fresh page. */
(() => {
  const reach = (element) => {
    if (!element) return;
    if (!element.matches('a,button,input,select,textarea,summary,[tabindex]')) element.tabIndex = -1;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: 'nearest' });
  };

  addEventListener('htmx:after:swap', (event) => {
    const { ctx } = event.detail;
    if (!ctx.sourceEvent?.isTrusted && ctx.sourceEvent?.type !== 'submit') return;
    requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      const target = ctx.target?.isConnected ? ctx.target : document.getElementById(ctx.target?.id) || document;
      reach(target.querySelector('[autofocus]') || (ctx.push && document.querySelector('h1')) || (target === document ? document.getElementById('main') : target));
    });
  });

  addEventListener('click', (event) => {
    const link = event.target.closest?.('.summary a');
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    const label = document.querySelector(`label[for="${field.id}"]`) || field;
    label.scrollIntoView({ block: 'start' });
    reach(field.matches('fieldset') ? field.querySelector('input') : field);
  });
})();
