// A page that moves by itself: it is told of sections that have changed, or asks for itself every two seconds.
"use strict";

(function () {
  const PAUSE = 2000;
  const TRY_AGAIN = 30000;
  // A screen reader says where things stand, not each page.
  const QUIET = 30000;
  // As the server sent them: pictures and the reader change what stands in the page.
  const shown = new Map();
  const lost = document.getElementById("lost");

  // What is focused, or else the first row in sight.
  function anchored(focused) {
    if (window.scrollY === 0) { return null; }
    if (focused !== null && focused.id !== "" && focused.closest("[data-live]") !== null) { return focused; }
    return Array.from(document.querySelectorAll("[data-live] tr[id]")).find(function (row) {
      return row.getBoundingClientRect().bottom > 0;
    }) || null;
  }

  let saidAt = Date.now();

  function summarise() {
    const told = document.querySelector("[data-summary]");
    const line = document.getElementById("summary");
    if (told === null || line === null || Date.now() - saidAt < QUIET || line.textContent === told.dataset.summary) {
      return;
    }
    saidAt = Date.now();
    line.textContent = told.dataset.summary;
  }

  function replaceChanged(fresh) {
    // A row may move to another section: the focus goes with it, and what one looks at stays where it is.
    const focused = document.activeElement;
    const anchor = anchored(focused);
    const top = anchor === null ? 0 : anchor.getBoundingClientRect().top;
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
    const kept = anchor === null ? null : document.getElementById(anchor.id);
    if (kept !== null) { window.scrollBy(0, kept.getBoundingClientRect().top - top); }
    document.title = fresh.title;
    summarise();
    document.dispatchEvent(new CustomEvent("live:replaced"));
  }

  let waiting = 0;
  let stream = null;
  // What came while a hand was at work: sections by name.
  let held = null;

  // A hand is at work: something is being dragged, or is pressed and must still be there when it is let go.
  let isPressed = false;
  let atRest = [];
  function isBusy() { return isPressed || document.body.dataset.busy === "yes"; }
  function whenFree() {
    return isBusy() ? new Promise(function (resolve) { atRest.push(resolve); }) : Promise.resolve();
  }
  function release() {
    isPressed = false;
    // The click, or what else ends it, comes first.
    window.setTimeout(function () {
      if (isBusy()) { return; }
      const resting = atRest;
      atRest = [];
      resting.forEach(function (resolve) { resolve(); });
    }, 0);
  }
  window.addEventListener("pointerdown", function (event) { isPressed = event.button === 0; }, true);
  ["pointerup", "pointercancel", "dragend"].forEach(function (kind) { window.addEventListener(kind, release, true); });
  // Let go outside of the window, or in one that came before it.
  window.addEventListener("pointermove", function (event) { if (isPressed && event.buttons === 0) { release(); } }, true);
  window.addEventListener("blur", function (event) { if (event.target === window) { release(); } });

  function soon() {
    window.clearTimeout(waiting);
    if (stream === null) { waiting = window.setTimeout(ask, PAUSE); }
  }

  // Which asking is the last one: an answer from before a deed is not shown after it.
  let asking = 0;

  function ask() {
    window.clearTimeout(waiting);
    asking += 1;
    const mine = asking;
    // While a hand is at work, nothing moves by itself.
    if (document.hidden || isBusy()) { waiting = window.setTimeout(ask, PAUSE); return; }
    fetch(window.location.href, { credentials: "same-origin", headers: { Accept: "text/html" } })
      .then(function (answer) {
        // The program was started anew, and knows this browser no longer.
        if (answer.redirected) { window.location.reload(); return ""; }
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.text();
      })
      .then(function (text) { return whenFree().then(function () { return text; }); })
      .then(function (text) {
        if (text === "" || mine !== asking) { return; }
        replaceChanged(new DOMParser().parseFromString(text, "text/html"));
        lost.hidden = true;
      })
      .catch(function () { lost.hidden = false; })
      .then(soon);
  }

  function take(content) {
    if (held !== null) { content.sections = Object.assign(held.sections, content.sections); }
    if (isBusy()) {
      if (held === null) { whenFree().then(function () { if (held !== null) { take(held); } }); }
      held = content;
      return;
    }
    held = null;
    const html = Object.keys(content.sections).map(function (name) { return content.sections[name]; }).join("");
    const fresh = new DOMParser().parseFromString(html, "text/html");
    fresh.title = content.title;
    replaceChanged(fresh);
    lost.hidden = true;
  }

  function listen() {
    const address = lost === null ? "" : lost.dataset.events || "";
    if (address === "" || !window.EventSource || document.hidden) { return; }
    hush();
    stream = new EventSource(address + window.location.search);
    heardAt = Date.now();
    window.clearTimeout(waiting);
    stream.addEventListener("beat", function () { heardAt = Date.now(); lost.hidden = true; });
    stream.addEventListener("board", function (event) {
      heardAt = Date.now();
      document.body.dataset.live = "told";
      take(JSON.parse(event.data));
    });
    stream.onerror = function () {
      lost.hidden = false;
      if (stream === null || stream.readyState !== EventSource.CLOSED) { return; }
      // Refused, or too many look already: as without it, and later once more.
      hush();
      ask();
      window.setTimeout(function () { if (stream === null) { listen(); } }, TRY_AGAIN);
    };
  }

  function hush() {
    if (stream !== null) { stream.close(); stream = null; }
    delete document.body.dataset.live;
  }

  // A cable that is pulled ends no stream: the browser may know, and the server says every few seconds that it is there.
  const SILENCE = 45000;
  let heardAt = Date.now();
  window.addEventListener("offline", function () { lost.hidden = false; hush(); soon(); });
  window.addEventListener("online", function () { listen(); soon(); });
  window.setInterval(function () {
    if (stream === null || document.hidden || Date.now() - heardAt < SILENCE) { return; }
    lost.hidden = false;
    hush();
    ask();
    window.setTimeout(function () { if (stream === null) { listen(); } }, TRY_AGAIN);
  }, PAUSE);

  // Nobody looks: somebody else may have the place.
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { hush(); soon(); } else { listen(); }
  });
  document.addEventListener("click", function (event) {
    const way = event.target.closest("a[data-view]");
    if (way === null || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    window.history.replaceState(null, "", way.href);
    hush();
    asking += 1;
    fetch(way.href, { credentials: "same-origin", headers: { Accept: "text/html" } })
      .then(function (answer) { return answer.text(); })
      .then(function (text) { replaceChanged(new DOMParser().parseFromString(text, "text/html")); })
      .catch(function () { lost.hidden = false; })
      .then(function () { listen(); soon(); });
  });

  document.querySelectorAll("[data-live]").forEach(function (section) { shown.set(section.id, section.outerHTML); });
  listen();
  soon();
  document.addEventListener("deeds:done", ask);
  window.live = { whenFree: whenFree };
})();
