// Which designs this browser has begun: their ids and the tokens that open them. What was not saved
// when the page went is kept, too.

const KEY = "shopwright-designs";
const UNSAVED = "shopwright-unsaved-";
const MAX_KEPT = 20;

const read = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(kept) ? kept.filter((one) => one && one.id && one.token) : [];
  } catch {
    return [];
  }
};

const write = (drafts) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(drafts.slice(0, MAX_KEPT)));
    return true;
  } catch {
    return false; // a private window: it lives as long as the page
  }
};

export const findDraft = (id) => read().find((draft) => draft.id === id) || null;

/** The newest one for this template and device that is not in the cart already. */
export const latestDraft = (template, model) => read().find((draft) => draft.template === template && draft.model === model && !draft.isInCart) || null;

/** Newest first. */
export const keepDraft = (draft) => write([{ ...findDraft(draft.id), ...draft }, ...read().filter((one) => one.id !== draft.id)]);

export const forgetDraft = (id) => {
  write(read().filter((one) => one.id !== id));
  dropUnsaved(id);
};

/** {version, doc}: of which version it is a change. */
export const readUnsaved = (id) => {
  try {
    return JSON.parse(localStorage.getItem(UNSAVED + id));
  } catch {
    return null;
  }
};

export const keepUnsaved = (id, version, doc) => {
  try {
    localStorage.setItem(UNSAVED + id, JSON.stringify({ version, doc }));
  } catch { /* no room: leaving warns */ }
};

export const dropUnsaved = (id) => {
  try {
    localStorage.removeItem(UNSAVED + id);
  } catch { /* nothing was kept either */ }
};
