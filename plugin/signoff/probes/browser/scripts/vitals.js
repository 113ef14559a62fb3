// Starts before the page: keeps its largest paint, and the worst window of its layout shifts (at most 5 s, gaps below 1 s).
(() => {
  const kept = { paint: null, shift: 0 };
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
