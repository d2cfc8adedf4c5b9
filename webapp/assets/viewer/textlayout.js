// Where the tokens of a text stand: lines that break where the text does or the room ends. No page
// here: tests run it as it is.

/** What is written for a token: what breaks a line or has no form of its own is given one. */
export function written(token) {
  return token.replaceAll("\r", "").replaceAll("\n", "⏎").replaceAll("\t", "→   ")
    .replaceAll(/[\u0000-\u001f\u007f]/g, "·");
}

const OWN_BLANKS = /^[\sĠ▁]|^##|\s$|<\/w>$/u;

/** Whether tokens are words that stand apart: they are longer than a character, and none brings its
 *  own blanks, as characters and the pieces of subword vocabularies do. */
export function standApart(tokens) {
  const longer = tokens.filter((each) => each.length > 1);
  return longer.length * 2 > tokens.length && !tokens.some((each) => OWN_BLANKS.test(each));
}

/** The places of a text's tokens in a room of a width. */
export class TextLayout {
  /** `measure(words)`: how wide they are, in CSS pixels. */
  constructor(tokens, { width, lineHeight, measure }) {
    Object.assign(this, { tokens, lineHeight });
    this.words = tokens.map(written);
    this.gap = standApart(tokens) ? measure(" ") : 0;
    const count = tokens.length;
    this.x = new Float32Array(count);
    this.width = new Float32Array(count);
    this.line = new Int32Array(count);
    this.firsts = [0]; // the first token of each line
    this.break(width, new Map(), measure);
  }

  break(room, widths, measure) {
    let [x, line] = [0, 0];
    for (let i = 0; i < this.tokens.length; i += 1) {
      const words = this.words[i];
      let width = widths.get(words);
      if (width === undefined) widths.set(words, width = Math.min(room, Math.max(3, measure(words))));
      if (x > 0 && x + width > room) { x = 0; line += 1; this.firsts.push(i); }
      this.x[i] = x;
      this.width[i] = width;
      this.line[i] = line;
      x += width + this.gap;
      if (this.tokens[i].endsWith("\n") && i + 1 < this.tokens.length) { x = 0; line += 1; this.firsts.push(i + 1); }
    }
    this.lines = line + 1;
  }

  get height() { return this.lines * this.lineHeight; }

  /** The tokens of a line, as [first, past the last]. */
  span(line) { return [this.firsts[line], this.firsts[line + 1] ?? this.tokens.length]; }

  /** Where a token stands. */
  place(index) {
    return { x: this.x[index], y: this.line[index] * this.lineHeight, width: this.width[index], height: this.lineHeight };
  }

  /** The token at a point, or null. */
  at(x, y) {
    const line = Math.floor(y / this.lineHeight);
    if (line < 0 || line >= this.lines || x < 0) return null;
    const [first, end] = this.span(line);
    for (let i = first; i < end; i += 1) if (x < this.x[i] + this.width[i]) return x >= this.x[i] ? i : null;
    return null;
  }
}

/** A token in its surroundings, such as "the qu[i]ck br": as much as fits in so many characters. */
export function surroundings(tokens, index, reach = 12) {
  const gap = standApart(tokens) ? " " : "";
  const before = tokens.slice(Math.max(0, index - reach), index).map(written).join(gap);
  const after = tokens.slice(index + 1, index + 1 + reach).map(written).join(gap);
  return `${before.slice(-reach)}${gap}[${written(tokens[index] ?? "")}]${gap}${after.slice(0, reach)}`;
}
