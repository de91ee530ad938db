// What a browser sees of the page: put by the test into a copy of it, which stands in frames of several widths and tells the outer page.
"use strict";
window.said = [];
addEventListener("error", (e) => said.push("error: " + e.message));
addEventListener("unhandledrejection", (e) => said.push("rejected: " + e.reason));
for (const level of ["error", "warn"]) console[level] = (...words) => said.push(level + ": " + words.join(" "));
addEventListener("load", () => {
  const root = document.documentElement;
  // As it comes, everything folded.
  for (const d of document.querySelectorAll("details")) d.open = false;
  const height = root.scrollHeight;
  const picture = Math.max(0, ...[...document.querySelectorAll(".first > figure")].map((f) => f.offsetHeight));
  // A link leads to a heading below the bar, not behind it.
  const bar = document.querySelector("header").offsetHeight;
  for (const id of ["overview", "graph", "claims", "errata", document.querySelector("article").id]) {
    const target = document.getElementById(id);
    target.scrollIntoView();
    const title = target.querySelector("h1, h2, h3").getBoundingClientRect().top;
    const atEnd = scrollY + innerHeight >= root.scrollHeight - 1;
    if (!atEnd && title < bar) said.push("the bar of " + bar + " px covers the heading of " + id + ", at " + title);
  }
  scrollTo(0, 0);
  // The graph that is shown needs no scrolling on a telephone.
  const graphs = [...document.querySelectorAll("#graph svg")].filter((g) => g.getBoundingClientRect().width > 0);
  if (graphs.length !== 1) said.push(graphs.length + " graphs are shown");
  if (innerWidth < 641 && graphs.some((g) => g.getBoundingClientRect().right > innerWidth)) said.push("the graph is wider than a telephone");
  // Everything open: text beyond the window that lies in no box that scrolls.
  for (const d of document.querySelectorAll("details")) d.open = true;
  const name = (e) => e.tagName + "." + e.className + " '" + e.textContent.trim().slice(0, 30) + "'";
  if (root.scrollWidth > innerWidth) {
    const wide = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const parent = walker.currentNode.parentElement;
      if (range.getBoundingClientRect().right > innerWidth && !parent.closest(".scroll, .formula, script, style")) wide.push(name(parent));
    }
    said.push("wider than " + innerWidth + ": " + root.scrollWidth + ", " + wide.slice(0, 5).join("; "));
  }
  // Letters in pictures, as large as they are seen.
  let least = 99;
  for (const text of document.querySelectorAll("svg text")) {
    const box = text.ownerSVGElement;
    if (!box.getBoundingClientRect().width) continue;
    least = Math.min(least, (parseFloat(getComputedStyle(text).fontSize) * box.getBoundingClientRect().width) / box.viewBox.baseVal.width);
  }
  if (least < 11) said.push("letters of " + least.toFixed(1) + " px in a picture");
  // In light and in dark, text of too little contrast.
  const color = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = color(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const grounds = new Set();
  for (const theme of ["light", "dark"]) {
    if ((root.dataset.theme || "light") !== theme) document.getElementById("theme").click();
    grounds.add(getComputedStyle(document.body).backgroundColor);
    const own = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    let faint = 0;
    for (const e of document.body.querySelectorAll("*")) {
      if (!own(e) || e.closest("svg, math, script, style, [hidden]")) continue;
      const [a, b] = [luminance(color(getComputedStyle(e).color)), luminance(ground(e))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5 && faint++ < 3) said.push(theme + " contrast " + contrast.toFixed(2) + ": " + name(e));
    }
  }
  if (grounds.size !== 2) said.push("the theme button changes nothing");
  // The filter leaves the cards of one verdict; a link to one that is hidden brings it back.
  const cards = [...document.querySelectorAll("#claims > article")];
  const button = document.querySelector("[data-show=refuted]");
  if (button) {
    button.click();
    if (cards.some((c) => c.hidden === (c.dataset.verdict === "refuted"))) said.push("the filter leaves the wrong cards");
    location.hash = cards.find((c) => c.hidden)?.id ?? "";
  }
  setTimeout(() => {
    if (button && cards.some((c) => c.hidden)) said.push("a link to a hidden claim leads nowhere");
    // The keys go from claim to claim.
    scrollTo(0, 0);
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
    if (document.activeElement.tagName !== "H3") said.push("the key j leads to " + document.activeElement.tagName);
    parent.postMessage({ page: location.pathname.split("/").pop().replace(".html", ""), width: innerWidth, cards: cards.length, height, picture, said }, "*");
  }, 50);
});
