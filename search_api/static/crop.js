// Cropping: a frame drawn with the mouse or told in numbers, and the deed; afterwards the page as it has been read anew.
"use strict";

(function () {
  const root = document.getElementById("crop");
  const sheet = document.getElementById("sheet");
  const form = document.getElementById("crop-form");
  const whole = document.getElementById("whole");
  const said = document.getElementById("left-over");
  const byId = function (id) { return document.getElementById(id); };
  const address = "/api/v1/pages/" + root.dataset.page;
  const fields = ["left", "top", "right", "bottom"].map(byId);
  let box = [0, 0, 1, 1];   // left, top, right, bottom, fractions of the picture
  let start = null;         // where the mouse was pressed

  function show() {
    const wide = Math.max(box[2] - box[0], 0), high = Math.max(box[3] - box[1], 0);
    const frame = byId("frame");
    frame.setAttribute("x", box[0]); frame.setAttribute("y", box[1]);
    frame.setAttribute("width", wide); frame.setAttribute("height", high);
    byId("shade").setAttribute("d", "M0 0H1V1H0ZM" + box[0] + " " + box[1] + "h" + wide + "v" + high + "h" + -wide + "Z");
    said.textContent = wide === 1 && high === 1 ? "留下整页。"
      : "留下宽 " + Math.round(wide * 1000) / 10 + "%，高 " + Math.round(high * 1000) / 10 + "%。";
  }

  function tell() {
    [box[0], box[1], 1 - box[2], 1 - box[3]].forEach(function (value, at) {
      fields[at].value = String(Math.round(value * 1000) / 10);
    });
    show();
  }

  function pointOf(event) {
    const place = sheet.getBoundingClientRect();
    return [(event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height]
      .map(function (value) { return Math.min(Math.max(value, 0), 1); });
  }

  sheet.addEventListener("pointerdown", function (event) {
    if (event.button !== 0) { return; }
    event.preventDefault();
    start = pointOf(event);
    sheet.setPointerCapture(event.pointerId);
  });
  sheet.addEventListener("pointermove", function (event) {
    if (start === null) { return; }
    const end = pointOf(event);
    // A click is no frame.
    if (Math.abs(end[0] - start[0]) < 0.01 || Math.abs(end[1] - start[1]) < 0.01) { return; }
    box = [Math.min(start[0], end[0]), Math.min(start[1], end[1]), Math.max(start[0], end[0]), Math.max(start[1], end[1])];
    tell();
  });
  function release() { start = null; }
  sheet.addEventListener("pointerup", release);
  sheet.addEventListener("pointercancel", release);

  form.addEventListener("input", function () {
    const cut = fields.map(function (field) { return Math.min(Math.max(Number(field.value) || 0, 0), 100) / 100; });
    box = [cut[0], cut[1], 1 - cut[2], 1 - cut[3]];
    show();
  });
  byId("anew").addEventListener("click", function () { box = [0, 0, 1, 1]; tell(); fields[0].focus(); });

  // As soon as the page has been read so, it is shown so.
  function wait() {
    fetch(address, { credentials: "same-origin" })
      .then(function (answer) { return answer.json(); })
      .then(function (page) {
        const isNew = String(page.reading_version === null ? "" : page.reading_version) !== root.dataset.reading;
        if (page.state === "parked" || (isNew && page.state !== "waiting" && page.state !== "reading")) {
          window.location.reload();
        } else { window.setTimeout(wait, 1000); }
      })
      .catch(function () { window.setTimeout(wait, 3000); });
  }

  function perform(body) {
    // Without a frame there is nothing to be done, and whoever pressed the key should hear so.
    window.deeds.perform([{ address: address + "/crop", body: body }])
      .then(function () { byId("do-crop").disabled = true; wait(); })
      .catch(function () { return undefined; });
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (box[0] === 0 && box[1] === 0 && box[2] === 1 && box[3] === 1) {
      window.deeds.say("请先在图上框出要留下的部分，或填四边裁去多少。", true);
      return;
    }
    perform({ box: box, reading_version: Number(root.dataset.reading) });
  });
  if (whole !== null) { whole.addEventListener("click", function () { perform({ box: null }); }); }
  if (root.dataset.settled === "no") { wait(); }
  show();
})();
