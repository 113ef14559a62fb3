// Starts before the page: keeps its largest paint, the worst window of its layout shifts (at most 5 s, gaps below 1 s), and
// how many frames were painted after the load, as far as anybody wants to know (60: a second of an idle machine).
(() => {
  const kept = { paint: null, shift: 0, frames: 0 };
  const count = () => { if (++kept.frames < 60) requestAnimationFrame(count); };
  addEventListener("load", () => requestAnimationFrame(count));
  let window_ = 0, first = 0, last = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) kept.paint = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      if (entry.startTime - last > 1000 || entry.startTime - first > 5000) {
        window_ = 0;
        first = entry.startTime;
      }
      window_ += entry.value;
      last = entry.startTime;
      kept.shift = Math.max(kept.shift, window_);
    }
  }).observe({ type: "layout-shift", buffered: true });
  Object.defineProperty(globalThis, "__signoffVitals", { value: kept });
})();
