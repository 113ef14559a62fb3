// What the load came to, and whether the page has code of its own; once enough was painted to tell, or 10 s have gone by.
async () => {
  const kept = globalThis.__signoffVitals, end = performance.now() + 10_000;
  while (kept.frames < 60 && performance.now() < end) await new Promise((go) => setTimeout(go, 50));
  const attributes = [...document.querySelectorAll("*")].some((each) =>
    [...each.attributes].some(({ name }) => name.startsWith("on")));
  const code = [...document.scripts].some((each) => !/json|importmap|speculationrules|template/i.test(each.type));
  const frames = document.querySelector("iframe, frame, object, embed") !== null;
  return {
    ...kept,
    firstByte: performance.getEntriesByType("navigation")[0].responseStart,
    handlesInput: attributes || code || frames,
  };
}
