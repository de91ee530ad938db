"use strict";
(() => {
  const root = document.documentElement;
  const store = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
                  set: (v) => { try { localStorage.setItem("theme", v); } catch { /* a page from a file may have no store */ } } };
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = document.getElementById("theme");
  const paint = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", dark() ? "Light theme" : "Dark theme"); };
  const turn = () => { root.dataset.theme = dark() ? "light" : "dark"; store.set(root.dataset.theme); paint(); };
  if (["light", "dark"].includes(store.get())) root.dataset.theme = store.get();
  theme.hidden = false;
  theme.addEventListener("click", turn);
  paint();

  const cards = [...document.querySelectorAll("#claims > article")];
  const filter = document.getElementById("filter");
  const show = (verdict) => {
    for (const card of cards) card.hidden = verdict !== "" && card.dataset.verdict !== verdict;
    for (const b of filter.querySelectorAll("[data-show]")) b.setAttribute("aria-pressed", String(b.dataset.show === verdict));
    document.getElementById("nothing").hidden = cards.some((card) => !card.hidden);
  };
  filter.hidden = false;
  filter.addEventListener("click", (event) => { const b = event.target.closest("[data-show]"); if (b) show(b.dataset.show); });
  // A link to a claim that the filter hides shows all again.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    const whole = target.querySelector(":scope > details.whole");
    if (whole) whole.open = true;
    target.scrollIntoView();
    if (target.closest("article[hidden]")) { show(""); target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Says where there is more to the side; boxes in a folded part are measured when it opens.
  const measure = (boxes) => { for (const b of boxes) b.classList.toggle("far", b.scrollWidth > b.clientWidth + 1); };
  const watch = new ResizeObserver((seen) => requestAnimationFrame(() => measure(seen.map((s) => s.target))));
  for (const box of document.querySelectorAll(".scroll, .formula")) watch.observe(box);

  const tables = document.getElementById("tables");
  const open = (all) => { for (const d of document.querySelectorAll("details:not(.whole)")) d.open = all; };
  tables.addEventListener("click", () => {
    const all = tables.getAttribute("aria-pressed") !== "true";
    tables.setAttribute("aria-pressed", String(all));
    open(all);
  });

  // On paper nothing can be opened: what a card says is, and the other bounds and the tables stay folded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:is(.about, .cost, .bibtex, .cite, .words):not([open])")];
    for (const d of folded) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of folded) d.open = false; });

  const step = (by) => {
    const seen = cards.filter((card) => !card.hidden);
    const line = header => header.getBoundingClientRect().top;
    const next = by > 0 ? seen.find((card) => line(card) > 80) : seen.filter((card) => line(card) < 40).pop();
    if (!next) return;
    next.scrollIntoView();
    next.querySelector("h3").focus({ preventScroll: true });
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "t") turn();
  });
})();
