// A secret that is shown once: selected as a whole, copied by its button.
(() => {
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-secret]")) event.target.select();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const secret = button.parentElement.querySelector("[data-secret]");
    secret.select();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(secret.value);
      else document.execCommand("copy"); // over plain HTTP on the shop's own network
      button.querySelector("span").textContent = "Copied";
    } catch { /* it is selected: the person copies it */ }
  });
})();
