import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

test("no key is given two meanings, and each is explained", async () => {
  const read = (name) => readFile(new URL(`../../webapp/assets/viewer/${name}`, import.meta.url), "utf8");
  const [main, help] = [await read("main.js"), await read("keys.js")];
  const actions = main.slice(main.indexOf("new Keys({"), main.indexOf("$(\"#tools\")"));
  const named = [...actions.matchAll(/(?:^|, )\s*(?:"([^"]+)"|([A-Za-z0-9]+)): /gm)].map((found) => found[1] ?? found[2]);
  assert.ok(named.length > 30);
  assert.deepEqual(named.filter((name, i) => named.indexOf(name) !== i), []);
  const explained = [...help.matchAll(/^ {2}\["([^"]+)"/gm)].flatMap((found) => found[1].split(" "));
  assert.deepEqual(explained.filter((name, i) => explained.indexOf(name) !== i), []);
  const letters = named.filter((name) => /^[a-zA-Z]$/.test(name) && !"hjkl".includes(name));
  assert.deepEqual(letters.filter((name) => !explained.includes(name)), []);
});
