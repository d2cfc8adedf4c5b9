// Changes of units, as the address has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { howOf, put, read, words, write } from "../../webapp/assets/viewer/changes.js";

test("what is written is read again, whatever a layer is called", () => {
  const changes = [{ layer: "a:b,c%", unit: 3, how: "off" }, { layer: "höhe.0", unit: 12, how: "*0.5" },
    { layer: "x", unit: 0, how: "=-1.5e-3" }];
  assert.deepEqual(read(write(changes)), changes);
  assert.equal(write([]), null);
});

test("what is no change is left out", () => {
  assert.deepEqual(read("a,a:1,a:x:off,:1:off,a:1:on,a:1:*,a:%:off,%E0%A4%A:1:off,b:2:off"),
    [{ layer: "b", unit: 2, how: "off" }]);
  assert.deepEqual(read(null), []);
});

test("a unit is changed in one way, or not at all", () => {
  const once = put([], "a", 1, "off");
  const twice = put(put(once, "a", 1, "*2"), "b", 1, "off");
  assert.equal(howOf(twice, "a", 1), "*2");
  assert.equal(twice.length, 2);
  assert.equal(howOf(put(twice, "a", 1, null), "a", 1), null);
});

test("changes are said as a person reads them", () => {
  assert.deepEqual(["off", "*0.5", "<-1", "=2"].map(words), ["off", "× 0.5", "≤ −1", "= 2"]);
});
