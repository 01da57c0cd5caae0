// Choosing many orders of the list, and moving cards of the board.
(() => {
  // While something is chosen the list counts as being worked on, so that no refresh loses the choice.
  const boxes = () => [...document.querySelectorAll("form[data-choosing] input[name=order]")];
  const count = () => {
    const form = document.querySelector("form[data-choosing]");
    if (!form) return;
    const chosen = boxes().filter((box) => box.checked).length;
    const shown = form.querySelector("[data-chosen]");
    if (shown) shown.textContent = chosen;
    const all = form.querySelector("[data-choose-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes().length;
      all.indeterminate = chosen > 0 && !all.checked;
    }
    if (chosen) form.dataset.dirty = "1";
    else delete form.dataset.dirty;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-all]")) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.closest("form[data-choosing]")) count();
  });

  // A card goes back to where it was and its menu's form is sent: what the server says is shown.
  const arm = () => {
    if (!window.Sortable) return;
    for (const column of document.querySelectorAll(".board-cards:not([data-armed])")) {
      column.dataset.armed = "1";
      window.Sortable.create(column, {
        group: "board",
        sort: false,
        animation: 120,
        draggable: ".board-card:not(.is-fixed)",
        filter: "a, summary, button",
        preventOnFilter: false,
        delay: 180,
        delayOnTouchOnly: true,
        onStart: ({ item }) => { item.querySelector("form").dataset.dirty = "1"; },
        onEnd: ({ item, from, to, oldIndex }) => {
          delete item.querySelector("form").dataset.dirty;
          if (from === to) return;
          from.insertBefore(item, from.children[oldIndex] || null);
          const shown = document.querySelector(`.board-card[data-order="${item.dataset.order}"]`);
          shown?.querySelector(`form:has(input[name=to][value="${to.dataset.to}"])`)?.requestSubmit();
        },
      });
    }
  };
  // An answer that was on its way when a menu opened, a box was ticked or a card was taken comes later again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (target.id !== "orders" || requestConfig.triggeringEvent?.type !== "refresh") return;
    if (!target.querySelector("details.menu[open], form[data-dirty]")) return;
    event.detail.shouldSwap = false;
    setTimeout(() => target.isConnected && htmx.trigger(target, "refresh"), 2000);
  });

  document.addEventListener("DOMContentLoaded", arm);
  document.addEventListener("htmx:load", arm);
})();
