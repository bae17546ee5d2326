// From a frame's own measure to that of the page around it: where these lines are, and whether each is seen there.
(frame, { lines, box }) => {
  const outer = frame.getBoundingClientRect();
  const style = getComputedStyle(frame);
  const [x, y] = [outer.x + frame.clientLeft + parseFloat(style.paddingLeft), outer.y + frame.clientTop + parseFloat(style.paddingTop)];
  const whole = Math.abs(outer.width - frame.offsetWidth) < 1 && Math.abs(outer.height - frame.offsetHeight) < 1;
  const moved = ([left, top, width, height]) => [left + x, top + y, width, height];
  const isSeen = ([left, top, width, height]) => [0.1, 0.5, 0.9].every(share => {
    const [px, py] = [left + width * share, top + height / 2];
    return frame.getRootNode().elementFromPoint(px, py) === frame && px < outer.right && py < outer.bottom;
  });
  const there = lines.map(moved);
  const drawn = frame.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  return {
    lines: there,
    box: box && moved(box),
    page_box: box && (([left, top, width, height]) => [left + scrollX, top + scrollY, width, height])(moved(box)),
    visible: drawn && whole && there.every(isSeen),
  };
}
