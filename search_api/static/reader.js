// The reader: all pages of a volume in one long column, of which only those near the eye are there.
"use strict";

(function () {
  const GAP = 14, PADDING = 16, STEP = 1.25, SMALLEST = 0.2, LARGEST = 6;
  // Browsers lay out no more than some 33 million pixels.
  const TALLEST = 30000000;
  // How much is kept above and below the window, in its heights; and how long a page must stay before it is fetched, so
  // that pages that only fly past are not.
  const KEPT = 1.5, SETTLE = 60, TEXTS_KEPT = 60, MOST_TEXTS_SHOWN = 40;
  const THUMBNAIL_ROW = 172, THUMBNAIL_WIDTH = 100, THUMBNAIL_HEIGHT = 136;
  const SVG = "http://www.w3.org/2000/svg";
  const byId = function (id) { return document.getElementById(id); };
  const desk = byId("desk"), stage = byId("stage"), leaves = byId("leaves");
  const thumbnails = byId("thumbnails"), strip = byId("strip"), directory = byId("directory");
  const text = byId("text"), lines = byId("lines"), noText = byId("no-text"), moreText = byId("more-text");
  const volume = desk.dataset.volume, query = desk.dataset.q;

  let pages = null, last = 0;
  let current = Number(desk.dataset.page), hits = null;
  let zoom = window.sessionStorage.getItem("zoom") || "width";
  let columns = window.sessionStorage.getItem("columns") === "2" ? 2 : 1;
  const turns = new Map(), leafOf = new Map(), thumbnailOf = new Map(), texts = new Map();
  let tops = [], widths = [], heights = [], total = 0;
  let scrolledTo = -1, boxWanted = 0;
  // The pages whose texts stand beside the pictures, one after the other; usually the current one alone.
  let shown = [];

  function make(name, className) {
    const element = document.createElement(name);
    if (className) { element.className = className; }
    return element;
  }

  // Layout. Pages are counted from 1, as people do; rows from 0.

  function rowOf(page) { return Math.floor((page - 1) / columns); }

  function isOnSide(page) { return (turns.get(page) || 0) % 2 === 1; }

  function shapeOf(page) {
    const width = pages.widths[page - 1] || 1, height = pages.heights[page - 1] || 1;
    return isOnSide(page) ? { width: height, height: width } : { width: width, height: height };
  }

  function room() { return (stage.clientWidth - 2 * PADDING - (columns - 1) * GAP) / columns; }

  function shownWidth(page) {
    const shape = shapeOf(page), wide = room();
    if (zoom === "page") {
      return Math.min(wide, (stage.clientHeight - 2 * PADDING) * shape.width / shape.height);
    }
    return wide * (zoom === "width" ? 1 : Number(zoom));
  }

  function measure() {
    const rows = Math.ceil(last / columns);
    tops = new Array(rows);
    widths = new Array(last + 1);
    heights = new Array(last + 1);
    total = PADDING;
    for (let row = 0; row < rows; row += 1) {
      let tallest = 0;
      for (let page = row * columns + 1; page <= Math.min((row + 1) * columns, last); page += 1) {
        const shape = shapeOf(page);
        widths[page] = shownWidth(page);
        heights[page] = widths[page] * shape.height / shape.width;
        tallest = Math.max(tallest, heights[page]);
      }
      tops[row] = total;
      total += tallest + GAP;
    }
    total += PADDING - GAP;
  }

  function layOut() {
    measure();
    while (total > TALLEST && zoom !== "width" && zoom !== "page" && Number(zoom) > SMALLEST) {
      zoom = String(Number(zoom) / STEP);
      measure();
    }
    leaves.style.height = total + "px";
    leafOf.forEach(function (leaf, page) { place(leaf, page); });
    showNear();
  }

  function rowWidth(row) {
    let width = 0;
    for (let page = row * columns + 1; page <= Math.min((row + 1) * columns, last); page += 1) {
      width += widths[page] + (page % columns === 1 || columns === 1 ? 0 : GAP);
    }
    return width;
  }

  function place(leaf, page) {
    const row = rowOf(page), first = row * columns + 1;
    const full = columns === 2 && page === last && page === first ? 2 * widths[page] + GAP : rowWidth(row);
    let left = Math.max(PADDING, (stage.clientWidth - full) / 2);
    for (let before = first; before < page; before += 1) { left += widths[before] + GAP; }
    leaf.style.left = left + "px";
    leaf.style.top = tops[row] + "px";
    leaf.style.width = widths[page] + "px";
    leaf.style.height = heights[page] + "px";
    const sheet = leaf.firstChild, turned = turns.get(page) || 0;
    const across = isOnSide(page) ? heights[page] : widths[page];
    const down = isOnSide(page) ? widths[page] : heights[page];
    sheet.style.width = across + "px";
    sheet.style.height = down + "px";
    const moved = [[0, 0], [down, 0], [across, down], [0, across]][turned];
    sheet.style.transform = "translate(" + moved[0] + "px," + moved[1] + "px) rotate(" + turned * 90 + "deg)";
    choosePicture(leaf, page);
  }

  function addressOf(page, width) {
    const version = pages.readings[page - 1] === null ? "scan" : pages.readings[page - 1];
    // A browser has six connections: pictures that are still being made must not hold them all.
    const size = (width === null ? "" : "width=" + width + "&nearly=1&") + (width === 240 ? "wait=0&" : "wait=1&");
    return "/api/v1/pages/" + pages.page_ids[page - 1] + "/image?" + size + "reading=" + version;
  }

  function choosePicture(leaf, page) {
    const image = leaf.querySelector("img");
    const needed = (isOnSide(page) ? heights[page] : widths[page]) * window.devicePixelRatio;
    const width = needed <= 960 ? 800 : needed <= 1920 ? 1600 : null;
    const source = addressOf(page, width);
    // A larger picture than is needed is as good.
    if (image.dataset.wanted === source || Number(image.dataset.size || 0) > (width || 9999)) { return; }
    image.dataset.wanted = source;
    image.dataset.size = String(width || 9999);
    window.setTimeout(function () {
      if (leafOf.get(page) === leaf && image.dataset.wanted === source) { image.src = source; }
    }, image.src ? 0 : SETTLE);
  }

  // P35 is what a citation says, and so what a person has confirmed.
  function paperNumber(page, isShort) {
    const label = pages.labels[page - 1], state = pages.label_states[page - 1];
    if (!label) { return ""; }
    if (state === "confirmed") { return isShort ? "P" + label : "页码 " + label; }
    return "页码 " + label + (state === "proposed" ? "（推算）" : "");
  }

  function joined(parts) { return parts.filter(function (part) { return part !== ""; }).join(" · "); }

  function label(page) { return joined(["图像第 " + page + " 页", paperNumber(page, false)]); }

  function boxes(className) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "boxes " + className);
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    return svg;
  }

  function draw(svg, rects) {
    while (svg.firstChild) { svg.removeChild(svg.firstChild); }
    rects.forEach(function (rect) {
      const drawn = document.createElementNS(SVG, "rect");
      drawn.setAttribute("x", rect[0]);
      drawn.setAttribute("y", rect[1]);
      drawn.setAttribute("width", rect[2] - rect[0]);
      drawn.setAttribute("height", rect[3] - rect[1]);
      svg.appendChild(drawn);
    });
  }

  function makeLeaf(page) {
    const leaf = make("div", "leaf"), sheet = make("div", "sheet"), image = make("img");
    leaf.dataset.page = String(page);
    image.setAttribute("data-picture", "");
    image.alt = label(page) + "的图像";
    image.width = pages.widths[page - 1];
    image.height = pages.heights[page - 1];
    sheet.appendChild(image);
    sheet.appendChild(boxes("hits"));
    sheet.appendChild(boxes("lines"));
    leaf.appendChild(sheet);
    const number = make("span", "number");
    number.textContent = joined([String(page), paperNumber(page, true)]);
    number.setAttribute("aria-hidden", "true");
    leaf.appendChild(number);
    leaves.appendChild(leaf);
    leafOf.set(page, leaf);
    place(leaf, page);
    if (hits !== null && hits.indexOf(page) >= 0) { showHits(page); }
    if (page === current) { markCurrent(); }
  }

  // The first row that ends below a height.
  function rowAt(height) {
    let low = 0, high = tops.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (tops[middle] <= height) { low = middle; } else { high = middle - 1; }
    }
    return low;
  }

  function showNear() {
    const above = rowAt(stage.scrollTop - KEPT * stage.clientHeight);
    const below = rowAt(stage.scrollTop + (1 + KEPT) * stage.clientHeight);
    const from = above * columns + 1, to = Math.min((below + 1) * columns, last);
    leafOf.forEach(function (leaf, page) {
      if (page < from || page > to) {
        leafOf.delete(page);
        // Stops what is still being fetched.
        leaf.querySelector("img").removeAttribute("data-picture");
        leaf.querySelector("img").src = "";
        leaves.removeChild(leaf);
      }
    });
    for (let page = from; page <= to; page += 1) { if (!leafOf.has(page)) { makeLeaf(page); } }
  }

  function keepingPlace(change) {
    const row = rowOf(current);
    const tall = (tops[row + 1] || total) - tops[row];
    const part = (stage.scrollTop - tops[row]) / tall;
    const across = (stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth;
    change();
    layOut();
    const now = rowOf(current);
    stage.scrollTop = tops[now] + part * ((tops[now + 1] || total) - tops[now]);
    stage.scrollLeft = across * stage.scrollWidth - stage.clientWidth / 2;
    scrolledTo = stage.scrollTop;
    showNear();
  }

  // The page that is being read.

  let addressTimer = 0, textTimer = 0;
  function setCurrent(page) {
    current = page;
    byId("where").textContent = "图像第 " + page + "/" + last + " 页";
    byId("label").textContent = paperNumber(page, false) + (pages.labels[page - 1] ? " · " : "");
    document.title = label(page) + " · " + document.querySelector("#to-volume").textContent;
    if (document.activeElement !== byId("number")) { byId("number").value = String(page); }
    byId("asked-page").value = String(page);
    byId("single").href = "/pages/" + pages.page_ids[page - 1] + (query ? "?q=" + encodeURIComponent(query) : "");
    byId("to-volume").href = "/volumes/" + volume + "?start=" + page;
    markCurrent();
    showInDirectory();
    showInStrip();
    showHitCount();
    window.clearTimeout(addressTimer);
    addressTimer = window.setTimeout(function () {
      const address = new URL(window.location.href);
      address.searchParams.set("page", String(current));
      window.history.replaceState(null, "", address.pathname + address.search);
    }, 200);
    window.clearTimeout(textTimer);
    textTimer = window.setTimeout(showText, 120);
  }

  function markCurrent() {
    const old = byId("quoted");
    if (old !== null) { old.parentNode.removeChild(old); }
    leafOf.forEach(function (leaf, page) { leaf.classList.toggle("current", page === current); });
    const leaf = leafOf.get(current);
    if (leaf) {
      const quoted = boxes("quoted");
      quoted.id = "quoted";
      leaf.firstChild.appendChild(quoted);
    }
  }

  function goTo(page) {
    page = Math.min(Math.max(page, 1), last);
    stage.scrollTop = Math.max(0, tops[rowOf(page)] - PADDING);
    scrolledTo = stage.scrollTop;
    showNear();
    setCurrent(page);
  }

  let isScrollAwaited = false;
  stage.addEventListener("scroll", function () {
    if (isScrollAwaited) { return; }
    isScrollAwaited = true;
    window.requestAnimationFrame(function () {
      isScrollAwaited = false;
      if (pages === null) { return; }
      showNear();
      // Where one was led to a page, that is the page, even if the volume's end keeps it from the top.
      if (Math.abs(stage.scrollTop - scrolledTo) < 2) { return; }
      scrolledTo = -1;
      const row = rowAt(stage.scrollTop + stage.clientHeight * 0.4);
      if (row !== rowOf(current)) { setCurrent(row * columns + 1); }
    });
  });

  // Directory and small pictures.

  function showInDirectory() {
    let shown = null;
    directory.querySelectorAll("a").forEach(function (link) {
      const isHere = Number(link.dataset.first) <= current && current <= Number(link.dataset.last);
      if (isHere && shown === null) {
        shown = link;
        link.setAttribute("aria-current", "true");
      } else {
        link.removeAttribute("aria-current");
      }
    });
    byId("document").textContent = shown === null ? "" : shown.firstChild.textContent.trim() + " · ";
    if (shown !== null) { bringInto(directory, shown.offsetTop, shown.offsetHeight); }
  }

  function bringInto(box, top, height) {
    if (top < box.scrollTop || top + height > box.scrollTop + box.clientHeight) {
      box.scrollTop = top - box.clientHeight / 2 + height / 2;
    }
  }

  function showStrip() {
    if (thumbnails.hidden) { return; }
    const from = Math.max(1, Math.floor(thumbnails.scrollTop / THUMBNAIL_ROW) - 3);
    const to = Math.min(last, Math.ceil((thumbnails.scrollTop + thumbnails.clientHeight) / THUMBNAIL_ROW) + 4);
    thumbnailOf.forEach(function (link, page) {
      if ((page < from || page > to) && link !== document.activeElement) {
        thumbnailOf.delete(page);
        strip.removeChild(link);
      }
    });
    for (let page = from; page <= to; page += 1) { if (!thumbnailOf.has(page)) { makeThumbnail(page); } }
  }

  function makeThumbnail(page) {
    const link = make("a", "thumbnail"), picture = make("span", "picture"), image = make("img");
    const ratio = pages.heights[page - 1] / pages.widths[page - 1];
    const width = Math.min(THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT / ratio);
    link.href = "?page=" + page;
    link.dataset.page = String(page);
    link.style.top = (page - 1) * THUMBNAIL_ROW + "px";
    picture.style.width = width + "px";
    picture.style.height = width * ratio + "px";
    image.alt = "";
    image.setAttribute("data-picture", "");
    picture.appendChild(image);
    link.appendChild(picture);
    const number = make("span", "number");
    number.textContent = joined([String(page), paperNumber(page, true)]);
    link.appendChild(number);
    if (page === current) { link.setAttribute("aria-current", "true"); }
    link.classList.toggle("found", hits !== null && hits.indexOf(page) >= 0);
    strip.appendChild(link);
    thumbnailOf.set(page, link);
    window.setTimeout(function () {
      if (thumbnailOf.get(page) === link) { image.src = addressOf(page, 240); }
    }, SETTLE);
  }

  function showInStrip() {
    if (thumbnails.hidden) { return; }
    bringInto(thumbnails, (current - 1) * THUMBNAIL_ROW, THUMBNAIL_ROW);
    showStrip();
    thumbnailOf.forEach(function (link, page) {
      if (page === current) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
    });
  }

  function follow(event) {
    const link = event.target.closest("a");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    goTo(Number(link.dataset.first || link.dataset.page));
  }

  // Text and hits.

  function textOf(page) {
    if (!texts.has(page)) {
      const address = "/api/v1/pages/" + pages.page_ids[page - 1] + "/text" +
        (query ? "?q=" + encodeURIComponent(query) : "");
      const asked = fetch(address, { credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      });
      texts.set(page, asked);
      // What has not been read yet is asked again the next time.
      asked.then(function (answer) { if (answer.text === null) { texts.delete(page); } })
        .catch(function () { texts.delete(page); });
      if (texts.size > TEXTS_KEPT) { texts.delete(texts.keys().next().value); }
    }
    return texts.get(page);
  }

  function showText() {
    const page = current;
    if (text.hidden) { return; }
    textOf(page).then(function (answer) {
      if (page !== current) { return; }
      if (answer.reading_version !== pages.readings[page - 1]) { renew(); }
      text.dataset.page = answer.page_id;
      text.dataset.citation = answer.citation;
      byId("citation").textContent = answer.citation;
      // Whoever reads a passage over several pages keeps it, and what is selected of it, when the picture moves on.
      if (shown.length > 1 && shown.indexOf(page) >= 0) { leadTo(page); return; }
      clearText();
      addText(page, answer);
      text.scrollTop = 0;
    }).catch(function () {
      if (page !== current) { return; }
      clearText();
      noText.hidden = false;
      noText.textContent = "文字没有取到，翻一页再翻回来重试。";
    });
  }

  function clearText() {
    while (lines.firstChild) { lines.removeChild(lines.firstChild); }
    shown = [];
    moreText.hidden = true;
  }

  function addText(page, answer) {
    const without = answer.lines.length > 0 ? "" : answer.text === null
      ? "还没有识别，识别完成后文字会出现在这里。" : "这一页没有文字。";
    if (shown.length > 0) { breakBefore(page, without); }
    answer.lines.forEach(function (line) { lines.appendChild(lineOf(line, page, answer.page_id)); });
    if (shown.length === 0) {
      noText.hidden = without === "";
      noText.textContent = without;
    }
    shown.push(page);
    moreText.hidden = page >= last || shown.length >= MOST_TEXTS_SHOWN;
    showTranscriptions(page, answer.page_id);
  }

  // Where a page begins below another one; what was said of that one's missing text comes to stand in its place.
  function breakBefore(page, words) {
    const item = make("li", "page-break");
    item.dataset.page = String(page);
    item.textContent = joined([label(page), words]);
    if (!noText.hidden) {
      const empty = make("li", "page-break");
      empty.textContent = noText.textContent;
      lines.appendChild(empty);
      noText.hidden = true;
    }
    lines.appendChild(item);
  }

  function breakOf(page) { return lines.querySelector(".page-break[data-page='" + page + "']"); }

  function leadTo(page) {
    const beginning = breakOf(page) || lines.firstChild;
    if (beginning === null || !window.getSelection().isCollapsed) { return; }
    text.scrollTop += beginning.getBoundingClientRect().top - text.getBoundingClientRect().top - PADDING;
  }

  function showMoreText() {
    const page = shown[shown.length - 1] + 1;
    moreText.disabled = true;
    textOf(page).then(function (answer) {
      moreText.disabled = false;
      if (shown[shown.length - 1] + 1 !== page) { return; }
      const hadFocus = document.activeElement === moreText;
      addText(page, answer);
      if (hadFocus && moreText.hidden) { lines.focus(); }
    }).catch(function () {
      moreText.disabled = false;
      byId("said").textContent = "下一页的文字没有取到，请再试一次。";
    });
  }

  // What people have read stands before the line of which it is, or below all lines; it is not kept, since it changes.
  function showTranscriptions(page, pageId) {
    fetch("/api/v1/pages/" + pageId + "/transcriptions", { credentials: "same-origin" }).then(function (answer) {
      return answer.ok ? answer.json() : { transcriptions: [] };
    }).then(function (answer) {
      if (shown.indexOf(page) < 0) { return; }
      const all = Array.prototype.slice.call(lines.querySelectorAll("li[data-of='" + pageId + "']"));
      if (all.some(function (item) { return item.classList.contains("human"); })) { return; }
      answer.transcriptions.forEach(function (one) {
        const item = lineOf({ text: one.text, box: one.box, confidence: 1 }, page, pageId);
        item.classList.add("human");
        item.dataset.by = "人工校录 · " + one.author;
        const line = one.line === null ? undefined : all[one.line];
        if (line !== undefined) { line.classList.add("superseded"); }
        lines.insertBefore(item, line === undefined ? breakOf(page + 1) : line);
      });
    }).catch(function () { return undefined; });
  }

  function lineOf(line, page, pageId) {
    const item = make("li", line.confidence < 0.8 ? "unsure" : "");
    let at = 0;
    item.dataset.number = String(page);
    item.dataset.of = pageId;
    item.dataset.box = line.box.join(" ");
    (line.marks || []).forEach(function (range) {
      item.appendChild(document.createTextNode(line.text.slice(at, range[0])));
      const mark = make("mark");
      mark.textContent = line.text.slice(range[0], range[1]);
      item.appendChild(mark);
      at = range[1];
    });
    item.appendChild(document.createTextNode(line.text.slice(at)));
    return item;
  }

  function showHits(page) {
    textOf(page).then(function (answer) {
      const leaf = leafOf.get(page), rects = answer.rects || [];
      if (!leaf) { return; }
      draw(leaf.querySelector(".boxes.hits"), rects);
      if (boxWanted === page && rects.length > 0) {
        boxWanted = 0;
        const box = leaf.querySelector(".boxes.hits rect").getBoundingClientRect();
        const around = stage.getBoundingClientRect();
        if (box.bottom > around.bottom - 40 || box.top < around.top) {
          stage.scrollTop += box.top - around.top - stage.clientHeight / 3;
          scrolledTo = stage.scrollTop;
        }
      }
    }).catch(function () { return undefined; });
  }

  function findHits() {
    const address = new URL("/api/v1/volumes/" + volume + "/hits", window.location.href);
    new URL(window.location.href).searchParams.forEach(function (value, name) {
      if (["q", "charge", "department", "volume_kind", "year"].indexOf(name) >= 0) {
        address.searchParams.set(name, value);
      }
    });
    fetch(address.href, { credentials: "same-origin" }).then(function (answer) {
      return answer.json().then(function (found) {
        if (!answer.ok) { byId("hit-count").textContent = found.title; return; }
        hits = found.page_numbers;
        leafOf.forEach(function (leaf, page) { if (hits.indexOf(page) >= 0) { showHits(page); } });
        thumbnailOf.forEach(function (link, page) { link.classList.toggle("found", hits.indexOf(page) >= 0); });
        showHitCount();
      });
    }).catch(function () { byId("hit-count").textContent = "没有查到，请重试"; });
  }

  function showHitCount() {
    if (!query || hits === null) { return; }
    const at = hits.indexOf(current);
    byId("hit-count").textContent = hits.length === 0 ? "本卷没有" :
      "本卷 " + (at >= 0 ? at + 1 + "/" : "") + hits.length + " 页";
    byId("hit-before").disabled = !hits.some(function (page) { return page < current; });
    byId("hit-after").disabled = !hits.some(function (page) { return page > current; });
  }

  function goToHit(isNext) {
    if (!query || hits === null) { return; }
    const wanted = isNext ? hits.find(function (page) { return page > current; })
      : hits.slice().reverse().find(function (page) { return page < current; });
    if (wanted === undefined) { return; }
    boxWanted = wanted;
    goTo(wanted);
    showHits(wanted);
  }

  // What one sees beside the pages.

  const PANELS = [["directory", directory], ["thumbnails", thumbnails], ["text", text]];

  function showPanels() {
    PANELS.forEach(function (panel) {
      desk.classList.toggle("with-" + panel[0], !panel[1].hidden);
      byId("show-" + panel[0]).setAttribute("aria-pressed", String(!panel[1].hidden));
    });
    byId("show-two").setAttribute("aria-pressed", String(columns === 2));
  }

  function toggle(name, element) {
    keepingPlace(function () {
      element.hidden = !element.hidden;
      window.sessionStorage.setItem("reader-" + name, element.hidden ? "off" : "on");
      showPanels();
    });
    showInStrip();
    showText();
  }

  function toggleTwo() {
    keepingPlace(function () {
      columns = columns === 2 ? 1 : 2;
      window.sessionStorage.setItem("columns", String(columns));
      showPanels();
    });
  }

  function setZoom(to) {
    keepingPlace(function () { zoom = String(to); });
    window.sessionStorage.setItem("zoom", zoom);
  }

  function zoomBy(factor) {
    setZoom(Math.min(Math.max(widths[current] / room() * factor, SMALLEST), LARGEST));
  }

  function turn() {
    keepingPlace(function () { turns.set(current, ((turns.get(current) || 0) + 1) % 4); });
  }

  function byPage(direction) { goTo((rowOf(current) + direction) * columns + 1); }

  const KEYS = {
    ArrowLeft: function () { byPage(-1); },
    ArrowRight: function () { byPage(1); },
    Home: function () { goTo(1); },
    End: function () { goTo(last); },
    p: function () { goToHit(false); },
    n: function () { goToHit(true); },
    "+": function () { zoomBy(STEP); },
    "=": function () { zoomBy(STEP); },
    "-": function () { zoomBy(1 / STEP); },
    w: function () { setZoom("width"); },
    f: function () { setZoom("page"); },
    r: turn,
    "2": toggleTwo,
    t: function () { toggle("text", text); },
    d: function () { toggle("directory", directory); },
    m: function () { toggle("thumbnails", thumbnails); },
    g: function () { byId("number").focus(); byId("number").select(); }
  };

  function outline() {
    return fetch("/api/v1/volumes/" + volume + "/outline", { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    });
  }

  // Pages have been read, or have come, since: their shapes may be others.
  let isRenewing = false;
  function renew() {
    if (isRenewing) { return; }
    isRenewing = true;
    outline().then(function (fresh) {
      if (fresh.pages.page_ids.length < last) { window.location.reload(); return; }
      keepingPlace(function () {
        pages = fresh.pages;
        last = pages.page_ids.length;
        leafOf.forEach(function (leaf) { leaves.removeChild(leaf); });
        leafOf.clear();
        thumbnailOf.forEach(function (link) { strip.removeChild(link); });
        thumbnailOf.clear();
        strip.style.height = last * THUMBNAIL_ROW + "px";
      });
      showStrip();
      markCurrent();
    }).catch(function () { return undefined; }).then(function () { isRenewing = false; });
  }

  function begin(first) {
    pages = first.pages;
    last = pages.page_ids.length;
    PANELS.forEach(function (panel) {
      const kept = window.sessionStorage.getItem("reader-" + panel[0]);
      panel[1].hidden = kept === null ? panel[0] === "text" : kept === "off";
    });
    showPanels();
    if (last === 0) { return; }
    strip.style.height = last * THUMBNAIL_ROW + "px";
    layOut();
    goTo(current);
    ["go", "tools", "panels"].forEach(function (id) { byId(id).hidden = false; });
    if (query) { boxWanted = current; findHits(); }
    stage.focus({ preventScroll: true });

    document.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) { return; }
      const isArrow = event.key === "ArrowLeft" || event.key === "ArrowRight";
      if (isArrow && event.target === stage && stage.scrollWidth > stage.clientWidth) { return; }
      const deed = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (deed) { event.preventDefault(); deed(); }
    });
    window.addEventListener("resize", function () { keepingPlace(function () { return undefined; }); showStrip(); });
    thumbnails.addEventListener("scroll", function () { window.requestAnimationFrame(showStrip); });
    directory.addEventListener("click", follow);
    strip.addEventListener("click", follow);
    stage.addEventListener("click", function (event) {
      const leaf = event.target.closest(".leaf");
      if (leaf !== null && Number(leaf.dataset.page) !== current) {
        scrolledTo = stage.scrollTop;
        setCurrent(Number(leaf.dataset.page));
      }
    });
    let pointed = 0;
    const pointAt = function (page, rects) {
      [pointed, page].forEach(function (one) {
        const leaf = leafOf.get(one);
        if (leaf) { draw(leaf.querySelector(".boxes.lines"), one === page ? rects : []); }
      });
      pointed = page;
    };
    lines.addEventListener("mouseover", function (event) {
      const line = event.target.closest("li");
      if (line !== null && line.dataset.box) {
        pointAt(Number(line.dataset.number), [line.dataset.box.split(" ").map(Number)]);
      }
    });
    lines.addEventListener("mouseleave", function () { pointAt(pointed, []); });
    // What is selected stays so, to be made longer.
    moreText.addEventListener("mousedown", function (event) { event.preventDefault(); });
    moreText.addEventListener("click", showMoreText);
    byId("go").addEventListener("submit", function (event) {
      event.preventDefault();
      stage.focus({ preventScroll: true });
      goTo(Number(byId("number").value) || current);
    });
    const BUTTONS = {
      "page-before": "ArrowLeft", "page-after": "ArrowRight", "smaller": "-", "larger": "+", "fit-width": "w",
      "fit-page": "f", "turn": "r", "show-two": "2", "show-text": "t", "show-directory": "d", "show-thumbnails": "m",
      "hit-before": "p", "hit-after": "n"
    };
    Object.keys(BUTTONS).forEach(function (id) {
      if (byId(id) !== null) { byId(id).addEventListener("click", KEYS[BUTTONS[id]]); }
    });
  }

  outline().then(begin).catch(function (error) {
    byId("lost").hidden = false;
    throw error;
  });
})();
