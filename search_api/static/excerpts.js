// The excerpts of a case: saved as they are edited, moved by buttons, keys or the mouse, taken away.
"use strict";

(function () {
  const list = document.getElementById("excerpts");
  const said = document.getElementById("said"), failed = document.getElementById("failed");

  function say(words) {
    failed.hidden = true;
    said.textContent = words;
  }

  function complain(words) {
    said.textContent = "";
    failed.textContent = words;
    failed.hidden = false;
  }

  // One after the other: an order that is changed twice is the one of the second change, and what is said last is so.
  let last = Promise.resolve();
  let inLine = 0;

  function ask(item, method, body) {
    inLine += 1;
    const asked = last.then(function () {
      return fetch("/api/v1/excerpts/" + item.dataset.id, {
        method: method,
        credentials: "same-origin",
        headers: body === undefined ? {} : { "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body)
      });
    }).then(function (answer) {
      if (answer.ok) { return answer.status === 204 ? null : answer.json(); }
      return answer.json().then(function (problem) { throw new Error(window.wordsOf(problem)); });
    }).catch(function (error) {
      // A browser's own words for a lost connection are no help.
      complain(error instanceof TypeError ? "没有保存：与系统的连接断开了。请稍候再改一次。" : "没有保存：" + error.message);
      throw error;
    });
    const over = function () { inLine -= 1; };
    last = asked.then(over, over);
    return asked;
  }

  // Whoever leaves too early would lose what is still in line.
  window.addEventListener("beforeunload", function (event) {
    if (inLine > 0) { event.preventDefault(); event.returnValue = ""; }
  });

  function nothing() { return undefined; }

  list.addEventListener("change", function (event) {
    const field = event.target, item = field.closest(".excerpt"), change = {};
    if (field.name === "quotation" && field.value.trim() === "") {
      complain("摘录的文字不能为空。不要这一条的，请点“删除”。");
      return;
    }
    if (!field.checkValidity()) { field.reportValidity(); return; }
    change[field.name] = field.name === "interrogation" ? (field.value === "" ? null : Number(field.value)) : field.value;
    ask(item, "PATCH", change).then(function () { say("已保存"); }).catch(nothing);
  });

  function move(item, before) {
    const stood = item.nextElementSibling;
    if (before === item || before === stood) { return; }
    list.insertBefore(item, before);
    ask(item, "PATCH", { before: before === null ? null : before.dataset.id })
      .then(function () { say("已移到第 " + (Array.prototype.indexOf.call(list.children, item) + 1) + " 条"); })
      .catch(function () { list.insertBefore(item, stood); });
  }

  function moveUp(item) { if (item.previousElementSibling !== null) { move(item, item.previousElementSibling); } }

  function moveDown(item) {
    if (item.nextElementSibling !== null) { move(item, item.nextElementSibling.nextElementSibling); }
  }

  function remove(item) {
    if (!window.confirm("删除这一条摘录？卷宗不受影响。")) { return; }
    const near = item.nextElementSibling || item.previousElementSibling;
    ask(item, "DELETE").then(function () {
      list.removeChild(item);
      document.getElementById("total").textContent = String(list.children.length);
      document.getElementById("none").hidden = list.children.length > 0;
      say("已删除");
      if (near !== null) { near.querySelector(".remove").focus(); }
    }).catch(nothing);
  }

  function extend(item) {
    const pages = item.dataset.pages.split(" ").concat(item.dataset.next);
    ask(item, "PATCH", { page_ids: pages }).then(function () { window.location.reload(); }).catch(nothing);
  }

  const DEEDS = { up: moveUp, down: moveDown, remove: remove, extend: extend };
  list.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (button === null) { return; }
    DEEDS[button.className](button.closest(".excerpt"));
    if (button.className === "up" || button.className === "down") { button.focus(); }
  });
  list.addEventListener("keydown", function (event) {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) { return; }
    event.preventDefault();
    const focused = document.activeElement;
    DEEDS[event.key === "ArrowUp" ? "up" : "down"](event.target.closest(".excerpt"));
    focused.focus();
  });

  let dragged = null;
  list.addEventListener("dragstart", function (event) {
    if (!event.target.matches(".grip")) { return; }
    dragged = event.target.closest(".excerpt");
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.id);
    event.dataTransfer.setDragImage(dragged, 20, 20);
  });
  function under(event) {
    const item = event.target.closest(".excerpt");
    if (item === null) { return undefined; }
    const box = item.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2 ? item : item.nextElementSibling;
  }
  function unmark() {
    list.querySelectorAll(".above, .below").forEach(function (item) { item.classList.remove("above", "below"); });
  }
  list.addEventListener("dragover", function (event) {
    const before = dragged === null ? undefined : under(event);
    if (before === undefined) { return; }
    event.preventDefault();
    unmark();
    if (before === null) { list.lastElementChild.classList.add("below"); } else { before.classList.add("above"); }
  });
  list.addEventListener("drop", function (event) {
    const before = dragged === null ? undefined : under(event);
    if (before === undefined) { return; }
    event.preventDefault();
    move(dragged, before);
  });
  list.addEventListener("dragend", function () {
    unmark();
    if (dragged !== null) { dragged.classList.remove("dragged"); }
    dragged = null;
  });

  document.getElementById("editing").disabled = false;
})();
