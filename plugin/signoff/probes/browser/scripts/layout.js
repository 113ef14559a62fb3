// How the page fits the screen, and what there is to touch (WCAG 2.2, 2.5.8, with its exceptions).
() => {
  const LEAST = 24;
  const root = document.documentElement;
  const name = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].slice(0, 2).map((each) => `.${each}`).join("");
    const text = (element.innerText || element.getAttribute("aria-label") || element.value || "").trim().slice(0, 24);
    return `${element.localName}${id}${classes}${text ? ` "${text}"` : ""}`;
  };
  const visible = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && style.visibility === "visible" && Number(style.opacity) > 0;
  };
  const round = (value) => Math.round(value * 10) / 10;

  const edge = root.clientWidth;
  const scrolls = (element) => {
    for (let each = element.parentElement; each && each !== document.body && each !== root; each = each.parentElement) {
      if (getComputedStyle(each).overflowX !== "visible") return true;
    }
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")]
    .filter((each) => visible(each) && !scrolls(each))
    .map((each) => ({ element: name(each), beyond: round(each.getBoundingClientRect().right + scrollX - edge) }))
    .filter((each) => each.beyond > 1)
    .sort((a, b) => b.beyond - a.beyond)
    .slice(0, 5);

  const roles = ["button", "link", "checkbox", "radio", "switch", "tab", "menuitem", "option", "slider"];
  const query = [
    "a[href]", "area[href]", "button", "input:not([type=hidden])", "select", "textarea", "summary", "[onclick]",
    "[tabindex]:not([tabindex^='-'])", ...roles.map((each) => `[role=${each}]`),
  ].join(",");
  const box = (element) => {
    let { left, top, right, bottom } = element.getBoundingClientRect();
    for (const label of element.labels || []) {
      if (!visible(label)) continue;
      const other = label.getBoundingClientRect();
      left = Math.min(left, other.left);
      top = Math.min(top, other.top);
      right = Math.max(right, other.right);
      bottom = Math.max(bottom, other.bottom);
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top };
  };
  const inSentence = (element) => {
    if (getComputedStyle(element).display !== "inline") return false;
    let block = element.parentElement;
    while (block && getComputedStyle(block).display === "inline") block = block.parentElement;
    if (!block) return false;
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const inside = walker.currentNode.parentElement.closest(query);
      if (!inside && /[\p{L}\p{N}]/u.test(walker.currentNode.data)) return true;
    }
    return false;
  };
  const drawnByBrowser = (element) =>
    element.localName === "input" && ["checkbox", "radio"].includes(element.type) &&
    getComputedStyle(element).appearance === "auto" && Math.abs(element.offsetWidth - 13) < 1;
  const targets = [...document.querySelectorAll(query)]
    .filter((each) => visible(each) && !each.disabled && getComputedStyle(each).pointerEvents !== "none")
    .map((each) => ({ element: each, box: box(each) }));
  const undersized = (each) => each.box.width < LEAST - 0.5 || each.box.height < LEAST - 0.5;
  const middle = ({ box: one }) => [(one.left + one.right) / 2, (one.top + one.bottom) / 2];
  const tooNear = (each) => targets.some((other) => {
    if (other === each || each.element.contains(other.element) || other.element.contains(each.element)) return false;
    const [x, y] = middle(each);
    if (undersized(other)) {
      const [u, v] = middle(other);
      return Math.hypot(x - u, y - v) < LEAST;
    }
    const dx = Math.max(other.box.left - x, 0, x - other.box.right);
    const dy = Math.max(other.box.top - y, 0, y - other.box.bottom);
    return Math.hypot(dx, dy) < LEAST / 2;
  });
  const small = targets
    .filter((each) => undersized(each) && !inSentence(each.element) && !drawnByBrowser(each.element) && tooNear(each))
    .map((each) => ({ element: name(each.element), width: round(each.box.width), height: round(each.box.height) }));

  return {
    overflow: round(Math.max(document.scrollingElement.scrollWidth, root.scrollWidth) - edge),
    wide,
    viewport: document.querySelector("meta[name=viewport i]")?.content || "",
    targets: targets.length,
    small: small.slice(0, 20),
  };
}
