// The list of notes and bookmarks: changed and taken away where they stand.
"use strict";

(function () {
  const said = document.getElementById("said");

  function send(method, address, body) {
    return fetch(address, {
      method: method, credentials: "same-origin", headers: { "Content-Type": "application/json" },
      body: body === null ? undefined : JSON.stringify(body)
    }).then(function (answer) {
      if (answer.ok) { return true; }
      return answer.json().then(function (problem) { said.textContent = "没有保存：" + problem.title + problem.remedy; return false; });
    }).catch(function () { said.textContent = "没有保存：与系统的连接断开了，请再试一次。"; return false; });
  }

  document.querySelectorAll("[data-remove]").forEach(function (button) {
    button.addEventListener("click", function () {
      send("DELETE", button.dataset.remove, null).then(function (isDone) {
        if (!isDone) { return; }
        const card = button.closest(".card");
        card.parentNode.removeChild(card);
        said.textContent = "已删除。";
        document.getElementById("main").focus();
      });
    });
  });
  document.querySelectorAll("[data-share]").forEach(function (button) {
    button.addEventListener("click", function () {
      const shared = button.getAttribute("aria-pressed") !== "true";
      send("PATCH", button.dataset.share, { shared: shared }).then(function (isDone) {
        if (!isDone) { return; }
        button.setAttribute("aria-pressed", String(shared));
        said.textContent = shared ? "办案组现在看得到这条批注。" : "这条批注现在只有自己看得到。";
      });
    });
  });
})();
