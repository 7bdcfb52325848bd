// The upload page: what was dropped is sorted by case and volume, confirmed, and handed to the queue.
"use strict";

(function () {
  const MOST_ROWS = 100;
  const AT_ONCE = 100;
  // Browsers work digests out of whole files in memory, and only at trustworthy addresses.
  const MOST_DIGESTED = 64 << 20;
  const QUIET = 10000;

  const page = document.getElementById("upload").dataset;
  const byId = function (id) { return document.getElementById(id); };
  const ignoredNames = JSON.parse(page.ignoredNames);
  const ignoredEndings = JSON.parse(page.ignoredEndings);
  const mostBytes = Number(page.mostBytes);

  // Folders that wait to be sent: {name, files: [{file, parts}], asCase, found, choice, volumes: {from: to}}
  let roots = [];
  let skipped = 0;
  const suggested = new Map();
  const groups = new Map();
  const queued = new Map();

  const queue = window.uploadQueue({
    viewer: page.viewer, keepDays: Number(page.keepDays), partBytes: Number(page.partBytes),
    onChange: function (item) { dirty.add(item); later(); },
    onHalt: function (sentence) { byId("halted").textContent = sentence; byId("halted").hidden = false; showPause(); },
    onDone: function (item) { finished.push(item); window.setTimeout(askOutcomes, 400); }
  });
  const dirty = new Set();
  let finished = [];

  function say(text) { byId("says").textContent = text; }

  function call(address, body) {
    const how = { credentials: "same-origin", headers: { Accept: "application/json" } };
    if (body !== undefined) {
      how.method = "POST";
      how.headers["Content-Type"] = "application/json";
      how.body = JSON.stringify(body);
    }
    return fetch(address, how).then(function (answer) {
      return answer.json().then(function (content) {
        if (answer.ok) { return content; }
        throw new Error(content.title + (content.remedy || ""));
      });
    }, function () { throw new Error("没有连上系统，请重试。"); });
  }

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text) { made.textContent = text; }
    if (className) { made.className = className; }
    return made;
  }

  function size(bytes) {
    if (bytes < 1e6) { return Math.max(1, Math.round(bytes / 1e3)) + " KB"; }
    return bytes < 1e9 ? (bytes / 1e6).toFixed(1) + " MB" : (bytes / 1e9).toFixed(2) + " GB";
  }

  function duration(seconds) {
    const minutes = Math.round(seconds / 60);
    if (minutes < 1) { return "不到 1 分钟"; }
    if (minutes < 60) { return "约 " + minutes + " 分钟"; }
    return "约 " + Math.floor(minutes / 60) + " 小时 " + minutes % 60 + " 分";
  }

  // What was dropped

  function isIgnored(parts) {
    const name = parts[parts.length - 1].toLowerCase();
    return ignoredNames.indexOf(name) >= 0 || name.indexOf("~$") === 0 ||
      ignoredEndings.some(function (ending) { return name.endsWith(ending); }) ||
      parts.some(function (part) { return part.charAt(0) === "."; });
  }

  // A folder gives its content a hundred at a time, until it gives nothing.
  function contentOf(folder) {
    const reader = folder.createReader();
    const found = [];
    return new Promise(function (resolve, reject) {
      (function next() {
        reader.readEntries(function (some) {
          if (some.length === 0) { resolve(found); return; }
          some.forEach(function (entry) { found.push(entry); });
          next();
        }, reject);
      })();
    });
  }

  function walk(entry, parts, found) {
    const here = parts.concat(entry.name);
    if (entry.isFile) {
      return new Promise(function (resolve, reject) {
        entry.file(function (file) { found.push({ file: file, parts: here }); resolve(); }, reject);
      });
    }
    return contentOf(entry).then(function (content) {
      // One folder after the other: thousands of files at a time are too many for the browser.
      return content.reduce(function (before, each) {
        return before.then(function () { return walk(each, here, found); });
      }, Promise.resolve());
    });
  }

  function dropped(event) {
    event.preventDefault();
    byId("drop").classList.remove("over");
    // What was dropped can be asked for only now.
    const entries = Array.from(event.dataTransfer.items).map(function (item) {
      return item.webkitGetAsEntry ? item.webkitGetAsEntry() : null;
    }).filter(function (entry) { return entry !== null; });
    const found = [];
    say("正在读取文件夹…");
    entries.reduce(function (before, entry) {
      return before.then(function () { return walk(entry, [], found); });
    }, Promise.resolve()).then(function () { take(found); }, function () {
      say("有的文件读不出来，没有全部加入。请检查后重新拖入。");
      take(found);
    });
  }

  function chosen(input) {
    take(Array.from(input.files).map(function (file) {
      return { file: file, parts: (file.webkitRelativePath || file.name).split("/") };
    }));
    input.value = "";
  }

  // 卷二 after 卷一: by their sounds, Chinese numbers are in no order.
  function inFigures(name) {
    const digits = "〇一二三四五六七八九";
    return name.replace(/[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]/g, function (number) {
      const at = number.indexOf("十");
      if (at < 0) { return String(digits.indexOf(number)); }
      return String((at > 0 ? digits.indexOf(number[0]) : 1) * 10 + (number.length > at + 1 ? digits.indexOf(number[at + 1]) : 0));
    });
  }

  function take(found) {
    const kept = found.filter(function (each) { return !isIgnored(each.parts); });
    skipped += found.length - kept.length;
    // Folders give their content in no order; people see their files go in that of the pages.
    const order = new Intl.Collator("zh", { numeric: true });
    const ordered = function (each) { return inFigures(each.parts.join("/")); };
    kept.sort(function (one, other) { return order.compare(ordered(one), ordered(other)); });
    const names = new Set();
    kept.forEach(function (each) { each.parts.slice(0, -1).slice(0, 2).forEach(function (name) { names.add(name); }); });
    recognise(Array.from(names)).then(function (known) {
      const fresh = [];
      kept.forEach(function (each) { place(each, known, fresh); });
      return recognisedRoots(fresh, known);
    }).then(function () {
      const count = roots.reduce(function (sum, root) { return sum + root.files.length; }, 0);
      say("已选 " + count + " 个文件" + (skipped ? "，略过 " + skipped + " 个系统文件" : "") + "。核对后点“开始上传”。");
      showPlan();
      if (count) { byId("start").focus(); }
    }).catch(function (error) { say(error.message); });
  }

  function recognise(names) {
    const known = new Map();
    const portions = [];
    for (let at = 0; at < names.length; at += 50) { portions.push(names.slice(at, at + 50)); }
    return portions.reduce(function (before, portion) {
      return before.then(function () {
        return call("/upload/folders", { folders: portion }).then(function (answer) {
          answer.folders.forEach(function (folder) { known.set(folder.folder, folder); });
        });
      });
    }, Promise.resolve()).then(function () { return known; });
  }

  // A folder without a number that holds folders with numbers is a day's heap of cases.
  function place(each, known, fresh) {
    let parts = each.parts;
    const bears = function (name) { return known.has(name) && known.get(name).numbers.length > 0; };
    if (parts.length > 2 && !bears(parts[0]) && bears(parts[1])) { parts = parts.slice(1); }
    const name = parts.length > 1 ? parts[0] : "";
    let root = roots.find(function (other) { return other.name === name; });
    if (root === undefined) {
      root = { name: name, files: [], asCase: true, found: null, choice: "", volumes: new Map() };
      roots.push(root);
      fresh.push(root);
    }
    root.files.push({ file: each.file, parts: name ? parts.slice(1) : parts });
  }

  function recognisedRoots(fresh, known) {
    fresh.forEach(function (root) {
      const found = known.get(root.name);
      if (found && found.numbers.length > 0) {
        root.found = found;
        root.choice = found.case ? labelOf(found.case) : found.numbers[0];
      }
    });
    return byCaseField();
  }

  // What the field above says holds for all that does not say otherwise itself.
  function byCaseField() {
    const told = byId("case").value.trim();
    return meaning(told).then(function (found) {
      if (byId("case").value.trim() !== told) { return; }
      byId("case-says").textContent = told ? says(found) : "";
      roots.forEach(function (root) {
        if (root.choice && !root.byField) { return; }
        root.byField = Boolean(told);
        root.choice = told;
        root.found = told ? found : null;
        root.asCase = !told || holdsVolumesOf(found, root);
      });
    });
  }

  // A case's folder on which a volume's name stands inside is the case, whatever it is called itself.
  function holdsVolumesOf(found, root) {
    const known = found && found.case ? found.case.volumes : [];
    return known.indexOf(root.name) < 0 && root.files.some(function (each) {
      return each.parts.length > 1 && known.indexOf(each.parts[0]) >= 0;
    });
  }

  function labelOf(known) { return known.number ? known.number + " " + known.name : known.name; }

  function meaning(told) {
    if (!told) { return Promise.resolve(null); }
    if (suggested.has(told)) { return Promise.resolve({ state: "known", case: suggested.get(told), numbers: [] }); }
    return call("/upload/folders", { folders: [told] }).then(function (answer) { return answer.folders[0]; });
  }

  function says(found) {
    if (found === null) { return "进“待认领”"; }
    return {
      known: found.case ? "已有案件" + (found.case.name ? "：" + found.case.name : "") : "",
      "new": "新编号，按“未知案件”收下", unclaimed: "没有认出编号，进“待认领”", hidden: "这个编号属于您看不到的案件，不能上传"
    }[found.state];
  }

  // The plan

  function volumeOf(root, parts) {
    if (root.name && !root.asCase) { return { volume: root.name, path: parts.join("/") }; }
    if (root.name && parts.length > 1) { return { volume: parts[0], path: parts.slice(1).join("/") }; }
    return { volume: page.looseVolume, path: parts.join("/") };
  }

  function volumesOf(root) {
    const found = new Map();
    root.files.forEach(function (each) {
      const name = volumeOf(root, each.parts).volume;
      found.set(name, (found.get(name) || 0) + 1);
    });
    return found;
  }

  function showPlan() {
    const body = byId("roots");
    body.textContent = "";
    let bytes = 0;
    let count = 0;
    roots.forEach(function (root, at) {
      root.files.forEach(function (each) { bytes += each.file.size; count += 1; });
      body.appendChild(rootRow(root, at));
    });
    byId("plan").hidden = roots.length === 0;
    byId("plan-count").textContent = count + " 个文件，" + size(bytes);
  }

  function rootRow(root, at) {
    const row = element("tr");
    const name = root.name || "散文件";
    const first = element("td", name);
    first.appendChild(element("div", root.files.length + " 个文件", "muted"));
    row.appendChild(first);

    const caseCell = element("td");
    const field = element("input");
    field.id = "root-case-" + at;
    field.setAttribute("list", "cases");
    field.setAttribute("aria-label", name + " 的案件");
    field.autocomplete = "off";
    field.placeholder = "待认领";
    field.value = root.choice;
    field.addEventListener("input", suggest);
    field.addEventListener("change", function () {
      const told = field.value.trim();
      meaning(told).then(function (found) {
        root.choice = told;
        root.byField = false;
        root.found = found;
        if (!told) { root.asCase = true; }
        showPlan();
        const again = byId("root-case-" + at);
        if (again && document.activeElement === document.body) { again.focus(); }
      }).catch(function (error) { say(error.message); });
    });
    caseCell.appendChild(field);
    const isHidden = root.found !== null && root.found.state === "hidden";
    caseCell.appendChild(element("div", says(root.found), isHidden ? "bad" : "muted"));
    row.appendChild(caseCell);

    const asCell = element("td");
    if (root.name && root.choice) {
      const as = element("select");
      as.setAttribute("aria-label", name + " 当作");
      [["case", "整个案件"], ["volume", "一卷"]].forEach(function (option) {
        const made = element("option", option[1]);
        made.value = option[0];
        as.appendChild(made);
      });
      as.id = "root-as-" + at;
      as.value = root.asCase ? "case" : "volume";
      as.addEventListener("change", function () {
        root.asCase = as.value === "case";
        showPlan();
        byId("root-as-" + at).focus();
      });
      asCell.appendChild(as);
    } else {
      asCell.textContent = root.name ? "整个案件" : "散文件";
    }
    row.appendChild(asCell);

    const volumes = element("td");
    volumesOf(root).forEach(function (count, volume) {
      const line = element("div", "", "volume-row");
      const input = element("input");
      input.value = root.volumes.get(volume) || volume;
      input.setAttribute("aria-label", name + " 的卷名，原为 " + volume);
      input.addEventListener("change", function () { root.volumes.set(volume, input.value.trim() || volume); });
      line.appendChild(input);
      line.appendChild(element("span", count + " 个", "muted"));
      volumes.appendChild(line);
    });
    row.appendChild(volumes);
    return row;
  }

  let asking = 0;

  function suggest(event) {
    const told = event.target.value.trim();
    window.clearTimeout(asking);
    asking = window.setTimeout(function () {
      call("/upload/cases?q=" + encodeURIComponent(suggested.has(told) ? "" : told)).then(function (answer) {
        const list = byId("cases");
        list.textContent = "";
        answer.cases.forEach(function (known) {
          const label = labelOf(known);
          suggested.set(label, known);
          const option = element("option");
          option.value = label;
          list.appendChild(option);
        });
      }).catch(function () { return undefined; });
    }, 200);
  }

  // The start

  function caseOf(root) {
    const found = root.found;
    if (found && found.state === "known") { return Promise.resolve(found.case); }
    const isOwn = found && found.folder !== root.choice;
    return call("/upload/case", { folder: root.choice && !isOwn ? root.choice : root.name });
  }

  function start() {
    if (roots.some(function (root) { return root.found && root.found.state === "hidden"; })) {
      say("有的文件夹属于您看不到的案件。请改正后再开始。");
      return;
    }
    byId("start").disabled = true;
    const waiting = roots;
    let again = 0;
    waiting.reduce(function (before, root) {
      return before.then(function () { return caseOf(root); }).then(function (known) { again += enqueue(root, known); });
    }, Promise.resolve()).then(function () {
      roots = roots.filter(function (root) { return waiting.indexOf(root) < 0; });
      skipped = 0;
      showPlan();
      byId("going").hidden = false;
      byId("pause").focus();
      say("开始上传" + (again ? "，有 " + again + " 个文件已经在列，不再重复" : "") + "。");
      resume();
    }).catch(function (error) { say(error.message); }).then(function () { byId("start").disabled = false; });
  }

  function enqueue(root, known) {
    let again = 0;
    root.files.forEach(function (each) {
      const placed = volumeOf(root, each.parts);
      const volume = root.volumes.get(placed.volume) || placed.volume;
      const key = JSON.stringify([known.id, volume, placed.path, each.file.size, each.file.lastModified]);
      const earlier = queued.get(key);
      if (earlier !== undefined) {
        again += 1;
        if (earlier.state === "failed") { earlier.file = each.file; queue.retry(earlier); }
        return;
      }
      const item = queue.add(each.file, known.id, volume, placed.path, groupOf(known, volume));
      queued.set(key, item);
      item.group.items.push(item);
      if (each.file.size > mostBytes) {
        item.state = "failed";
        item.error = "文件超过 " + Math.floor(mostBytes / 1e6) + " MB。请拆分后分别上传，或请管理员提高上限。";
        item.isTooLarge = true;
      }
    });
    return again;
  }

  function groupOf(known, volume) {
    const key = known.id + "/" + volume;
    if (!groups.has(key)) {
      const line = element("li");
      const name = element("span", "", "name");
      const bar = element("progress");
      const count = element("span", "", "count");
      bar.setAttribute("aria-label", volume);
      [name, bar, count].forEach(function (part) { line.appendChild(part); });
      name.textContent = volume;
      name.title = labelOf(known) + " " + volume;
      byId("volumes").appendChild(line);
      groups.set(key, { items: [], volume: volume, label: labelOf(known), name: name, bar: bar, count: count, href: "" });
    }
    return groups.get(key);
  }

  // How far it is

  let drawing = 0;
  let lastSaid = 0;

  function later() {
    if (drawing) { return; }
    drawing = window.setTimeout(function () { drawing = 0; draw(); }, 250);
  }

  function draw() {
    dirty.clear();
    const items = queue.items;
    let bytes = 0;
    let sent = 0;
    const counts = { waiting: 0, sending: 0, lost: 0, done: 0, failed: 0 };
    let twice = 0;
    groups.forEach(function (group) { group.sent = group.bytes = group.done = 0; });
    items.forEach(function (item) {
      counts[item.state] += 1;
      const whole = item.file.size || 1;
      const part = item.state === "done" ? whole : item.sent;
      item.group.bytes += whole;
      item.group.sent += part;
      item.group.done += item.state === "done" ? 1 : 0;
      twice += item.twice ? 1 : 0;
      if (item.state !== "failed") { bytes += whole; sent += part; }
    });
    const open = counts.waiting + counts.sending + counts.lost;
    groups.forEach(function (group) {
      group.bar.max = group.bytes || 1;
      group.bar.value = group.sent;
      group.count.textContent = group.done + "/" + group.items.length;
      if (group.href && !group.name.firstElementChild) {
        const way = element("a", group.volume);
        way.href = group.href;
        group.name.textContent = "";
        group.name.appendChild(way);
      }
    });
    const pace = queue.pace();
    byId("total").max = bytes || 1;
    byId("total").value = sent;
    const parts = [counts.done + "/" + items.length + " 个文件", size(sent) + "/" + size(bytes)];
    if (open && pace && !queue.isPaused()) {
      parts.push("每秒 " + size(pace));
      parts.push("还需" + duration((bytes - sent) / pace));
    }
    byId("total-text").textContent = parts.join(" · ");
    byId("pause").hidden = open === 0;
    byId("retry-all").hidden = counts.failed === 0;
    showFiles();
    if (items.length === 0) { return; }
    const ending = (counts.failed ? "，" + counts.failed + " 个出错" : "") +
      (twice ? "，" + twice + " 个以前收过" : "");
    if (open === 0) {
      say("全部传完：" + counts.done + " 个文件" + ending + "。可以关闭本页，到“进度”里看识别情况。");
    } else if (counts.lost > 0) {
      say("与系统的连接断开了，正在重试。已传的不会丢，关掉本页以后再拖入同一文件夹也会接着传。");
    } else if (Date.now() - lastSaid > QUIET) {
      lastSaid = Date.now();
      say((queue.isPaused() ? "已暂停：" : "正在上传：") + "已完成 " + counts.done + "/" + items.length + ending + "。");
    }
  }

  const ORDER = { sending: 0, lost: 1, failed: 2, waiting: 3, done: 4 };

  function showFiles() {
    const which = byId("which").value;
    const wanted = queue.items.filter(function (item) {
      if (which === "open") { return item.state !== "done"; }
      if (which === "failed") { return item.state === "failed"; }
      return which === "all" || item.twice !== "";
    });
    if (which === "open") { wanted.sort(function (one, other) { return ORDER[one.state] - ORDER[other.state]; }); }
    byId("file-count").textContent = wanted.length + " 个";
    byId("more").textContent = wanted.length > MOST_ROWS ? "还有 " + (wanted.length - MOST_ROWS) + " 个没有列出。" : "";
    const list = byId("list");
    const rows = wanted.slice(0, MOST_ROWS).map(function (item) {
      if (!item.row) { item.row = fileRow(item); }
      if (item.drawn !== drawnOf(item)) { fill(item); }
      return item.row;
    });
    // Rows that stay are not touched, so that the focus stays, too.
    const staying = new Set(rows);
    Array.from(list.children).forEach(function (row) { if (!staying.has(row)) { row.remove(); } });
    rows.forEach(function (row, at) {
      if (list.children[at] !== row) { list.insertBefore(row, list.children[at] || null); }
    });
  }

  function drawnOf(item) { return [item.state, item.sent, item.error, item.sha256, item.twice].join("|"); }

  function fileRow(item) {
    const row = element("tr");
    const name = element("td", item.path);
    name.appendChild(element("div", item.group.volume, "muted"));
    row.appendChild(name);
    row.appendChild(element("td", size(item.file.size)));
    row.appendChild(element("td"));
    return row;
  }

  function fill(item) {
    const cell = item.row.children[2];
    const hadFocus = cell.contains(document.activeElement);
    item.drawn = drawnOf(item);
    cell.textContent = "";
    if (item.state === "sending") {
      const bar = element("progress");
      bar.max = item.file.size || 1;
      bar.value = item.sent;
      bar.setAttribute("aria-label", item.path);
      cell.appendChild(bar);
      cell.appendChild(element("span", (item.before ? "接着上次的 " + size(item.before) + " · " : "") +
        Math.floor(100 * item.sent / (item.file.size || 1)) + "%", "count"));
    } else if (item.state === "waiting") {
      cell.appendChild(element("span", "等待", "muted"));
    } else if (item.state === "done") {
      cell.appendChild(element("span", item.twice || (item.before === item.file.size && item.before ? "上次已传完" : "已收到")));
      if (item.sha256) {
        const isSame = item.ownSha256 && item.ownSha256 === item.sha256;
        cell.appendChild(element("div", "SHA-256 " + item.sha256 + (isSame ? "（与本机文件一致）" : ""), "digest"));
      }
    } else {
      cell.appendChild(element("span", item.error, "bad"));
    }
    if (item.state === "failed" && !item.isTooLarge) {
      const button = element("button", "重试");
      button.type = "button";
      button.setAttribute("aria-label", "重试 " + item.path);
      button.addEventListener("click", function () { queue.retry(item); });
      cell.appendChild(button);
      if (hadFocus) { button.focus(); }
    }
  }

  // What the server has

  function askOutcomes() {
    const some = finished.slice(0, AT_ONCE);
    if (some.length === 0) { return; }
    finished = finished.slice(AT_ONCE);
    call("/upload/outcomes", { uploads: some.map(function (item) { return item.uploadId; }) }).then(function (answer) {
      const known = new Map();
      answer.outcomes.forEach(function (outcome) { known.set(outcome.upload_id, outcome); });
      some.forEach(function (item) {
        const outcome = known.get(item.uploadId);
        if (outcome === undefined) { return; }
        item.sha256 = outcome.sha256;
        item.group.href = "/volumes/" + outcome.volume_id;
        if (outcome.came_before) {
          item.twice = "以前收过同一个文件（同一位置，内容相同），没有重复收";
        } else if (outcome.elsewhere.length > 0) {
          item.twice = "已收到；内容与 " + outcome.elsewhere.join("、") + " 相同，请核对是否重复";
        }
        digest(item);
      });
      later();
      askOutcomes();
    }).catch(function () {
      finished = some.concat(finished);
      window.setTimeout(askOutcomes, 5000);
    });
  }

  function digest(item) {
    if (!window.crypto || !window.crypto.subtle || item.file.size > MOST_DIGESTED) { return; }
    new Response(item.file).arrayBuffer().then(function (content) {
      return window.crypto.subtle.digest("SHA-256", content);
    }).then(function (found) {
      item.ownSha256 = Array.from(new Uint8Array(found)).map(function (byte) {
        return ("0" + byte.toString(16)).slice(-2);
      }).join("");
      if (item.ownSha256 !== item.sha256) {
        item.state = "failed";
        item.error = "系统收到的内容与本机现在的文件不一致（文件可能刚被改动）。请重新拖入。";
      }
      item.drawn = "";
      later();
    }).catch(function () { return undefined; });
  }

  // By hand

  function showPause() { byId("pause").textContent = queue.isPaused() ? "继续" : "暂停"; }

  function resume() {
    byId("halted").hidden = true;
    queue.resume();
    showPause();
    later();
  }

  byId("pause").addEventListener("click", function () {
    if (queue.isPaused()) { resume(); return; }
    queue.pause();
    showPause();
    lastSaid = 0;
    later();
  });
  byId("start").addEventListener("click", start);
  byId("clear").addEventListener("click", function () {
    roots = [];
    skipped = 0;
    showPlan();
    say("已清除。");
    byId("choose-folder").focus();
  });
  byId("retry-all").addEventListener("click", function () {
    queue.items.forEach(function (item) { if (item.state === "failed" && !item.isTooLarge) { queue.retry(item); } });
  });
  byId("which").addEventListener("change", showFiles);
  byId("choose-folder").addEventListener("click", function () { byId("folder").click(); });
  byId("choose-files").addEventListener("click", function () { byId("files").click(); });
  [byId("folder"), byId("files")].forEach(function (input) {
    input.addEventListener("change", function () { chosen(input); });
  });
  byId("case").addEventListener("input", suggest);
  byId("case").addEventListener("focus", suggest);
  let meant = 0;
  ["input", "change"].forEach(function (kind) {
    byId("case").addEventListener(kind, function () {
      window.clearTimeout(meant);
      meant = window.setTimeout(function () {
        byCaseField().then(showPlan).catch(function (error) { say(error.message); });
      }, 300);
    });
  });
  // Whoever comes from a receipt has said which case it is.
  const chosenCase = JSON.parse(page.chosen);
  if (chosenCase !== null && !byId("case").value) {
    suggested.set(labelOf(chosenCase), chosenCase);
    byId("case").value = labelOf(chosenCase);
  }
  // What the browser has put back into the field, or somebody wrote before this script was there.
  if (byId("case").value) { byCaseField().catch(function (error) { say(error.message); }); }
  // Anywhere on the page: a file that misses the field would otherwise replace it.
  document.addEventListener("dragover", function (event) {
    event.preventDefault();
    byId("drop").classList.add("over");
  });
  document.addEventListener("dragleave", function (event) {
    if (event.relatedTarget === null) { byId("drop").classList.remove("over"); }
  });
  document.addEventListener("drop", dropped);
  window.addEventListener("beforeunload", function (event) {
    if (queue.isGoing()) { event.preventDefault(); event.returnValue = ""; }
  });
})();
