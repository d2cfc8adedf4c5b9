import assert from "node:assert/strict";
import test from "node:test";
import { Cache } from "../../webapp/assets/viewer/cache.js";

/** A server that answers when told to; each frame is 4 kB. */
function serve(t) {
  const asked = [];
  globalThis.document = { body: { dataset: { base: "/" } } };
  t.mock.method(globalThis, "fetch", (url, { signal }) => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(Object.assign(new Error("gone"), { name: "AbortError" })));
    const head = new TextEncoder().encode(JSON.stringify({ count: 1, picture: [1, 4096] }).padEnd(40));
    const data = new Uint8Array(4 + head.length + 16 + 4096);
    new DataView(data.buffer).setUint32(0, head.length, true);
    data.set(head, 4);
    asked.push({ url, signal, come: () => resolve({ ok: true, arrayBuffer: async () => data.buffer }) });
  }));
  return asked;
}

test("what is wanted is fetched once, however often", async (t) => {
  const asked = serve(t);
  const cache = new Cache();
  const both = [cache.get("a"), cache.get("a")];
  asked[0].come();
  assert.equal((await both[0]).count, 1);
  await both[1];
  await cache.get("a");
  assert.deepEqual(asked.map((each) => each.url), ["a"]);
});

test("what is fetched ahead gives way to what is wanted, and is asked for again", async (t) => {
  const asked = serve(t);
  const cache = new Cache();
  cache.ahead(["a", "b"]);
  const wanted = cache.get("c");
  assert.deepEqual(asked.map(({ url, signal }) => [url, signal.aborted]), [["a", true], ["b", true], ["c", false]]);
  asked[2].come();
  await wanted;
  const again = cache.get("a");
  asked[3].come();
  assert.equal((await again).count, 1);
});

test("the frames seen longest ago leave first", async (t) => {
  const asked = serve(t);
  const cache = new Cache(10_000);
  for (const url of ["a", "b"]) { const got = cache.get(url); asked.at(-1).come(); await got; }
  cache.peek("a");
  const third = cache.get("c");
  asked.at(-1).come();
  await third;
  assert.deepEqual(["a", "b", "c"].map((url) => cache.has(url)), [true, false, true]);
});
