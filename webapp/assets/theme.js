// Before the first paint: the theme that was chosen, or the system's.
(() => {
  let kept = null;
  try { kept = localStorage.getItem("vizframe-theme"); } catch { /* storage is switched off */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = kept ?? (dark ? "dark" : "light");
})();
