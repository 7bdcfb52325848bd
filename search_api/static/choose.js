// Pages that are chosen to be shown to the court, kept in this browser; and PDFs that are asked for and waited for.
var EdossierChosen = (function () {
  "use strict";
  var who = document.querySelector(".leave a");
  var key = "edossier-chosen:" + (who ? who.textContent.trim() : "");

  function load() {
    try {
      var kept = JSON.parse(localStorage.getItem(key) || "null");
      if (kept && Array.isArray(kept.groups) && kept.groups.length) { return kept; }
    } catch (error) { /* unreadable, or storage is switched off: begin anew */ }
    return { groups: [{ title: "", pages: [] }] };
  }
  function save(chosen) {
    try { localStorage.setItem(key, JSON.stringify(chosen)); } catch (error) { /* lasts as long as the page */ }
  }
  function has(id) {
    return load().groups.some(function (group) { return group.pages.indexOf(id) >= 0; });
  }
  function add(ids) {
    var chosen = load(), last = chosen.groups[chosen.groups.length - 1];
    ids.forEach(function (id) { if (last.pages.indexOf(id) < 0) { last.pages.push(id); } });
    save(chosen);
  }
  function remove(id) {
    var chosen = load();
    chosen.groups.forEach(function (group) { group.pages = group.pages.filter(function (one) { return one !== id; }); });
    save(chosen);
  }
  function count() {
    return load().groups.reduce(function (sum, group) { return sum + group.pages.length; }, 0);
  }
  function say(words) {
    var said = document.getElementById("said");
    if (said) { said.textContent = words; }
  }

  // What is chosen ends with the session: the next one at this machine is somebody else.
  var leave = document.querySelector("form.leave");
  if (leave) {
    leave.addEventListener("submit", function () {
      try { localStorage.removeItem(key); } catch (error) { /* nothing there */ }
    });
  }

  // The page in front: named by the button, or by its place in the volume that is read.
  var button = document.getElementById("choose"), desk = document.getElementById("desk"), ids = null;
  function outline() {
    if (!ids) {
      ids = fetch("/api/v1/volumes/" + desk.dataset.volume + "/outline", { credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      }).then(function (read) { return read.pages.page_ids; });
      ids.catch(function () { ids = null; });
    }
    return ids;
  }
  function inFront() {
    if (button.dataset.page) { return Promise.resolve(button.dataset.page); }
    var leaf = document.querySelector(".leaf.current");
    return outline().then(function (all) { return leaf ? all[Number(leaf.dataset.page) - 1] : ""; });
  }
  function show() {
    inFront().then(function (id) {
      var is = has(id);
      if (button.getAttribute("aria-pressed") === String(is)) { return; }
      button.setAttribute("aria-pressed", String(is));
      button.textContent = is ? "已选入示证" : "选入示证";
    }).catch(function () { /* stays as it is */ });
  }
  function toggle() {
    inFront().then(function (id) {
      if (!id) { return; }
      if (has(id)) { remove(id); say("已从示证中取消，共 " + count() + " 页。"); } else { add([id]); say("已选入示证，共 " + count() + " 页。"); }
      show();
    }).catch(function () { say("没有选入：与系统的连接断开了。"); });
  }
  if (button) {
    button.addEventListener("click", toggle);
    document.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) { return; }
      if (event.key.toLowerCase() === "s") { event.preventDefault(); toggle(); }
    });
    show();
    var leaves = document.getElementById("leaves");
    if (leaves) { new MutationObserver(show).observe(leaves, { attributes: true, subtree: true, childList: true, attributeFilter: ["class"] }); }
  }

  // Excerpts: the pages of those that are ticked.
  var ticked = document.getElementById("choose-ticked");
  if (ticked) {
    ticked.hidden = false;
    ticked.addEventListener("click", function () {
      var pages = [];
      Array.prototype.forEach.call(document.querySelectorAll(".excerpt .tick:checked"), function (tick) {
        pages = pages.concat(tick.closest(".excerpt").dataset.pages.split(" ").filter(Boolean));
      });
      if (!pages.length) { say("请先勾选摘录。"); return; }
      add(pages);
      say("已选入示证，共 " + count() + " 页。");
    });
  }

  // PDFs: asked for until they stand, then downloaded.
  function getPdf(address, told, tries) {
    var stop = window.AbortController ? new AbortController() : null;
    fetch(address, { credentials: "same-origin", signal: stop ? stop.signal : undefined }).then(function (answer) {
      if (answer.status === 202) {
        told(tries > 0 ? "正在生成…" : "还没有做好，请稍后再点");
        if (tries > 0) { setTimeout(function () { getPdf(address, told, tries - 1); }, 2000); }
        return undefined;
      }
      if (answer.status === 200) {
        told("");
        location.assign(address);
        if (stop) { stop.abort(); }
        return undefined;
      }
      return answer.json().then(function (problem) { told(problem.title + (problem.detail || "")); });
    }).catch(function (error) { if (error.name !== "AbortError") { told("没有取到，请检查网络"); } });
  }
  Array.prototype.forEach.call(document.querySelectorAll(".make-pdf"), function (maker) {
    var words = maker.textContent;
    maker.setAttribute("aria-live", "polite");
    maker.addEventListener("click", function () {
      getPdf(maker.dataset.pdf, function (said) { maker.textContent = said || words; }, 1800);
    });
  });

  return { load: load, save: save, count: count };
})();
