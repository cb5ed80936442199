/* How strong a new password is, in words, while it is typed. The server's own rules decide; this only tells earlier.
   Works on p[data-strength] that name their field by `for` and hold the words. */
(() => {
  const said = (password, words) => {
    const signs = [...password];
    if (!signs.length) return '';
    if (signs.length < Number(words.least)) return words.short;
    if (new Set(signs).size < 6) return words.same;
    return signs.length < 16 ? words.fair : words.strong;
  };
  document.querySelectorAll('p[data-strength]').forEach((line) => {
    const field = document.getElementById(line.dataset.for);
    field?.addEventListener('input', () => {
      const words = said(field.value, line.dataset);
      if (line.textContent !== words) line.textContent = words;
    });
  });
})();
