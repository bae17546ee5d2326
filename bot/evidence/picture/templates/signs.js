// What a page shows a visitor besides the comment, in a few words: for telling walls from pages.
() => {
  const text = (document.body?.innerText ?? "").slice(0, 6000);
  return {
    title: document.title.slice(0, 300),
    text,
    password: [...document.querySelectorAll("input[type=password]")].slice(0, 50).some(e => e.checkVisibility({ visibilityProperty: true })),
    frames: [...document.querySelectorAll("iframe")].slice(0, 50).map(e => e.src.slice(0, 300)),
    drawn: text.trim().length > 0 || [...document.querySelectorAll("img, svg, canvas, video, iframe")].slice(0, 200)
      .some(e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && e.getBoundingClientRect().height > 40),
  };
}
