// The session's page: joins by itself, counts its time, and goes on when the machine does.
import { forgetSession, keepSession } from "./session.js";

const FIRST_MS = 3000;
const GROWS_MS = 500;
const SLOWEST_MS = 10000;
const WAITING = ["payment_pending", "payment_completed", "completed", "payment_failed"];
let pause = FIRST_MS;
let endsAt = 0;

const current = () => document.getElementById("kiosk");

const settle = () => {
  const { session, state, ends } = current().dataset;
  endsAt = Date.now() + Number(ends) * 1000;
  if (Number(ends)) keepSession(session, Number(ends));
  else forgetSession();
  return WAITING.includes(state.split(".")[0]);
};

const count = () => {
  const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  for (const one of document.querySelectorAll("[data-left]")) one.textContent = left >= 120 ? `${Math.ceil(left / 60)} minutes` : `${left} seconds`;
};

const look = async () => {
  const answer = document.hidden ? null : await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (answer?.status === 410) { location.reload(); return; }
  if (answer?.ok) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("kiosk");
    if (fresh && fresh.dataset.state !== current().dataset.state) {
      current().replaceWith(document.adoptNode(fresh));
      pause = FIRST_MS;
      settle();
      current().querySelector("h1")?.scrollIntoView();
    }
  }
  wait();
};

const wait = () => {
  setTimeout(look, pause);
  pause = Math.min(pause + GROWS_MS, SLOWEST_MS);
};

const isWaiting = settle();
count();
setInterval(count, 1000);
document.querySelector("[data-join]")?.requestSubmit();
if (isWaiting) wait();
