// What a visitor wants to buy, kept in this browser as references only: prices and names always
// come from the server. A line is {variant, quantity} or {design, token, quantity}.

const KEY = "shopwright-cart";
const MAX_LINES = 50;
const MAX_QUANTITY = 99;
export const CHANGED = "shop:cart";

/** The lines, oldest first; what does not look like a line is left out. */
export const readCart = () => {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(stored) ? stored.filter(isLine) : [];
  } catch {
    return [];
  }
};

/** The same variant or design again raises its quantity. False when the cart is full. */
export const addLine = (line) => {
  const lines = readCart();
  const same = lines.find((one) => keyOf(one) === keyOf(line));
  if (!same && lines.length >= MAX_LINES) return false;
  if (same) Object.assign(same, line, { quantity: bounded(same.quantity + line.quantity) });
  else lines.push({ ...line, quantity: bounded(line.quantity) });
  return write(lines);
};

/** 0 takes the line out. */
export const setQuantity = (key, quantity) => {
  const lines = readCart();
  const wanted = lines.find((one) => keyOf(one) === key);
  if (wanted) wanted.quantity = bounded(quantity);
  return write(lines.filter((one) => one !== wanted || quantity > 0));
};

export const emptyCart = () => write([]);

export const keyOf = (line) => (line.design ? `design:${line.design}` : `variant:${line.variant}`);

export const countOf = (lines) => lines.reduce((sum, line) => sum + line.quantity, 0);

const isLine = (line) =>
  line && (line.design || line.variant) && Number.isInteger(line.quantity) && line.quantity > 0;

const bounded = (quantity) => Math.max(1, Math.min(MAX_QUANTITY, Math.trunc(quantity) || 1));

const write = (lines) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(lines));
  } catch {
    return false; // a private window, or no room
  }
  dispatchEvent(new Event(CHANGED));
  return true;
};
