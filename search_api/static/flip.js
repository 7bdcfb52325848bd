// Leafing through a volume at the speed of a held key. A page counts as seen once its picture has been painted; the
// next one comes only then, so that nothing is skipped unseen.
"use strict";

(function () {
  const WIDTH = 800, AHEAD = 8, BEHIND = 2, KEPT = 40;
  const POST_PAUSE = 700, POST_MOST = 200, RETRY_PAUSE = 3000, PICTURE_PAUSE = 2000;
  const sheets = document.getElementById("sheets");
  // The picture on the screen: the very one that was asked for beforehand, so that nothing is asked for twice.
  let sheet = document.getElementById("sheet");
  const wait = document.getElementById("wait");
  const marked = document.getElementById("marked");
  const unshown = document.getElementById("unshown");
  const acknowledge = document.getElementById("acknowledge");
  const other = document.getElementById("other");
  const volume = sheets.dataset.volume;
  const mayMark = sheets.dataset.mark === "yes";
  const base = "/api/v1/volumes/" + volume;
  const kindNames = {};
  document.querySelectorAll("[data-kind]").forEach(function (button) {
    kindNames[button.dataset.kind] = button.dataset.words;
  });

  let pages = null, at = 0, isPainted = false;
  const pictures = new Map();
  const unsent = new Set();
  let sending = false, said = 0;

  function count(list) { return list.filter(Boolean).length; }

  function addressOf(index) {
    const reading = pages.readings[index] === null ? "scan" : pages.readings[index];
    return "/api/v1/pages/" + pages.page_ids[index] + "/image?width=" + WIDTH + "&nearly=1&reading=" + reading;
  }

  // The picture of a page, asked for once and kept while it is near.
  function pictureOf(index) {
    let picture = pictures.get(index);
    if (picture !== undefined) { return picture; }
    picture = new Image();
    picture.decoding = "async";
    pictures.set(index, picture);
    picture.addEventListener("load", function () { if (index === at) { show(); } });
    picture.addEventListener("error", function () {
      askWhy(index);
      window.setTimeout(function () {
        if (pictures.get(index) !== picture) { return; }
        pictures.delete(index);
        if (Math.abs(index - at) <= AHEAD) { pictureOf(index); }
      }, PICTURE_PAUSE);
    });
    picture.src = addressOf(index);
    return picture;
  }

  // A picture that is being made, or a line that broke, is waited for; one that cannot be made is said so, and the keys
  // go on over it. It is not seen.
  function askWhy(index) {
    fetch(addressOf(index) + "&wait=0", { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (answer.ok || answer.status === 503 || answer.status === 401) { return undefined; }
        return answer.json().then(function (content) {
          pages.unshown[index] = content.title + (content.remedy || "");
          if (index === at) { show(); }
        });
      }).catch(function () { return undefined; });
  }

  function tellUnshown() {
    const why = pages.unshown[at];
    unshown.hidden = why === null;
    if (why === null) { return; }
    document.getElementById("unshown-why").textContent =
      "这一页的图像做不出来，不算看过：" + why + (pages.seen[at] ? "（已确认核对过原件或纸质）" : "");
    if (acknowledge !== null) { acknowledge.hidden = pages.seen[at]; }
  }

  function prefetch() {
    for (let step = 1; step <= AHEAD; step += 1) {
      if (at + step < pages.page_ids.length) { pictureOf(at + step); }
      if (step <= BEHIND && at - step >= 0) { pictureOf(at - step); }
    }
    if (pictures.size <= KEPT) { return; }
    Array.from(pictures.keys()).forEach(function (index) {
      if (Math.abs(index - at) > AHEAD) { pictures.delete(index); }
    });
  }

  function tell() {
    const total = pages.page_ids.length;
    const label = pages.labels[at];
    document.getElementById("place").textContent =
      "第 " + (at + 1) + "/" + total + " 页" + (label === null ? "" : " · 页码 " + label);
    const progress = document.getElementById("progress");
    progress.max = total;
    progress.value = count(pages.seen);
    // For screen readers, too, which are told of it once the leafing pauses.
    window.clearTimeout(said);
    said = window.setTimeout(tellSeen, 60);
    const faults = pages.faults[at].map(function (kind) { return kindNames[kind] || "有差错"; });
    marked.hidden = faults.length === 0;
    marked.textContent = faults.join("、");
    sheets.classList.toggle("faulty", faults.length > 0);
  }

  function tellSeen() {
    const drawn = count(pages.sampled);
    const both = count(pages.seen.map(function (isSeen, index) { return isSeen && pages.sampled[index]; }));
    document.getElementById("seen").textContent =
      "已看 " + count(pages.seen) + "/" + pages.page_ids.length + (drawn ? " · 抽查 " + both + "/" + drawn : "");
    document.getElementById("sampled").hidden = drawn === 0;
    document.getElementById("unseen").disabled = count(pages.seen) === pages.page_ids.length;
  }

  function show() {
    const picture = pictureOf(at);
    tell();
    if (!picture.complete || picture.naturalWidth === 0) {
      isPainted = false;
      wait.hidden = pages.unshown[at] !== null;
      sheet.hidden = true;
      tellUnshown();
      if (pages.unshown[at] !== null) { prefetch(); }
      return;
    }
    pages.unshown[at] = null;
    unshown.hidden = true;
    if (sheet !== picture) {
      picture.id = "sheet";
      picture.draggable = false;
      sheets.replaceChild(picture, sheet);
      sheet = picture;
    }
    wait.hidden = true;
    sheet.hidden = false;
    sheet.alt = "第 " + (at + 1) + " 页";
    const shown = at;
    const painted = function () {
      // One frame to draw it, another to be sure that the first was drawn.
      window.requestAnimationFrame(function () {
        window.requestAnimationFrame(function () {
          if (shown !== at || document.hidden) { return; }
          isPainted = true;
          note(shown);
        });
      });
    };
    // Where it cannot be decoded now, it is drawn a moment later: it has come whole.
    picture.decode().then(painted, painted);
    prefetch();
  }

  function note(index) {
    unsent.add(pages.page_ids[index]);
    if (!pages.seen[index]) { pages.seen[index] = true; tell(); }
  }

  function send(isLast) {
    if (unsent.size === 0 || (sending && !isLast)) { return; }
    const batch = Array.from(unsent).slice(0, POST_MOST);
    // At which reading each was shown: what has been read again since has not been seen.
    const readings = batch.map(function (id) { return pages.readings[pages.page_ids.indexOf(id)]; });
    sending = true;
    fetch(base + "/seen", {
      method: "POST", credentials: "same-origin", keepalive: isLast === true,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ pages: batch, readings: readings })
    }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      batch.forEach(function (id) { unsent.delete(id); });
      document.getElementById("trouble").hidden = true;
      sending = false;
    }).catch(function () {
      document.getElementById("trouble").hidden = false;
      window.setTimeout(function () { sending = false; }, RETRY_PAUSE);
    });
  }

  function go(index) {
    if (index < 0 || index >= pages.page_ids.length || index === at) { return; }
    at = index;
    isPainted = false;
    show();
  }

  // The next step waits until this page has been painted: a held key asks again and again.
  function step(by) { if (isPainted || pages.unshown[at] !== null) { go(at + by); } }

  function next(isWanted) {
    const total = pages.page_ids.length;
    for (let ahead = 1; ahead <= total; ahead += 1) {
      const index = (at + ahead) % total;
      if (isWanted(index)) { go(index); return; }
    }
  }

  function nextUnseen() { next(function (index) { return !pages.seen[index]; }); }
  function nextSampled() { next(function (index) { return pages.sampled[index] && !pages.seen[index]; }); }

  function mark(kind, words) {
    const index = at;
    window.deeds.perform([
      { address: base + "/faults", body: { page: pages.page_ids[index], kind: kind, words: words } }
    ]).catch(function () { return undefined; });
    sheets.focus({ preventScroll: true });
  }

  function pressed(kind) {
    if (kind !== "other") { mark(kind, ""); return; }
    other.hidden = false;
    document.getElementById("other-words").focus();
  }

  // What stands on the server is what is shown, also after undoing.
  function reload() {
    return fetch(base + "/seen", { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      });
  }

  document.addEventListener("deeds:done", function () {
    reload().then(function (told) {
      const same = told.pages.page_ids.join() === pages.page_ids.join();
      if (!same) { window.location.reload(); return; }
      pages.faults = told.pages.faults;
      tell();
    }).catch(function () { return undefined; });
  });

  document.addEventListener("keydown", function (event) {
    if (pages === null || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.target.matches("input")) {
      if (event.key === "Escape") { other.hidden = true; sheets.focus({ preventScroll: true }); }
      return;
    }
    if (event.target.matches("button, a") && (event.key === " " || event.key === "Enter")) { return; }
    const digit = /^[0-9]$/.test(event.key) ? (Number(event.key) + 9) % 10 : -1;
    const kinds = document.querySelectorAll("[data-kind]");
    if (["ArrowRight", "ArrowDown", "PageDown", " "].indexOf(event.key) >= 0) {
      step(1);
    } else if (["ArrowLeft", "ArrowUp", "PageUp"].indexOf(event.key) >= 0) {
      step(-1);
    } else if (event.key === "Home") {
      go(0);
    } else if (event.key === "End") {
      go(pages.page_ids.length - 1);
    } else if (event.key === "u" || event.key === "U") {
      nextUnseen();
    } else if (event.key === "s" || event.key === "S") {
      nextSampled();
    } else if (event.key === "Enter") {
      window.open("/pages/" + pages.page_ids[at], "_blank", "noopener");
    } else if (event.key === "Escape") {
      send(true);
      // Faults that were marked are written down first.
      window.deeds.whenDone().then(function () {
        window.location.href = "/volumes/" + volume + "/check";
      });
    } else if (digit >= 0 && mayMark && digit < kinds.length && !event.repeat) {
      pressed(kinds[digit].dataset.kind);
    } else {
      return;
    }
    event.preventDefault();
  });

  document.querySelectorAll("[data-kind]").forEach(function (button) {
    button.addEventListener("click", function () { if (pages !== null) { pressed(button.dataset.kind); } });
  });
  if (acknowledge !== null) {
    acknowledge.addEventListener("click", function () {
      const index = at;
      window.deeds.perform([{ address: base + "/unshown", body: { page: pages.page_ids[index] } }]).then(function () {
        pages.seen[index] = true;
        tell();
        tellUnshown();
      }).catch(function () { return undefined; });
      sheets.focus({ preventScroll: true });
    });
  }
  if (other !== null) {
    other.addEventListener("submit", function (event) {
      event.preventDefault();
      const field = document.getElementById("other-words");
      mark("other", field.value);
      field.value = "";
      other.hidden = true;
    });
  }
  document.getElementById("unseen").addEventListener("click", function () { nextUnseen(); sheets.focus(); });
  document.getElementById("sampled").addEventListener("click", function () { nextSampled(); sheets.focus(); });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { send(true); } else if (pages !== null) { show(); }
  });
  window.addEventListener("pagehide", function () { send(true); });
  window.setInterval(function () { send(false); }, POST_PAUSE);

  reload().then(function (told) {
    pages = told.pages;
    if (pages.page_ids.length === 0) {
      wait.textContent = "这一卷还没有页面。";
      wait.hidden = false;
      pages = null;
      return;
    }
    const wanted = new URLSearchParams(window.location.search).get("at");
    const first = wanted === "sample"
      ? pages.sampled.findIndex(function (isSampled, index) { return isSampled && !pages.seen[index]; })
      : pages.seen.indexOf(false);
    at = Math.max(first, 0);
    show();
    sheets.focus({ preventScroll: true });
  }).catch(function () {
    wait.textContent = "没有连上系统，请刷新重试。";
    wait.hidden = false;
  });
})();
