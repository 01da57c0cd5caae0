// The checkout: the price that was shown goes with the order; another price at the server is told,
// and nothing is ordered. Two tabs with the same cart make one order.
import { Refused, asLines, post } from "./api.js";
import { readCart } from "./cart.js";
import { forgetCheckout, referenceFor, rememberCheckout } from "./checkouts.js";
import { price, showSums } from "./money.js";

const form = document.querySelector("[data-checkout]");
const problem = document.querySelector("[data-problem]");
const pay = form.querySelector("[data-pay]");
const aside = document.querySelector("aside");
let quote = null;

const say = (sentence) => {
  problem.textContent = sentence;
  problem.hidden = !sentence;
  if (sentence) problem.focus();
};

const showQuote = () => {
  aside.querySelector("[data-loading]").hidden = true;
  aside.querySelector("[data-lines]").replaceChildren(...quote.lines.map((line) => {
    const row = document.createElement("li");
    row.className = "sum-line";
    const name = document.createElement("span");
    const amount = document.createElement("span");
    name.textContent = `${line.quantity} × ${line.title}`;
    amount.textContent = price(line.price_minor * line.quantity, quote.currency);
    amount.className = "num push";
    row.append(name, amount);
    return row;
  }));
  showSums(aside.querySelector("[data-sums]"), quote);
  pay.querySelector("span").textContent = `Pay ${price(quote.total_minor, quote.currency)}`;
  pay.disabled = false;
};

const askPrices = async () => {
  const lines = readCart();
  if (!lines.length) return location.replace(form.dataset.cart);
  try {
    quote = await post(form.dataset.quote, { lines: asLines(lines) });
    showQuote();
  } catch (refusal) {
    pay.disabled = true;
    aside.querySelector("[data-loading]").hidden = true;
    say(refusal.message);
  }
  return null;
};

const fields = () => [...form.querySelectorAll("[data-pointer]")];

const mark = (field, sentence) => {
  const id = `${field.id}-wrong`;
  document.getElementById(id)?.remove();
  const hint = document.getElementById(`${field.id}-hint`);
  if (!sentence) {
    field.removeAttribute("aria-invalid");
    if (hint) field.setAttribute("aria-describedby", hint.id);
    else field.removeAttribute("aria-describedby");
    return;
  }
  const words = document.createElement("span");
  words.id = id;
  words.className = "wrong";
  words.textContent = sentence;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", hint ? `${id} ${hint.id}` : id);
  field.after(words);
};

/** What the browser itself can tell; the server decides anyway. */
const wrongWith = (field) => {
  if (field.required && !field.value.trim()) return "This is needed.";
  if (field.type === "email" && field.value && !/^[^@\s]+@[^@\s]+$/.test(field.value.trim())) {
    return "Write an e-mail address like anna@example.com.";
  }
  return "";
};

const check = () => {
  const wrong = fields().filter((field) => {
    const sentence = wrongWith(field);
    mark(field, sentence);
    return sentence;
  });
  wrong[0]?.focus();
  return wrong.length === 0;
};

const buyer = () => {
  const typed = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const { name, email, message = "", ...address } = typed;
  return { name, email, message, address };
};

const send = async () => {
  const lines = readCart();
  const reference = referenceFor(lines);
  const told = await post(form.dataset.action, {
    lines: asLines(lines), buyer: buyer(), expected_total_minor: quote.total_minor, reference,
  });
  rememberCheckout(lines, told.order_id);
  location.assign(told.checkout_url);
};

// The order of this reference cannot be gone on with: it is paid, stopped, or had other prices.
const DONE_WITH = ["checkout-reference-reused", "order-not-payable"];

const refuse = async (refusal) => {
  if (refusal.status === 409 && refusal.body.total_minor !== undefined) {
    await askPrices();
    say(`The price has changed: it is ${price(refusal.body.total_minor, refusal.body.currency)} now. Nothing was ordered. Look at it again, then pay.`);
    return;
  }
  if (DONE_WITH.includes(refusal.body.code)) {
    forgetCheckout();
    say(`${refusal.message} Nothing more was ordered. Pay again only if you want a new order.`);
    return;
  }
  const known = refusal.errors.map((error) => {
    const name = error.pointer.split("/").pop();
    const field = fields().find((one) => one.dataset.pointer === name);
    if (field) mark(field, error.detail);
    return field;
  }).filter(Boolean);
  say(refusal.message);
  known[0]?.focus();
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  say("");
  if (!check() || !quote) return;
  pay.disabled = true;
  try {
    await send();
  } catch (error) {
    pay.disabled = false;
    if (!(error instanceof Refused)) throw error;
    await refuse(error);
  }
});

// While typing, not on leaving the field: else the page moves under the press of the button.
form.addEventListener("input", (event) => {
  if (event.target.matches("[aria-invalid]") && !wrongWith(event.target)) mark(event.target, "");
});

const countries = form.querySelector("[data-countries]");
if (countries && Intl.DisplayNames) {
  const names = new Intl.DisplayNames(["en"], { type: "region" });
  for (const option of countries.options) {
    if (option.value) option.textContent = names.of(option.value) || option.value;
  }
}

addEventListener("pageshow", (event) => { if (event.persisted) askPrices(); });
askPrices();
