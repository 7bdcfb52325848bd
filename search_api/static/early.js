// What is pressed while a page's scripts are on their way is done as soon as they are there.
"use strict";

(function () {
  const pressed = [];

  function hold(event) {
    const button = event.target.closest("button");
    // A form that goes to the server by itself needs no script.
    if (button === null || (button.type === "submit" && button.form !== null && button.form.hasAttribute("action"))) { return; }
    event.preventDefault();
    event.stopPropagation();
    if (pressed.indexOf(button) < 0) { pressed.push(button); }
  }

  document.addEventListener("click", hold, true);
  // Deferred scripts have run by then.
  document.addEventListener("DOMContentLoaded", function () {
    document.removeEventListener("click", hold, true);
    pressed.forEach(function (button) { button.click(); });
  });
})();
