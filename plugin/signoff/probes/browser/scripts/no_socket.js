// A WebSocket that never connects, as behind a proxy that refuses it.
() => {
  class Silent extends EventTarget {
    constructor(url) {
      super();
      Object.assign(this, { url: String(url), readyState: 3, bufferedAmount: 0, protocol: "", extensions: "" });
      setTimeout(() => {
        for (const event of [new Event("error"), new CloseEvent("close", { code: 1006 })]) {
          this[`on${event.type}`]?.(event);
          this.dispatchEvent(event);
        }
      });
    }
    send() {}
    close() {}
  }
  Object.assign(Silent, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
  globalThis.WebSocket = Silent;
}
