// What is looked at within a page. This function runs in the browser: it has nothing but the document.
export const look = () => {
  const found = [];
  const tell = (what, element) => found.push(`${what}: ${(element.outerHTML ?? String(element)).slice(0, 160)}`);
  const scripted = (attribute) => attribute.name.startsWith('on') || /^\s*javascript:/i.test(attribute.value);
  for (const element of document.querySelectorAll('body *')) {
    if (['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'LINK', 'IMG', 'USE'].includes(element.nodeName.toUpperCase())) tell('an element that a widget may not have', element);
    if ([...element.attributes].some(scripted)) tell('an attribute that is a script', element);
  }

  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} px wide in a window of ${clientWidth}`);

  // Colours as the browser computes them: `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)`.
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((part, at) => part * a + below[at] * (1 - a));
  const ground = (element) => {
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.push(parts(getComputedStyle(at).backgroundColor));
    const base = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
    return chain.reverse().reduce((below, colour) => over(colour, below), base);
  };
  // Relative luminance and contrast (WCAG 2.2, definitions).
  const luminance = (colour) => {
    const [r, g, b] = colour.map((part) => { const s = part / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => { const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const unseen = style.visibility === 'hidden' || element.closest('.vh, style, cwdb-action, [hidden]') || box.width === 0;
    if (!node.data.trim() || unseen) continue;
    const below = ground(element);
    const ink = over(parts(element.closest('svg') ? style.fill : style.color), below);
    const ratio = contrast(ink, below);
    if (ratio < 4.5) tell(`contrast ${ratio.toFixed(2)} : 1, expected at least 4.5`, element);
  }

  // What can be pressed or filled in: reached by Tab, and not cut off at the side.
  for (const element of document.querySelectorAll('button, input, a')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0) continue;
    if (element.tabIndex < 0) tell('not reached by Tab', element);
    if (box.left < 0 || box.right > clientWidth) tell('cut off at the side', element);
    if (element.nodeName === 'BUTTON' && element.scrollWidth > element.clientWidth + 1) tell('its label does not fit', element);
  }
  for (const action of document.querySelectorAll('cwdb-action')) {
    if (action.previousElementSibling?.nodeName !== 'BUTTON') tell('an action without its button before it', action);
  }
  return found;
};
