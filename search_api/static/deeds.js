// Deeds: asks the server to do something, says what was done, and keeps the calls that undo it.
"use strict";

window.deeds = (function () {
  const line = document.getElementById("done");
  const said = document.getElementById("done-text");
  const there = document.getElementById("done-there");
  const undoButton = document.getElementById("undo");
  // After so long, nobody knows whether what was asked for was done.
  const PATIENCE = 60000;
  // After so long, the next deed no longer waits for the page to show the one before it.
  const LONGEST_RENEWAL = 10000;
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

  function nothing() { return undefined; }

  // An answer as it is read by `reader`, or an AbortError: a server that says nothing holds nobody up for ever.
  function asked(address, options, reader) {
    const limit = new AbortController();
    const timer = window.setTimeout(function () { limit.abort(); }, PATIENCE);
    const read = fetch(address, Object.assign({ credentials: "same-origin", signal: limit.signal }, options)).then(reader);
    read.catch(nothing).then(function () { window.clearTimeout(timer); });
    return read;
  }

  function contentOf(answer) {
    return answer.json().then(function (content) {
      if (answer.ok) { return content; }
      throw new Error(window.wordsOf(content));
    });
  }

  function ask(address) { return asked(address, { headers: { Accept: "application/json" } }, contentOf); }

  function call(address, body) {
    return asked(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body)
    }, contentOf);
  }

  // The page shows what was done, and whoever renews a part of it says until when.
  function refresh() {
    const renewals = [];
    document.dispatchEvent(new CustomEvent("deeds:done", {
      detail: { until: function (renewal) { renewals.push(renewal); } }
    }));
    const limit = new Promise(function (resolve) { window.setTimeout(resolve, LONGEST_RENEWAL); });
    return Promise.race([Promise.all(renewals).catch(nothing), limit]);
  }

  // Keys are quicker than answers: each deed waits until the page shows the one before it.
  let queue = Promise.resolve();
  let inIt = 0;
  // Deeds that wait, by what they ask for: a button that is pressed twice stands for one.
  const waiting = new Map();
  // After one that was not done, those that were put in line behind it, unseeing, are not done either.
  let broken = 0;
  const SKIPPED = new Error("not done, as the deed before it was not");

  function inLine(deed) {
    const before = broken;
    inIt += 1;
    const done = queue.then(function () {
      if (before !== broken) { throw SKIPPED; }
      return deed().catch(function (error) {
        broken += 1;
        complain(error, inIt - 1);
        throw error;
      });
    });
    const over = function () { inIt -= 1; };
    done.then(over, over);
    queue = done.then(refresh, function (error) { return error === SKIPPED ? undefined : refresh(); });
    return done;
  }

  // Whoever leaves too early would lose what is still in line.
  window.addEventListener("beforeunload", function (event) {
    if (inIt > 0) { event.preventDefault(); event.returnValue = ""; }
  });

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
      undo = done.undo;
      throw error;
    });
  }

  function complain(error, behind) {
    const words = error instanceof TypeError ? "没有连上系统，这一步没有做。请重试。"
      : error.name === "AbortError" ? "系统一直没有回答，不知道这一步做了没有。请刷新页面，看清楚再继续。" : error.message;
    say(words + (behind > 0 ? "后面按下的 " + behind + " 步也没有做。" : ""), true);
    undoButton.hidden = undo.length === 0;
  }

  // The calls, or what finds them as soon as the page shows the deed before.
  function perform(calls) {
    const known = typeof calls === "function" ? null : JSON.stringify(calls);
    if (known !== null && waiting.has(known)) { return waiting.get(known); }
    const done = inLine(function () {
      return Promise.resolve().then(function () { return known === null ? calls() : calls; }).then(inTurn)
        .then(function (made) {
          if (made.answers.length === 0) { return []; }
          undo = made.undo;
          say(made.sentences.length > 1 ? made.sentences[0] + "（共 " + made.sentences.length + " 项）"
                                        : made.sentences[0], false);
          lead(made.answers);
          return made.answers;
        });
    });
    if (known !== null) {
      waiting.set(known, done);
      queue.then(function () { waiting.delete(known); });
    }
    return done;
  }

  function takeBack() {
    inLine(function () {
      const calls = undo;
      if (calls.length === 0) { return Promise.resolve(); }
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

  function whenDone() { return queue; }

  return { perform: perform, takeBack: takeBack, say: say, ask: ask, asked: asked, whenDone: whenDone };
})();
