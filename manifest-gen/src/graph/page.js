"use strict";
const nodes = [...document.querySelectorAll(".node")];
const edges = [...document.querySelectorAll("path[data-from]")];
const details = new Map([...document.querySelectorAll("section")].map((one) => [one.dataset.id, one]));
const search = document.getElementById("search");
const found = document.getElementById("found");
const chosen = () => location.hash && document.querySelector(`section[id="${CSS.escape(location.hash.slice(1))}"]`)?.dataset.id;

// What is searched for, else what is chosen with its neighbours, stands out.
function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (id) => details.get(id).textContent.toLowerCase();
  const hits = new Set(nodes.map((one) => one.dataset.id).filter((id) => words.every((word) => text(id).includes(word))));
  const near = new Set();
  for (const edge of edges) {
    const { from, to } = edge.dataset;
    const isNear = from === chosen() || to === chosen();
    edge.classList.toggle("near", isNear);
    if (isNear) near.add(from).add(to);
  }
  const isShown = (id) => words.length ? hits.has(id) : !chosen() || id === chosen() || near.has(id);
  for (const node of nodes) {
    node.classList.toggle("faded", !isShown(node.dataset.id));
    node.classList.toggle("chosen", node.dataset.id === chosen());
  }
  for (const edge of edges) {
    const { from, to } = edge.dataset;
    const isLit = words.length ? hits.has(from) && hits.has(to) : !chosen() || edge.classList.contains("near");
    edge.classList.toggle("faded", !isLit);
  }
  found.textContent = words.length ? `${hits.size} of ${nodes.length}` : "";
  return hits;
}

search.addEventListener("input", show);
search.addEventListener("keydown", (event) => {
  const [first] = event.key === "Enter" ? show() : [];
  if (first) location.hash = details.get(first).id;
});
// A click beside the boxes lets go of the one that is chosen.
document.getElementById("view").addEventListener("click", (event) => {
  if (!event.target.closest("a")) location.hash = "";
});
function choose() {
  show();
  document.querySelector(".node.chosen")?.scrollIntoView({ block: "center", inline: "center" });
}
window.addEventListener("hashchange", choose);
choose();
