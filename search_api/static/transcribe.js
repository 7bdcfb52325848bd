// The page view: what people read on the page 人工校录, notes 批注, the bookmark 书签, and rectangles drawn by hand.
"use strict";

(function () {
  const text = document.getElementById("text"), panel = document.getElementById("hand");
  if (panel === null) { return; }
  const byId = function (id) { return document.getElementById(id); };
  const pageId = text.dataset.page, sheet = byId("sheet"), stage = byId("stage");
  const form = byId("hand-form"), words = byId("hand-words"), lead = byId("hand-lead"), says = byId("hand-said");
  const other = byId("hand-other"), own = byId("hand-list"), noted = byId("hand-notes");
  const STEP = 0.01, SMALLEST = 0.005;
  const SVG = "http://www.w3.org/2000/svg";
  const mayTranscribe = panel.dataset.transcribes === "true";
  let transcriptions = [], notes = [], bookmark = null;
  let doing = null;  // what the form writes: {kind, box, id, version, ocr}
  let drawing = null;  // the rectangle that is drawn: {kind, box, from}

  function ask(method, address, body, key) {
    const headers = { "Content-Type": "application/json" };
    if (key) { headers["Idempotency-Key"] = key; }
    return fetch(address, {
      method: method, credentials: "same-origin", headers: headers, body: body === null ? undefined : JSON.stringify(body)
    }).then(function (answer) {
      if (answer.status === 204) { return { ok: true, status: 204, content: null }; }
      return answer.json().then(function (content) { return { ok: answer.ok, status: answer.status, content: content }; });
    });
  }

  function say(sentence) { says.textContent = sentence; }
  function lost() { say("没有成功：与系统的连接断开了，请再试一次。"); }

  function moment(at) {
    const then = new Date(at * 1000), two = function (number) { return String(number).padStart(2, "0"); };
    return then.getFullYear() + "-" + two(then.getMonth() + 1) + "-" + two(then.getDate()) + " " +
      two(then.getHours()) + ":" + two(then.getMinutes());
  }

  function element(name, content, classes) {
    const made = document.createElement(name);
    if (content) { made.textContent = content; }
    if (classes) { made.className = classes; }
    return made;
  }

  function button(label, title, deed) {
    const made = element("button", label);
    made.type = "button";
    made.title = title;
    made.addEventListener("click", deed);
    return made;
  }

  // Rectangles on the picture.
  function layer(classes) {
    const made = document.createElementNS(SVG, "svg");
    made.setAttribute("class", "boxes " + classes);
    made.setAttribute("viewBox", "0 0 1 1");
    made.setAttribute("preserveAspectRatio", "none");
    made.setAttribute("aria-hidden", "true");
    sheet.appendChild(made);
    return made;
  }
  const humanBoxes = layer("human"), noteBoxes = layer("noted"), drawn = layer("drawn");

  function draw(onto, boxes) {
    while (onto.firstChild) { onto.removeChild(onto.firstChild); }
    boxes.forEach(function (box) {
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("x", box[0]);
      rect.setAttribute("y", box[1]);
      rect.setAttribute("width", box[2] - box[0]);
      rect.setAttribute("height", box[3] - box[1]);
      onto.appendChild(rect);
    });
  }

  function lineItems() {
    const lines = byId("lines");
    return lines === null ? [] : Array.prototype.filter.call(lines.children, function (item) {
      return !item.classList.contains("human");
    });
  }

  // Human text stands before the line of which it is, in the same list, so that it is selected, copied and cited as
  // the line is; what has no line stands in a list of its own.
  function showTranscriptions() {
    document.querySelectorAll("li.human").forEach(function (item) { item.parentNode.removeChild(item); });
    lineItems().forEach(function (item) { item.classList.remove("superseded"); });
    const items = lineItems();
    transcriptions.forEach(function (one) {
      const item = element("li", one.text, "human");
      item.dataset.box = one.box.join(" ");
      item.dataset.id = one.id;
      item.dataset.by = "人工校录 · " + one.author + " · " + moment(one.at) + (one.version > 1 ? " · 第" + one.version + "版" : "");
      const line = one.line === null ? undefined : items[one.line];
      if (line === undefined) {
        item.tabIndex = 0;
        own.appendChild(item);
      } else {
        line.classList.add("superseded");
        line.parentNode.insertBefore(item, line);
      }
    });
    byId("hand-own").hidden = own.children.length === 0;
    draw(humanBoxes, transcriptions.map(function (one) { return one.box; }));
  }

  function showNotes() {
    while (noted.firstChild) { noted.removeChild(noted.firstChild); }
    notes.forEach(function (note) {
      const item = element("li"), tools = element("span", "", "tools");
      item.appendChild(element("p", note.text, "words"));
      const by = element("p", note.owner + " · " + moment(note.updated_at) + " ", "by");
      by.appendChild(element("span", note.shared ? "办案组可见" : "仅自己可见", "tag"));
      if (note.mine) {
        tools.appendChild(button("改", "修改这条批注", function () { openNote(note); }));
        tools.appendChild(button("删除", "删除这条批注", function () { removeNote(note); }));
        by.appendChild(tools);
      }
      item.appendChild(by);
      if (note.box !== null) { item.dataset.box = note.box.join(" "); }
      noted.appendChild(item);
    });
    byId("hand-noted").hidden = notes.length === 0;
    draw(noteBoxes, notes.filter(function (note) { return note.box !== null; }).map(function (note) { return note.box; }));
  }

  function showBookmark() {
    const toggle = byId("bookmark");
    toggle.setAttribute("aria-pressed", bookmark === null ? "false" : "true");
    toggle.textContent = bookmark === null ? "书签" : "书签：" + bookmark.name;
  }

  function loadTranscriptions() {
    return ask("GET", "/api/v1/pages/" + pageId + "/transcriptions", null).then(function (answer) {
      if (!answer.ok) { return; }
      transcriptions = answer.content.transcriptions;
      const damaged = answer.content.damaged.length;
      byId("hand-damaged").textContent = "这一页有 " + damaged + " 条人工校录的文件丢失或损坏，看不到也搜不到。请告诉管理员从备份恢复。";
      byId("hand-damaged").hidden = damaged === 0;
      showTranscriptions();
    });
  }
  function loadNotes() {
    return ask("GET", "/api/v1/notes?page_id=" + pageId, null).then(function (answer) {
      if (answer.ok) { notes = answer.content.notes; showNotes(); }
    });
  }
  function loadBookmark() {
    return ask("GET", "/api/v1/bookmarks?case=" + panel.dataset.case, null).then(function (answer) {
      if (!answer.ok) { return; }
      bookmark = answer.content.bookmarks.filter(function (one) { return one.page_id === pageId; })[0] || null;
      showBookmark();
    });
  }

  // The form: one for all three, since one is written at a time.
  const LEADS = { transcription: "校录", note: "批注", bookmark: "书签名" };
  function open(what, value) {
    doing = what;
    other.hidden = true;
    says.textContent = "";
    lead.textContent = LEADS[what.kind] + (what.where ? "（" + what.where + "）" : "");
    byId("hand-ocr").hidden = !what.ocr;
    byId("hand-ocr").textContent = what.ocr ? "识别：" + what.ocr : "";
    byId("hand-share").hidden = what.kind !== "note";
    byId("hand-withdraw").hidden = !what.id || what.kind === "note";
    byId("hand-withdraw").textContent = what.kind === "bookmark" ? "去掉书签" : "撤回";
    byId("hand-history").hidden = what.kind !== "transcription" || !what.id;
    byId("hand-versions").hidden = true;
    words.maxLength = what.kind === "bookmark" ? 100 : 2000;
    words.rows = what.kind === "bookmark" ? 1 : 3;
    words.value = value;
    form.hidden = false;
    draw(drawn, what.box ? [what.box] : []);
    words.focus();
    words.setSelectionRange(words.value.length, words.value.length);
    form.scrollIntoView({ block: "nearest" });
  }

  function close() {
    const back = doing !== null && doing.back ? doing.back : byId("lines") || stage;
    const item = doing === null ? null : doing.item;
    doing = null;
    form.hidden = true;
    draw(drawn, []);
    back.focus({ preventScroll: true });
    // The field has taken the selection; it goes back to the line from which it came.
    if (item && item.isConnected) {
      const range = document.createRange(), selection = window.getSelection();
      range.selectNodeContents(item);
      selection.removeAllRanges();
      selection.addRange(range);
    }
  }

  function openLine(item) {
    if (!mayTranscribe) { say("您的角色不能校录。"); return; }
    if (item.classList.contains("human")) { openTranscription(item.dataset.id, item); return; }
    const standing = transcriptions.filter(function (one) { return one.line !== null && lineItems()[one.line] === item; })[0];
    if (standing) { openTranscription(standing.id, item); return; }
    const at = lineItems().indexOf(item) + 1;
    open({ kind: "transcription", box: item.dataset.box.split(" ").map(Number), ocr: item.textContent, where: "第" + at + "行", item: item },
      item.textContent);
  }

  function openTranscription(id, item) {
    const one = transcriptions.filter(function (each) { return each.id === id; })[0];
    if (!one) { return; }
    open({ kind: "transcription", id: id, version: one.version, box: one.box, ocr: one.ocr, item: item,
      where: one.line === null ? "所画的框" : "第" + (one.line + 1) + "行" }, one.text);
  }

  function openNote(note) {
    byId("hand-shared").checked = note.shared;
    open({ kind: "note", id: note.id, version: note.version, box: note.box, back: byId("note") }, note.text);
  }

  function selectedItem() {
    const selection = window.getSelection();
    const at = selection.rangeCount === 0 ? null : selection.getRangeAt(0).startContainer;
    const item = at === null ? null : (at.nodeType === 1 ? at : at.parentElement).closest("#lines li, #hand-list li");
    return item;
  }

  function newKey() { return pageId + "-" + Date.now().toString(36) + Math.random().toString(36).slice(2); }

  function request(value) {
    if (doing.kind === "bookmark") { return ask("POST", "/api/v1/bookmarks", { page_id: pageId, name: value }); }
    doing.key = doing.key || newKey();
    if (doing.kind === "note") {
      const shared = byId("hand-shared").checked;
      return doing.id ? ask("PATCH", "/api/v1/notes/" + doing.id, { text: value, shared: shared, version: doing.version })
        : ask("POST", "/api/v1/notes", { page_id: pageId, text: value, box: doing.box || null, shared: shared }, doing.key);
    }
    return doing.id ? ask("PATCH", "/api/v1/transcriptions/" + doing.id, { text: value, version: doing.version })
      : ask("POST", "/api/v1/pages/" + pageId + "/transcriptions", { text: value, box: doing.box }, doing.key);
  }

  const LOADS = { transcription: loadTranscriptions, note: loadNotes, bookmark: loadBookmark };
  function done(sentence) {
    const load = LOADS[doing.kind];
    close();
    load().then(function () { say(sentence); });
  }

  function save() {
    const value = words.value.trim();
    if (doing === null) { return; }
    if (value === "") { say("请先写文字；不要了请按 Esc。"); return; }
    request(value).then(function (answer) {
      if (answer.ok) { done({ transcription: "已校录，马上可以搜到。", note: "批注已保存。", bookmark: "书签已保存。" }[doing.kind]); return; }
      if (answer.status === 409 && answer.content.current) { showOther(answer.content.current); return; }
      say("没有保存：" + answer.content.title + answer.content.remedy);
    }).catch(lost);
  }

  // Somebody has written there meanwhile: their text is shown, mine stays in the field, and nothing is decided.
  function showOther(current) {
    doing.id = current.id;
    doing.version = current.version;
    byId("hand-others-words").textContent = current.text;
    byId("hand-others-name").textContent = current.author;
    other.hidden = false;
    say("没有保存：" + current.author + "刚刚写过这里。请比较两段文字。");
    byId("hand-take").focus();
  }

  function withdraw() {
    const address = doing.kind === "bookmark" ? "/api/v1/bookmarks/" + doing.id
      : "/api/v1/transcriptions/" + doing.id + "?version=" + doing.version;
    ask("DELETE", address, null).then(function (answer) {
      if (answer.ok) { done(doing.kind === "bookmark" ? "书签已去掉。" : "已撤回，历史里还在。"); return; }
      if (answer.content.current) { showOther(answer.content.current); return; }
      say("没有撤回：" + answer.content.title + answer.content.remedy);
    }).catch(lost);
  }

  function showHistory() {
    const list = byId("hand-versions");
    ask("GET", "/api/v1/transcriptions/" + doing.id, null).then(function (answer) {
      if (!answer.ok) { say(answer.content.title); return; }
      while (list.firstChild) { list.removeChild(list.firstChild); }
      answer.content.versions.forEach(function (version) {
        const item = element("li", version.text);
        item.appendChild(element("span", version.author + " · " + moment(version.at), "by"));
        list.appendChild(item);
      });
      list.hidden = false;
    }).catch(lost);
  }

  function removeNote(note) {
    ask("DELETE", "/api/v1/notes/" + note.id, null).then(function (answer) {
      if (!answer.ok) { say("没有删除：" + answer.content.title); return; }
      loadNotes().then(function () { say("批注已删除。"); byId("note").focus(); });
    }).catch(lost);
  }

  // Drawing: with the mouse on the picture, or with the arrows.
  function turnsOfSheet() {
    const turned = /rotate\((\d+)deg\)/.exec(sheet.style.transform);
    return turned === null ? 0 : Number(turned[1]) / 90 % 4;
  }

  function pointOf(event) {
    const around = sheet.getBoundingClientRect();
    const inside = function (value) { return Math.min(Math.max(value, 0), 1); };
    const u = inside((event.clientX - around.left) / around.width), v = inside((event.clientY - around.top) / around.height);
    return [[u, v], [v, 1 - u], [1 - u, 1 - v], [1 - v, u]][turnsOfSheet()];
  }

  function boxOfPoints(one, another) {
    return [Math.min(one[0], another[0]), Math.min(one[1], another[1]),
      Math.max(one[0], another[0]), Math.max(one[1], another[1])];
  }

  function rounded(box) { return box.map(function (value) { return Math.round(value * 1e5) / 1e5; }); }

  function tellBox() {
    const part = function (value) { return Math.round(value * 100) + "%"; }, box = drawing.box;
    draw(drawn, [box]);
    says.textContent = "框：左 " + part(box[0]) + "，上 " + part(box[1]) + "，宽 " + part(box[2] - box[0]) + "，高 " +
      part(box[3] - box[1]) + "。方向键移动，Shift+方向键改大小，回车确定，Esc 取消。";
    const place = drawn.firstChild.getBoundingClientRect(), around = stage.getBoundingClientRect();
    if (place.top < around.top) { stage.scrollTop += place.top - around.top - 20; }
    if (place.bottom > around.bottom) { stage.scrollTop += place.bottom - around.bottom + 20; }
  }

  function beginDrawing(kind) {
    if (kind === "transcription" && !mayTranscribe) { say("您的角色不能校录。"); return; }
    if (doing !== null) { close(); }
    const visible = stage.getBoundingClientRect(), all = sheet.getBoundingClientRect();
    const middle = Math.min(Math.max((visible.top + visible.height / 2 - all.top) / all.height, 0.05), 0.95);
    const down = turnsOfSheet() === 0 ? middle : 0.5;
    drawing = { kind: kind, box: [0.3, down - 0.025, 0.7, down + 0.025], from: null };
    stage.classList.add("drawing");
    byId(kind === "note" ? "note-box" : "draw").setAttribute("aria-pressed", "true");
    stage.focus({ preventScroll: true });
    tellBox();
    says.textContent = "在图上按住鼠标拖出一个框；或者用键盘：" + says.textContent;
  }

  function endDrawing(isKept) {
    const ended = drawing;
    drawing = null;
    stage.classList.remove("drawing");
    ["draw", "note-box"].forEach(function (id) {
      if (byId(id) !== null) { byId(id).setAttribute("aria-pressed", "false"); }
    });
    if (!isKept) { draw(drawn, []); say(""); return; }
    byId("hand-shared").checked = false;
    open({ kind: ended.kind, box: rounded(ended.box), where: "所画的框", back: stage }, "");
  }

  function moveBox(event) {
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    const box = drawing.box.slice();
    if (event.shiftKey) {
      box[2] = Math.min(Math.max(box[2] + by[0], box[0] + STEP), 1);
      box[3] = Math.min(Math.max(box[3] + by[1], box[1] + STEP), 1);
    } else {
      const x = Math.min(Math.max(by[0], -box[0]), 1 - box[2]), y = Math.min(Math.max(by[1], -box[1]), 1 - box[3]);
      box[0] += x; box[2] += x; box[1] += y; box[3] += y;
    }
    drawing.box = rounded(box);
    tellBox();
  }

  sheet.addEventListener("mousedown", function (event) {
    if (drawing === null || event.button !== 0) { return; }
    event.preventDefault();
    drawing.from = pointOf(event);
  });
  document.addEventListener("mousemove", function (event) {
    if (drawing === null || drawing.from === null) { return; }
    drawing.box = boxOfPoints(drawing.from, pointOf(event));
    draw(drawn, [drawing.box]);
  });
  document.addEventListener("mouseup", function (event) {
    if (drawing === null || drawing.from === null) { return; }
    const box = boxOfPoints(drawing.from, pointOf(event));
    drawing.from = null;
    if (box[2] - box[0] < SMALLEST || box[3] - box[1] < SMALLEST) { say("框太小了，请再拖一次。"); return; }
    drawing.box = box;
    endDrawing(true);
  });

  // Before the keys of the page view, which would turn the page.
  document.addEventListener("keydown", function (event) {
    if (drawing === null || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.key === "Escape") { endDrawing(false); stage.focus(); }
    else if (event.key === "Enter") { endDrawing(true); }
    else if (/^Arrow/.test(event.key)) { moveBox(event); }
    else { return; }
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) { return; }
    const deed = { x: function () { beginDrawing("transcription"); }, a: beginNote, k: beginBookmark }[event.key.toLowerCase()];
    if (deed) { event.preventDefault(); deed(); }
  });

  function beginNote() {
    byId("hand-shared").checked = false;
    const item = selectedItem(), box = item === null ? null : item.dataset.box.split(" ").map(Number);
    open({ kind: "note", box: box, where: box === null ? "整页" : "选中的行", back: byId("note") }, "");
  }

  function beginBookmark() {
    open({ kind: "bookmark", id: bookmark === null ? undefined : bookmark.id, back: byId("bookmark") },
      bookmark === null ? text.dataset.citation : bookmark.name);
  }

  [byId("lines"), own].forEach(function (list) {
    if (list === null) { return; }
    list.addEventListener("keydown", function (event) {
      if (event.key !== "Enter") { return; }
      const item = event.target.closest("li") || selectedItem();
      if (item === null) { say("请先用上下键选一行。"); return; }
      event.preventDefault();
      openLine(item);
    });
    list.addEventListener("dblclick", function (event) {
      const item = event.target.closest("li");
      if (item !== null) { openLine(item); }
    });
  });
  [own, noted].forEach(function (list) {
    list.addEventListener("mouseover", function (event) {
      const item = event.target.closest("li");
      if (doing === null && drawing === null && item !== null && item.dataset.box) {
        draw(drawn, [item.dataset.box.split(" ").map(Number)]);
      }
    });
    list.addEventListener("mouseleave", function () { if (doing === null && drawing === null) { draw(drawn, []); } });
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); save(); });
  form.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { event.preventDefault(); close(); say(""); }
    // While an input method has its list open, Enter takes a word from it.
    if (event.key === "Enter" && event.target === words && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      save();
    }
  });
  byId("hand-cancel").addEventListener("click", function () { close(); say(""); });
  byId("hand-withdraw").addEventListener("click", withdraw);
  byId("hand-history").addEventListener("click", showHistory);
  byId("hand-take").addEventListener("click", function () {
    words.value = byId("hand-others-words").textContent;
    other.hidden = true;
    words.focus();
  });
  byId("hand-mine").addEventListener("click", function () { other.hidden = true; words.focus(); });
  if (mayTranscribe) {
    byId("transcribe").addEventListener("mousedown", function (event) { event.preventDefault(); });
    byId("transcribe").addEventListener("click", function () {
      const item = selectedItem();
      if (item === null) { say("请先在下面的文字里选中一行；手写处请用“画框校录”。"); } else { openLine(item); }
    });
    byId("draw").addEventListener("click", function () { if (drawing) { endDrawing(false); } else { beginDrawing("transcription"); } });
  }
  byId("note").addEventListener("mousedown", function (event) { event.preventDefault(); });
  byId("note").addEventListener("click", beginNote);
  byId("note-box").addEventListener("click", function () { if (drawing) { endDrawing(false); } else { beginDrawing("note"); } });
  byId("bookmark").addEventListener("click", beginBookmark);
  panel.hidden = false;
  loadTranscriptions().catch(lost);
  loadNotes().catch(lost);
  loadBookmark().catch(lost);
})();
