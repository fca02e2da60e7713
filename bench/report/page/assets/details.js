// What stands behind a row: parameters, where each seed was measured, how to measure it again.

function seedRow(seed) {
  const place = DATA.places[seed.place];
  const commit = (place.git || "no commit").slice(0, 10) + (place.dirty ? " with changes" : "");
  const machine = [place.machine.cpu, place.machine.gpu, `${place.threads} ${place.threads === 1 ? "thread" : "threads"}`].filter(Boolean).join(", ");
  const texts = [seed.date.slice(0, 16).replace("T", " "), commit, machine];
  const link = element("a", { href: seed.path }, `seed ${seed.seed}`);
  return element("tr", {}, element("th", { scope: "row" }, link), ...texts.map((text) => element("td", { class: "text" }, text)));
}

function pairsOf(values, marked = []) {
  return element("dl", {}, ...Object.entries(values).map(([name, value]) => element("div",
    { class: marked.includes(name) ? "set" : "" }, element("dt", {}, name), element("dd", {}, String(value)))));
}

/** A table that scrolls; columns of numbers alone stand to the right. */
function scrolled(title, head, rows, ofText = head) {
  const cells = head.map((text) => element("th", { scope: "col", class: ofText.includes(text) ? "text" : "" }, element("span", {}, text)));
  return framed(title, element("table", {}, element("thead", {}, element("tr", {}, ...cells)), element("tbody", {}, ...rows)));
}

function pointRows(task, curve) {
  const main = curve.measures[task.measures[0]];
  return curve.visited.map((visited, place) => element("tr", {}, ...[
    curve.settings[place] || "–", visited?.toFixed(2) ?? "–", curve.work[place].toFixed(2),
    main[place] === null ? "–" : main[place].toFixed(1), ...Object.values(timesOf(curve, place)),
  ].map((text) => element("td", { class: "text" }, text))));
}

/** What a method is, with links to its papers. */
function about({ kind, summary }) {
  const parts = summary.split(/(arXiv \d{4}\.\d{4,5})/).map((part, place) =>
    place % 2 ? element("a", { href: `https://arxiv.org/abs/${part.slice(6)}`, rel: "noreferrer" }, part) : part);
  return element("p", {}, ...parts, ` Kind: ${kind}.`);
}

/** What the address has of the row whose dialogue is open: its name, on the overview behind its dataset. */
let detailed = [];
const detailsShown = () => byId("details").open ? detailed.map((name) => ["details", name]) : [];

/** Open what an address has of a row, if it is here. */
function openDetails(task, names) {
  const of = task ?? taskOf(names[0]), row = of && rowOfLink(of, names.at(-1));
  if (row) showDetails(of, row);
  return Boolean(row);
}

/** Open the dialogue of a row; closing it gives the focus back. */
function showDetails(task, row) {
  const dialog = byId("details");
  detailed = [...(state.task ? [] : [task.id]), row.link];
  const close = element("button", { type: "button", click: () => dialog.close() }, "Close");
  const versions = DATA.places[row.seeds[0].place].versions;
  const parts = [
    element("header", {}, element("h2", { id: "details-title" }, row.label), close),
    about(row),
    element("h3", {}, "Measure it again"),
    element("pre", {}, element("code", {}, row.command)),
    element("h3", {}, "Measured"),
    scrolled("Measured", ["cell", "date (UTC)", "commit", "machine"], row.seeds.map(seedRow)),
    element("h3", {}, "Parameters"),
    pairsOf(row.params, row.set),
    element("h3", {}, "Versions"),
    pairsOf(versions),
  ];
  if (row.curve) {
    const of = row.seeds.length === row.curve.n_seeds ? "" : ` (seed ${row.seeds[0].seed}: seeds differ in their number)`;
    parts.splice(6, 0, element("h3", {}, `Operating points${of}`),
      scrolled("Operating points", ["setting", "visited %", "work %", task.measures[0], "p50 ms", "queries a second"], pointRows(task, row.curve)));
  }
  dialog.replaceChildren(...parts);
  dialog.showModal();
}
