// Quality: forms with several fields, each of which stands for one deed.
"use strict";

(function () {
  document.addEventListener("submit", function (event) {
    const form = event.target.closest("form[data-deed]");
    if (form === null) { return; }
    event.preventDefault();
    const body = {};
    form.querySelectorAll("input[name], select[name]").forEach(function (field) { body[field.name] = field.value; });
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    window.deeds.perform([{ address: form.dataset.deed, body: body }])
      // The page shows no other form in its place while the field has the focus.
      .then(function () { if (document.activeElement !== null) { document.activeElement.blur(); } },
            function () { return undefined; })
      .then(function () { button.disabled = false; });
  });
})();
