// Waiting jobs are moved with the mouse, a finger or the arrow keys. A job is sent with the two between which
// it was put; when those stand elsewhere by now, the server says so and the page shows the queue as it is.
(() => {
  const idOf = (row) => row?.dataset.job ?? "";

  const send = (row) => {
    const values = {
      after: idOf(row.previousElementSibling),
      before: idOf(row.nextElementSibling),
      revision: row.dataset.revision,
    };
    htmx.ajax("POST", row.dataset.move, { values, swap: "none", target: "#messages" });
  };

  // While a job is in the hand, or on its way, nothing may be swapped under it.
  const hold = (row) => { row.querySelector("form").dataset.dirty = "1"; };
  const letGo = (row) => { delete row.querySelector("form").dataset.dirty; };

  const arm = () => {
    for (const list of document.querySelectorAll("[data-queue]:not([data-armed])")) {
      list.dataset.armed = "1";
      window.Sortable.create(list, {
        handle: ".grip",
        draggable: "[data-job]",
        animation: 120,
        onStart: ({ item }) => hold(item),
        onEnd: ({ item, oldIndex, newIndex }) => {
          letGo(item);
          if (oldIndex !== newIndex) send(item);
        },
      });
    }
  };

  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const grip = step && event.target.closest?.(".grip");
    if (!grip) return;
    event.preventDefault();
    const form = grip.closest("[data-job]").querySelector(`form[data-step="${step}"]`);
    if (!form.querySelector("button").disabled) form.requestSubmit();
  });

  document.body.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
    if (xhr.status >= 400 && requestConfig.verb === "post") htmx.trigger(document.body, "refetch");
  });
  document.addEventListener("DOMContentLoaded", arm);
  document.addEventListener("htmx:load", arm);
})();
