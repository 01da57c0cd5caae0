// Which checkout this browser has begun: one reference per cart, so that a second tab, or a second
// press of the button, is the same order.
import { emptyCart, readCart } from "./cart.js";

const KEY = "shopwright-checkout";

const read = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY) || "null");
  } catch {
    return null;
  }
};

const write = (value) => {
  try {
    if (value) localStorage.setItem(KEY, JSON.stringify(value));
    else localStorage.removeItem(KEY);
  } catch { /* a private window: the order is still made */ }
};

const fingerprint = (lines) => JSON.stringify(lines);

/** The same as before while the cart is the same. */
export const referenceFor = (lines) => {
  const known = read();
  if (known?.cart === fingerprint(lines)) return known.reference;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const reference = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  write({ reference, cart: fingerprint(lines) });
  return reference;
};

export const rememberCheckout = (lines, orderId) => {
  write({ reference: referenceFor(lines), cart: fingerprint(lines), order: orderId });
};

/** The next try is a new order. */
export const forgetCheckout = () => write(null);

/** Its order is paid or over: the cart it was made of is done with, unless it has changed since.
 *  An order that was given up leaves the cart, and a new try is a new order. */
export const finishCheckout = (orderId, isPaid) => {
  const known = read();
  if (known?.order !== orderId) return;
  if (isPaid && known.cart === fingerprint(readCart())) emptyCart();
  write(null);
};
