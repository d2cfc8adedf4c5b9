// The Training page: Plotly's figures, with the slider's step marked, on linear or logarithmic axes.
import { $, check, el, ink, radios } from "./dom.js";

const REST = 60; // ms: Plotly takes about 20 for each figure

const ACROSS = { step: ["Step"], epoch: ["Epoch"], time: ["Minutes"] };
const SMOOTH = { 0: ["As it is"], 0.6: ["Smooth"], 0.9: ["Smoother"] };

const AXES = { linear: ["Linear"], log: ["Logarithmic"] };

export class Training {
  constructor(viewer) {
    this.viewer = viewer;
    viewer.on((_, what) => {
      if (viewer.place.page === "training" && ["step", "page", "place"].includes(what)) this.later();
    });
    new MutationObserver(() => this.later()).observe($("#training-page"), { childList: true, subtree: true });
  }

  later() {
    if (this.due) return;
    this.due = setTimeout(() => { this.due = 0; this.offer(); this.mark(); }, REST);
  }

  /** Let one choose the axes; Dash makes the place for it anew with every step. */
  offer() {
    const root = $("#curve-axis");
    if (!root) return;
    if (!root.firstChild) {
      const axes = radios("curve-axis", AXES, (axis) => this.viewer.choose({ axis }));
      axes.setAttribute("aria-label", "Vertical axes");
      root.append(axes);
    }
    check(root, this.viewer.place.axis);
    this.offerOverlay();
  }

  /** What curves of several runs count along, and how smooth they are. */
  offerOverlay() {
    const root = $("#overlay-controls");
    if (!root) return;
    const { viewer } = this;
    if (!root.firstChild) {
      const across = radios("across", ACROSS, (x) => viewer.choose({ x }));
      const smooth = radios("smooth", SMOOTH, (weight) => viewer.choose({ smooth: weight }));
      across.setAttribute("aria-label", "Horizontal axis");
      smooth.setAttribute("aria-label", "Smoothing");
      root.append(across, smooth, el("button", {
        type: "button", className: "plain", onclick: () => viewer.choose({ runs: null }),
      }, "Only this run"));
    }
    const [across, smooth] = root.querySelectorAll("fieldset");
    check(across, viewer.place.x);
    check(smooth, viewer.place.smooth);
  }

  /** The slider's step, and dotted those at which an alarm begins. */
  mark() {
    const { step, place } = this.viewer;
    if (step === undefined || !window.Plotly) return;
    const found = [...new Set([...document.querySelectorAll("#training-page [data-severity=alarm] [data-go-step]")]
      .map((each) => Number(each.dataset.goStep)))];
    for (const graph of document.querySelectorAll("#training-page .js-plotly-plot")) {
      if (!graph.layout) continue;
      const level = constantOf(graph.data.map((each) => each.y));
      const wanted = `${step} ${place.axis} ${found} ${level}`;
      if (graph.dataset.shows === wanted) continue;
      graph.dataset.shows = wanted;
      const isLog = place.axis === "log" && hasLogarithm(graph);
      window.Plotly.relayout(graph, {
        "yaxis.type": isLog ? "log" : "linear",
        ...around(level, isLog, graph),
        shapes: [
          ...found.map((since) => upright(since, { color: ink("--bad"), width: 1, dash: "dot" })),
          upright(step, { color: ink("--accent"), width: 2 }),
        ],
      });
    }
  }
}

/** A line over the height of a figure. */
function upright(step, line) {
  return { type: "line", x0: step, x1: step, yref: "paper", y0: 0, y1: 1, line };
}

/** The one value of all lines; null where there are several, or none. */
export function constantOf(lines) {
  let level = null;
  for (const line of lines) {
    for (const value of line) {
      if (value === null || value === level) continue;
      if (level !== null) return null;
      level = value;
    }
  }
  return level;
}

/** An axis on which a constant stands in the middle and can be read: by itself Plotly goes one up and down. */
export function rangeAround(level, isLog) {
  if (isLog) return [Math.log10(level) - 1, Math.log10(level) + 1];
  const reach = Math.abs(level) / 2 || 1;
  return [level - reach, level + reach];
}

function around(level, isLog, graph) {
  const was = graph.dataset.level !== undefined;
  if (level === null) {
    delete graph.dataset.level;
    return was ? { "yaxis.autorange": true } : {};
  }
  graph.dataset.level = level;
  return { "yaxis.range": rangeAround(level, isLog) };
}

/** Whether a figure's numbers can be drawn logarithmically: none below 0, some above. */
function hasLogarithm(graph) {
  const values = graph.data.flatMap((each) => [...each.y]).filter((each) => each !== null);
  return values.every((each) => !(each < 0)) && values.some((each) => each > 0);
}
