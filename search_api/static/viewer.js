// The page view: zoom, turn, keys, the line that is pointed at, and a fresh view when the page has been read.
"use strict";

(function () {
  const SMALLEST = 0.2, LARGEST = 6, STEP = 1.25, PADDING = 32, ASK_PAUSE = 3000;
  const stage = document.getElementById("stage");
  const frame = document.getElementById("frame");
  const sheet = document.getElementById("sheet");
  const picture = document.getElementById("picture");
  const pointed = document.getElementById("pointed");
  const text = document.getElementById("text");
  const byId = function (id) { return document.getElementById(id); };

  // How the reader likes to see pages stays from page to page, as long as the tab is open. "width", "page" or a number:
  // the sheet's width in parts of the stage's.
  let zoom = window.sessionStorage.getItem("zoom") || "width";
  let turns = 0;

  function shape() {
    const loaded = picture.naturalWidth > 0;
    const width = loaded ? picture.naturalWidth : Number(picture.getAttribute("width"));
    const height = loaded ? picture.naturalHeight : Number(picture.getAttribute("height"));
    return { ratio: height / width, upright: turns % 2 === 0 };
  }

  // The width in pixels of the sheet before it is turned.
  function sheetWidth() {
    const seen = shape();
    const across = seen.upright ? 1 : seen.ratio, down = seen.upright ? seen.ratio : 1;
    const room = stage.clientWidth - PADDING;
    if (zoom === "page") { return Math.min(room / across, (stage.clientHeight - PADDING) / down); }
    return room / across * (zoom === "width" ? 1 : Number(zoom));
  }

  function show() {
    const ratio = shape().ratio, width = sheetWidth(), height = width * ratio, upright = shape().upright;
    sheet.style.width = width + "px";
    frame.style.width = (upright ? width : height) + "px";
    frame.style.height = (upright ? height : width) + "px";
    const moved = [[0, 0], [height, 0], [width, height], [0, width]][turns];
    sheet.dataset.turns = turns;  // paper has another width than the stage
    sheet.style.transform = "translate(" + moved[0] + "px," + moved[1] + "px) rotate(" + turns * 90 + "deg)";
    if (width * window.devicePixelRatio > 1600 && picture.dataset.full) {
      picture.src = picture.dataset.full;
      delete picture.dataset.full;
    }
  }

  function setZoom(to) {
    const x = (stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth;
    const y = (stage.scrollTop + stage.clientHeight / 2) / stage.scrollHeight;
    zoom = to;
    window.sessionStorage.setItem("zoom", String(zoom));
    show();
    stage.scrollLeft = x * stage.scrollWidth - stage.clientWidth / 2;
    stage.scrollTop = y * stage.scrollHeight - stage.clientHeight / 2;
  }

  function zoomBy(factor) {
    const seen = shape();
    const now = sheetWidth() * (seen.upright ? 1 : seen.ratio) / (stage.clientWidth - PADDING);
    setZoom(Math.min(Math.max(now * factor, SMALLEST), LARGEST));
  }

  function turn() {
    turns = (turns + 1) % 4;
    show();
  }

  // The first box comes to the upper third of the stage, the first marked word to that of the text.
  function showFirstBox() {
    const box = document.querySelector(".boxes.hits rect");
    if (box === null) { return; }
    const place = box.getBoundingClientRect(), around = stage.getBoundingClientRect();
    stage.scrollTop += place.top - around.top - stage.clientHeight / 3;
    stage.scrollLeft += place.left + place.width / 2 - around.left - stage.clientWidth / 2;
    const mark = text.querySelector("mark");
    if (mark !== null) {
      text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;
    }
  }

  function pointAt(line) {
    const box = line === null ? [0, 0, 0, 0] : line.dataset.box.split(" ").map(Number);
    pointed.setAttribute("x", box[0]);
    pointed.setAttribute("y", box[1]);
    pointed.setAttribute("width", box[2] - box[0]);
    pointed.setAttribute("height", box[3] - box[1]);
  }

  function showPointed() {
    const place = pointed.getBoundingClientRect(), around = stage.getBoundingClientRect();
    if (place.top < around.top || place.bottom > around.bottom) {
      stage.scrollTop += place.top - around.top - stage.clientHeight / 3;
    }
  }

  function follow(id) {
    const link = byId(id);
    if (link !== null) { link.click(); }
  }

  const KEYS = {
    ArrowLeft: function () { follow("page-before"); },
    ArrowRight: function () { follow("page-after"); },
    p: function () { follow("hit-before"); },
    n: function () { follow("hit-after"); },
    v: function () { follow("read"); },
    b: function () { follow("results"); },
    "+": function () { zoomBy(STEP); },
    "=": function () { zoomBy(STEP); },
    "-": function () { zoomBy(1 / STEP); },
    w: function () { setZoom("width"); },
    f: function () { setZoom("page"); },
    r: turn
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) { return; }
    // A picture wider than the stage is moved by the arrows first.
    const arrow = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (arrow && event.target === stage && stage.scrollWidth > stage.clientWidth) { return; }
    const deed = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (deed) { event.preventDefault(); deed(); }
  });

  byId("smaller").addEventListener("click", function () { zoomBy(1 / STEP); });
  byId("larger").addEventListener("click", function () { zoomBy(STEP); });
  byId("fit-width").addEventListener("click", function () { setZoom("width"); });
  byId("fit-page").addEventListener("click", function () { setZoom("page"); });
  byId("turn").addEventListener("click", turn);
  byId("tools").hidden = false;
  window.addEventListener("resize", show);
  picture.addEventListener("load", show);

  const lines = byId("lines");
  if (lines !== null) {
    lines.addEventListener("mouseover", function (event) { pointAt(event.target.closest("li")); });
    lines.addEventListener("mouseleave", function () { pointAt(null); });
    lines.addEventListener("click", function (event) {
      const line = event.target.closest("li");
      if (line !== null && String(window.getSelection()) === "") { pointAt(line); showPointed(); }
    });
  }

  // A page that is still on its way: look whether it has come further, and then show it anew.
  function askWhetherRead() {
    fetch("/api/v1/pages/" + text.dataset.page + "/text", { credentials: "same-origin" })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (page) {
        const reading = page === null || page.reading_version === null ? "" : String(page.reading_version);
        if (page !== null && (page.state !== text.dataset.state || reading !== text.dataset.reading)) {
          window.location.reload();
        } else {
          window.setTimeout(askWhetherRead, ASK_PAUSE);
        }
      })
      .catch(function () { window.setTimeout(askWhetherRead, ASK_PAUSE); });
  }
  if (text.dataset.state !== "searchable" && text.dataset.state !== "parked") {
    window.setTimeout(askWhetherRead, ASK_PAUSE);
  }

  show();
  showFirstBox();
})();
