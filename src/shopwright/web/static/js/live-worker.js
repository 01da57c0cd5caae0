// One event stream for all tabs of this browser: the union of what they show.
const RETRY_MS = 3000;
const tabs = new Map();
const joined = new Set();
let source = null;
let live = "";

const tell = (message) => {
  for (const port of tabs.keys()) port.postMessage(message);
};

// The new stream is there before the old one ends, so that nothing falls between them.
const open = () => {
  const topics = [...new Set([...tabs.values()].flat())].sort().join(",");
  const old = source;
  const fresh = new EventSource(`${live}?topics=${topics}`);
  let hellos = 0;
  source = fresh;
  fresh.addEventListener("hello", (event) => {
    old?.close();
    hellos += 1;
    if (hellos > 1) tell({ kind: "resumed", text: event.data });
    else for (const port of joined) port.postMessage({ kind: "hello", text: event.data });
    joined.clear();
  });
  for (const kind of ["fragments", "notice", "bye"]) {
    fresh.addEventListener(kind, (event) => {
      if (source !== fresh) return;
      if (kind === "bye") fresh.close();
      tell({ kind, text: event.data });
    });
  }
  fresh.onerror = () => {
    if (source !== fresh) return;
    tell({ kind: "lost" });
    if (fresh.readyState !== EventSource.CLOSED) return;
    for (const port of tabs.keys()) joined.add(port);
    setTimeout(() => { if (source === fresh && tabs.size) open(); }, RETRY_MS);
  };
};

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.leave) {
      tabs.delete(port);
      joined.delete(port);
      if (!tabs.size) { source?.close(); source = null; }
      return;
    }
    live = data.live;
    tabs.set(port, data.topics);
    joined.add(port);
    open();
  };
};
