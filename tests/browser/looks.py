"""What is asked of every page in a real browser: nothing hidden by width, nothing unreadable, nothing unlabelled."""

from playwright.sync_api import Page

CONTRAST = 4.5
"""WCAG 2.2, 1.4.3 (AA) for ordinary text; large text may have 3 and is held to the same here."""

_FAULTS = """() => {
  const faults = [];
  const wide = document.scrollingElement.scrollWidth - window.innerWidth;
  if (wide > 0) faults.push(`the page is ${wide} px wider than the screen`);
  const parse = text => { const p = text.match(/[\\d.]+/g).map(Number); return p.length > 3 ? p : [...p, 1]; };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = node => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  // What only a screen reader meets, as a table's heads on a phone, has no place on the screen to be judged by.
  const hidden = node => { for (let at = node; at; at = at.parentElement)
    if (getComputedStyle(at).clipPath === 'inset(50%)') return true; return false; };
  const seen = node => { const box = node.getBoundingClientRect(); return box.width > 1 && box.height > 1 &&
    node.checkVisibility({visibilityProperty: true}) && box.right > 0 && !hidden(node); };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), node = walk.currentNode.parentElement;
    if (!text || !seen(node) || node.closest('option')) continue;
    const under = behind(node), ink = over(parse(getComputedStyle(node).color), under), found = ratio(ink, under);
    if (found < LEAST) faults.push(`contrast ${found.toFixed(2)}: ${text.slice(0, 40)}`);
    const range = document.createRange(); range.selectNodeContents(walk.currentNode);
    for (const box of range.getClientRects())
      if (box.right > window.innerWidth + 1 || box.left < -1) { faults.push(`cut off: ${text.slice(0, 40)}`); break; }
  }
  for (const node of document.querySelectorAll('th, td, dd, dt, li, button, a.button, summary, label, p, .state')) {
    if (!seen(node)) continue;
    if (node.scrollWidth > node.clientWidth + 2 && getComputedStyle(node).display !== 'inline')
      faults.push(`runs over its box: ${node.textContent.trim().slice(0, 40)}`);
  }
  const boxes = [...document.querySelectorAll('button, .button, input, select, textarea, summary, h1, h2')].filter(seen)
    .map(node => [node, node.getBoundingClientRect()]);
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, p] = boxes[i], [b, q] = boxes[j];
    if (a.contains(b) || b.contains(a)) continue;
    const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    if (across > 1 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 1)
      faults.push(`overlap: ${a.textContent.trim().slice(0, 30)} / ${b.textContent.trim().slice(0, 30)}`);
  }
  for (const node of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!node.labels.length && !node.getAttribute('aria-label')) faults.push(`no label: ${node.name}`);
  for (const node of document.querySelectorAll('button, a.button, summary, input[type=checkbox], input[type=radio]')) {
    const box = node.getBoundingClientRect();
    if (seen(node) && box.height < 20) faults.push(`too small to press: ${node.textContent.trim().slice(0, 30)}`);
  }
  return faults;
}""".replace("LEAST", str(CONTRAST))

_FOCUS = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const style = getComputedStyle(node), box = node.getBoundingClientRect();
  return [node.tagName + ' ' + (node.name || node.textContent.trim().slice(0, 30)), box.top + window.scrollY, box.left,
          style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
}"""


def faults(page: Page) -> list[str]:
    """Give what is wrong with how the page looks; scripts of the page's own never run, ours runs beside them."""
    page.wait_for_function(
        "document.readyState === 'complete' && document.scrollingElement"
    )  # a click may be on its way
    found: list[str] = page.evaluate(_FAULTS)
    return found


def tab_faults(page: Page, most: int = 80) -> list[str]:
    """Walk the page by the tab key: focus must be seen everywhere and never jump back up within the content."""
    found, last = [], 0.0
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUS)
        if at is None:
            break
        name, top, _left, shown = at
        if not shown:
            found.append(f"focus is not seen: {name}")
        if top < last - 80:  # things on one line may differ a little in height
            found.append(f"focus jumps up: {name}")
        last = top
    return found
