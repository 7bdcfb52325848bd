// Chosen pages: put in groups and in order, and made one PDF.
(function () {
  "use strict";
  var root = document.getElementById("groups"), form = document.getElementById("make"), made = document.getElementById("made");
  var refused = document.getElementById("refused"), known = {};
  var chosen = EdossierChosen.load();

  function element(name, className, text) {
    var one = document.createElement(name);
    if (className) { one.className = className; }
    if (text) { one.textContent = text; }
    return one;
  }
  function button(text, className, label, deed) {
    var one = element("button", className, text);
    one.type = "button";
    one.setAttribute("aria-label", label);
    one.addEventListener("click", deed);
    return one;
  }
  function changed(focus) {
    EdossierChosen.save(chosen);
    draw();
    var again = focus ? root.querySelector(focus) : null;
    if (again) { again.focus(); }
  }
  function move(group, at, by) {
    var pages = chosen.groups[group].pages, id = pages[at], to = group, place = at + by;
    if (place < 0) { to = group - 1; } else if (place >= pages.length) { to = group + 1; }
    if (to < 0 || to >= chosen.groups.length) { return; }
    if (to !== group && chosen.groups[to].pages.indexOf(id) >= 0) { made.textContent = "那一组里已有这一页。"; return; }
    pages.splice(at, 1);
    if (to !== group) { place = by < 0 ? chosen.groups[to].pages.length : 0; }
    chosen.groups[to].pages.splice(place, 0, id);
    changed("[data-id='" + id + "'][data-group='" + to + "'] ." + (by < 0 ? "up" : "down"));
  }
  function entry(id, group, at) {
    var item = element("li", "chosen-page"), frame = element("span", "picture"), picture = element("img");
    var words = element("a", "cited", known[id] || "…"), buttons = element("span", "buttons"), name = known[id] || "第 " + (at + 1) + " 页";
    item.dataset.id = id;
    item.dataset.group = group;
    picture.alt = "";
    picture.setAttribute("data-picture", "");
    picture.src = "/api/v1/pages/" + id + "/image?width=240&nearly=1";
    frame.appendChild(picture);
    words.href = "/pages/" + id;
    buttons.appendChild(button("↑", "up", "上移：" + name, function () { move(group, at, -1); }));
    buttons.appendChild(button("↓", "down", "下移：" + name, function () { move(group, at, 1); }));
    buttons.appendChild(button("去掉", "away", "去掉：" + name, function () { chosen.groups[group].pages.splice(at, 1); changed(); }));
    item.appendChild(frame);
    item.appendChild(words);
    item.appendChild(buttons);
    if (known[id] === undefined) { cite(id); }
    return item;
  }
  function cite(id) {
    known[id] = "";
    fetch("/api/v1/pages/" + id + "/citation", { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    }).then(function (read) { known[id] = read.citation; }, function () { known[id] = "已不可见"; }).then(function () {
      Array.prototype.forEach.call(root.querySelectorAll("[data-id='" + id + "']"), function (item) {
        item.querySelector(".cited").textContent = known[id];
        [["up", "上移："], ["down", "下移："], ["away", "去掉："]].forEach(function (label) {
          item.querySelector("." + label[0]).setAttribute("aria-label", label[1] + known[id]);
        });
      });
    });
  }
  function draw() {
    var total = EdossierChosen.count();
    root.textContent = "";
    chosen.groups.forEach(function (group, at) {
      var section = element("section", "card chosen-group"), label = element("label", "", "第 " + (at + 1) + " 组 "), title = element("input");
      title.value = group.title;
      title.maxLength = Number(root.dataset.longest);
      title.placeholder = "组名（证明什么），成为书签";
      title.addEventListener("input", function () { group.title = title.value.trim(); EdossierChosen.save(chosen); });
      label.appendChild(title);
      section.appendChild(label);
      if (chosen.groups.length > 1) {
        section.appendChild(button("删除这组", "", "删除第 " + (at + 1) + " 组", function () { chosen.groups.splice(at, 1); changed(); }));
      }
      var list = element("ol", "chosen-pages");
      group.pages.forEach(function (id, place) { list.appendChild(entry(id, at, place)); });
      section.appendChild(list);
      root.appendChild(section);
    });
    document.getElementById("count").textContent = total + " 页";
    document.getElementById("nothing").hidden = total > 0;
    document.getElementById("make-exhibit").disabled = total === 0;
  }
  document.getElementById("new-group").addEventListener("click", function () {
    if (chosen.groups.length >= Number(root.dataset.mostGroups)) { return; }
    chosen.groups.push({ title: "", pages: [] });
    changed();
    root.lastChild.querySelector("input").focus();
  });
  document.getElementById("clear").addEventListener("click", function () {
    if (window.confirm("全部清除？卷宗里的页不受影响。")) { chosen = { groups: [{ title: "", pages: [] }] }; changed(); }
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    refused.hidden = true;
    var groups = chosen.groups.filter(function (group) { return group.pages.length; });
    var body = JSON.stringify({ title: document.getElementById("title").value.trim(), groups: groups });
    // One key for one press: asked again, it is the same PDF.
    ask(body, String(Date.now()) + "-" + String(Math.random()).slice(2), 900);
  });
  function refuse(words) {
    made.textContent = "";
    refused.hidden = false;
    refused.textContent = words;
  }
  function ask(body, once, tries) {
    fetch("/api/v1/pdfs", {
      method: "POST", credentials: "same-origin", body: body,
      headers: { "Content-Type": "application/json", "Idempotency-Key": once }
    }).then(function (answer) {
      return answer.json().then(function (read) {
        if (answer.status === 200) {
          made.textContent = "已生成：";
          var link = element("a", "button", "下载 PDF（" + read.pages + " 页）");
          link.href = read.pdf;
          made.appendChild(link);
          link.focus();
        } else if (answer.status === 202 && tries > 0) {
          made.textContent = "正在生成…";
          setTimeout(function () { ask(body, once, tries - 1); }, 1000);
        } else if (answer.status === 202) {
          refuse("还没有做好，请稍后再试。");
        } else {
          refuse(answer.status === 404 ? "其中有的页已不可见，请去掉后再试。" : read.title + (read.detail ? " " + read.detail : ""));
        }
      });
    }).catch(function () { refuse("没有生成：与系统的连接断开了，请重试。"); });
  }
  draw();
})();
