// One file with the pictures of a run: what is in sight is painted at the step that the slider names.
const $ = (selector) => document.querySelector(selector);
const { steps, series, images, maps } = JSON.parse($("#run").textContent);
const [slider, said, play, theme, probe] = ["#step", "#said", "#play", "#theme", "#probe"].map($);
const GAP = 1, MARKS = { 1: "#56b4e9", 2: "#e69f00", 3: "#d800d8", 4: "#8a8a8a" };
const table = (name) => Uint8Array.from(atob(maps[name]), (each) => each.charCodeAt(0));
const tables = Object.fromEntries(Object.keys(maps).map((name) => [name, table(name)]));
const isDark = () => document.documentElement.dataset.theme === "dark";
const seen = new Set();

/** The newest of a series' steps that is not after this one; -1 where it begins later. */
const placeOf = (own, step) => own.findLastIndex((each) => each <= step);

async function paint(section) {
  const one = series[section.dataset.series];
  const place = placeOf(one.steps, steps[slider.value]);
  const canvas = section.querySelector("canvas");
  if (place < 0) { canvas.hidden = true; return; }
  const image = one.probes > 1 ? Math.min(Number(probe.value), one.probes - 1) : 0;
  const frame = one.frames[place][image];
  canvas.setAttribute("aria-label", `${one.title} at step ${one.steps[place]}${one.probes > 1 ? `, probe image ${image}` : ""}`);
  const turn = section.turn = (section.turn ?? 0) + 1;
  if (one.bars) { bars(canvas, frame.values, one); } else {
    const sheet = await createImageBitmap(await (await fetch(`data:image/webp;base64,${frame.data}`)).blob());
    if (turn !== section.turn) return; // another step was asked for since
    tiles(canvas, sheet, one, frame);
  }
  canvas.hidden = false;
}

function tiles(canvas, sheet, one, frame) {
  const [w, h, times] = [sheet.width, sheet.height, one.times];
  const small = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
  small.drawImage(sheet, 0, 0);
  if (one.map) {
    const pixels = small.getImageData(0, 0, w, h), colours = tables[isDark() && maps[`${one.map}-dark`] ? `${one.map}-dark` : one.map];
    for (let i = 0; i < pixels.data.length; i += 4) {
      const entry = 3 * pixels.data[i];
      for (let channel = 0; channel < 3; channel += 1) pixels.data[i + channel] = colours[entry + channel];
    }
    small.putImageData(pixels, 0, 0);
  }
  canvas.width = w * times; canvas.height = h * times;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small.canvas, 0, 0, w * times, h * times);
  const [across, down] = [one.width + GAP, one.height + GAP];
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  for (let x = across - GAP; x < w; x += across) pen.fillRect(x * times, 0, GAP * times, h * times);
  for (let y = down - GAP; y < h; y += down) pen.fillRect(0, y * times, w * times, GAP * times);
  for (let spot = one.count; spot < one.columns * Math.ceil(one.count / one.columns); spot += 1) {
    pen.fillRect((spot % one.columns) * across * times, Math.floor(spot / one.columns) * down * times, across * times, down * times);
  }
  for (const [tile, mark] of frame.marks) {
    const [x, y] = [(tile % one.columns) * across * times, Math.floor(tile / one.columns) * down * times];
    const side = Math.max(4, Math.min(12, (one.width * times) / 4));
    pen.fillStyle = MARKS[mark] ?? "#8a8a8a";
    pen.beginPath();
    pen.moveTo(x + one.width * times - side, y); pen.lineTo(x + one.width * times, y); pen.lineTo(x + one.width * times, y + side);
    pen.fill();
  }
}

function bars(canvas, values, one) {
  const wide = Math.max(2, Math.min(24, Math.floor(900 / values.length)));
  const [low, high] = [Math.min(0, one.low), Math.max(0, one.high)];
  const row = (value) => (120 * (high - value)) / (high - low || 1);
  canvas.width = wide * values.length; canvas.height = 120;
  const pen = canvas.getContext("2d");
  values.forEach((value, unit) => {
    pen.fillStyle = value === null ? MARKS[3] : value < 0 ? "#b2182b" : isDark() ? "#6baed6" : "#2166ac";
    const end = value === null ? 0 : row(value);
    pen.fillRect(unit * wide, Math.min(end, row(0)), Math.max(1, wide - 1), Math.max(1, Math.abs(end - row(0))));
  });
}

function show() {
  said.value = `step ${steps[slider.value]}`;
  slider.setAttribute("aria-valuetext", said.value);
  for (const section of seen) paint(section);
}

let due = 0;
function toggle() {
  const playing = due === 0;
  play.textContent = playing ? "Pause" : "Play";
  if (!playing) { clearInterval(due); due = 0; return; }
  due = setInterval(() => {
    slider.value = Number(slider.value) >= steps.length - 1 ? 0 : Number(slider.value) + 1;
    show();
  }, 1000 / Number($("#rate").value));
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  theme.textContent = name === "dark" ? "Light" : "Dark";
  show();
}

const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) { seen.add(target); paint(target); } else seen.delete(target);
  }
}, { rootMargin: "300px" });
slider.addEventListener("input", show);
probe.addEventListener("change", show);
play.addEventListener("click", toggle);
theme.addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
probe.closest("label").hidden = images.length < 2;
setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
document.querySelectorAll("section[data-series]").forEach((each) => watch.observe(each));
document.body.dataset.ready = "true";
