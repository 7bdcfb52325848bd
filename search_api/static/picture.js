// Pictures that are still being made: say so in their place, and ask again until they are there.
"use strict";

(function () {
  const PATIENCE = 800, FIRST_PAUSE = 2000, LONGEST_PAUSE = 15000;

  function say(image, words) {
    const place = image.parentElement;
    place.classList.toggle("wanting", words !== "");
    place.setAttribute("data-wanting", words);
  }

  function again(image, pause) {
    image.dataset.pause = String(Math.min(pause * 1.5, LONGEST_PAUSE));
    window.setTimeout(function () { if (image.isConnected) { image.src = image.src; } }, pause);
  }

  // An image says only that it failed; ask once more, as a program, for the reason.
  function failed(image) {
    const pause = Number(image.dataset.pause) || FIRST_PAUSE;
    say(image, "图像正在生成…");
    fetch(image.src + "&wait=0", { credentials: "same-origin" }).then(function (answer) {
      if (answer.ok || answer.status === 503) { again(image, answer.ok ? 0 : pause); return undefined; }
      return answer.json().then(function (problem) { say(image, problem.title); });
    }).catch(function () {
      say(image, "图像没有取到，正在重试…");
      again(image, pause);
    });
  }

  // Load and error events do not bubble, but can be caught on their way down, also for pictures that come later.
  document.addEventListener("error", function (event) {
    if (event.target.matches && event.target.matches("img[data-picture]")) { failed(event.target); }
  }, true);
  document.addEventListener("load", function (event) {
    if (event.target.matches && event.target.matches("img[data-picture]")) { say(event.target, ""); }
  }, true);
  document.querySelectorAll("img[data-picture]").forEach(function (image) {
    if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") {
      failed(image);
    } else {
      window.setTimeout(function () {
        if (!image.complete && image.loading !== "lazy") { say(image, "图像正在生成…"); }
      }, PATIENCE);
    }
  });
})();
