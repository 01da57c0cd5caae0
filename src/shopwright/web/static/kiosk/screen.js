// A machine's screen: asks what to show, sends what is touched, and starts anew when nobody is there.
const ASK_MS = 2000;
const ALIVE_MS = 60000;
const WARN_MS = 15000;
const place = document.getElementById("screen");
const lost = document.getElementById("lost");
const idle = document.getElementById("idle");
const base = document.body.dataset.base;

let wanted = ""; // "choose" while somebody looks at what there is
let shown = "";
let mark = "";
let idleMs = 0;
let touchedAt = Date.now();
let endsAt = 0;
let isLooking = false;

const send = async (path, fields = {}) => {
  const answer = await fetch(`${base}/kiosk/${path}`, { method: "POST", body: new URLSearchParams(fields) }).catch(() => null);
  lost.hidden = Boolean(answer) && answer.status < 500;
  return answer;
};

const look = async () => {
  if (isLooking) return;
  isLooking = true;
  try {
    const answer = await fetch(`${base}/kiosk/screen?view=${wanted}`, { headers: mark ? { "if-none-match": mark } : {}, cache: "no-store" }).catch(() => null);
    lost.hidden = Boolean(answer) && answer.status < 500;
    if (answer?.status === 403) location.assign(`${base}/kiosk/pair`);
    if (answer?.ok) await show(answer);
  } finally {
    isLooking = false;
  }
};

const show = async (answer) => {
  const name = answer.headers.get("x-view");
  mark = answer.headers.get("etag");
  idleMs = Number(answer.headers.get("x-idle-s")) * 1000;
  endsAt = Date.now() + Number(answer.headers.get("x-ends-s")) * 1000;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  place.replaceChildren(...fresh.body.children);
  if (name !== shown) {
    touchedAt = Date.now();
    place.querySelector("h1")?.focus();
  }
  shown = name;
  count();
};

const home = async () => {
  wanted = "";
  if (shown !== "attract" && shown !== "choose") await send("leave");
  await look();
};

const acts = {
  choose: () => { wanted = "choose"; },
  home,
  leave: home,
  stay: () => {},
  start: async (button) => {
    wanted = "";
    const answer = await send("start", button.dataset.template ? { template: button.dataset.template } : {});
    if (answer && !answer.ok) {
      const said = await answer.json().catch(() => ({}));
      lost.textContent = said.detail || "That did not work. Try again in a minute.";
      lost.hidden = false;
      setTimeout(() => { lost.hidden = true; lost.textContent = "No connection. One moment, please."; }, 6000);
    }
  },
};

// Two touches end something: the second one within five seconds.
const isSure = (button) => {
  if (!button.dataset.ask || button.dataset.sure) return true;
  button.dataset.sure = "yes";
  const word = button.textContent;
  button.textContent = `${button.dataset.ask} Touch again.`;
  setTimeout(() => { delete button.dataset.sure; button.textContent = word; }, 5000);
  return false;
};

document.addEventListener("click", async (event) => {
  touchedAt = Date.now();
  idle.hidden = true;
  const button = event.target.closest("[data-do]");
  if (!button || !isSure(button)) return;
  await acts[button.dataset.do](button);
  await look();
});
document.addEventListener("contextmenu", (event) => event.preventDefault());

const count = () => {
  const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  const words = left >= 120 ? `${Math.ceil(left / 60)} minutes` : `${left} seconds`;
  for (const one of place.querySelectorAll("[data-left]")) one.textContent = words;
  if (!idleMs) { idle.hidden = true; return; }
  const rest = idleMs - (Date.now() - touchedAt);
  idle.hidden = rest > WARN_MS || rest <= 0;
  if (rest <= 0) { touchedAt = Date.now(); home(); }
};

setInterval(look, ASK_MS);
setInterval(count, 1000);
setInterval(() => send("alive"), ALIVE_MS);
send("alive");
look();
