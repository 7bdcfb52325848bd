// What a script can find out of WCAG 2.2 AA on a page as it is laid out.
(() => {
  const named = (element) => {
    const id = element.id ? "#" + element.id : "";
    return element.tagName.toLowerCase() + id + (id ? "" : "." + element.className) + " " +
      (element.textContent || element.value || "").trim().slice(0, 20);
  };
  const shown = (element) => {
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && !element.closest("[hidden], [aria-hidden=true]");
  };
  const onlyForReaders = (element) => {
    const box = element.getBoundingClientRect();
    return element.closest(".hidden, .skip") !== null || (box.width <= 1 && box.height <= 1);
  };
  const nameOf = (element) => {
    const by = (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id));
    const told = [element.getAttribute("aria-label"), ...by.map((each) => each && each.textContent),
      ...Array.from(element.labels || []).map((label) => label.textContent), element.getAttribute("title")];
    if (/^(A|BUTTON|SUMMARY)$/.test(element.tagName)) {
      told.push(element.textContent, ...Array.from(element.querySelectorAll("img")).map((image) => image.alt));
    }
    if (element.tagName === "INPUT" && /^(submit|button)$/.test(element.type)) told.push(element.value);
    return told.filter(Boolean).join(" ").trim();
  };
  const numbers = (color) => {
    const parts = (color.match(/[\d.]+/g) || []).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const over = (front, back) => back.slice(0, 3).map((value, at) => front[at] * front[3] + value * (1 - front[3]));
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.backgroundImage !== "none") return null;
      layers.push(numbers(style.backgroundColor));
      if (layers[layers.length - 1][3] === 1) break;
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  window.edossierFocusable = () => Array.from(document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]"
  )).filter((element) => shown(element) && !element.disabled && element.tabIndex >= 0);

  window.edossierFocus = () => {
    const element = document.activeElement, style = getComputedStyle(element);
    const at = window.edossierFocusable().indexOf(element);
    if (!element || element === document.body || element.tagName === "HTML") return [at, ""];
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return [at, ring || style.boxShadow !== "none" ? "" : "no focus to be seen: " + named(element)];
  };

  window.edossierAccessibility = () => {
    const faults = [];
    if (!document.documentElement.lang) faults.push("no lang");
    if (!document.title.trim()) faults.push("no title");
    if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
    if (document.documentElement.scrollWidth > window.innerWidth) {
      faults.push("wider than the window: " + document.documentElement.scrollWidth);
    }
    // Where there is no room, a browser breaks words of Han characters anywhere, or cuts them off.
    document.querySelectorAll(".top a, .top button").forEach((word) => {
      const box = word.getBoundingClientRect();
      const isCut = word.scrollWidth > word.clientWidth + 1 || word.scrollHeight > word.clientHeight + 1;
      if (isCut && word.clientWidth) faults.push("cut off: " + named(word));
      if (box.right > window.innerWidth) faults.push("beside the window: " + named(word));
      if (box.height > 49) faults.push("broken into lines: " + named(word));
    });
    let before = 0;
    document.querySelectorAll("h1, h2, h3, h4, h5, h6").forEach((heading) => {
      if (!shown(heading)) return;
      const level = Number(heading.tagName[1]);
      if (level > before + 1) faults.push(`h${level} after h${before}: ` + named(heading));
      before = level;
    });
    if (!document.querySelector("h1")) faults.push("no h1");
    const ids = Array.from(document.querySelectorAll("[id]")).map((element) => element.id);
    ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => faults.push("twice: #" + id));
    document.querySelectorAll("img:not([alt])").forEach((image) => faults.push("img without alt: " + named(image)));
    document.querySelectorAll("input:not([type=hidden]), select, textarea, a[href], button, summary").forEach((element) => {
      if (shown(element) && !nameOf(element)) faults.push("no name: " + named(element));
    });
    document.querySelectorAll("table").forEach((table) => {
      if (shown(table) && !table.querySelector("th")) faults.push("table without headings: " + named(table));
    });
    // 2.5.8: targets have 24 pixels, but for links within a text, and where there is room around.
    const targets = window.edossierFocusable().filter((element) => !onlyForReaders(element));
    const middles = targets.map((element) => {
      const box = element.getBoundingClientRect();
      return [(box.left + box.right) / 2, (box.top + box.bottom) / 2, Math.min(box.width, box.height)];
    });
    targets.forEach((element, at) => {
      const [x, y, size] = middles[at];
      const isInText = element.tagName === "A" && getComputedStyle(element).display === "inline";
      if (size >= 23.5 || isInText) return;
      const isClose = middles.some(([otherX, otherY], other) =>
        other !== at && !targets[other].contains(element) && !element.contains(targets[other]) &&
        Math.hypot(otherX - x, otherY - y) < 24);
      const isLabelled = element.labels && Array.from(element.labels).some((label) => label.getBoundingClientRect().height >= 23.5);
      if ((isClose || size < 16) && !isLabelled) faults.push(`target of ${Math.round(size)} pixels: ` + named(element));
    });
    // 1.4.3: text against what is behind it.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const told = new Set();
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || told.has(element) || !shown(element) || onlyForReaders(element)) continue;
      if (element.closest("svg, option, script, style, [aria-disabled=true], :disabled, .off")) continue;
      told.add(element);
      const style = getComputedStyle(element), back = behind(element);
      if (back === null) continue;
      const front = over(numbers(style.color), back), size = parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const found = contrast(front, back);
      if (found < (isLarge ? 3 : 4.5)) faults.push(`contrast ${found.toFixed(2)}: ` + named(element));
    }
    return faults;
  };
})();
