// Small manners of the pages: confirmation, messages, menus, keys.
(() => {
  const ask = document.getElementById("ask");
  const messages = document.getElementById("messages");

  document.body.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    // {target} stands for what was typed into the field of that name.
    const typed = (name) => event.detail.elt.elements?.[name]?.value ?? "";
    const question = event.detail.question.replace(/\{(\w+)\}/g, (_, name) => typed(name));
    document.getElementById("ask-question").textContent = question;
    ask.returnValue = "no";
    ask.showModal();
    ask.addEventListener("close", () => {
      if (ask.returnValue === "yes") event.detail.issueRequest(true);
    }, { once: true });
  });

  const say = (sentence, tone) => {
    const note = document.createElement("div");
    note.className = `toast-note tone-${tone}`;
    note.textContent = sentence;
    messages.append(note);
  };
  document.body.addEventListener("htmx:sendError", () =>
    say("The server does not answer. Nothing was changed.", "red"));

  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const note of change.addedNodes) {
        if (note.nodeType === 1) setTimeout(() => note.remove(), note.matches(".tone-red") ? 12000 : 4000);
      }
    }
  }).observe(messages, { childList: true });
  messages.addEventListener("click", (event) => event.target.closest(".toast-note")?.remove());

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    }
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
    if (event.key === "f" && document.querySelector("[data-wall]")) {
      document.querySelector("[data-wall]").click();
    }
  });

  // What was sent is done with: its menu closes, and the page may move under it again.
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful, requestConfig } = event.detail;
    const menu = elt.closest("details.menu");
    if (!successful || requestConfig.verb !== "post" || !menu) return;
    menu.open = false;
    if (elt.matches("form")) { elt.reset(); delete elt.dataset.dirty; }
  });

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form");
    if (form) form.dataset.dirty = "1";
  });
})();
