// On every page of the shop: whoever came from a machine is shown the way back to it.
import { machineSession, sessionPage } from "./session.js";

const session = machineSession();
if (session && !document.getElementById("kiosk")) {
  const link = document.createElement("a");
  link.href = sessionPage(session);
  link.className = "notice good";
  link.textContent = "You order at the machine. Back to its page";
  document.getElementById("main")?.prepend(link);
}
