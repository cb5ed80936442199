/* Passkeys: where the browser knows them their buttons appear; pressing one asks the device and then sends the form.
   Works on forms inside [data-passkey=get|create] whose data-options hold what the server asks for. */
(() => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;

  const show = () => document.querySelectorAll('[data-passkey][hidden]').forEach((box) => { box.hidden = false; });

  const answer = async (box, form) => {
    const options = JSON.parse(form.dataset.options);
    const made = box.dataset.passkey === 'create'
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return JSON.stringify(made.toJSON());
  };

  addEventListener('submit', async (event) => {
    const form = event.target;
    const box = form.closest('[data-passkey]');
    if (!box || form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // nothing is sent yet, so the form isn't busy for once.js either
    const trouble = box.querySelector('[data-passkey-trouble]');
    trouble.hidden = true;
    try {
      form.elements.credential.value = await answer(box, form);
    } catch {
      trouble.hidden = false;
      return;
    }
    form.requestSubmit();
  }, true);

  // A page that comes back out of the browser's memory must not send an old proof.
  addEventListener('pageshow', () => document.querySelectorAll('[data-passkey] [name=credential]').forEach((field) => { field.value = ''; }));

  show();
  addEventListener('htmx:after:swap', show);
})();
