// Into the cart, and on to it.
import { addLine } from "./cart.js";
import { say } from "./say.js";

const form = document.querySelector("[data-add]");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = new FormData(form);
  const line = { variant: Number(typed.get("variant")), quantity: Number(typed.get("quantity")) };
  if (addLine(line)) location.assign(form.action);
  else say("The cart is full, or this browser keeps nothing. Check out first.");
});
