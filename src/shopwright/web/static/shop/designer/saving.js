// Saving by itself, a moment after the last change. What another tab saved meanwhile is told with a
// choice; what could not be saved is told, kept in this browser and tried again.
import { call } from "./calls.js";
import { dropUnsaved, forgetDraft, keepDraft, keepUnsaved } from "./drafts.js";
import { nameOf } from "./names.js";

const PAUSE_MS = 800;
const RETRY_MS = [2000, 4000, 8000, 15000, 30000];
const AGAIN = new Set([0, 429, 500, 502, 503, 504]);

/** As the server takes it: a text that is empty is not there. */
export const bodyOf = (doc) => ({
  background: doc.background,
  layers: doc.layers.filter((layer) => layer.kind !== "text" || layer.text.trim()),
});

/** Whether the server has what was sent; it adds what was left out. */
const isSame = (mine, theirs) => mine.background === theirs.background && mine.layers.length === theirs.layers.length
  && mine.layers.every((layer, at) => Object.keys(layer).every((key) => JSON.stringify(layer[key]) === JSON.stringify(theirs.layers[at][key])));

export const createSaving = (app) => {
  const { store, facts, base } = app;
  let draft = null; // {id, token, version}
  let beginning = null;
  let saved = store.doc;
  let refused = null; // the doc that the server does not take, and its sentence
  let isStopped = false;
  let failures = 0;
  let timer = 0;
  let running = null;

  const url = () => `${base}/api/designs/${draft.id}`;
  const isDirty = () => store.doc !== saved;

  const begin = () => {
    beginning ??= call(`${base}/api/designs`, { method: "POST", body: { template: facts.template, model: facts.model } })
      .then((made) => open(made, made.token))
      .catch((refusal) => { beginning = null; throw refusal; });
    return beginning;
  };

  const open = (read, token) => {
    draft = { id: read.id, token, version: read.version };
    beginning = Promise.resolve(draft);
    keepDraft({ id: read.id, token, template: read.template, model: read.model });
    const here = new URL(location.href);
    here.searchParams.set("design", read.id);
    history.replaceState(null, "", here);
    return draft;
  };

  const save = async (isLast = false) => {
    clearTimeout(timer);
    const sent = store.doc;
    app.showSaved("saving", "Saving…");
    try {
      const { id, token } = await begin();
      const body = { version: draft.version, ...bodyOf(sent) };
      const read = await call(url(), { method: "PUT", token, body, isLast });
      settle(sent, read.version);
      if (!isDirty()) dropUnsaved(id);
    } catch (refusal) {
      await refuse(refusal, sent);
    }
  };

  const settle = (sent, version) => {
    draft.version = version;
    saved = sent;
    failures = 0;
    refused = null;
    app.showSaved(isDirty() ? "saving" : "saved", isDirty() ? "Saving…" : "Saved");
    app.onSaved(draft);
  };

  const refuse = async (refusal, sent) => {
    const { status, body } = refusal;
    if (status === 409 && body.current) return meet(body.current, sent);
    if (AGAIN.has(status)) return failLater(refusal);
    refused = { doc: sent, refusal };
    if (status === 400) {
      const layer = body.layer && store.find(body.layer);
      return app.showSaved("failed", `Not saved. ${layer ? `${nameOf(layer, sent, app.assets)}: ` : ""}${refusal.message}`);
    }
    isStopped = true;
    if (draft) forgetDraft(draft.id);
    return app.showEnd(refusal.message);
  };

  const failLater = (refusal) => {
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
    failures += 1;
    refused = { doc: null, refusal };
    app.showSaved("failed", `Not saved yet. ${refusal.message} It is tried again by itself.`);
    timer = setTimeout(run, wait);
  };

  /** Another tab was faster, or it was this one and the answer got lost. */
  const meet = async (theirs, sent) => {
    if (isSame(bodyOf(sent), theirs)) return settle(sent, theirs.version);
    isStopped = true;
    app.showSaved("failed", "Another tab saved this design.");
    await app.readImages();
    const choice = await app.askConflict();
    const mine = store.doc;
    store.change({ background: theirs.background, layers: theirs.layers });
    draft.version = theirs.version;
    saved = store.doc;
    isStopped = false;
    if (choice === "mine") store.change(mine);
    else settle(store.doc, theirs.version);
    return null;
  };

  /** One at a time, until nothing is left to save or it is refused. */
  const run = (isLast = false) => {
    clearTimeout(timer);
    running ??= (async () => {
      do await save(isLast === true);
      while (isDirty() && !isStopped && failures === 0 && refused?.doc !== store.doc);
    })().finally(() => { running = null; });
    return running;
  };

  store.listen((what) => {
    if (!what.doc || what.isLive || what.isLoaded || isStopped) return;
    if (!isDirty()) {
      clearTimeout(timer);
      if (draft) app.showSaved("saved", "Saved");
      return;
    }
    if (draft) keepUnsaved(draft.id, draft.version, store.doc);
    if (failures) return; // it is tried again anyway
    clearTimeout(timer);
    app.showSaved("saving", "Not saved yet");
    timer = setTimeout(run, PAUSE_MS);
  });

  addEventListener("online", () => { if (isDirty() && !isStopped) run(); });
  addEventListener("beforeunload", (event) => { if (isDirty() && !isStopped) event.preventDefault(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && isDirty() && !isStopped && !failures) run(true);
  });

  return {
    get draft() { return draft; },
    get isDirty() { return isDirty(); },
    begin,
    open,
    url,
    /** The tab shows what the server has. */
    markSaved: () => {
      saved = store.doc;
      app.showSaved("saved", draft ? "Saved" : "");
    },
    retry: () => run(),
    /** Everything is saved when it resolves; raises Refused. */
    flush: async () => {
      store.settle();
      if (running) await running;
      if (isDirty() || !draft) await run();
      if (isDirty()) throw refused?.refusal || new Error("This design could not be saved.");
      return draft;
    },
  };
};
