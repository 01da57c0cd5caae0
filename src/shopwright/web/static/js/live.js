// Applies what the event stream brings: fragments replace the elements of the same data-id; a notice asks
// every element with a matching data-on to fetch itself again; anything missed fetches the whole page part.
(() => {
  const { live, worker, topics, seen } = document.body.dataset;
  const lost = document.querySelector(".link-lost");

  const isBusy = (element) => {
    const focus = document.activeElement;
    return (element.contains(focus) && focus.matches("input:not([type=hidden]), textarea, select"))
      || element.querySelector("details.menu[open], form[data-dirty], form.htmx-request") !== null;
  };

  const openIn = (element) =>
    [...element.querySelectorAll("details[open][data-keep]")].map((one) => one.dataset.keep);
  const reopen = (element, names) => {
    for (const name of names) {
      const details = element.querySelector(`details[data-keep="${CSS.escape(name)}"]`);
      if (details) details.open = true;
    }
  };
  const replace = (old, fresh) => {
    const open = openIn(old);
    old.replaceWith(fresh);
    reopen(fresh, open);
    htmx.process(fresh);
  };
  let kept = [];
  document.addEventListener("htmx:beforeSwap", () => { kept = openIn(document); });
  document.addEventListener("htmx:afterSwap", () => reopen(document, kept));

  const waiting = new Map();
  const showFragments = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const fresh of [...template.content.children]) {
      const id = CSS.escape(fresh.dataset.id || "");
      for (const old of document.querySelectorAll(`[data-id="${id}"]`)) {
        if (isBusy(old)) waiting.set(id, fresh);
        else replace(old, fresh.cloneNode(true));
      }
    }
  };
  setInterval(() => {
    for (const [id, fresh] of waiting) {
      const old = document.querySelector(`[data-id="${id}"]`);
      if (old && isBusy(old)) continue;
      waiting.delete(id);
      if (old) replace(old, fresh);
    }
  }, 1000);

  const refresh = (element) => {
    if (!element.isConnected) return;
    if (isBusy(element)) setTimeout(refresh, 2000, element);
    else htmx.trigger(element, "refresh");
  };
  // Somebody began to type, or sent a form, while the answer was on its way: it comes later again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (requestConfig.triggeringEvent?.type !== "refresh" || !isBusy(target)) return;
    event.detail.shouldSwap = false;
    setTimeout(refresh, 2000, target);
  });
  const showNotice = (names) => {
    const wanted = names.split(" ");
    for (const element of document.querySelectorAll("[data-on]")) {
      if (element.dataset.on.split(" ").some((name) => wanted.includes(name))) refresh(element);
    }
  };

  const fetchAgain = () => {
    if (isBusy(document.getElementById("main"))) setTimeout(fetchAgain, 2000);
    else htmx.trigger(document.body, "refetch");
  };

  const handlers = {
    hello: (now) => {
      lost.hidden = true;
      if (now !== seen) fetchAgain();
    },
    resumed: () => {
      lost.hidden = true;
      fetchAgain();
    },
    fragments: showFragments,
    notice: showNotice,
    lost: () => { lost.hidden = false; },
    bye: () => location.reload(),
  };
  const receive = ({ kind, text }) => handlers[kind]?.(text);

  const connectAlone = () => {
    const source = new EventSource(`${live}?topics=${topics.split(" ").join(",")}`);
    let hellos = 0;
    for (const kind of ["hello", "fragments", "notice", "bye"]) {
      source.addEventListener(kind, (event) => {
        if (kind === "bye") source.close();
        const isAgain = kind === "hello" && hellos++ > 0;
        receive({ kind: isAgain ? "resumed" : kind, text: event.data });
      });
    }
    source.onerror = () => receive({ kind: "lost" });
    addEventListener("pagehide", () => source.close());
  };

  const connectShared = () => {
    const { port } = new SharedWorker(worker);
    port.onmessage = (event) => receive(event.data);
    const join = () => port.postMessage({ live: new URL(live, location.href).href, topics: topics.split(" ") });
    join();
    addEventListener("pagehide", () => port.postMessage({ leave: true }));
    addEventListener("pageshow", (event) => { if (event.persisted) join(); });
  };

  if (window.SharedWorker) connectShared();
  else connectAlone();
})();
