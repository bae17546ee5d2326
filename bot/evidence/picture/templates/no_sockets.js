// A page's sockets are closed before they open: a picture needs none.
(() => {
  class Closed extends EventTarget {
    static CONNECTING = 0; static OPEN = 1; static CLOSING = 2; static CLOSED = 3;
    readyState = 3; bufferedAmount = 0; extensions = ""; protocol = ""; binaryType = "blob";
    onopen = null; onmessage = null; onerror = null; onclose = null;
    constructor(url) {
      super();
      this.url = String(url);
      setTimeout(() => { const event = new CloseEvent("close", { code: 1006 }); this.dispatchEvent(event); this.onclose?.(event); });
    }
    send() {}
    close() {}
  }
  globalThis.WebSocket = Closed;
  for (const name of ["WebSocketStream", "WebTransport", "RTCPeerConnection", "webkitRTCPeerConnection"]) delete globalThis[name];
})();
