// The Runs page: Dash makes the table; here it is filled with results, sorted, searched and ticked.
import { json } from "./api.js";
import { $, el, ink, sized } from "./dom.js";
import { drawing } from "./parallel.js";
import { plural, short } from "./words.js";

const AT_ONCE = 3; // runs whose results are asked for at the same time
const SPARK = [110, 26];

export class Runs {
  constructor(viewer) {
    this.viewer = viewer;
    this.results = new Map(); // by run and when it was last written
    this.sorted = { column: null, up: true };
    new MutationObserver(() => this.dress()).observe($("#runs-page"), { childList: true });
  }

  get table() { return $("#runs-page table"); }
  get rows() { return [...document.querySelectorAll("#runs-page tbody tr")]; }
  get ticked() { return (this.viewer.place.runs ?? "").split(",").filter(Boolean).map(decodeURIComponent); }

  /** Dash makes the table anew with every step: put into it what belongs to it. */
  dress() {
    if (!this.table || this.table.dataset.dressed) return;
    this.table.dataset.dressed = "true";
    this.addTools();
    for (const head of this.table.querySelectorAll("th[data-column]")) {
      const button = el("button", { type: "button", className: "link", onclick: () => this.sort(head.dataset.column) },
        ...head.childNodes);
      head.replaceChildren(button);
    }
    for (const row of this.rows) {
      const box = el("input", {
        type: "checkbox", checked: this.ticked.includes(row.dataset.name), "aria-label": `Lay ${row.dataset.name} over others`,
        onchange: () => this.tick(row.dataset.name, box.checked),
      });
      row.querySelector("[data-cell=tick]").replaceChildren(box);
      this.fill(row);
    }
    if (this.sorted.column) this.arrange();
    this.find();
    this.fetchResults();
  }

  addTools() {
    this.search = el("input", {
      type: "search", placeholder: "Find a run", "aria-label": "Find a run, its network or its hyper-parameters",
      value: this.sought ?? "", autocomplete: "off", spellcheck: false,
    });
    this.search.addEventListener("input", () => { this.sought = this.search.value; this.find(); this.drawParallel(); });
    this.overlay = el("button", {
      type: "button", className: "plain", onclick: () => this.viewer.choose({ page: "training" }, { push: true }),
    });
    this.table.parentElement.before(el("div", { className: "runs-tools" }, this.search, this.overlay));
    this.sayTicked();
  }

  sayTicked() {
    const count = this.ticked.length;
    this.overlay.disabled = count < 2;
    this.overlay.textContent = count < 2 ? "Tick two runs to lay their curves over one another"
      : `Curves of ${count} runs over one another`;
  }

  tick(name, on) {
    const rest = this.ticked.filter((each) => each !== name);
    // The first run that is ticked is laid over the one that is open.
    const open = this.viewer.run?.run;
    const first = on && !rest.length && open && open !== name ? [open] : [];
    const next = on ? [...first, ...rest, name] : rest;
    this.viewer.choose({ runs: next.length ? next.map(encodeURIComponent).join(",") : null });
    this.sayTicked();
    for (const box of this.table.querySelectorAll("[data-cell=tick] input")) {
      box.checked = next.includes(box.closest("tr").dataset.name);
    }
  }

  find() {
    const words = (this.sought ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of this.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  }

  async fetchResults() {
    const waiting = this.rows.filter((row) => !this.results.has(this.keyOf(row)));
    const work = async () => {
      for (let row = waiting.shift(); row; row = waiting.shift()) {
        const found = await json("result", { run: row.dataset.name }).catch(() => null); // the row says its fault
        this.results.set(this.keyOf(row), found);
        this.fill(row);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (this.sorted.column) this.arrange();
    this.find();
    this.drawParallel();
  }

  /** Hyper-parameters against results, of the runs that are shown. */
  drawParallel() {
    const place = $("#parallel");
    if (!place) return;
    const known = this.rows.filter((row) => !row.hidden && this.results.get(this.keyOf(row)));
    const runs = known.map((row) => ({ name: row.dataset.name, ...this.results.get(this.keyOf(row)) }));
    const drawn = drawing(runs, (name) => this.point(name));
    place.replaceChildren(...(drawn ? [el("h2", {}, "Hyper-parameters and results"),
      el("div", { className: "parallel", tabIndex: 0, role: "group", "aria-label": "Hyper-parameters and results" }, drawn)] : []));
    for (const row of this.rows) {
      row.onpointerenter = () => this.point(row.dataset.name);
      row.onpointerleave = () => this.point(null);
    }
  }

  /** Mark a run's line and its row; none where it is null. */
  point(name) {
    for (const row of this.rows) row.classList.toggle("pointed", row.dataset.name === name);
    for (const line of document.querySelectorAll("#parallel [data-line]")) {
      line.classList.toggle("pointed", line.dataset.line === name);
    }
  }

  keyOf(row) { return `${row.dataset.name} ${row.dataset.written}`; }

  fill(row) {
    const found = this.results.get(this.keyOf(row));
    if (!found || !row.isConnected) return;
    for (const cell of row.querySelectorAll("[data-cell]")) {
      const { cell: name } = cell.dataset;
      if (name === "spark") drawSpark(cell, found.spark);
      else if (name === "hyper") setHyper(cell, found.hyper);
      else if (name === "findings") setFindings(cell, found.findings);
      else setNumber(cell, name in found.vitals ? found.vitals[name] : found.last[name]);
    }
  }

  sort(column) {
    this.sorted = { column, up: this.sorted.column === column ? !this.sorted.up : true };
    this.arrange();
  }

  arrange() {
    const { column, up } = this.sorted;
    const place = [...this.table.tHead.rows[0].children].findIndex((head) => head.dataset.column === column);
    const valueOf = (row) => row.children[place].dataset.value ?? row.children[place].textContent;
    this.table.tBodies[0].append(...this.rows.sort((a, b) => compare(valueOf(a), valueOf(b)) * (up ? 1 : -1)));
    for (const head of this.table.querySelectorAll("th[data-column]")) {
      if (head.dataset.column === column) head.setAttribute("aria-sort", up ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }
}

/** Numbers by size, texts by letter; what has no value comes last, whichever way. */
export function compare(a, b) {
  const [x, y] = [a, b].map((value) => (value === "" || value === "–" ? NaN : Number(value)));
  if (Number.isNaN(x) && Number.isNaN(y)) return String(a).localeCompare(String(b), "en", { numeric: true });
  if (Number.isNaN(x)) return 1;
  if (Number.isNaN(y)) return -1;
  return x - y;
}

function setNumber(cell, number) {
  if (number === undefined || number === null) return;
  cell.textContent = short(number);
  cell.dataset.value = number;
}

/** Alarms weigh more than notes; nothing is said of a run that nobody watched. */
function setFindings(cell, found) {
  if (!found) return;
  const { alarms, notes } = found;
  cell.textContent = [alarms && plural(alarms, "alarm"), notes && plural(notes, "note")].filter(Boolean).join(", ") || "none";
  cell.dataset.value = alarms + notes / 1000;
}

function setHyper(cell, hyper) {
  const words = Object.entries(hyper).map(([name, value]) => `${name} ${typeof value === "number" ? short(value) : value}`);
  cell.textContent = words.slice(0, 4).join(", ");
  cell.title = words.join("\n");
}

function drawSpark(cell, spark) {
  if (!spark || spark.values.length < 2) return;
  const canvas = el("canvas", { role: "img", "aria-label": `${spark.name} over training` });
  cell.replaceChildren(canvas);
  const [width, height] = SPARK;
  const context = sized(canvas, width, height);
  const known = spark.values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  context.strokeStyle = ink("--curve-1");
  context.lineWidth = 1.4;
  context.beginPath();
  spark.values.forEach((value, i) => value !== null && context.lineTo(
    2 + (i / (spark.values.length - 1)) * (width - 4),
    height - 3 - ((value - low) / (high - low || 1)) * (height - 6)));
  context.stroke();
}
