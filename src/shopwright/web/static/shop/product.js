// Into the cart and on to it, or in front of a machine into its session.
import { machineSession, orderVariant } from "../kiosk/session.js";
import { addLine } from "./cart.js";
import { say } from "./say.js";

const form = document.querySelector("[data-add]");

const order = async (session, variant, quantity) => {
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    await orderVariant(session, variant, quantity);
  } catch (refusal) {
    say(refusal.message);
    button.disabled = false;
  }
};

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = new FormData(form);
  const line = { variant: Number(typed.get("variant")), quantity: Number(typed.get("quantity")) };
  const session = machineSession();
  if (session) order(session, line.variant, line.quantity);
  else if (addLine(line)) location.assign(form.action);
  else say("The cart is full, or this browser keeps nothing. Check out first.");
});
