// Text that is selected beside a page: shown on the picture, copied with its citation, taken as an excerpt.
"use strict";

(function () {
  const SAID_FOR = 6000, NEAR = 0.06;
  const text = document.getElementById("text");
  const lines = document.getElementById("lines");
  const tools = document.getElementById("quote-tools");
  const said = document.getElementById("said");
  if (tools === null) { return; }
  let silence = 0;

  function say(words) {
    window.clearTimeout(silence);
    said.textContent = words;
    silence = window.setTimeout(function () { said.textContent = ""; }, SAID_FOR);
  }

  // The lines of all pages whose text is here, without what stands between two pages.
  function allLines() {
    return lines === null ? [] : Array.prototype.slice.call(lines.querySelectorAll("li:not(.page-break)"));
  }

  // The id of the page on which a line stands.
  function pageOf(line) { return line.dataset.of || text.dataset.page; }

  function pagesOf(parts) {
    return parts.map(function (part) { return pageOf(part.line); }).filter(function (page, at, pages) {
      return pages.indexOf(page) === at;
    });
  }

  // [{line, words}] of the lines that the selection touches, with the part of each that is selected.
  function selected() {
    const selection = window.getSelection();
    if (lines === null || selection.rangeCount === 0 || selection.isCollapsed) { return []; }
    const range = selection.getRangeAt(0), found = [];
    allLines().forEach(function (line) {
      if (!range.intersectsNode(line)) { return; }
      const part = document.createRange();
      part.selectNodeContents(line);
      if (part.comparePoint(range.startContainer, range.startOffset) === 0) {
        part.setStart(range.startContainer, range.startOffset);
      }
      if (part.comparePoint(range.endContainer, range.endOffset) === 0) {
        part.setEnd(range.endContainer, range.endOffset);
      }
      const words = part.toString().trim();
      if (words !== "") { found.push({ line: line, words: words }); }
    });
    // Where a person has read a line, theirs stands before the program's: who quotes over both means theirs.
    return found.length < 2 ? found : found.filter(function (part) {
      return !part.line.classList.contains("superseded");
    });
  }

  function boxOf(line) { return line.dataset.box.split(" ").map(Number); }

  // Lines of print that run to the margin go on in the next one; a question or an answer begins a new paragraph.
  function quotation(parts) {
    const margins = {};
    let words = "";
    allLines().forEach(function (line) {
      margins[pageOf(line)] = Math.max(margins[pageOf(line)] || 0, boxOf(line)[2]);
    });
    parts.forEach(function (part, at) {
      const before = at === 0 ? null : parts[at - 1].line;
      const isFull = before !== null && boxOf(before)[2] > margins[pageOf(before)] - NEAR;
      const goesOn = isFull && !/^[问答]\s*[：:]/.test(part.words);
      const isLatin = /[A-Za-z0-9]$/.test(words) && /^[A-Za-z]/.test(part.words);
      words += (before === null ? "" : goesOn ? (isLatin ? " " : "") : "\n") + part.words;
    });
    return words;
  }

  function showSelected() {
    const quoted = document.getElementById("quoted");
    if (quoted === null) { return; }
    while (quoted.firstChild) { quoted.removeChild(quoted.firstChild); }
    selected().forEach(function (part) {
      if (pageOf(part.line) !== text.dataset.page) { return; }
      const box = boxOf(part.line), rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      rect.setAttribute("x", box[0]);
      rect.setAttribute("y", box[1]);
      rect.setAttribute("width", box[2] - box[0]);
      rect.setAttribute("height", box[3] - box[1]);
      quoted.appendChild(rect);
    });
  }

  // The clipboard of navigator is there on safe addresses only, and loopback is one; elsewhere the old way serves.
  function copyTheOldWay(words) {
    const field = document.createElement("textarea"), focused = document.activeElement;
    const selection = window.getSelection();
    const kept = selection.rangeCount > 0 ? selection.getRangeAt(0) : null;
    field.value = words;
    field.className = "hidden";
    document.body.appendChild(field);
    field.select();
    const done = document.execCommand("copy");
    document.body.removeChild(field);
    if (focused !== null) { focused.focus(); }
    if (kept !== null) { selection.removeAllRanges(); selection.addRange(kept); }
    return done;
  }

  function copy(words, success, citation) {
    function otherwise() {
      say(copyTheOldWay(words) ? success : "没有复制成功：浏览器不允许。请按 Ctrl+C 复制文字，出处是 " + citation);
    }
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(words).then(function () { say(success); }, otherwise);
    } else {
      otherwise();
    }
  }

  // The citations of passages that do not stand on the page in view alone, by their first and last page.
  const citations = new Map();

  function citationOf(pageIds) {
    const first = pageIds[0], last = pageIds[pageIds.length - 1], passage = first + " " + last;
    if (!citations.has(passage)) {
      const asked = fetch("/api/v1/pages/" + first + "/citation?through=" + last, { credentials: "same-origin" })
        .then(function (answer) {
          if (!answer.ok) { throw new Error(String(answer.status)); }
          return answer.json();
        }).then(function (answer) { return answer.citation; });
      citations.set(passage, asked);
      asked.catch(function () { citations.delete(passage); });
    }
    return citations.get(passage);
  }

  function isOfPageInView(pageIds) { return pageIds.length === 1 && pageIds[0] === text.dataset.page; }

  function copyWithCitation() {
    const parts = selected(), citation = text.dataset.citation;
    if (text.hidden || citation === "") { return; }
    if (parts.length === 0) {
      copy(citation, "没有选中文字，已复制出处 " + citation + "。", citation);
      return;
    }
    function copyQuoted(cited) {
      copy(quotation(parts) + (/^[（(]/.test(cited) ? cited : "（" + cited + "）"), "已复制，出处 " + cited + "。", cited);
    }
    const pageIds = pagesOf(parts);
    if (isOfPageInView(pageIds)) {
      copyQuoted(citation);
    } else {
      citationOf(pageIds).then(copyQuoted, function () { say("没有复制：出处没有取到，请再试一次。"); });
    }
  }

  // A browser lets a copy be made only soon after a key or a click: what it needs is asked for beforehand.
  function askAhead() {
    const pageIds = pagesOf(selected());
    if (pageIds.length > 0 && !isOfPageInView(pageIds)) { citationOf(pageIds).catch(function () { return undefined; }); }
  }

  // The key makes a request that the browser sends twice the same excerpt.
  function takeExcerpt() {
    const parts = selected(), pageId = text.dataset.page;
    if (text.hidden || pageId === "") { return; }
    if (parts.length === 0) { say("请先选中要摘录的文字。"); return; }
    const words = quotation(parts);
    const key = pageId + "-" + Date.now().toString(36) + Math.random().toString(36).slice(2);
    fetch("/api/v1/excerpts", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify({ page_ids: pagesOf(parts), quotation: words })
    }).then(function (answer) {
      return answer.json().then(function (content) {
        if (!answer.ok) { say("没有加入：" + content.title + content.remedy); return; }
        say("已加入摘录，出处 " + content.citation + "。");
        const link = document.createElement("a");
        link.href = "/cases/" + content.case_id + "/excerpts";
        link.textContent = "去整理";
        said.appendChild(link);
      });
    }).catch(function () { say("没有加入：与系统的连接断开了，请再试一次。"); });
  }

  // By keyboard: the arrows go from line to line, with Shift they select lines.
  let first = -1, last = -1;
  function step(event) {
    const all = allLines(), by = event.key === "ArrowDown" ? 1 : -1;
    last = Math.min(Math.max(last + by, 0), all.length - 1);
    if (!event.shiftKey || first < 0) { first = last; }
    const range = document.createRange();
    range.setStart(all[Math.min(first, last)], 0);
    range.setEnd(all[Math.max(first, last)], all[Math.max(first, last)].childNodes.length);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    all[last].scrollIntoView({ block: "nearest" });
  }

  let pause = 0;
  document.addEventListener("selectionchange", function () {
    showSelected();
    window.clearTimeout(pause);
    pause = window.setTimeout(askAhead, 150);
  });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) { return; }
    if (event.key === "c" || event.key === "C") { event.preventDefault(); copyWithCitation(); }
    if (event.key === "e" || event.key === "E") { event.preventDefault(); takeExcerpt(); }
  });
  if (lines !== null) {
    lines.addEventListener("keydown", function (event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(event); }
    });
    lines.addEventListener("mousedown", function (event) {
      const line = event.target.closest("li");
      first = last = line === null ? -1 : allLines().indexOf(line);
    });
  }
  // The buttons take no focus from the selection.
  tools.addEventListener("mousedown", function (event) { event.preventDefault(); });
  document.getElementById("copy").addEventListener("click", copyWithCitation);
  document.getElementById("excerpt").addEventListener("click", takeExcerpt);
  tools.hidden = false;
})();
