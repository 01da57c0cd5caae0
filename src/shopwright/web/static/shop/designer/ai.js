// Pictures in a style of the shop: asked for once per wish. The same wish after a lost answer is the
// same picture, which is paid once.
import { call } from "./calls.js";
import { emptyPlaces } from "./stage.js";

const STILL_MS = 20_000;
const LOST = new Set([0, 502, 503, 504]);

/** crypto.randomUUID is not there on plain http. */
const newRequestId = () => {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

export const startAi = (app) => {
  const form = app.part("wish");
  if (!form) return;
  const { assets, store } = app;
  const sources = app.part("sources");
  const button = form.querySelector("[type=submit]");
  const state = app.part("wish-state");
  const wrong = app.part("wish-wrong");
  let source = null;
  let asked = { wish: "", id: "" };

  const wishOf = () => {
    const typed = new FormData(form);
    const words = Object.fromEntries([...form.querySelectorAll("[data-word]")].map((input) => [input.name, input.value.trim()]).filter(([, word]) => word));
    return { style: typed.get("style"), words, image: source || undefined };
  };

  const idFor = (wish) => {
    const key = JSON.stringify(wish);
    if (asked.wish !== key) asked = { wish: key, id: newRequestId() };
    return asked.id;
  };

  const ask = async () => {
    const wish = wishOf();
    const draft = await app.saving.begin();
    const body = { ...wish, request_id: idFor(wish) };
    const image = await call(`${app.saving.url()}/generate`, { method: "POST", token: draft.token, body });
    asked = { wish: "", id: "" };
    return image;
  };

  const put = (image) => {
    assets.keepImages([image]);
    app.showOwnImages();
    const place = emptyPlaces(app)[0];
    const old = store.doc.layers.find((layer) => layer.kind === "image" && assets.images.get(layer.image)?.kind === "generated");
    app.placeImage(image, place || !old ? {} : { replaces: old.id });
    state.textContent = app.facts.is_placeholder ? "A placeholder is on the case: this shop has no picture maker yet." : "Your picture is on the case.";
  };

  const setWaiting = (isWaiting) => {
    button.disabled = isWaiting;
    app.part("wish-bar").hidden = !isWaiting;
    if (isWaiting) state.scrollIntoView({ block: "nearest" });
    state.textContent = isWaiting ? "Your picture is being made. This may take a minute; you can go on meanwhile." : "";
  };

  const refuse = (refusal) => {
    if (!LOST.has(refusal.status)) asked = { wish: "", id: "" };
    wrong.hidden = false;
    wrong.textContent = refusal.message;
    wrong.scrollIntoView({ block: "nearest" });
    const name = refusal.body?.parameter;
    const field = name && form.querySelector(`[name="${CSS.escape(name)}"]`);
    if (field) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.hidden = true;
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    if (!form.reportValidity()) return;
    setWaiting(true);
    const still = setTimeout(() => { state.textContent = "It is still being made…"; }, STILL_MS);
    try {
      const image = await ask();
      setWaiting(false);
      put(image);
    } catch (refusal) {
      setWaiting(false);
      refuse(refusal);
    } finally {
      clearTimeout(still);
    }
  });

  const choose = (image) => {
    source = image?.id || null;
    app.onImages([...assets.images.values()]);
  };

  app.part("source-file").addEventListener("click", () => app.choosePhoto({ use: choose }));

  app.onImages = (own) => {
    const photos = own.filter((image) => image.kind !== "generated");
    app.part("source-none").hidden = photos.length > 0;
    sources.replaceChildren(...photos.map((image, at) => sourceChoice(image, at)));
  };

  const sourceChoice = (image, at) => {
    const item = document.createElement("li");
    const choice = document.createElement("button");
    const picture = new Image();
    picture.src = image.url;
    picture.alt = `Photo ${at + 1}`;
    choice.type = "button";
    choice.className = "d-thumb";
    choice.setAttribute("aria-pressed", String(image.id === source));
    choice.append(picture);
    choice.addEventListener("click", () => choose(image.id === source ? null : image));
    item.append(choice);
    return item;
  };
};
