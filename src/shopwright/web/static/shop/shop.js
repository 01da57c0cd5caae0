// On every page of the shop: how many things are in the cart.
import { CHANGED, countOf, readCart } from "./cart.js";

const show = () => {
  const count = countOf(readCart());
  for (const badge of document.querySelectorAll("[data-cart-count]")) {
    badge.hidden = count === 0;
    badge.textContent = count === 0 ? "" : String(count);
    badge.setAttribute("aria-label", count === 1 ? "1 thing in it" : `${count} things in it`);
  }
};

show();
addEventListener(CHANGED, show);
addEventListener("storage", show);
addEventListener("pageshow", show);
