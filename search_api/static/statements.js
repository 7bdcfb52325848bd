// A person's statements: two of them side by side, page by page.
(function () {
  "use strict";
  var entries = Array.prototype.slice.call(document.querySelectorAll(".statement"));
  if (!entries.length) { return; }
  var name = document.getElementById("name").value;

  function Pane(side) {
    this.root = document.getElementById(side);
    this.side = side;
    this.at = -1;
    this.page = 0;
    this.asked = 0;
    var pane = this;
    [["statement-before", function () { pane.show(pane.at - 1, 0); }],
      ["statement-after", function () { pane.show(pane.at + 1, 0); }],
      ["page-before", function () { pane.show(pane.at, pane.page - 1); }],
      ["page-after", function () { pane.show(pane.at, pane.page + 1); }]].forEach(function (step) {
      pane.button(step[0]).addEventListener("click", step[1]);
    });
  }
  Pane.prototype.button = function (name) { return this.root.querySelector("." + name); };
  Pane.prototype.show = function (at, page) {
    if (at < 0 || at >= entries.length) { return; }
    var entry = entries[at], pages = entry.dataset.pages.split(" "), pane = this;
    if (page < 0 || page >= pages.length) { return; }
    this.at = at;
    this.page = page;
    entries.forEach(function (one, place) { one.classList.toggle("at-" + pane.side, place === at); });
    this.root.querySelector(".pane-title").textContent = entry.querySelector(".when").textContent.trim() + " " + entry.dataset.title;
    this.root.querySelector(".count").textContent = (page + 1) + "/" + pages.length + " 页";
    this.button("statement-before").disabled = at === 0;
    this.button("statement-after").disabled = at === entries.length - 1;
    this.button("page-before").disabled = page === 0;
    this.button("page-after").disabled = page === pages.length - 1;
    var link = this.root.querySelector(".pane-picture"), picture = link.querySelector("img"), id = pages[page], asked = ++this.asked;
    link.href = "/pages/" + id + (name ? "?q=" + encodeURIComponent(name) : "");
    picture.alt = entry.dataset.title + "，第 " + (page + 1) + " 页的图像";
    this.root.querySelector(".pane-body").scrollTop = 0;
    picture.setAttribute("data-picture", "");
    picture.src = "/api/v1/pages/" + id + "/image?width=1000&nearly=1";
    this.text(id, asked);
  };
  Pane.prototype.text = function (id, asked) {
    var list = this.root.querySelector(".pane-text"), pane = this;
    list.textContent = "";
    fetch("/api/v1/pages/" + id + "/text", { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    }).then(function (read) {
      if (asked !== pane.asked) { return; }
      (read.lines || []).forEach(function (line) {
        var item = document.createElement("li");
        item.textContent = line.text;
        list.appendChild(item);
      });
      if (!list.children.length) { say("这一页还没有识别出文字。"); }
    }).catch(function () { if (asked === pane.asked) { say("文字没有取到，请检查网络后重试。"); } });
    function say(words) {
      var item = document.createElement("li");
      item.className = "muted";
      item.textContent = words;
      list.appendChild(item);
    }
  };

  var left = new Pane("left"), right = new Pane("right");
  entries.forEach(function (entry, at) {
    entry.querySelector(".to-left").addEventListener("click", function () { left.show(at, 0); });
    entry.querySelector(".to-right").addEventListener("click", function () { right.show(at, 0); });
  });
  left.show(0, 0);
  right.show(entries.length > 1 ? 1 : 0, 0);
})();
