import assert from "node:assert/strict";
import test from "node:test";
import { changeWords } from "../../webapp/assets/viewer/overlaid.js";

const even = (from, to) => Float64Array.from({ length: 65 }, (_, i) => from + ((to - from) * i) / 64);

test("how one distribution lies to another", () => {
  assert.equal(changeWords(even(1, 5), even(0, 2)), "median of A +2 from B's; the middle half of A's values is 2 × as wide as B's");
  assert.match(changeWords(even(-3, -1), even(-1, 1)), /^median of A −2 from B's; .* is 1 × as wide/);
  assert.match(changeWords(even(0, 1), even(3, 3)), /the middle half of B's values is one value$/);
  assert.equal(changeWords(even(0, 1), Float64Array.from([NaN, NaN])), "One of them has no finite value.");
});
