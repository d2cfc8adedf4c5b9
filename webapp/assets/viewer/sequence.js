// A series over time: the text, coloured by the chosen unit, over all units × time.
//
//   ┌ text panel ─────────────┐   a click on a token picks the time
//   │ def the(quick): …       │
//   ├ rows ───────────────────┤   a click on a row picks the unit
//   │ ▒▒░░▓▓ unit 0           │
//   └ what the chosen token is: said, too ┘
//
// It can be used wherever a Gallery can: it is shown, sorted and chosen from alike.
import { el } from "./dom.js";
import { MARK_WORDS } from "./painter.js";
import { Rows } from "./rows.js";
import { surroundings, written } from "./textlayout.js";
import { TextPanel } from "./textpanel.js";
import { short } from "./words.js";

export class Sequence {
  /** `on`: select(index), time(index), read(words); `on.name(index)` names a unit. */
  constructor(root, { on = {} }) {
    Object.assign(this, { on, chosen: null, time: null, tiles: null, order: null, tokens: null });
    this.box = el("div", { className: "sequence", hidden: true });
    root.append(this.box);
    this.text = new TextPanel(this.box, {
      pick: (time) => this.pick(this.chosenIndex, time), hover: (time) => this.read(this.chosenIndex, time),
    });
    this.plain = el("p", { className: "visually-hidden" });
    this.rows = new Rows(this.box, {
      pick: (spot, time) => this.pick(this.indexAt(spot), time),
      hover: (spot, time) => this.read(spot === null ? null : this.indexAt(spot), time),
    });
    this.facts = el("p", { className: "token-facts", role: "status" });
    this.more = el("div", { className: "token-more" }); // for what the page has to say of it
    this.box.append(this.plain, this.facts, this.more);
  }

  get scroller() { return this.rows.scroller; }
  get chosenIndex() { return Math.min(this.chosen ?? 0, (this.tiles?.count ?? 1) - 1); }
  get isSorted() { return this.order !== null && this.order.length === this.tiles?.count; }
  set size(size) { this.rows.size = size; }
  indexAt(spot) { return this.isSorted ? this.order[spot] : spot; }
  spotOf(index) { return this.isSorted ? this.order.indexOf(index) : index; }

  pick(index, time) {
    this.on.time?.(time);
    if (index !== this.chosen) this.on.select?.(index);
  }

  /** Show a frame; `lookOfText(look)` is how the text is coloured beside the rows; `texts(index)` gives the tokens that a tile lies under, or null where there are none. */
  show(tiles, look, texts, lookOfText) {
    Object.assign(this, { tiles, look, texts, lookOfText });
    this.box.hidden = false;
    const index = this.chosenIndex;
    const tokens = texts?.(index) ?? null;
    if (tokens !== this.tokens) this.write(tokens);
    const isText = look.series.draw === "text";
    this.scroller.hidden = isText && tiles.count === 1 && tokens !== null;
    const times = tokens && look.series.spread === "unit" ? Math.min(tokens.length, tiles.width) : tiles.width;
    this.text.show(tokens, tiles, index, lookOfText(look));
    if (!this.scroller.hidden) this.rows.show(tiles, look, (spot) => this.indexAt(spot), times);
    this.describe();
    this.say();
  }

  /** The text for those who hear the page: as plain words, in one piece. */
  write(tokens) {
    this.tokens = tokens;
    this.plain.textContent = tokens ? `The text: ${tokens.map(written).join("")}` : "";
    this.box.classList.toggle("wordless", !tokens);
  }

  clear() {
    this.tiles = null;
    this.box.hidden = true;
    this.rows.list.replaceChildren();
  }

  arrange() {
    if (!this.tiles) return;
    this.text.arrange();
    this.rows.arrange();
  }

  paint() {
    if (!this.tiles) return;
    this.text.paint();
    this.rows.paint();
  }

  sort(order) {
    if (order === this.order) return;
    this.order = order;
    this.rows.list.replaceChildren();
    this.describe();
    this.paint();
    this.mark();
  }

  /** Choose a unit: the text takes its colours. */
  choose(index, { scroll = true } = {}) {
    const other = index !== this.chosen;
    this.chosen = index;
    if (!this.tiles) return;
    if (other) this.show(this.tiles, this.look, this.texts, this.lookOfText);
    this.mark({ reveal: scroll });
  }

  chooseTime(time) {
    this.time = time;
    if (this.tiles) { this.mark(); this.say(); }
  }

  mark({ reveal = true } = {}) {
    const { scroller } = this;
    if (!this.tiles) return;
    scroller.setAttribute("aria-activedescendant", `${this.id}-${this.chosenIndex}`);
    for (const option of this.rows.list.children) {
      option.setAttribute("aria-selected", String(Number(option.dataset.index) === this.chosenIndex));
    }
    this.text.mark(this.time, { reveal });
    if (!scroller.hidden) this.rows.mark(this.spotOf(this.chosenIndex), this.time, { reveal });
  }

  /** Where an arrow key leads: another unit (up, down) or another time (left, right); null at an edge. */
  toward(dx, dy) {
    if (!this.tiles) return null;
    if (dy && this.scroller.hidden) return asTime(this.text.beside(dy));
    if (dy) {
      const spot = this.spotOf(this.chosenIndex) + dy;
      return spot < 0 || spot >= this.tiles.count ? null : { unit: this.indexAt(spot) };
    }
    const next = (this.time ?? -1) + dx;
    return next < 0 || next >= this.tiles.width ? null : { time: next };
  }

  /** What is under the pointer. */
  read(index, time) {
    this.on.read?.(index === null || time === null ? "" : this.wordsOf(index, time));
  }

  wordsOf(index, time) {
    const { tiles } = this;
    const mark = tiles.mark(index);
    const value = mark === "missing" ? MARK_WORDS.missing : short(tiles.value(index, time));
    return `${this.placeWords(time)} · ${this.on.name?.(index) ?? index}: ${value}`;
  }

  placeWords(time) {
    const token = this.tokens?.[time];
    return token === undefined ? `time step ${time}` : `token ${time} “${written(token)}”`;
  }

  /** Say the chosen token and what the unit says to it. */
  say() {
    const { time, tokens, tiles } = this;
    const known = time !== null && time < tiles.width;
    const around = known && tokens?.[time] !== undefined ? ` · ${surroundings(tokens, time)}` : "";
    const words = known ? this.wordsOf(this.chosenIndex, time) + around
      : `Choose a ${tokens ? "token" : "time step"}: what ${this.on.name?.(this.chosenIndex) ?? "it"} says to it is said here.`;
    if (this.facts.textContent !== words) this.facts.textContent = words;
  }

  /** One hidden option per unit, for those who hear the page. */
  describe() {
    this.id ??= `sequence-${Math.random().toString(36).slice(2, 8)}`;
    const { list } = this.rows;
    if (!this.tiles || this.scroller.hidden || list.children.length === this.tiles.count) return;
    list.replaceChildren(...Array.from({ length: this.tiles.count }, (_, spot) => {
      const index = this.indexAt(spot);
      return el("div", {
        id: `${this.id}-${index}`, role: "option", "data-index": index,
        "aria-selected": String(index === this.chosenIndex),
      }, this.on.name?.(index) ?? String(index));
    }));
    this.mark({ reveal: false });
  }
}

const asTime = (found) => (found === null ? null : { time: found });
