// The roster: how far its search is; then the matrix, filtered and sorted.
(function () {
  "use strict";
  var searching = document.getElementById("searching");
  if (searching) { follow(); }
  var table = document.getElementById("matrix");
  if (table) { filter(); sort(); }

  function follow() {
    var words = document.getElementById("progress-words"), bar = document.getElementById("progress"), said = 0;
    function ask() {
      fetch(searching.dataset.progress, { credentials: "same-origin" }).then(function (answer) {
        if (answer.status === 404) { location.assign("/roster"); return null; }
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      }).then(function (progress) {
        if (!progress) { return; }
        if (progress.state === "done" || progress.state === "failed") { location.reload(); return; }
        if (progress.total) { bar.max = progress.total; bar.value = progress.done; }
        // A screen reader is told now and then, not twice a second.
        if (Date.now() - said > 2000) {
          said = Date.now();
          words.textContent = progress.state === "waiting" ? "前面有一份名册正在检索，请稍候…" :
            progress.total ? "已检索 " + progress.done + " / " + progress.total + " 人" + left(progress.seconds_left) : "正在检索…";
        }
        setTimeout(ask, 500);
      }).catch(function () {
        words.textContent = "与系统的连接断开了，正在重试…";
        setTimeout(ask, 3000);
      });
    }
    ask();
  }
  function left(seconds) {
    if (seconds === null) { return ""; }
    return seconds > 90 ? "，约还需 " + Math.round(seconds / 60) + " 分钟" : "，约还需 " + Math.max(1, Math.round(seconds)) + " 秒";
  }

  function rows() { return Array.prototype.slice.call(table.tBodies[0].rows); }
  function filter() {
    var field = document.getElementById("filter"), missing = document.getElementById("only-missing"), later = 0;
    function apply() {
      var wanted = field.value.trim().toLowerCase(), shown = 0;
      rows().forEach(function (row) {
        var fits = row.dataset.said.toLowerCase().indexOf(wanted) >= 0 && (!missing.checked || row.hasAttribute("data-missing"));
        row.hidden = !fits;
        if (fits) { shown += 1; }
      });
      document.getElementById("shown").textContent = shown + " 人";
    }
    field.addEventListener("input", function () { clearTimeout(later); later = setTimeout(apply, 150); });
    missing.addEventListener("change", apply);
  }
  function sort() {
    // Made once: a comparison by the language that makes its own order each time takes seconds over 1,500 people.
    var order = new Intl.Collator("zh");
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (head, at) {
      var button = head.querySelector("button");
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending", byNumber = button.dataset.by === "number";
        var keyed = rows().map(function (row, place) {
          var text = row.cells[at].textContent.trim();
          return { row: row, place: place, key: byNumber ? (parseFloat(text) || 0) : text };
        });
        keyed.sort(function (one, other) {
          var apart = byNumber ? one.key - other.key : order.compare(one.key, other.key);
          return (down ? -apart : apart) || one.place - other.place;
        });
        var body = document.createDocumentFragment();
        keyed.forEach(function (one) { body.appendChild(one.row); });
        table.tBodies[0].appendChild(body);
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
      });
    });
  }
})();
