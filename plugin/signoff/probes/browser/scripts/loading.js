// What the load came to, and whether the page has code of its own.
() => {
  const attributes = [...document.querySelectorAll("*")].some((each) =>
    [...each.attributes].some(({ name }) => name.startsWith("on")));
  const code = [...document.scripts].some((each) => !/json|importmap|speculationrules|template/i.test(each.type));
  const frames = document.querySelector("iframe, frame, object, embed") !== null;
  return {
    ...globalThis.__signoffVitals,
    firstByte: performance.getEntriesByType("navigation")[0].responseStart,
    handlesInput: attributes || code || frames,
  };
}
