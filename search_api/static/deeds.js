// Deeds: asks the server to do something, says what was done, and keeps the calls that undo it.
"use strict";

window.deeds = (function () {
  const line = document.getElementById("done");
  const said = document.getElementById("done-text");
  const there = document.getElementById("done-there");
  const undoButton = document.getElementById("undo");
  // What undoes the last deed: calls, the first to be made first.
  let undo = [];

  function say(text, isBad) {
    line.hidden = false;
    line.classList.toggle("bad", isBad);
    said.textContent = text;
    undoButton.hidden = isBad || undo.length === 0;
    there.hidden = true;
  }

  // What has gone to another volume than the one on the screen is a click away.
  function lead(answers) {
    const here = document.getElementById("table"), last = answers[answers.length - 1];
    if (here === null || !last || !last.volume_id || last.volume_id === here.dataset.volume) { return; }
    there.href = "/volumes/" + last.volume_id;
    there.hidden = false;
  }

  function call(address, body) {
    return fetch(address, {
      method: "POST", credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body)
    }).then(function (answer) {
      return answer.json().then(function (content) {
        if (answer.ok) { return content; }
        throw new Error(content.title + (content.detail ? "（" + content.detail + "）" : "") + content.remedy);
      });
    });
  }

  function nothing() { return undefined; }

  // The page shows what was done, and whoever renews a part of it says until when.
  function refresh() {
    const renewals = [];
    document.dispatchEvent(new CustomEvent("deeds:done", {
      detail: { until: function (renewal) { renewals.push(renewal); } }
    }));
    return Promise.all(renewals).catch(nothing);
  }

  // Keys are quicker than answers: each deed waits until the page shows the one before it.
  let before = Promise.resolve();

  function inLine(deed) {
    const done = before.then(deed);
    before = done.catch(nothing).then(refresh);
    return done;
  }

  // Those of one deed are made one after the other: each may depend on the one before.
  function inTurn(calls) {
    const done = { sentences: [], undo: [], answers: [] };
    return calls.reduce(function (earlier, next) {
      return earlier.then(function () {
        return call(next.address, next.body).then(function (content) {
          done.sentences.push(content.done);
          done.answers.push(content);
          done.undo = content.undo.concat(done.undo);
        });
      });
    }, Promise.resolve()).then(function () { return done; }, function (error) {
      // What was done before it stands, and can be undone.
      if (done.undo.length > 0) { undo = done.undo; }
      complain(error);
      undoButton.hidden = done.undo.length === 0;
      throw error;
    });
  }

  function complain(error) {
    say(error instanceof TypeError ? "没有连上系统，这一步没有做。请重试。" : error.message, true);
  }

  // The calls, or what finds them as soon as the page shows the deed before.
  function perform(calls) {
    return inLine(function () {
      const found = typeof calls === "function" ? calls() : calls;
      return Promise.resolve(found).catch(function (error) { complain(error); throw error; }).then(inTurn)
        .then(function (done) {
          if (done.answers.length === 0) { return []; }
          undo = done.undo;
          say(done.sentences.length > 1 ? done.sentences[0] + "（共 " + done.sentences.length + " 项）"
                                        : done.sentences[0], false);
          lead(done.answers);
          return done.answers;
        });
    });
  }

  function takeBack() {
    inLine(function () {
      const calls = undo;
      if (calls.length === 0) { return undefined; }
      undo = [];
      return inTurn(calls).then(function () { say("已撤销。", false); });
    }).catch(nothing);
  }

  undoButton.addEventListener("click", takeBack);

  // Buttons that stand for one deed, wherever they are and whenever they come.
  document.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-address]");
    if (button === null) { return; }
    button.disabled = true;
    perform([{ address: button.dataset.address, body: JSON.parse(button.dataset.body) }])
      .catch(nothing)
      .then(function () { button.disabled = false; });
  });

  // Forms that ask for one value, and stand for one deed.
  document.addEventListener("submit", function (event) {
    const form = event.target.closest("form[data-address]");
    if (form === null) { return; }
    event.preventDefault();
    const field = form.querySelector("input[name]");
    const body = {};
    body[field.name] = field.type === "number" ? Number(field.value) : field.value;
    perform([{ address: form.dataset.address, body: body }]).catch(nothing);
  });

  return { perform: perform, takeBack: takeBack, say: say };
})();
