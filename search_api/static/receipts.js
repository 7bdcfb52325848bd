// The form of a receipt: volumes added by the keyboard, saved whole; and the button that prints.
"use strict";

(function () {
  const print = document.getElementById("print");
  if (print !== null) { print.addEventListener("click", function () { window.print(); }); }

  const form = document.getElementById("receipt");
  if (form === null) { return; }
  const rows = document.getElementById("volumes"), failed = document.getElementById("failed");
  const said = document.getElementById("said");
  // One name for this deed, however often the button is pressed or the line breaks.
  const words = new Uint32Array(4);
  window.crypto.getRandomValues(words);
  const key = "receipt-" + Array.prototype.map.call(words, function (word) { return word.toString(16); }).join("");

  function field(row, name) { return row.querySelector("[name=" + name + "]"); }

  function add() {
    const last = rows.lastElementChild, row = last.cloneNode(true);
    row.querySelectorAll("input").forEach(function (input) { input.value = ""; });
    field(row, "kind").value = field(last, "kind").value;
    const number = field(last, "number").value;
    field(row, "number").value = number === "" ? "" : String(Number(number) + 1);
    rows.appendChild(row);
    field(row, "paper_pages").focus();
    said.textContent = "已加第 " + rows.children.length + " 卷";
  }

  document.getElementById("more").addEventListener("click", add);

  rows.addEventListener("click", function (event) {
    const button = event.target.closest(".drop");
    if (button === null) { return; }
    const row = button.closest("tr");
    if (rows.children.length === 1) {
      row.querySelectorAll("input").forEach(function (input) { input.value = ""; });
      field(row, "kind").value = "";
    } else {
      const beside = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      field(beside, "kind").focus();
    }
    said.textContent = "还有 " + rows.children.length + " 卷";
  });

  form.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.tagName === "BUTTON") { return; }
    event.preventDefault();
    if (event.ctrlKey) { save(); } else if (event.target.closest(".volume")) { add(); }
  });

  form.addEventListener("submit", function (event) { event.preventDefault(); save(); });

  function whole(text) { return text.trim() === "" ? null : Number(text); }

  function split(text, between) { return text.split(between).filter(function (word) { return word !== ""; }); }

  function content() {
    const get = function (name) { return form.elements[name].value.trim(); };
    const delivery = form.elements.delivery.value.split("-");
    const volumes = Array.prototype.map.call(rows.children, function (row) {
      return {
        kind: field(row, "kind").value, number: whole(field(row, "number").value), name: field(row, "name").value.trim(),
        paper_pages: whole(field(row, "paper_pages").value), known_gaps: field(row, "known_gaps").value.trim(),
        remarks: field(row, "remarks").value.trim()
      };
    }).filter(function (volume) { return volume.number !== null || volume.name !== "" || volume.paper_pages !== null; });
    const receipt = {
      case_name: get("case_name"), unit: get("unit"), secrecy: get("secrecy"), remarks: get("remarks"),
      numbers: split(get("numbers"), /[\s、,，;；]+/).map(function (number) { return { number: number }; }),
      suspects: split(get("suspects"), /[\s、,，;；]+/),
      delivery: { kind: delivery[0], number: Number(delivery[1]) },
      received_on: get("received_on") || null, accepted_on: get("accepted_on") || null, due_on: get("due_on") || null,
      volumes: volumes
    };
    if (form.dataset.version !== "") { receipt.version = Number(form.dataset.version); }
    return receipt;
  }

  function ask(method, address, body) {
    return fetch(address, {
      method: method, credentials: "same-origin",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key }, body: JSON.stringify(body)
    }).then(function (answer) {
      return answer.json().then(function (told) {
        if (!answer.ok) { throw told; }
        return told;
      });
    });
  }

  let busy = false;

  function save() {
    if (busy || !form.reportValidity()) { return; }
    busy = true;
    failed.hidden = true;
    const id = form.dataset.id;
    ask(id === "" ? "POST" : "PATCH", "/api/v1/receipts" + (id === "" ? "" : "/" + id), content())
      .then(function (receipt) { window.location.assign("/receipts/" + receipt.id); })
      .catch(complain);
  }

  function complain(problem) {
    busy = false;
    failed.textContent = problem.title === undefined ? "没有保存：与系统的连接断开了，请再点一次“保存”，不会重复登记。"
      : window.wordsOf(problem);
    const own = form.dataset.case, others = (problem.cases || []).filter(function (id) { return id !== own; });
    if (problem.code === "number_clash" && own !== "" && others.length === 1) { offer(own, others[0]); }
    failed.hidden = false;
    failed.scrollIntoView();
  }

  // The number has come: it is that of a case which the case system had put meanwhile.
  function offer(own, other) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "是同一个案件：并入那个案件";
    button.addEventListener("click", function () {
      busy = true;
      ask("POST", "/api/v1/cases/" + other + "/merge", { case: own }).then(function () { busy = false; save(); }).catch(complain);
    });
    failed.appendChild(document.createElement("br"));
    failed.appendChild(button);
    button.focus();
  }
}());
