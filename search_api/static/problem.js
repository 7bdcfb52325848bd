// A refusal in words: what is the matter, with what, and what to do.
"use strict";

window.wordsOf = function (problem) {
  return problem.title + (problem.detail ? "（" + problem.detail + "）" : "") + problem.remedy;
};
