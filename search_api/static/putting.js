// A page that is put in its place from its own view: where it stands now, and which pages are beside it.
"use strict";

(function () {
  const putting = document.getElementById("putting");
  if (putting === null) { return; }

  // The address keeps what was searched for.
  function lead(id, to) {
    const link = document.getElementById(id);
    if (link === null || link.href === undefined) { return; }
    if (to === null) { link.removeAttribute("href"); link.classList.add("off"); return; }
    link.href = "/pages/" + to + window.location.search;
    link.classList.remove("off");
  }

  document.addEventListener("deeds:done", function () {
    fetch("/api/v1/pages/" + putting.dataset.page, { credentials: "same-origin" })
      .then(function (answer) { return answer.json(); })
      .then(function (now) {
        document.getElementById("page-place").textContent =
          now.page_number ? "图像第 " + now.page_number + "/" + now.pages_in_volume + " 页" : "不计页";
        lead("page-before", now.before);
        lead("page-after", now.after);
        return fetch("/api/v1/pages/" + putting.dataset.page + "/citation", { credentials: "same-origin" });
      })
      .then(function (answer) { return answer.json(); })
      .then(function (now) {
        // What is copied from now on is cited by the place where the page is.
        document.getElementById("text").dataset.citation = now.citation;
        document.querySelector("#quote-tools .citation").textContent = now.citation;
      })
      .catch(function () { return undefined; });
  });
})();
