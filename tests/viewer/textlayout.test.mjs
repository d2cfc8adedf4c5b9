import assert from "node:assert/strict";
import test from "node:test";
import { TextLayout, standApart, surroundings, written } from "../../webapp/assets/viewer/textlayout.js";
import { looksOf, mostLookedAt, rowOf } from "../../webapp/assets/viewer/lookedat.js";
import { tiles } from "./support.mjs";

const measure = (words) => 10 * [...words].length;
const laid = (tokens, width = 100) => new TextLayout(tokens, { width, lineHeight: 20, measure });

test("a line ends where the text breaks it, and where the room does", () => {
  const found = laid([..."ab\ncdefghijklmn"]);
  assert.equal(found.lines, 3);
  assert.deepEqual([0, 1, 2].map((line) => found.span(line)), [[0, 3], [3, 13], [13, 15]]);
  assert.deepEqual(found.place(4), { x: 10, y: 20, width: 10, height: 20 });
});

test("a point gives the token that stands there, and none where there is none", () => {
  const found = laid([..."ab\ncd"]);
  assert.deepEqual([[15, 5], [25, 5], [35, 5], [5, 25], [5, 45], [-1, 5]].map(([x, y]) => found.at(x, y)),
    [1, 2, null, 3, null, null]);
});

test("words stand apart; characters and pieces with their own blanks do not", () => {
  assert.ok(standApart(["the", "cat", "sat", "."]));
  assert.ok(!standApart([..."the cat"]));
  assert.ok(!standApart(["the", " cat", " sat"]));
  assert.ok(!standApart(["Ġthe", "Ġcat", "s"]));
  assert.ok(!standApart(["play", "##ing"]));
  assert.equal(laid(["the", "cat"]).x[1], 40);
});

test("a token wider than the room takes a line of its own, as wide as that", () => {
  const found = laid(["ab", "x".repeat(30), "cd"], 100);
  assert.equal(found.lines, 3);
  assert.equal(found.width[1], 100);
});

test("tokens without a form are given one", () => {
  assert.equal(written("\n"), "⏎");
  assert.equal(written("\u0000a"), "·a");
  assert.equal(laid([""]).lines, 1);
});

test("a token is said in its surroundings", () => {
  assert.equal(surroundings([..."the quick fox"], 4, 3), "he [q]uic");
  assert.equal(surroundings(["the", "cat"], 0, 9), " [the] cat");
});

test("fifty thousand tokens are laid out in one pass", () => {
  const found = laid(Array.from({ length: 50_000 }, (_, i) => (i % 40 === 39 ? "\n" : "x")), 1000);
  assert.equal(found.lines, 1250);
  assert.equal(found.at(5, 20 * 1249 + 3), 49_960);
});

test("a row of a head's matrix says where a token looks", () => {
  const found = tiles([[0, 1, 2, 3, 9, 4], [0, 0, 0, 0, 0, 1]], { picture: [2, 3] });
  const row = rowOf(found, 0, 1);
  assert.deepEqual([row.width, row.height, Math.round(row.value(0, 1))], [3, 1, 9]);
  assert.deepEqual(mostLookedAt(row, 3), { at: 1, share: 9 });
  assert.equal(mostLookedAt(row, 1).at, 0);
});

test("what a token looks at comes most first, and what it hardly looks at is left out", () => {
  const row = rowOf(tiles([[2, 9, 0, 4, 0, 0]], { picture: [1, 6] }), 0, 0);
  const looked = (options) => looksOf(row, 6, options).map(({ at }) => at);
  assert.deepEqual(looked({ most: 5, least: 1 }), [1, 3, 0]);
  assert.deepEqual(looked({ most: 2, least: 1 }), [1, 3]);
  assert.deepEqual(looksOf(row, 1, { most: 5, least: 1 }).map(({ at }) => at), [0]);
});

test("one axis inside a tile is a strip over time", () => {
  const found = tiles([[0, 1, 2]], { picture: [3] });
  assert.deepEqual([found.width, found.height, found.area], [3, 1, 3]);
});

test("a strip without values before its first token and behind its end is not broken", () => {
  const found = tiles([[NaN, 1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3]], { picture: [3], coded: [0, 1, 2, 3] });
  found.nonfinite.set([1, 1, 2, 1]);
  found.low[0] = 1; found.high[0] = 2;
  found.stored.set([254, 0, 252, 0, 254, 252, 254, 9, 254, 0, 9, 255]);
  assert.deepEqual([0, 1, 2, 3].map((i) => found.mark(i)), ["", "broken", "", "broken"]);
});
