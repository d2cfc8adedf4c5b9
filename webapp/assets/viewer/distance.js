// How far the server is. At the end of an SSH tunnel it takes a page for one on its own machine, to
// which bytes need not be compressed: only the page's clock tells. It says so in a cookie.

const WAIT = 10; // ms from a request to the first byte of the answer
const RATE = 4000; // bytes per ms, below which bytes cost more than inflating them does
const LARGE = 30_000; // bytes, from which on an answer tells the rate

/** Whether answers come from afar, by what the browser noted of each (`PerformanceResourceTiming`). */
export function isFar(answers) {
  const fetched = answers.filter((each) => each.transferSize > 0 && each.responseStart > each.requestStart);
  if (!fetched.length) return false;
  const waits = fetched.map((each) => each.responseStart - each.requestStart);
  const rates = fetched.filter((each) => each.encodedBodySize > LARGE)
    .map((each) => each.encodedBodySize / Math.max(1, each.responseEnd - each.responseStart));
  return Math.min(...waits) > WAIT || (rates.length > 0 && Math.max(...rates) < RATE);
}

/** Tell the server with every request from now on. */
export function sayDistance() {
  const age = isFar(performance.getEntriesByType("resource")) ? "" : "; max-age=0";
  document.cookie = `vizframe-far-${location.port}=1; path=${document.body.dataset.base}; SameSite=Strict${age}`;
}
