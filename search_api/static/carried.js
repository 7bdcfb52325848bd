// Transcriptions of the page that this re-scan has replaced: taken over to their line, or left.
"use strict";

(function () {
  const section = document.getElementById("carried");
  if (section === null) { return; }

  section.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-verdict]");
    if (button === null) { return; }
    button.disabled = true;
    fetch("/api/v1/pages/" + section.dataset.page + "/carried", {
      method: "POST", credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ transcription: button.dataset.transcription, verdict: button.dataset.verdict })
    }).then(function (answer) {
      // What stands on the page now is shown with all the rest.
      if (answer.ok) { window.location.reload(); return undefined; }
      return answer.json().then(function (content) {
        throw new Error(window.wordsOf(content));
      });
    }).catch(function (error) {
      button.disabled = false;
      document.getElementById("carried-says").textContent =
        error instanceof TypeError ? "没有连上系统，请重试。" : error.message;
    });
  });
})();
