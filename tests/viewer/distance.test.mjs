import assert from "node:assert/strict";
import test from "node:test";
import { isFar } from "../../webapp/assets/viewer/distance.js";

const answer = (wait, size = 1000, took = 0.2) => ({
  transferSize: size + 300, encodedBodySize: size, requestStart: 5, responseStart: 5 + wait, responseEnd: 5 + wait + took,
});

test("a server is far whose quickest answer takes long, or whose bytes are slow", () => {
  assert.equal(isFar([answer(2), answer(80)]), false); // one answer was work
  assert.equal(isFar([answer(22), answer(80)]), true);
  assert.equal(isFar([answer(1), answer(1, 100_000, 500)]), true); // 1.6 Mbit
  assert.equal(isFar([answer(1), answer(1, 100_000, 2)]), false);
});

test("what the cache had tells nothing", () => {
  const kept = { ...answer(0), transferSize: 0 };
  assert.equal(isFar([kept]), false);
  assert.equal(isFar([kept, answer(50)]), true);
});
