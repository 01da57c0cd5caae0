// The cart: references from this browser, prices and names from the server.
import { asLines, post } from "./api.js";
import { CHANGED, keyOf, readCart, setQuantity } from "./cart.js";
import { price, showSums } from "./money.js";
import { say } from "./say.js";

const root = document.getElementById("cart");
const part = (name) => root.querySelector(`[data-${name}]`);
const template = document.getElementById("cart-line");
const PAUSE_MS = 300;
let asked = 0;

/** All at once; when that is refused, one by one, to find which line is the matter. */
const ask = async (lines) => {
  try {
    const quote = await post(root.dataset.quote, { lines: asLines(lines) });
    return { quote, each: quote.lines.map((line) => ({ line })) };
  } catch (refusal) {
    if (refusal.status !== 400 && refusal.status !== 404 && refusal.status !== 410) throw refusal;
    const each = await Promise.all(lines.map(askOne));
    return { quote: null, each };
  }
};

const askOne = async (line) => {
  try {
    const quote = await post(root.dataset.quote, { lines: asLines([line]) });
    return { line: quote.lines[0], currency: quote.currency };
  } catch (refusal) {
    return { wrong: refusal.message };
  }
};

const show = async () => {
  const mine = ++asked;
  const lines = readCart();
  part("empty").hidden = lines.length > 0;
  if (!lines.length) {
    for (const name of ["loading", "lines", "totals", "problem"]) part(name).hidden = true;
    return;
  }
  try {
    const told = await ask(lines);
    if (mine === asked) render(lines, told);
  } catch (refusal) {
    if (mine === asked) showProblem(refusal.message);
  }
};

const render = (lines, { quote, each }) => {
  part("loading").hidden = true;
  part("lines").hidden = false;
  part("lines").replaceChildren(...lines.map((line, at) => element(line, each[at], quote)));
  part("totals").hidden = !quote;
  if (quote) {
    part("problem").hidden = true;
    showSums(part("sums"), quote);
  } else {
    showProblem("Something in your cart cannot be bought as it is. Change or remove it to go on.");
  }
};

const showProblem = (sentence) => {
  part("loading").hidden = true;
  part("problem").hidden = false;
  part("problem").textContent = sentence;
};

const element = (line, told, quote) => {
  const row = template.content.cloneNode(true).querySelector("li");
  const at = (name) => row.querySelector(`[data-${name}]`);
  const title = told.line?.title || (line.design ? "A design of yours" : "A product");
  at("title").textContent = title;
  at("options").textContent = (told.line?.options || []).map(([name, value]) => `${name}: ${value}`).join(", ");
  at("quantity").value = line.quantity;
  at("quantity").setAttribute("aria-label", `Quantity of ${title}`);
  at("remove").setAttribute("aria-label", `Remove ${title}`);
  if (told.line) at("price").textContent = price(told.line.price_minor * line.quantity, quote?.currency || told.currency);
  if (told.wrong) {
    at("wrong").hidden = false;
    at("wrong").textContent = told.wrong;
  }
  if (line.design) showDesign(row, line);
  at("quantity").addEventListener("change", (event) => change(line, Number(event.target.value), title));
  at("remove").addEventListener("click", () => change(line, 0, title));
  return row;
};

const showDesign = (row, line) => {
  const picture = document.createElement("img");
  picture.src = `${root.dataset.designs}/${encodeURIComponent(line.design)}/preview.png?width=160&token=${encodeURIComponent(line.token)}`;
  picture.alt = "Your design";
  picture.loading = "lazy";
  picture.addEventListener("error", () => picture.remove());
  row.querySelector("[data-picture]").append(picture);
  offerChange(row.querySelector("[data-again]"), line);
};

/** Back to the designer, which finds the design's token in this browser. */
const offerChange = async (place, line) => {
  const answer = await fetch(`${root.dataset.designs}/${encodeURIComponent(line.design)}`, {
    headers: { "x-design-token": line.token },
  }).catch(() => null);
  if (!answer?.ok) return;
  const { template, model, status } = await answer.json();
  if (status !== "draft") return;
  const wanted = new URLSearchParams({ model, design: line.design });
  place.querySelector("a").href = `${root.dataset.designPage}/${encodeURIComponent(template)}?${wanted}`;
  place.hidden = false;
};

let waiting = 0;
const change = (line, quantity, title) => {
  clearTimeout(waiting);
  const isBad = !Number.isInteger(quantity) || quantity < 0;
  setQuantity(keyOf(line), isBad ? 1 : quantity);
  if (quantity === 0) {
    say(`${title} is out of the cart.`);
    document.querySelector("#main").focus();
  }
};

addEventListener(CHANGED, () => { waiting = setTimeout(show, PAUSE_MS); });
addEventListener("storage", show);
addEventListener("pageshow", (event) => { if (event.persisted) show(); });
show();
