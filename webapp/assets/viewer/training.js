// The Training page: Plotly's figures, with the slider's step marked.
import { $, ink } from "./dom.js";

const REST = 60; // ms: Plotly takes about 20 for each figure

export class Training {
  constructor(viewer) {
    this.viewer = viewer;
    viewer.on((_, what) => {
      if (viewer.place.page === "training" && ["step", "page"].includes(what)) this.later();
    });
    new MutationObserver(() => this.later()).observe($("#training-page"), { childList: true, subtree: true });
  }

  later() {
    if (this.due) return;
    this.due = setTimeout(() => { this.due = 0; this.mark(); }, REST);
  }

  mark() {
    const { step } = this.viewer;
    if (step === undefined || !window.Plotly) return;
    for (const graph of document.querySelectorAll("#training-page .js-plotly-plot")) {
      if (graph.dataset.step === String(step) || !graph.layout) continue;
      graph.dataset.step = step;
      const line = { color: ink("--accent"), width: 2 };
      window.Plotly.relayout(graph, {
        shapes: [{ type: "line", x0: step, x1: step, yref: "paper", y0: 0, y1: 1, line }],
      });
    }
  }
}
