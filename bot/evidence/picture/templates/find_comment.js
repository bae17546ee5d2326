// Finds the words of a comment in a document and says whether a visitor can see them. Three ways of asking (mode):
//   peek   are the words there? Asked often while a page draws itself.
//   prove  let it settle, scroll to them, try every line of them: is it drawn, is it uncovered?
//   again  the same without scrolling: has anything moved since?
// The same letters may be written in many ways: spaces, composed letters, quotes and dashes that a platform made
// typographic, invisible characters and emoji (drawn as pictures by many) are not compared; links may be cut short.
async ({ text, comment_id, anchor, mode, settle_ms, tallest }) => {
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\uFFFD\uFE00-\uFE0F\u{E0100}-\u{E01EF}\u20E3\s]/u;
  const PICTURED = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}/u;
  const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu;
  const LINK = /(?:https?:\/\/|www\.)[^\s<>"]+|(?<![\w.@-])[\w-]+(?:\.[\w-]+)+\/[^\s<>"]*/giu;
  const LINK_LIKE = /^\s*(?:https?:\/\/)?[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*|…|\.\.\.)?\s*$/u;
  const SENTINEL = "\uE000";
  const SKIPPED = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "TEXTAREA", "SELECT", "IFRAME", "OBJECT", "TITLE"]);
  const SAME = { "\u201C": '"', "\u201D": '"', "\u201E": '"', "\u00AB": '"', "\u00BB": '"', "\u2018": "'", "\u2019": "'",
    "\u201A": "'", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00D7": "x" };
  const SMALLEST = 7, MOST_LINES = 400, MOST_PLACES = 8, LARGEST = 2_000_000;

  // ── letters ──
  const folded = (cluster, emoji) => {
    if (cluster.length === 1 && cluster < "\x7f") return cluster > " " ? cluster : "";
    const same = SAME[cluster];
    if (same) return same;
    let kept = "";
    for (const letter of cluster.normalize("NFD"))
      if (!UNSEEN.test(letter) && (emoji || !PICTURED.test(letter))) kept += letter;
    return kept;
  };
  const fold = (s, emoji) => (s.match(CLUSTER) ?? []).map(c => folded(c, emoji)).join("").replace(/-+/g, "-");
  const trimmed = url => url.replace(/[.,;:!?)\]'"»]+$/u, "");
  const links = [...text.matchAll(LINK)].map(found => trimmed(found[0]));
  const withSentinels = s => s.replace(LINK, found => SENTINEL + found.slice(trimmed(found).length));

  // ── what is drawn, in the order of reading ──
  const parentOf = node => node.assignedSlot ?? node.parentElement ?? (node.parentNode instanceof ShadowRoot ? node.parentNode.host : null);
  const drawn = new Map();
  const isDrawn = element => {
    if (!drawn.has(element)) {
      let boxed = element;
      while (boxed && getComputedStyle(boxed).display === "contents") boxed = parentOf(boxed);
      drawn.set(element, !!boxed && boxed.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
    }
    return drawn.get(element);
  };
  const roots = new Set([document]);
  const read = (root, emoji, cutLinks) => {
    const page = { letters: [], owner: [], from: [], to: [], nodes: [] };
    const put = (letter, node, from, to) => {
      if (letter === "-" && page.letters.at(-1) === "-") return;
      for (let i = 0; i < letter.length; i++) { page.letters.push(letter[i]); page.owner.push(node); page.from.push(from); page.to.push(to); }
    };
    const words = (node, start, s) => {
      if (/^[\x00-\x7f]*$/.test(s)) {  // most text, by a much shorter way
        for (let i = 0; i < s.length; i++) if (s[i] > " " && s[i] < "\x7f") put(s[i], page.nodes.length - 1, start + i, start + i + 1);
        return;
      }
      for (const found of s.matchAll(CLUSTER)) put(folded(found[0], emoji), page.nodes.length - 1, start + found.index, start + found.index + found[0].length);
    };
    const write = node => {
      page.nodes.push(node);
      let done = 0;
      if (cutLinks) for (const found of node.data.matchAll(LINK)) {
        const url = trimmed(found[0]);
        words(node, done, node.data.slice(done, found.index));
        done = found.index + url.length;
        put(SENTINEL, page.nodes.length - 1, found.index, done);
      }
      words(node, done, node.data.slice(done));
    };
    const stack = [root];
    while (stack.length && page.letters.length < LARGEST) {
      const node = stack.pop();
      if (node.nodeType === Node.TEXT_NODE) {
        const parent = node.parentElement ?? node.parentNode?.host;
        if (parent && /\S/.test(node.data) && isDrawn(parent)) write(node);
      } else if (node.nodeType === Node.ELEMENT_NODE && !SKIPPED.has(node.tagName) && getComputedStyle(node).display !== "none") {
        if (node.tagName === "IMG" && (PICTURED.test(node.alt) || node.alt.includes("\u20E3")) && isDrawn(node)) {
          page.nodes.push(node);
          for (const found of node.alt.slice(0, 40).matchAll(CLUSTER)) put(folded(found[0], emoji), page.nodes.length - 1, -1, -1);
        } else if (cutLinks && node.tagName === "A" && node.textContent.length < 2000 && LINK_LIKE.test(node.textContent) && isDrawn(node)) {
          page.nodes.push(node);
          put(SENTINEL, page.nodes.length - 1, -1, -1);
        } else {
          if (node.shadowRoot) roots.add(node.shadowRoot);
          const inside = node.tagName === "SLOT" && node.assignedNodes().length ? node.assignedNodes() : (node.shadowRoot ?? node).childNodes;
          for (let i = inside.length - 1; i >= 0; i--) stack.push(inside[i]);
        }
      }
    }
    page.text = page.letters.join("");
    return page;
  };

  // ── where the words stand ──
  const holds = (outer, node) => { for (let each = node; each; each = parentOf(each)) if (each === outer) return true; return false; };
  const blockOf = node => {
    let block = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement ?? node.parentNode?.host;
    while (block && /^(inline|contents)$/.test(getComputedStyle(block).display) && parentOf(block)) block = parentOf(block);
    return block;
  };
  const common = (a, b) => { let each = blockOf(a); while (each && !holds(each, b)) each = parentOf(each); return each; };
  // 2: alone in its element; 1: its pieces of text are its own; 0: within other words. How much of the element it is.
  const standing = (page, start, end) => {
    const first = page.nodes[page.owner[start]], last = page.nodes[page.owner[end - 1]];
    const element = common(first, last) ?? root;
    let low = start, high = end;
    const inside = i => holds(element, page.nodes[page.owner[i]]);
    while (low > 0 && inside(low - 1) && end - low < 200_000) low--;
    while (high < page.letters.length && inside(high) && high - start < 200_000) high++;
    const own = (start === 0 || page.owner[start - 1] !== page.owner[start]) && (end === page.letters.length || page.owner[end] !== page.owner[end - 1]);
    const share = (end - start) / (high - low);
    return { start, end, element, share, rank: share === 1 ? 2 : own ? 1 : 0 };
  };
  const isSameLink = (page, index, url) => {
    const node = page.nodes[page.owner[index]], whole = page.from[index] < 0;
    const shown = whole ? node.textContent : node.data.slice(page.from[index], page.to[index]);
    const bare = s => s.trim().toLowerCase().replace(/^https?:\/\//, "").replace(/^www\./, "");
    const head = bare(shown).replace(/(?:…|\.\.\.)$/u, "").replace(/\/$/, "");
    const href = whole ? node.href : "";
    return (head.length > 3 && bare(url).startsWith(head)) || href === url || href.includes(encodeURIComponent(url));
  };
  const places = (page, needle, marked, urls) => {
    const found = [];
    for (let at = page.text.indexOf(needle); at >= 0 && found.length < 50; at = page.text.indexOf(needle, at + 1)) {
      const place = standing(page, at, at + needle.length);
      const sentinels = urls ? [...needle].flatMap((letter, i) => letter === SENTINEL ? [at + i] : []) : [];
      if (!sentinels.every((index, i) => isSameLink(page, index, urls[i] ?? ""))) continue;
      // Two or three letters stand in many a menu, and a short sentence within a longer one of somebody else's.
      if (marked || place.rank === 2 || (needle.length >= 12 && (place.rank === 1 || place.share >= 0.8))) found.push({ ...place, page });
    }
    return found.sort((a, b) => b.rank - a.rank || b.share - a.share).slice(0, MOST_PLACES);
  };
  const escaped = CSS.escape(comment_id ?? "");
  const marked = (comment_id ? document.querySelector(`[data-comment-id="${escaped}"]`) : null) ?? (anchor ? document.getElementById(anchor) : null);
  const root = marked ?? document.body ?? document.documentElement;
  const emoji = !fold(text, false);
  const needle = fold(text, emoji);
  const nothing = { found: false, visible: false, ratio: 0, box: null, page_box: null, lines: [], marked: !!marked, words: needle.length, size: 0, ready: document.readyState, fonts_loading: document.fonts.status === "loading" };
  if (!root) return nothing;

  if (mode === "prove") {
    const loaded = document.readyState === "complete" ? null : new Promise(done => addEventListener("load", done, { once: true }));
    await Promise.race([Promise.all([loaded, document.fonts.ready]), new Promise(done => setTimeout(done, settle_ms))]);
  }
  let page = read(root, emoji, false);
  let candidates = needle ? places(page, needle, marked, null) : [];
  if (!candidates.length && links.length) {
    const cut = fold(withSentinels(text), emoji).replace(/-+/g, "-");
    candidates = places(read(root, emoji, true), cut, marked, links);
  }
  const state = { ...nothing, found: candidates.length > 0, size: page.letters.length };
  if (mode === "peek") return state;
  if (!candidates.length) return { ...state, ratio: share(), ...boxed(marked) };

  // ── whether they are seen ──
  const everything = new CSSStyleSheet();
  everything.replaceSync("* { pointer-events: auto !important }");  // else what lets clicks through would cover unnoticed
  for (const each of roots) each.adoptedStyleSheets = [...each.adoptedStyleSheets, everything];
  try {
    let best = null;
    for (const place of candidates) {
      const tried = tryOut(place);
      if (!best || tried.ratio > best.ratio) best = tried;
      if (best.visible) break;
    }
    return { ...state, ...best };
  } finally {
    for (const each of roots) each.adoptedStyleSheets = each.adoptedStyleSheets.filter(sheet => sheet !== everything);
  }

  function tryOut(place) {
    const shown = withAccount(place.element);
    const tall = shown.getBoundingClientRect().height > innerHeight;
    if (mode === "prove") shown.scrollIntoView({ block: tall ? "start" : "center", behavior: "instant" });
    const ranges = rangesOf(place);
    const seen = new Set();
    let lines = linesOf(ranges);
    const mark = () => lines.forEach((line, i) => { if (!seen.has(i) && isSeen(line)) seen.add(i); });
    mark();
    if (tall && mode === "prove") {
      const [home, top] = [scrollY, shown.getBoundingClientRect().top + scrollY];
      for (let y = top; y < top + Math.min(shown.getBoundingClientRect().height, tallest); y += innerHeight * 0.7) {
        scrollTo({ top: y, behavior: "instant" });
        lines = linesOf(ranges);
        mark();
      }
      scrollTo({ top: home, behavior: "instant" });
      lines = linesOf(ranges);
    }
    const box = shown.getBoundingClientRect();
    const pictured = lines.filter((line, i) => seen.has(i) && line.y + line.height <= box.y + tallest);
    return {
      visible: lines.length > 0 && pictured.length === lines.length,
      ratio: lines.length ? pictured.length / lines.length : 0,
      lines: pictured.map(line => [line.x, line.y, line.width, line.height]),
      ...boxed(shown),
    };
  }
  function rangesOf({ page, start, end }) {
    const found = [];
    for (let i = start; i < end; ) {
      const owner = page.owner[i], node = page.nodes[owner];
      let [low, high] = [page.from[i], page.to[i]];
      for (; i < end && page.owner[i] === owner; i++) { low = Math.min(low, page.from[i]); high = Math.max(high, page.to[i]); }
      const range = document.createRange();
      if (low < 0) range.selectNode(node); else { range.setStart(node, low); range.setEnd(node, high); }
      found.push([range, low < 0 ? node : node.parentElement ?? node.parentNode.host]);
    }
    return found;
  }
  function linesOf(ranges) {
    const all = [];
    for (const [range, parent] of ranges)
      for (const r of range.getClientRects()) if (r.width > 0) all.push({ x: r.x, y: r.y, width: r.width, height: r.height, parent });
    const every = Math.ceil(all.length / MOST_LINES);
    return every > 1 ? all.filter((_, i) => i % every === 0) : all;
  }
  function isSeen({ x, y, width, height, parent }) {
    return height >= SMALLEST && [0.1, 0.5, 0.9].every(share => {
      const [px, py] = [x + width * share, y + height / 2];
      if (px < 0 || py < 0 || px >= innerWidth || py >= innerHeight) return false;
      const top = parent.getRootNode().elementFromPoint(px, py);
      return !!top && (top === parent || parent.contains(top));
    });
  }
  // The picture shows the comment with its account, unless that box is that of a whole thread.
  function withAccount(element) {
    const height = e => e.getBoundingClientRect().height;
    let frame = element;
    while (frame && !frame.matches("[data-comment-id], [role=article], article")) frame = parentOf(frame);
    if (marked && holds(marked, element) && height(marked) <= height(element) + 240) frame ??= marked;
    return frame && height(frame) <= height(element) + 240 ? frame : element;
  }
  function boxed(shown) {
    const r = shown?.getBoundingClientRect();
    const is = r && r.width > 0 && r.height > 0 && isDrawn(shown);
    return {
      box: is ? [r.x, r.y, r.width, r.height] : null,
      page_box: is ? [r.x + scrollX, r.y + scrollY, r.width, r.height] : null,
    };
  }
  function share() {
    let low = 0, high = needle.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (page.text.includes(needle.slice(0, middle))) low = middle; else high = middle - 1;
    }
    return needle.length ? low / needle.length : 0;
  }
}
