/* Menus are details/summary and work without this; with it they close when one looks elsewhere or presses Escape. */
(() => {
  const open = () => document.querySelectorAll('[data-menu][open]');

  addEventListener('click', (event) => open().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  }));

  addEventListener('focusin', (event) => open().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  }));

  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector('summary').focus();
    });
  });
})();
