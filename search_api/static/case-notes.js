// The reader's side: the case's notes and bookmarks, each a link to its page.
"use strict";

(function () {
  const list = document.getElementById("case-notes");
  if (list === null) { return; }
  const named = list.dataset.case, items = list.querySelector("ol"), none = list.querySelector("p.none");

  function get(address) {
    return fetch(address + "?case=" + encodeURIComponent(named), { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    });
  }

  function add(one, words, kind) {
    const item = document.createElement("li"), link = document.createElement("a");
    const where = document.createElement("span"), what = document.createElement("span");
    link.href = one.page_number > 0 ? "/volumes/" + one.volume_id + "/read?page=" + one.page_number : "/pages/" + one.page_id;
    what.className = "words";
    what.textContent = words;
    where.className = "by";
    where.textContent = kind + " · " + one.citation;
    link.appendChild(what);
    link.appendChild(where);
    item.appendChild(link);
    items.appendChild(item);
  }

  Promise.all([get("/api/v1/bookmarks"), get("/api/v1/notes")]).then(function (found) {
    found[0].bookmarks.forEach(function (one) { add(one, one.name, "书签"); });
    found[1].notes.forEach(function (one) {
      const short = one.text.length > 60 ? one.text.slice(0, 60) + "…" : one.text;
      add(one, short, one.mine ? "批注" : one.owner + "的批注");
    });
    none.hidden = items.children.length > 0;
    list.hidden = false;
  }).catch(function () { none.textContent = "批注没有取到，请刷新。"; none.hidden = false; list.hidden = false; });
})();
