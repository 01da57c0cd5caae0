// Which panel is open: a sheet below the case on a phone, a column beside it where there is room.

const WIDE = matchMedia("(min-width: 60rem)");

export const startPanels = (app) => {
  const { root, store } = app;
  const tools = [...root.querySelectorAll("[data-tool]")];
  const panels = [...root.querySelectorAll("[data-panel-name]")];

  const show = (name, { isFocused = false } = {}) => {
    root.dataset.panel = name;
    for (const panel of panels) panel.hidden = panel.dataset.panelName !== name && !(WIDE.matches && panel.dataset.panelName === "layers");
    for (const tool of tools) tool.setAttribute("aria-expanded", String(tool.dataset.tool === name));
    if (name === "sticker") app.showStickers();
    if (isFocused) root.querySelector(`[data-panel-name="${name}"] :is(h2, legend)`)?.focus();
  };
  app.showPanel = show;

  for (const tool of tools) {
    tool.addEventListener("click", () => show(root.dataset.panel === tool.dataset.tool && !WIDE.matches ? "" : tool.dataset.tool));
  }
  for (const button of root.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => {
      const tool = tools.find((one) => one.dataset.tool === root.dataset.panel);
      show("");
      tool?.focus();
    });
  }
  store.listen((what) => {
    if (!what.selection) return;
    if (store.selected && WIDE.matches) show("edit");
    else if (!store.selected && root.dataset.panel === "edit") show(WIDE.matches ? first() : "");
  });

  const first = () => (app.isAi ? "ai" : "photo");
  /** Unless the visitor was faster. */
  app.showFirstPanel = () => root.dataset.panel || show(WIDE.matches || (app.isAi && !store.doc.layers.length) ? first() : "");
  WIDE.addEventListener("change", () => show(root.dataset.panel || (WIDE.matches ? first() : "")));
};
