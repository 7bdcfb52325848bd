// The light table: the pages of a volume, put right by keys, by buttons and by dragging.
"use strict";

(function () {
  const table = document.getElementById("table");
  const tools = document.getElementById("tools");
  const ask = document.getElementById("ask");
  const askLabel = document.getElementById("ask-label");
  const askField = document.getElementById("ask-field");
  const current = document.getElementById("current");
  const volume = table.dataset.volume;
  const byId = function (id) { return document.getElementById(id); };
  const api = function (page, deed) { return "/api/v1/pages/" + page + "/" + deed; };

  let chosen = [];          // ids of the pages that deeds are done to; the last one is where the keyboard is
  let answerTo = null;      // what becomes of the value that is being asked for
  let dragged = [];
  const turned = new Map(); // turns that were asked for and whose pictures are not there yet

  function cards() { return Array.from(table.querySelectorAll("li[data-page]")); }
  function card(id) { return byId("card-" + id); }
  function linkOf(item) { return item.querySelector("a"); }

  function choose(ids, isFocused) {
    chosen = ids.filter(function (id) { return card(id) !== null; });
    cards().forEach(function (item) {
      const is = chosen.indexOf(item.dataset.page) >= 0;
      item.classList.toggle("chosen", is);
      if (is) { linkOf(item).setAttribute("aria-current", "true"); } else { linkOf(item).removeAttribute("aria-current"); }
    });
    tools.querySelectorAll("button").forEach(function (button) { button.disabled = chosen.length === 0; });
    if (chosen.length === 0) { current.textContent = "请先选一页"; return; }
    const last = card(chosen[chosen.length - 1]);
    current.textContent = chosen.length > 1 ? "已选 " + chosen.length + " 页" : "当前：" + last.dataset.name;
    if (isFocused) { linkOf(last).focus(); }
  }

  function step(by, isRange) {
    const all = cards(), last = card(chosen[chosen.length - 1]);
    const at = all.indexOf(last), to = at + by;
    if (at < 0 || to < 0 || to >= all.length) { return; }
    const id = all[to].dataset.page;
    if (!isRange) { choose([id], true); return; }
    const known = chosen.indexOf(id);
    choose(known >= 0 ? chosen.slice(0, known + 1) : chosen.concat(id), true);
  }

  function inRow() {
    const all = cards();
    if (all.length < 2) { return 1; }
    const top = all[0].offsetTop;
    const next = all.findIndex(function (item) { return item.offsetTop !== top; });
    return next < 0 ? all.length : next;
  }

  function callsOn(ids, deed, bodyOf) {
    return ids.map(function (id) { return { address: api(id, deed), body: bodyOf(card(id), id) }; });
  }

  function onEach(deed, bodyOf, perhaps) {
    const ids = chosen.filter(perhaps || function () { return true; });
    if (ids.length > 0) { perform(callsOn(ids, deed, bodyOf)); }
  }

  function askFor(label, value, options, then) {
    answerTo = then;
    askLabel.textContent = label;
    askField.value = value;
    if (options) { askField.setAttribute("list", options); } else { askField.removeAttribute("list"); }
    ask.hidden = false;
    askField.focus();
    askField.select();
  }

  function leaveAsking() {
    ask.hidden = true;
    answerTo = null;
    if (chosen.length > 0) { choose(chosen, true); }
  }

  // Until the page has been read the new way up, its small picture is shown turned.
  function showTurns() {
    turned.forEach(function (wanted, id) {
      const item = card(id);
      if (item === null) { return; }
      const now = Number(item.dataset.turn);
      if (now === wanted) { turned.delete(id); }
      const picture = item.querySelector("img");
      picture.className = "turned-" + ((wanted - now + 360) % 360);
    });
  }

  function turn() {
    const ids = chosen.slice();
    ids.forEach(function (id) {
      const now = turned.has(id) ? turned.get(id) : Number(card(id).dataset.turn);
      turned.set(id, (now + 90) % 360);
    });
    showTurns();
    const calls = callsOn(ids, "turn", function (item, id) { return { turn_degrees: turned.get(id) }; });
    // Found out late, and so as often as the key was pressed: the fifth quarter turn is not the first one.
    perform(function () { return calls; }).then(function (answers) {
      if (answers !== undefined) { return; }
      ids.forEach(function (id) { turned.set(id, Number(card(id) === null ? 0 : card(id).dataset.turn)); });
      showTurns();
    });
  }

  function blank() {
    const is = !chosen.every(function (id) { return card(id).dataset.blank === "yes"; });
    onEach("blank", function () { return { blank: is }; });
  }

  function remove() {
    const count = chosen.length;
    askFor("移出页序的原因" + (count > 1 ? "（" + count + " 页）" : ""), "重复扫描", "reasons", function (reason) {
      onEach("remove", function () { return { reason: reason }; });
    });
  }

  function label() {
    const item = card(chosen[chosen.length - 1]);
    choose([item.dataset.page], false);
    askFor("纸上的页码（35、35-1、35背；没有就留空）", item.dataset.label, null, function (text) {
      onEach("label", function () { return { label: text }; });
    });
  }

  function pagesOfVolume() {
    return window.deeds.ask("/api/v1/volumes/" + volume + "/pages").then(function (known) { return known.pages; });
  }

  function numbered(text) {
    return pagesOfVolume().then(function (pages) {
      const page = pages.find(function (other) { return other.page_number > 0 && other.page_number === Number(text); });
      if (page === undefined) { throw new Error("这一卷没有第 " + text + " 页。"); }
      return page;
    });
  }

  // The order as the server has it, with its version; these pages go behind `after`.
  function arrangement(ids, after) {
    return pagesOfVolume().then(function (pages) {
      const order = pages.filter(function (page) { return page.outside === null; })
        .map(function (page) { return page.page_id; });
      const moving = order.filter(function (id) { return ids.indexOf(id) >= 0; });
      const rest = order.filter(function (id) { return ids.indexOf(id) < 0; });
      // Behind that page, or where it stood, if it is itself among those that are moved.
      const at = order.slice(0, order.indexOf(after) + 1)
        .filter(function (id) { return ids.indexOf(id) < 0; }).length;
      rest.splice.apply(rest, [at, 0].concat(moving));
      // The version is that of the order on the screen: a move is seen against it.
      return [{
        address: "/api/v1/volumes/" + volume + "/order",
        body: { pages: rest, version: table.dataset.version, moved: moving }
      }];
    });
  }

  // Resolves to undefined where it was not done.
  function perform(calls) { return window.deeds.perform(calls).catch(function () { return undefined; }); }

  // One place nearer to the beginning or the end than where the pages stand by then.
  function shift(by) {
    const moving = chosen.slice();
    perform(function () {
      const all = cards().filter(function (item) { return item.dataset.outside === ""; })
        .map(function (item) { return item.dataset.page; });
      const ids = all.filter(function (id) { return moving.indexOf(id) >= 0; });
      if (ids.length === 0) { return []; }
      const rest = all.filter(function (id) { return ids.indexOf(id) < 0; });
      const before = rest.filter(function (id) { return all.indexOf(id) < all.indexOf(ids[0]); }).length;
      const to = before + by;
      if (to < 0 || to > rest.length) { return []; }
      return arrangement(ids, to === 0 ? (table.dataset.before || null) : rest[to - 1]);
    });
  }

  function moveTo() {
    askFor("插到图像第几页之后（0 是最前）", "", null, function (text) {
      const number = Number(text);
      if (text.trim() === "" || !(number >= 0)) { window.deeds.say("请写页数。", true); return; }
      const moving = chosen.slice();
      perform(function () {
        if (number === 0) { return arrangement(moving, null); }
        return numbered(text).then(function (page) { return arrangement(moving, page.page_id); });
      });
    });
  }

  function toVolume() {
    const count = chosen.length;
    askFor("移到本案的哪一卷（放在最后）" + (count > 1 ? "（" + count + " 页）" : ""), "", "other-volumes", function (name) {
      if (name.trim() === "") { window.deeds.say("请写卷名。", true); return; }
      onEach("volume", function () { return { volume: name }; });
    });
  }

  function replace() {
    const item = card(chosen[chosen.length - 1]);
    choose([item.dataset.page], false);
    replaceBy(item.dataset.page);
  }

  // Also of a page that was taken out before, and so cannot be chosen.
  function replaceBy(page) {
    askFor("用图像第几页（重扫的那一页）替换这一页", "", null, function (text) {
      perform(function () {
        return numbered(text).then(function (by) {
          return [{ address: api(page, "replace"), body: { by: by.page_id } }];
        });
      });
    });
  }

  function divide() {
    const item = card(chosen[chosen.length - 1]);
    askFor("从这一页起另成一份材料，名称", "", null, function (title) {
      window.deeds.perform([{
        address: "/api/v1/documents/" + item.dataset.document + "/divide", body: { at: item.dataset.page, title: title }
      }]).then(function (answers) {
        // Now that it is a document, its first page may say what it is called.
        if (title === "" && answers[0].created) { name(answers[0].created); }
      }).catch(function () { return undefined; });
    });
  }

  function insertDocument(documentId) {
    askFor("整份插到图像第几页之后（0 是最前）", "", null, function (text) {
      const number = Number(text);
      if (text.trim() === "" || !(number >= 0)) { window.deeds.say("请写页数。", true); return; }
      perform([{ address: "/api/v1/documents/" + documentId + "/insert", body: { after_number: number } }]);
    });
  }

  function name(documentId) {
    window.deeds.ask("/api/v1/documents/" + documentId + "/title").then(function (known) {
      askFor("材料名称" + (known.suggestion ? "（首页识别到：" + known.suggestion + "）" : ""),
             known.suggestion || known.title, null, function (title) {
        perform([{ address: "/api/v1/documents/" + documentId + "/title", body: { title: title } }]);
      });
    }).catch(function () { window.deeds.say("没有连上系统，请重试。", true); });
  }

  // What is still in line is done first.
  function leave(address) { window.deeds.whenDone().then(function () { window.location.href = address; }); }

  function crop() { leave("/pages/" + chosen[chosen.length - 1] + "/crop"); }

  const DEEDS = {
    crop: crop,
    turn: turn, blank: blank, remove: remove, label: label, "move-to": moveTo, "to-volume": toVolume, replace: replace, divide: divide,
    earlier: function () { shift(-1); }, later: function () { shift(1); },
    "read-again": function () { onEach("read-again", function () { return {}; }); },
    restore: function () {
      onEach("restore", function () { return {}; }, function (id) { return card(id).dataset.outside !== ""; });
    }
  };
  const KEYS = {
    r: turn, c: crop, b: blank, delete: remove, l: label, m: moveTo, d: divide, "[": DEEDS.earlier, "]": DEEDS.later
  };

  // Keys count while the keyboard is on a page.
  table.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("li[data-page]") === null) { return; }
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -inRow(), ArrowDown: inRow() };
    if (event.key in moves) { event.preventDefault(); step(moves[event.key], event.shiftKey); return; }
    const deed = KEYS[event.key.toLowerCase()];
    if (deed === undefined) { return; }
    event.preventDefault();
    // A key that is held down moves the choice on, but does nothing a hundred times.
    if (!event.repeat) { deed(); }
  });
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.target.matches("input")) {
      event.preventDefault();
      window.deeds.takeBack();
    }
  });

  byId("outside").addEventListener("click", function (event) {
    const button = event.target.closest("button[data-replace]");
    if (button !== null) { replaceBy(button.dataset.replace); }
  });

  table.addEventListener("focusin", function (event) {
    const item = event.target.closest("li[data-page]");
    if (item !== null && chosen.indexOf(item.dataset.page) < 0) { choose([item.dataset.page], false); }
  });
  table.addEventListener("click", function (event) {
    const item = event.target.closest("li[data-page]");
    if (item === null) {
      const named = event.target.closest("button[data-name-document]");
      if (named !== null) { name(named.dataset.nameDocument); }
      const late = event.target.closest("button[data-insert-document]");
      if (late !== null) { insertDocument(late.dataset.insertDocument); }
      return;
    }
    // A click chooses; two open the page, as Enter does.
    if (event.detail === 0) { return; }
    event.preventDefault();
    if (event.shiftKey && chosen.length > 0) {
      const all = cards().map(function (other) { return other.dataset.page; });
      const ends = [all.indexOf(chosen[0]), all.indexOf(item.dataset.page)].sort(function (a, b) { return a - b; });
      choose(all.slice(ends[0], ends[1] + 1), true);
    } else if (event.ctrlKey || event.metaKey) {
      const known = chosen.indexOf(item.dataset.page);
      choose(known >= 0 ? chosen.filter(function (id) { return id !== item.dataset.page; })
                        : chosen.concat(item.dataset.page), true);
    } else {
      choose([item.dataset.page], true);
    }
  });
  table.addEventListener("dblclick", function (event) {
    const item = event.target.closest("li[data-page]");
    if (item !== null) { leave(linkOf(item).href); }
  });

  tools.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-deed]");
    if (button !== null && chosen.length > 0) { DEEDS[button.dataset.deed](); }
  });

  ask.addEventListener("submit", function (event) {
    event.preventDefault();
    const then = answerTo, value = askField.value;
    leaveAsking();
    if (then !== null) { then(value); }
  });
  byId("ask-leave").addEventListener("click", leaveAsking);
  ask.addEventListener("keydown", function (event) { if (event.key === "Escape") { leaveAsking(); } });

  // Dragging: a page, or all that are chosen, to before or behind the page under the pointer.
  function aim(event) {
    const item = event.target.closest && event.target.closest("li[data-page]");
    table.querySelectorAll(".drop-before, .drop-after").forEach(function (other) {
      other.classList.remove("drop-before", "drop-after");
    });
    if (!item || item.dataset.outside !== "") { return null; }
    const place = item.getBoundingClientRect();
    const isBefore = event.clientX < place.left + place.width / 2;
    item.classList.add(isBefore ? "drop-before" : "drop-after");
    return { item: item, isBefore: isBefore };
  }
  table.addEventListener("dragstart", function (event) {
    const item = event.target.closest("li[data-page]");
    if (item === null || item.dataset.outside !== "") { event.preventDefault(); return; }
    if (chosen.indexOf(item.dataset.page) < 0) { choose([item.dataset.page], false); }
    dragged = chosen.slice();
    document.body.dataset.busy = "yes";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.join(" "));
  });
  table.addEventListener("dragover", function (event) {
    if (dragged.length > 0 && aim(event) !== null) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
  });
  table.addEventListener("drop", function (event) {
    const target = aim(event), ids = dragged;
    event.preventDefault();
    if (target === null || ids.indexOf(target.item.dataset.page) >= 0) { return; }
    const all = cards().filter(function (item) {
      return item.dataset.outside === "" && ids.indexOf(item.dataset.page) < 0;
    }).map(function (item) { return item.dataset.page; });
    const at = all.indexOf(target.item.dataset.page);
    const after = target.isBefore ? (at === 0 ? (table.dataset.before || null) : all[at - 1]) : all[at];
    perform(function () { return arrangement(ids, after); });
  });
  table.addEventListener("dragend", function () {
    dragged = [];
    delete document.body.dataset.busy;
    table.querySelectorAll(".drop-before, .drop-after").forEach(function (other) {
      other.classList.remove("drop-before", "drop-after");
    });
  });

  // After a deed, and when somebody else has changed the order: the table anew, with the keyboard where it was.
  let refreshing = null;    // until when, if it is being asked for
  let isLate = false;       // what is being asked for may be older than the last deed
  function refresh() {
    if (refreshing !== null) { isLate = true; return refreshing; }
    isLate = false;
    refreshing = window.deeds
      .asked(window.location.href, { headers: { Accept: "text/html" } }, function (answer) { return answer.text(); })
      .then(function (text) { return window.live.whenFree().then(function () { show(text); }); })
      .catch(function () { return undefined; })
      .then(function () {
        refreshing = null;
        return isLate ? refresh() : undefined;
      });
    return refreshing;
  }
  function show(text) {
    // Asked only now: the keyboard may have moved on since, and must not be put back to another page.
    const focused = document.activeElement, focus = focused !== null && table.contains(focused) ? focused.id : "";
    const at = cards().findIndex(function (item) { return item.classList.contains("chosen"); });
    const fresh = new DOMParser().parseFromString(text, "text/html");
    ["table", "order", "notes", "progress", "labels", "outside"].forEach(function (id) {
      const newer = fresh.getElementById(id), older = byId(id);
      if (newer === null || older === null) { return; }
      older.innerHTML = newer.innerHTML;
      Array.from(newer.attributes).forEach(function (attribute) {
        older.setAttribute(attribute.name, attribute.value);
      });
      if (!newer.hidden) { older.removeAttribute("hidden"); }
    });
    choose(chosen, false);
    // Where the chosen page has gone, the next one is, so that the keyboard can go on.
    const left = cards();
    if (chosen.length === 0 && at >= 0 && left.length > 0) {
      choose([left[Math.min(at, left.length - 1)].dataset.page], focus !== "" && document.activeElement === document.body);
    }
    showTurns();
    // Only where the keyboard was lost with the old table: it may be in a field by now.
    if (focus !== "" && byId(focus) !== null && document.activeElement === document.body) { byId(focus).focus({ preventScroll: true }); }
  }
  document.addEventListener("deeds:done", function (event) { event.detail.until(refresh()); });
  // A card that has come anew does not know that it is chosen, nor that it was turned.
  document.addEventListener("live:replaced", function () { choose(chosen, false); showTurns(); });
  window.setInterval(function () {
    if (byId("order").dataset.version !== table.dataset.version && document.body.dataset.busy !== "yes") { refresh(); }
  }, 1000);

  tools.hidden = false;
  choose([], false);
})();
