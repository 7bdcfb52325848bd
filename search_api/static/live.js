// A page that moves by itself: asks for itself every two seconds and replaces the sections that have changed.
"use strict";

(function () {
  const PAUSE = 2000;
  // As the server sent them: pictures and the reader change what stands in the page.
  const shown = new Map();
  const lost = document.getElementById("lost");

  function replaceChanged(fresh) {
    // A row may move to another section: the focus goes with it.
    const focused = document.activeElement;
    document.querySelectorAll("[data-live]").forEach(function (section) {
      const newer = fresh.getElementById(section.id);
      if (newer === null || newer.outerHTML === shown.get(section.id)) { return; }
      // Nobody's half-written number is taken away.
      if (section.contains(focused) && focused.matches("input")) { return; }
      const replacement = document.importNode(newer, true);
      shown.set(section.id, newer.outerHTML);
      section.replaceWith(replacement);
    });
    if (focused !== null && focused.id !== "" && !focused.isConnected) {
      const again = document.getElementById(focused.id);
      if (again !== null) { again.focus({ preventScroll: true }); }
    }
    document.title = fresh.title;
    document.dispatchEvent(new CustomEvent("live:replaced"));
  }

  let waiting = 0;

  function ask() {
    window.clearTimeout(waiting);
    // While something is being dragged, nothing moves by itself.
    if (document.hidden || document.body.dataset.busy === "yes") { waiting = window.setTimeout(ask, PAUSE); return; }
    fetch(window.location.href, { credentials: "same-origin", headers: { Accept: "text/html" } })
      .then(function (answer) {
        // The program was started anew, and knows this browser no longer.
        if (answer.redirected) { window.location.reload(); return ""; }
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.text();
      })
      .then(function (text) {
        if (text === "") { return; }
        replaceChanged(new DOMParser().parseFromString(text, "text/html"));
        lost.hidden = true;
      })
      .catch(function () { lost.hidden = false; })
      .then(function () { waiting = window.setTimeout(ask, PAUSE); });
  }

  document.querySelectorAll("[data-live]").forEach(function (section) { shown.set(section.id, section.outerHTML); });
  waiting = window.setTimeout(ask, PAUSE);
  document.addEventListener("deeds:done", ask);
})();
