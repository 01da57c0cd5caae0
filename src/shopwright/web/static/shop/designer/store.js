// The design as it stands in this tab: plain data that is replaced, never changed, so that every
// step can be undone. What is being dragged is live: seen at once, one step when it ends.

const MAX_STEPS = 100;
const SAME_STEP_MS = 1000; // typing and arrow keys within this are one step

export const createStore = (background) => {
  let doc = { background, layers: [] };
  let settled = doc;
  let selectedId = null;
  let past = [];
  let future = [];
  let last = { key: null, at: 0 };
  const listeners = [];

  const tell = (what) => listeners.forEach((listener) => listener(what));
  const find = (id) => doc.layers.find((layer) => layer.id === id) || null;

  const push = (key) => {
    const now = Date.now();
    const isSame = key && key === last.key && now - last.at < SAME_STEP_MS;
    last = { key: key || null, at: now };
    if (!isSame) past = [...past.slice(-MAX_STEPS + 1), settled];
    future = [];
  };

  const show = (next, { isLive = false, key = null } = {}) => {
    if (next === doc && isLive) return;
    doc = next;
    if (!isLive && doc !== settled) {
      push(key);
      settled = doc;
    }
    if (selectedId && !find(selectedId)) selectedId = null;
    tell({ doc: true, isLive });
  };

  const step = (from, to) => {
    if (!from.length) return false;
    to.push(settled);
    doc = from.pop();
    settled = doc;
    last = { key: null, at: 0 };
    if (!find(selectedId)) selectedId = null;
    tell({ doc: true, isLive: false });
    return true;
  };

  return {
    get doc() { return doc; },
    get selected() { return find(selectedId); },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    find,
    listen: (listener) => listeners.push(listener),
    select: (id) => {
      if (id === selectedId) return;
      selectedId = id;
      tell({ selection: true });
    },
    change: (next, options) => show({ ...doc, ...next }, options),
    update: (id, patch, options) => show({ ...doc, layers: doc.layers.map((layer) => (layer.id === id ? { ...layer, ...patch } : layer)) }, options),
    /** The end of a drag: what was live becomes one step. */
    settle: () => show(doc),
    add: (layer) => {
      show({ ...doc, layers: [...doc.layers, layer] });
      selectedId = layer.id;
      tell({ selection: true });
    },
    remove: (id) => show({ ...doc, layers: doc.layers.filter((layer) => layer.id !== id) }),
    /** By so many places towards the viewer; negative is away. */
    raise: (id, by) => {
      const layers = [...doc.layers];
      const at = layers.findIndex((layer) => layer.id === id);
      const to = Math.max(0, Math.min(layers.length - 1, at + by));
      if (at < 0 || at === to) return false;
      layers.splice(to, 0, ...layers.splice(at, 1));
      show({ ...doc, layers });
      return true;
    },
    undo: () => step(past, future),
    redo: () => step(future, past),
    /** What the server or this browser had; nothing to undo. */
    load: (next) => {
      doc = next;
      settled = next;
      past = [];
      future = [];
      tell({ doc: true, isLoaded: true });
    },
  };
};

export const newId = (kind) => {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `${kind}-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
};
