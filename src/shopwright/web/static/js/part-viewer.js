// The model on a part's page: turned, cut open, measured. Where it cannot be shown, the picture that
// the server drew stays, with a sentence. Loaded on that page alone.
const CONFIRMED_ABOVE = 60_000_000; // bytes: a phone should be asked before that much is loaded
const STEP_DEGREES = 10;
const NEARER = 1.15;
const running = new Map();
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

class Viewer {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.note = root.querySelector("[data-note]");
  }

  async start() {
    if (!hasWebGL()) return this.say("This browser shows no 3D (WebGL is off or missing), so here is a picture.");
    const bytes = Number(this.root.dataset.bytes);
    if (bytes > CONFIRMED_ABOVE) await this.agreed(bytes);
    try {
      await this.open();
    } catch (error) {
      this.root.classList.remove("is-open");
      this.say(error.name === "UnreadableModel"
        ? `${error.message} The picture was drawn by the server.`
        : "The model could not be loaded. Load the page again to try once more.");
    }
  }

  agreed(bytes) {
    return new Promise((resolve) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-primary";
      button.textContent = `Show the model (${Math.round(bytes / 1_000_000)} MB)`;
      button.addEventListener("click", () => { button.remove(); resolve(); }, { once: true });
      this.note.replaceChildren(button);
      this.note.hidden = false;
    });
  }

  async open() {
    this.say("Loading the model …");
    const [{ readGlb }, { PartScene }, { Ruler }, answer] = await Promise.all([
      import("./viewer/glb.js"), import("./viewer/scene.js"), import("./viewer/measure.js"),
      fetch(this.root.dataset.model, { credentials: "same-origin" }),
    ]);
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    const bodies = readGlb(await answer.arrayBuffer());
    if (!this.root.isConnected) return;
    this.root.classList.add("is-open");
    this.scene = new PartScene(this.canvas, bodies);
    this.ruler = new Ruler(this.scene, this.canvas, (told, count) => this.showDistance(told, count));
    this.canvas.addEventListener("webglcontextlost", () => {
      this.root.classList.remove("is-open");
      this.say("The graphics card gave the picture up. Load the page again.");
    });
    this.root.addEventListener("click", (event) => this.press(event.target.closest("[data-do]")?.dataset.do));
    this.root.addEventListener("input", (event) => { if (event.target.dataset.axis) this.cut(event.target); });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.set("edges", this.scene.showEdges(true));
    this.setDark(prefersDark());
    this.note.hidden = true;
    this.scene.onDrawn = () => { this.root.dataset.drawn = String(Number(this.root.dataset.drawn ?? 0) + 1); };
    this.scene.draw();
  }

  press(what) {
    const acts = {
      fit: () => this.scene.fit(),
      reset: () => this.reset(),
      edges: () => {
        const isOn = !this.isSet("edges");
        if (this.scene.showEdges(isOn)) this.set("edges", isOn);
        else this.say("This model has too many triangles to find its edges here.");
      },
      measure: () => { this.set("measure", !this.isSet("measure")); this.ruler.setOn(this.isSet("measure")); },
      section: () => {
        this.set("section", !this.isSet("section"));
        this.root.querySelector("[data-sections]").hidden = !this.isSet("section");
        if (!this.isSet("section")) this.uncut();
      },
      dark: () => { this.setDark(!this.isSet("dark")); remember(this.isSet("dark")); },
    };
    acts[what]?.();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const turns = { ArrowLeft: [-STEP_DEGREES, 0], ArrowRight: [STEP_DEGREES, 0], ArrowUp: [0, STEP_DEGREES],
                    ArrowDown: [0, -STEP_DEGREES], "+": [0, 0, NEARER], "=": [0, 0, NEARER], "-": [0, 0, 1 / NEARER] };
    const presses = { f: "fit", r: "reset", Home: "reset", e: "edges", m: "measure", c: "section", b: "dark" };
    if (event.key === "Escape") this.ruler.clear();
    else if (turns[event.key]) this.scene.turn(...turns[event.key]);
    else if (presses[event.key]) this.press(presses[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  reset() {
    this.uncut();
    this.ruler.clear();
    this.scene.look();
  }

  cut(slider) {
    const left = this.scene.cutAt(slider.dataset.axis, Number(slider.value) / Number(slider.max));
    const isWhole = slider.value === slider.max;
    this.root.querySelector(`output[data-axis="${slider.dataset.axis}"]`).textContent =
      isWhole ? "whole" : `${number.format(left)} mm`;
  }

  uncut() {
    for (const slider of this.root.querySelectorAll("input[data-axis]")) {
      slider.value = slider.max;
      this.cut(slider);
    }
  }

  showDistance(told, count) {
    const output = this.root.querySelector("[data-distance]");
    const sides = told && told.sides.map((side) => number.format(side)).join(" · ");
    if (told) output.textContent = `${number.format(told.distance)} mm (x · y · z: ${sides})`;
    else output.textContent = this.isSet("measure") ? ["Tap two points.", "Tap the second point."][count] : "";
    output.hidden = !output.textContent;
  }

  setDark(isDark) {
    this.set("dark", isDark);
    this.root.classList.toggle("is-dark", isDark);
    this.scene.setDark(isDark);
  }

  isSet(name) {
    return this.root.querySelector(`[data-do="${name}"]`).getAttribute("aria-pressed") === "true";
  }

  set(name, isOn) {
    this.root.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(isOn));
  }

  say(sentence) {
    this.note.textContent = sentence;
    this.note.hidden = false;
  }
}

function hasWebGL() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

function prefersDark() {
  const page = document.documentElement.dataset.bsTheme === "dark";
  try {
    const kept = localStorage.getItem("shopwright-viewer-dark");
    return kept === null ? page : kept === "yes";
  } catch { return page; }
}

function remember(isDark) {
  try { localStorage.setItem("shopwright-viewer-dark", isDark ? "yes" : "no"); } catch { /* private window */ }
}

function startAll() {
  for (const [root, viewer] of running) {
    if (!root.isConnected) { viewer.scene?.end(); running.delete(root); }
  }
  for (const root of document.querySelectorAll("[data-viewer]")) {
    if (running.has(root)) continue;
    const viewer = new Viewer(root);
    running.set(root, viewer);
    viewer.start();
  }
}

startAll();
document.body.addEventListener("htmx:afterSettle", startAll);
