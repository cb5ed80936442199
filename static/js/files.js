/* A file chooser that lists what was chosen, lets single files go, adds to what is there instead of replacing it, and
   makes photos smaller before they travel: at most 2560 pixels on the longer side, as JPEG. */
(() => {
  const LONGEST = 2560;
  const WORTH_IT = 900 * 1024;

  const smaller = async (file) => {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < WORTH_IT || !self.createImageBitmap) return file;
    try {
      const image = await createImageBitmap(file);
      const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
      const canvas = document.createElement('canvas');
      canvas.width = image.width * scale;
      canvas.height = image.height * scale;
      const pen = canvas.getContext('2d');
      pen.fillStyle = '#fff';
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
      if (!blob || blob.size >= file.size) return file;
      return new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg', lastModified: file.lastModified });
    } catch {
      return file;
    }
  };

  const size = (bytes) => new Intl.NumberFormat(document.documentElement.lang, {
    style: 'unit', unit: bytes < 1e6 ? 'kilobyte' : 'megabyte', maximumFractionDigits: bytes < 1e6 ? 0 : 1,
  }).format(bytes / (bytes < 1e6 ? 1e3 : 1e6));

  const put = (input, files) => {
    const box = new DataTransfer();
    files.forEach((file) => box.items.add(file));
    input.files = box.files;
    input.kept = files;
  };

  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });

  const show = (input) => {
    const list = input.closest('.files').querySelector('[data-files-list]');
    list.replaceChildren(...input.kept.map((file) => {
      const row = element('li', 'files__item', '');
      const name = element('span', 'files__name', file.name);
      name.append(element('small', '', size(file.size)));
      const drop = element('button', 'btn btn--quiet btn--s', input.dataset.filesRemove);
      drop.type = 'button';
      drop.append(element('span', 'hide', ' ' + file.name));
      drop.onclick = () => {
        put(input, input.kept.filter((each) => each !== file));
        show(input);
        input.focus();
      };
      row.append(name, drop);
      return row;
    }));
  };

  const add = (input, files) => {
    put(input, [...(input.kept || []), ...files]);
    show(input);
    const work = files.map(async (file) => {
      const made = await smaller(file);
      if (made === file || !input.kept.includes(file)) return;
      put(input, input.kept.map((each) => (each === file ? made : each)));
      show(input);
    });
    const all = Promise.all([input.work, ...work]).then(() => {
      if (input.work === all) input.work = null;
    });
    input.work = all;
  };

  // Pressed while a photo is still being made smaller: sent a moment later.
  addEventListener('submit', (event) => {
    const form = event.target;
    const work = [...form.querySelectorAll('[data-files]')].map((input) => input.work).filter(Boolean);
    if (!work.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    Promise.all(work).then(() => form.requestSubmit(event.submitter));
  }, true);

  addEventListener('reset', (event) => event.target.querySelectorAll('[data-files]').forEach((input) => {
    put(input, []);
    show(input);
  }));

  addEventListener('change', (event) => {
    if (event.target.matches('[data-files]')) add(event.target, [...event.target.files]);
  });

  addEventListener('paste', (event) => {
    const input = event.target.form?.querySelector('[data-files]');
    const files = [...(event.clipboardData?.files || [])];
    if (input && files.length) {
      event.preventDefault();
      add(input, files);
    }
  });
})();
