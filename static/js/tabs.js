/* The tab of this page is in view where the strip has no room for all of them. */
document.querySelectorAll('.tabs [aria-current]').forEach((tab) => {
  const strip = tab.parentElement;
  if (strip.scrollWidth > strip.clientWidth) tab.scrollIntoView({ block: 'nearest', inline: 'center' });
});
