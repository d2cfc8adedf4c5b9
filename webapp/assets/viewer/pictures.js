// What the tiles of a frame are drawn with: a gallery of pictures, a sequence over time, or a distribution.
import { Distribution } from "./distribution.js";
import { Gallery } from "./gallery.js";
import { Sequence } from "./sequence.js";
import { isDistribution, isOverTime } from "./series.js";

export class Pictures {
  /** As a `Gallery` is made; `on` has `time(index)`, `read(words)`, `film(index)` and `go(step)` beside. */
  constructor(root, { name, label, on = {} }) {
    this.gallery = new Gallery(root, { name, label, on });
    this.sequence = new Sequence(root, { on });
    this.distribution = new Distribution(root, { on });
    this.both = [this.gallery, this.sequence];
    this.shown = this.gallery;
  }

  get tiles() { return this.shown.tiles; }
  get order() { return this.shown.order; }
  get scrollers() { return [this.gallery.scroller, this.sequence.scroller]; }
  set size(size) { for (const each of [...this.both, this.distribution]) each.size = size; }

  indexAt(spot) { return this.shown.indexAt(spot); }
  spotOf(index) { return this.shown.spotOf(index); }

  show(tiles, look, under = null, texts = null, lookOfText = (same) => same) {
    const next = this.drawn(look.series);
    if (next !== this.shown) {
      this.shown.clear();
      this.shown = next;
      this.gallery.scroller.hidden = next !== this.gallery;
    }
    if (next === this.sequence) next.show(tiles, look, texts, lookOfText);
    else next.show(tiles, look, under);
  }

  drawn(series) {
    if (isDistribution(series)) return this.distribution;
    return isOverTime(series) ? this.sequence : this.gallery;
  }

  clear() { this.shown.clear(); }
  arrange() { this.shown.arrange(); }
  paint() { this.shown.paint(); }
  sort(order) { for (const each of this.both) each.sort(order); }

  choose(index, options) {
    this.gallery.chosen = index;
    if (this.shown === this.sequence) this.sequence.choose(index, options);
    else if (this.shown === this.gallery) { this.sequence.chosen = index; this.gallery.choose(index, options); }
  }

  chooseTime(time) { this.sequence.chooseTime(time); }

  /** What an arrow key chooses, as a change of the place; null at an edge. */
  toward(dx, dy) {
    if (this.shown === this.sequence) return this.sequence.toward(dx, dy);
    if (this.shown === this.distribution) return null;
    const unit = this.gallery.neighbour(dx, dy);
    return unit === null ? null : { unit };
  }
}
