/* A page that nobody looks at doesn't ask for news; it asks once as soon as somebody does. */
addEventListener('htmx:before:request', (event) => {
  if (document.hidden && event.detail.ctx.sourceElement.matches('[data-poll]')) event.preventDefault();
});
