// A buyer's order: asks again while something can still happen, and is done with the cart.
import { finishCheckout } from "./checkouts.js";

const FIRST_MS = 5000;
const SLOWEST_MS = 60000;
const UNPAID = ["pending_payment", "pending"];
let pause = FIRST_MS;

const current = () => document.getElementById("order");

const settle = () => {
  const { order, state } = current().dataset;
  if (!UNPAID.includes(state)) finishCheckout(Number(order), state !== "canceled");
};

const look = async () => {
  if (document.hidden) return wait();
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("order");
    if (fresh && fresh.innerHTML !== current().innerHTML) {
      current().replaceWith(document.adoptNode(fresh));
      pause = FIRST_MS;
      settle();
    }
  }
  return wait();
};

const wait = () => {
  if (current().dataset.moving === undefined) return;
  setTimeout(look, pause);
  pause = Math.min(pause * 1.5, SLOWEST_MS);
};

settle();
wait();
