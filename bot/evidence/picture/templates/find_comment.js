// Finds the smallest element that holds the words of a comment, and says whether a visitor can see them.
({ text, comment_id, scroll }) => {
  // Platforms draw emoji as pictures and drop invisible characters: neither side counts them.
  const unseen = /[\p{Cc}\p{Cf}\p{Cs}\uFFFD\uFE00-\uFE0F]/gu;
  const bare = s => s.normalize("NFC").replace(/\s+/g, " ").replace(unseen, "").replace(/ +/g, " ").trim();
  const plain = s => bare(s.replace(/\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}/gu, ""));
  const normal = plain(text) ? plain : bare;
  const needle = normal(text);
  const words = element => normal(element.innerText ?? element.textContent ?? "");
  const children = element => [...element.children, ...(element.shadowRoot ? element.shadowRoot.children : [])];

  const deepest = element => {
    if (!words(element).includes(needle)) return [];
    const below = children(element).flatMap(deepest);
    return below.length ? below : [element];
  };
  const share = root => {
    const all = words(root);
    let low = 0, high = needle.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (all.includes(needle.slice(0, middle))) low = middle; else high = middle - 1;
    }
    return needle.length ? low / needle.length : 0;
  };
  const seen = element => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const points = [...range.getClientRects()]
      .filter(r => r.width > 0 && r.height > 0)
      .map(r => [r.x + r.width / 2, r.y + r.height / 2])
      .filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight)
      .slice(0, 25);
    const free = points.filter(([x, y]) => {
      const top = element.getRootNode().elementFromPoint(x, y);
      return top && (element.contains(top) || top.contains(element));
    });
    return points.length > 0 && free.length * 2 > points.length;
  };

  const marked = comment_id ? document.querySelector(`[data-comment-id="${CSS.escape(comment_id)}"]`) : null;
  const root = marked ?? document.body;
  const password = [...document.querySelectorAll("input[type=password]")].some(e => e.checkVisibility());
  const wall = /\b(log ?in|sign ?in|inicia(r)? sesi[oó]n|entrar)\b.{0,40}\b(continue|see|view|more|continuar|ver)\b/iu
    .test((document.body?.innerText ?? "").slice(0, 20000));
  const none = { found: false, visible: false, ratio: 0, box: null, page_box: null, marked: !!marked, password, wall, words: needle.length };
  if (!root) return none;

  let element = null;
  if (needle) {
    const candidates = deepest(root).map(e => [e, needle.length / Math.max(words(e).length, 1)]);
    candidates.sort((a, b) => b[1] - a[1]);
    // Two or three letters stand in many a menu: without a mark on the page they must stand alone.
    const fits = candidates.filter(([, exact]) => marked || needle.length >= 12 || exact === 1);
    element = fits.length ? fits[0][0] : null;
  }
  // The picture shows the comment with its account, unless that box is that of a whole thread.
  const frame = element?.closest("[data-comment-id], [role=article], article");
  const height = e => e.getBoundingClientRect().height;
  const shown = frame && height(frame) <= height(element) + 240 ? frame : element ?? marked;
  if (!shown) return { ...none, ratio: share(root) };
  if (scroll) shown.scrollIntoView({ block: height(shown) > innerHeight ? "start" : "center", behavior: "instant" });
  const r = shown.getBoundingClientRect();
  const drawn = r.width > 0 && r.height > 0 && shown.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  return {
    ...none,
    found: element !== null,
    visible: element !== null && drawn && seen(element),
    ratio: element !== null ? 1 : share(root),
    box: drawn ? [r.x, r.y, r.width, r.height] : null,
    page_box: drawn ? [r.x + scrollX, r.y + scrollY, r.width, r.height] : null,
  };
}
