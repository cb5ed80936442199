/* What was sent before a proof was wanted goes on by itself once it is given. Its button does the same without this. */
(() => {
  document.querySelector('form[data-resume]')?.requestSubmit();
})();
