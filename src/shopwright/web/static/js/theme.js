// Runs before the first paint, so that a dark page never flashes white. Stored per browser.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try { return localStorage.getItem("shopwright-theme") || "auto"; } catch { return "auto"; }
  };
  const apply = () => {
    const choice = read();
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.dataset.themeChoice = choice;
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button || button === document.documentElement) return;
    try { localStorage.setItem("shopwright-theme", button.dataset.themeChoice); } catch { /* private window */ }
    apply();
  });
})();
