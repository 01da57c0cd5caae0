// The page of a printer: the camera's pictures as they come, and the temperatures of the last hour. Both rest
// while nobody can see the page.
(() => {
  const RETRY_MS = 5000;
  const SILENT_MS = 15000;
  const CURVES_MS = 10000;
  const EMPTY = new Uint8Array(0);
  const GONE = 404;

  const joined = (left, right) => {
    const all = new Uint8Array(left.length + right.length);
    all.set(left);
    all.set(right, left.length);
    return all;
  };
  const headEnd = (bytes) => {
    for (let at = 0; at + 3 < bytes.length; at += 1) {
      if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
    }
    return -1;
  };

  // Each part says how long it is; only the newest whole picture of what has arrived is drawn.
  const newest = (bytes) => {
    let rest = bytes;
    let picture = null;
    for (;;) {
      const start = headEnd(rest);
      if (start < 0) return [picture, rest];
      const head = new TextDecoder().decode(rest.subarray(0, start));
      const size = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length < start + size) return [picture, rest];
      picture = rest.slice(start, start + size);
      rest = rest.slice(start + size);
    }
  };

  class Camera {
    constructor(box) {
      this.box = box;
      this.canvas = box.querySelector("canvas");
      this.note = box.querySelector(".camera-view p");
      this.state = box.querySelector(".camera-state");
    }

    start() {
      if (this.stopping || this.isOver) return;
      this.stopping = new AbortController();
      this.watch(this.stopping).finally(() => { this.stopping = null; });
    }

    stop() {
      this.stopping?.abort();
      clearTimeout(this.again);
    }

    async watch(stopping) {
      try {
        const answer = await fetch(this.box.dataset.camera, { signal: stopping.signal, headers: { accept: "application/json" } });
        if (answer.ok) await this.follow(answer.body.getReader());
        else await this.refused(answer);
      } catch {
        if (!stopping.signal.aborted) this.state.textContent = "reconnecting";
      } finally {
        clearTimeout(this.silence);
      }
      if (!this.isOver) this.again = setTimeout(() => { if (!document.hidden) this.start(); }, stopping.signal.aborted ? 0 : RETRY_MS);
    }

    async follow(reader) {
      let rest = EMPTY;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const [picture, left] = newest(joined(rest, value));
        rest = left;
        if (picture) await this.draw(picture);
      }
    }

    async refused(answer) {
      const problem = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
      this.isOver = answer.status === GONE;
      this.canvas.hidden = true;
      this.note.hidden = false;
      this.note.textContent = problem.detail || "The camera gives no picture.";
      this.state.textContent = "";
    }

    async draw(picture) {
      const image = await createImageBitmap(new Blob([picture], { type: "image/jpeg" }));
      Object.assign(this.canvas, { width: image.width, height: image.height, hidden: false });
      this.canvas.getContext("2d").drawImage(image, 0, 0);
      image.close();
      this.note.hidden = true;
      this.state.textContent = "live";
      clearTimeout(this.silence);
      const seen = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
      this.silence = setTimeout(() => { this.state.textContent = `no picture since ${seen}`; }, SILENT_MS);
    }
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  class Curves {
    constructor(box) {
      this.box = box;
      this.place = box.querySelector(".chart");
      this.note = box.querySelector("p");
    }

    start() {
      this.show();
      this.timer ??= setInterval(() => this.show(), CURVES_MS);
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
    }

    async show() {
      try {
        const answer = await fetch(this.box.dataset.curves, { headers: { accept: "application/json" } });
        if (answer.ok) this.told = await answer.json();
      } catch {
        return;  // what is drawn stays; the next one comes soon
      }
      this.draw();
    }

    draw() {
      if (!this.told || !this.box.isConnected) return;
      const { labels, lines } = this.told;
      this.place.hidden = lines.length === 0;
      this.note.hidden = lines.length > 0;
      if (!lines.length) return;
      this.chart ??= new Chart(this.place.querySelector("canvas"), { type: "line", data: { labels: [], datasets: [] }, options: {} });
      this.chart.data.labels = labels;
      this.chart.data.datasets = lines.flatMap((line) => this.datasets(line));
      this.chart.options = this.options();
      this.chart.update("none");
    }

    datasets({ label, tone, values, targets }) {
      const line = { borderColor: colour(`c-${tone}`), backgroundColor: colour(`c-${tone}`), pointRadius: 0, borderWidth: 2, tension: .2 };
      const wanted = { ...line, label: `${label} wanted`, data: targets, borderWidth: 1, borderDash: [4, 4], stepped: true };
      return targets.some((value) => value) ? [{ ...line, label, data: values }, wanted] : [{ ...line, label, data: values }];
    }

    options() {
      const soft = colour("soft");
      return {
        responsive: true,
        maintainAspectRatio: false,
        animation: false,
        interaction: { mode: "index", intersect: false },
        scales: {
          x: { border: { color: colour("line") }, grid: { display: false }, ticks: { color: soft, maxTicksLimit: 7, maxRotation: 0 } },
          y: { beginAtZero: true, border: { display: false }, grid: { color: colour("line") }, ticks: { color: soft, maxTicksLimit: 6, callback: (value) => `${value}°` } },
        },
        plugins: {
          legend: { position: "bottom", labels: { color: colour("ink"), boxWidth: 14, boxHeight: 1, filter: (item) => !item.text.endsWith(" wanted") } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${Math.round(item.raw * 10) / 10} °C` } },
        },
      };
    }
  }

  const parts = [
    ...[...document.querySelectorAll("[data-camera]")].map((box) => new Camera(box)),
    ...[...document.querySelectorAll("[data-curves]")].map((box) => new Curves(box)),
  ];
  const turn = () => { for (const part of parts) part[document.hidden ? "stop" : "start"](); };
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", () => { for (const part of parts) part.stop(); });
  addEventListener("pageshow", (event) => { if (event.persisted) turn(); });
  new MutationObserver(() => { for (const part of parts) if (part instanceof Curves) part.draw(); })
    .observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  turn();
})();
