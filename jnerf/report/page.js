"use strict";
// Tables: a click on a title sorts by that column, a second one the other way round; what has no number comes last.
for (const table of document.querySelectorAll("table.sortable")) {
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    const sort = () => {
      const down = title.getAttribute("aria-sort") === "ascending";
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.v;
      const body = table.tBodies[0];
      const order = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === undefined || y === undefined) {
          const texts = [a, b].map((row) => row.cells[column].textContent);
          return (down ? -1 : 1) * texts[0].localeCompare(texts[1], undefined, { numeric: true });
        }
        if (x === "" || y === "") return (x === "") - (y === "");
        return (down ? -1 : 1) * (Number(x) - Number(y));
      });
      body.append(...order);
    };
    title.tabIndex = 0;
    title.addEventListener("click", sort);
    title.addEventListener("keydown", (event) => event.key === "Enter" && sort());
  });
}
// Curves: the values of all lines where the pointer is.
for (const plot of document.querySelectorAll("svg.plot")) {
  const lines = [...plot.querySelectorAll("polyline[data-values]")].map((line) => ({
    name: line.dataset.name,
    pixels: line.getAttribute("points").trim().split(/\s+/).filter(Boolean).map((p) => p.split(",").map(Number)),
    values: line.dataset.values.split(" ").filter(Boolean).map((p) => p.split(",")),
  })).filter((line) => line.pixels.length);
  if (!lines.length) continue;
  const chart = plot.closest(".chart");
  const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
  cursor.setAttribute("class", "cursor");
  chart.append(tip);
  plot.append(cursor);
  plot.addEventListener("pointermove", (event) => {
    const matrix = plot.getScreenCTM();
    const x = (event.clientX - matrix.e) / matrix.a;
    const nearest = (line) => line.pixels.reduce((best, p, i) => (Math.abs(p[0] - x) < Math.abs(line.pixels[best][0] - x) ? i : best), 0);
    const found = lines.map((line) => ({ line, at: nearest(line) }));
    const close = found.reduce((a, b) => (Math.abs(a.line.pixels[a.at][0] - x) <= Math.abs(b.line.pixels[b.at][0] - x) ? a : b));
    const place = close.line.pixels[close.at][0];
    const shown = found.filter(({ line, at }) => Math.abs(line.pixels[at][0] - place) < 12);
    tip.textContent = [`x ${close.line.values[close.at][0]}`, ...shown.map(({ line, at }) => `${line.name} ${line.values[at][1]}`)].join("\n");
    tip.hidden = false;
    const box = chart.getBoundingClientRect();
    const left = event.clientX - box.left + 14;
    tip.style.left = `${Math.max(0, Math.min(left, box.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${event.clientY - box.top + 14}px`;
    cursor.setAttribute("d", `M${place} 8V${plot.viewBox.baseVal.height - 38}`);
  });
  plot.addEventListener("pointerleave", () => { tip.hidden = true; cursor.removeAttribute("d"); });
}
// Pictures: a click shows one large; the arrow keys, and further clicks, go on to the others of its row.
const shots = [...document.querySelectorAll(".shots img")];
if (shots.length && window.HTMLDialogElement) {
  const dialog = document.createElement("dialog");
  const image = document.createElement("img");
  const told = document.createElement("p");
  dialog.append(image, told);
  document.body.append(dialog);
  let row = [];
  let at = 0;
  const show = (step) => {
    at = (at + step + row.length) % row.length;
    image.src = row[at].src;
    image.alt = row[at].alt;
    told.textContent = `${row[at].alt} (${at + 1} of ${row.length}; arrow keys, Esc)`;
  };
  for (const shot of shots) {
    shot.addEventListener("click", () => {
      row = [...shot.closest(".shots").querySelectorAll("img")];
      at = row.indexOf(shot);
      show(0);
      dialog.showModal();
    });
  }
  image.addEventListener("click", () => show(1));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(1);
    if (event.key === "ArrowLeft") show(-1);
  });
}
