// The upload queue: sends files by tus 1.0.0, a few at a time, and goes on where it was after whatever broke off.
"use strict";

window.uploadQueue = (function () {
  const AT_ONCE = 3;
  const SHORTEST_WAIT = 1000;
  const LONGEST_WAIT = 30000;
  const PACE_WINDOW = 20000;
  const PREFIX = "edossier.upload/";
  const DAY = 24 * 3600 * 1000;
  const LOST = "与系统的连接断开了，正在重试";
  const MOVED = "文件上传时被改动或移走了，请重新拖入";

  // What is remembered outlasts the browser: by file and place, under which id the server has its bytes.
  function memory(viewer, keepDays) {
    function keyOf(item) {
      return PREFIX + viewer + "/" +
        JSON.stringify([item.caseId, item.volume, item.path, item.file.name, item.file.size, item.file.lastModified]);
    }
    function purge(oldest) {
      Object.keys(window.localStorage).forEach(function (key) {
        if (key.indexOf(PREFIX) !== 0) { return; }
        const at = Number((window.localStorage.getItem(key) || "").split(" ")[1]);
        if (!(at > oldest)) { window.localStorage.removeItem(key); }
      });
    }
    try { purge(Date.now() - keepDays * DAY); } catch (error) { /* the browser keeps nothing */ }
    return {
      get: function (item) {
        try { return (window.localStorage.getItem(keyOf(item)) || "").split(" ")[0]; } catch (error) { return ""; }
      },
      put: function (item, id) {
        const value = id + " " + Date.now();
        try { window.localStorage.setItem(keyOf(item), value); } catch (error) {
          // Full: what is a day old is given up, and found again by the server where it is sent once more.
          try { purge(Date.now() - DAY); window.localStorage.setItem(keyOf(item), value); } catch (again) { return; }
        }
      },
      forget: function (item) {
        try { window.localStorage.removeItem(keyOf(item)); } catch (error) { return; }
      }
    };
  }

  function base64(text) {
    let bytes = "";
    new TextEncoder().encode(text).forEach(function (byte) { bytes += String.fromCharCode(byte); });
    return window.btoa(bytes);
  }

  function Refused(status, problem) {
    this.status = status;
    this.code = (problem && problem.code) || "";
    this.title = (problem && problem.title) || "系统出错（" + status + "）。";
    this.detail = (problem && problem.detail) || "";
    this.remedy = (problem && problem.remedy) || "";
  }

  // One request; its progress counts bytes. Refused with status 0: nobody answered.
  function request(method, address, headers, body, item, onProgress) {
    return new Promise(function (resolve, reject) {
      const call = new XMLHttpRequest();
      call.open(method, address);
      call.setRequestHeader("Tus-Resumable", "1.0.0");
      call.setRequestHeader("Accept", "application/json");
      Object.keys(headers).forEach(function (name) { call.setRequestHeader(name, headers[name]); });
      if (onProgress) { call.upload.onprogress = function (event) { onProgress(event.loaded); }; }
      call.onload = function () {
        item.call = null;
        if (call.status >= 200 && call.status < 300) { resolve(call); return; }
        let problem = null;
        try { problem = JSON.parse(call.responseText); } catch (error) { problem = null; }
        reject(new Refused(call.status, problem));
      };
      call.onerror = call.onabort = call.ontimeout = function () { item.call = null; reject(new Refused(0, null)); };
      item.call = call;
      call.send(body);
    });
  }

  // options: viewer, keepDays, partBytes, onChange(item), onHalt(sentence), onDone(item)
  return function (options) {
    const remembered = memory(options.viewer, options.keepDays);
    const items = [];
    let running = 0;
    let paused = false;
    let pace = [];

    function changed(item) { options.onChange(item); }

    function sentTo(item, offset, isNew) {
      if (isNew && offset > item.sent) { pace.push([Date.now(), offset - item.sent]); }
      item.sent = offset;
      changed(item);
    }

    function where(item) { return "/api/v1/uploads/" + item.uploadId; }

    function settled(item, call) {
      const fileId = call.getResponseHeader("Upload-File");
      if (fileId === null) { return false; }
      item.fileId = fileId;
      return true;
    }

    function begin(item) {
      const told = "case " + base64(item.caseId) + ",volume " + base64(item.volume) + ",path " + base64(item.path);
      return request("POST", "/api/v1/uploads", { "Upload-Length": String(item.file.size), "Upload-Metadata": told },
                     null, item).then(function (call) {
        item.uploadId = call.getResponseHeader("Location").split("/").pop();
        remembered.put(item, item.uploadId);
        sentTo(item, 0, false);
        return settled(item, call);
      });
    }

    // Where the server is with it: it knows better than anybody here.
    function ask(item) {
      if (!item.uploadId) { item.uploadId = remembered.get(item); item.resumed = Boolean(item.uploadId); }
      if (!item.uploadId) { return begin(item); }
      return request("HEAD", where(item), {}, null, item).then(function (call) {
        if (Number(call.getResponseHeader("Upload-Length")) !== item.file.size) { return anew(item); }
        sentTo(item, Number(call.getResponseHeader("Upload-Offset")), false);
        item.before = item.resumed ? item.sent : 0;
        return settled(item, call);
      }, function (refused) {
        if (refused.status !== 404) { throw refused; }
        return anew(item);
      });
    }

    function anew(item) {
      remembered.forget(item);
      item.uploadId = "";
      item.resumed = false;
      return begin(item);
    }

    function parts(item, isWhole) {
      if (isWhole) { return Promise.resolve(); }
      if (paused) { throw new Refused(0, null); }
      const from = item.sent;
      const part = item.file.slice(from, Math.min(from + options.partBytes, item.file.size));
      const headers = { "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" };
      return request("PATCH", where(item), headers, part, item, function (loaded) {
        sentTo(item, from + Math.min(loaded, part.size), true);
      }).then(function (call) {
        sentTo(item, Number(call.getResponseHeader("Upload-Offset")), true);
        item.failures = 0;
        return parts(item, settled(item, call));
      });
    }

    function halt(refused) {
      pause();
      options.onHalt(refused.status === 401 ? "登录已失效。请在另一个标签页重新登录，再回来点“继续”。"
        : refused.title + refused.remedy);
    }

    function later(item) {
      item.failures += 1;
      item.state = "lost";
      item.error = LOST;
      changed(item);
      const pauseFor = Math.min(SHORTEST_WAIT * Math.pow(2, item.failures - 1), LONGEST_WAIT);
      item.timer = window.setTimeout(function () { item.timer = 0; wake(item); }, pauseFor);
    }

    function wake(item) {
      if (item.state !== "lost") { return; }
      window.clearTimeout(item.timer);
      item.state = "waiting";
      item.error = "";
      changed(item);
      pump();
    }

    function fail(item, sentence) {
      item.state = "failed";
      item.error = sentence;
      changed(item);
    }

    function missed(item, refused) {
      if (paused) { item.state = "waiting"; changed(item); return; }
      if (refused.status === 401 || refused.status === 507) {
        item.state = "waiting";
        changed(item);
        halt(refused);
        return;
      }
      const passes = refused.status === 0 || refused.status >= 500 || refused.status === 429 ||
        ["upload_offset", "upload_busy", "checksum_mismatch"].indexOf(refused.code) >= 0;
      if (passes) {
        // A file that is no longer what was dropped breaks off in the same way as a line.
        const at = Math.min(item.sent, Math.max(item.file.size - 1, 0));
        new Response(item.file.slice(at, at + 1)).arrayBuffer().then(function () {
          later(item);
        }, function () { fail(item, MOVED); });
        return;
      }
      if (refused.status === 404 && item.uploadId && !item.anew) {
        item.anew = true;
        remembered.forget(item);
        item.uploadId = "";
        item.state = "waiting";
        pump();
        return;
      }
      fail(item, window.wordsOf(refused));
    }

    function send(item) {
      running += 1;
      item.state = "sending";
      changed(item);
      Promise.resolve().then(function () { return ask(item); })
        .then(function (isWhole) { return parts(item, isWhole); })
        .then(function () {
          item.sent = item.file.size;
          item.state = "done";
          item.error = "";
          remembered.put(item, item.uploadId);
          changed(item);
          options.onDone(item);
        }, function (error) {
          if (!(error instanceof Refused)) { error = new Refused(0, null); }
          missed(item, error);
        })
        .then(function () { running -= 1; pump(); });
    }

    function pump() {
      for (let at = 0; at < items.length && running < AT_ONCE && !paused; at += 1) {
        if (items[at].state === "waiting") { send(items[at]); }
      }
    }

    function pause() {
      paused = true;
      items.forEach(function (item) {
        window.clearTimeout(item.timer);
        if (item.state === "lost") { item.state = "waiting"; item.error = ""; }
        if (item.call) { item.call.abort(); }
      });
    }

    // Once the line is there again, nobody waits for the next try.
    window.addEventListener("online", function () { items.forEach(wake); });

    return {
      items: items,
      add: function (file, caseId, volume, path, group) {
        const item = {
          file: file, caseId: caseId, volume: volume, path: path, group: group, state: "waiting", sent: 0, before: 0,
          error: "", uploadId: "", fileId: "", resumed: false, anew: false, failures: 0, timer: 0, call: null,
          sha256: "", twice: "", ownSha256: ""
        };
        items.push(item);
        return item;
      },
      start: pump,
      pause: pause,
      resume: function () { paused = false; pump(); },
      isPaused: function () { return paused; },
      isGoing: function () {
        return items.some(function (item) { return ["waiting", "sending", "lost"].indexOf(item.state) >= 0; });
      },
      retry: function (item) {
        item.state = "waiting";
        item.error = "";
        item.failures = 0;
        item.anew = false;
        changed(item);
        pump();
      },
      // Bytes a second, over the last moments; 0 where nothing went.
      pace: function () {
        const now = Date.now();
        pace = pace.filter(function (each) { return each[0] > now - PACE_WINDOW; });
        if (pace.length < 2) { return 0; }
        const bytes = pace.reduce(function (sum, each) { return sum + each[1]; }, 0);
        return bytes / Math.max((now - pace[0][0]) / 1000, 0.5);
      }
    };
  };
})();
