// The page: a dataset chosen by the address, its boards, charts and comparison kept in step.

for (const task of DATA.tasks) task.byLabel = new Map(task.rows.map((row) => [row.label, row]));

const SHOWN_AT_ONCE = 20;

const state = {
  task: null,
  checked: [],
  check(label, on) {
    this.checked = this.checked.filter((each) => each !== label);
    if (on) this.checked.push(label);
    const two = this.checked.filter((each) => !whyNotCompared(this.task, this.task.byLabel.get(each))).slice(-2);
    if (two.length === 2) [byId("row-a").value, byId("row-b").value] = two;
  },
  redraw() {
    drawBoard(state.task, boardChosen(), state);
    drawCharts(state.task, state);
    showComparison(state.task);
  },
};

const boardChosen = () => state.task.boards[Number(byId("board-choice").value)];

function showBoard() {
  sorting.column = null;
  hidden.clear();
  offerFilters(state.task, boardChosen());
  drawBoard(state.task, boardChosen(), state);
  drawColumns(boardChosen(), () => drawBoard(state.task, boardChosen(), state));
}

/** A board over all datasets: what is long and not the first stands folded. */
function overviewBoard({ title, header, rows, notes }, place) {
  const links = new Map(DATA.tasks.map((task) => [task.name, `#${task.id}`]));
  const named = (name) => links.has(name) ? element("a", { href: links.get(name) }, name) : name;
  const head = header.map((text) => element("th", { scope: "col", class: "text" }, element("span", {}, text)));
  const body = rows.map(([name, ...texts]) => element("tr", {}, element("th", { scope: "row" }, named(name)),
    ...texts.map((text) => element("td", { class: "text" }, text))));
  const table = element("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)));
  const folded = () => element("details", {}, element("summary", {}, `${rows.length} rows`), table);
  const shown = rows.length === 0 ? [] : [place > 0 && rows.length > SHOWN_AT_ONCE ? folded() : table];
  const text = element("div", { class: "notes" }, ...notes.map(sentence));
  return element("section", {}, element("h3", {}, title), text, ...shown);
}

/** Two rows compared, where there are two to compare, and what is not. */
function showComparison(task) {
  const compared = byId("row-a").options.length > 1;
  showNotCompared(task, state.checked);
  byId("compare-two").hidden = !compared;
  byId("compare").hidden = !compared && byId("not-compared").textContent === "";
  if (compared) drawComparison(task);
}

function showTask(task) {
  state.task = task;
  state.checked = [];
  byId("filter").value = "";
  byId("task-title").textContent = task.name;
  byId("task-facts").textContent = `${task.queries.toLocaleString("en")} ${task.pairs ? "pairs" : "queries"} over `
    + `${task.documents.toLocaleString("en")} documents; data ${task.digest.slice(0, 12)}`;
  const source = task.title ? [`${task.title}. Source: ${task.citation}. Licence: ${task.licence}.`] : [];
  byId("task-notes").replaceChildren(...[...source, ...task.notes].map(sentence));
  offer(byId("board-choice"), task.boards.map((board, place) => [String(place), board.title]), "0");
  offer(byId("at"), Object.entries(task.limits));
  byId("xray-limit").textContent = task.limits.budget;
  offer(byId("measure"), task.measures.map((name) => [name, name]));
  const curved = task.rows.filter((row) => row.curve && row.curve.visited.length > 1);
  offer(byId("heat-row"), curved.map((row) => [row.label, row.label]));
  const comparable = task.rows.filter((row) => !whyNotCompared(task, row));
  for (const id of ["row-a", "row-b"]) offer(byId(id), comparable.map((row) => [row.label, row.label]));
  // The best two whose queries are known, if there are such.
  const [first] = task.compare.measures;
  const pair = first ? first.labels : comparable.map((row) => row.label);
  if (comparable.length > 1) [byId("row-a").value, byId("row-b").value] = pair;
  offer(byId("compare-measure"), task.compare.measures.map(({ title }) => [title, title]));
  showBoard();
  drawCharts(task, state);
  showComparison(task);
}

/** What the address asks for; one that cannot be read asks for nothing. */
function asked() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function route() {
  const id = asked();
  const task = DATA.tasks.find((each) => each.id === id || each.name === id);
  byId("overview").hidden = Boolean(task);
  byId("task").hidden = !task;
  for (const link of byId("tasks").querySelectorAll("a")) {
    const here = link.getAttribute("href") === `#${task ? task.id : ""}`;
    if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    if (here) link.scrollIntoView({ block: "nearest", inline: "center" });
  }
  document.title = task ? `${task.name} · Treeline leaderboard` : "Treeline leaderboard";
  if (task) showTask(task);
}

const places = [["", "Overview"], ...DATA.tasks.map((task) => [task.id, task.name])];
byId("tasks").append(...places.map(([id, name]) => element("li", {}, element("a", { href: `#${id}` }, name))));
byId("overview-boards").append(...DATA.overview.map(overviewBoard));
for (const id of ["filter", "kind", "plain"]) byId(id).addEventListener("input", () => drawBoard(state.task, boardChosen(), state));
byId("board-choice").addEventListener("change", showBoard);
for (const id of ["measure", "scale"]) byId(id).addEventListener("change", () => drawVisited(state.task, state));
byId("at").addEventListener("change", () => drawDistance(state.task, state));
byId("heat-row").addEventListener("change", () => drawHeat(state.task));
for (const id of ["row-a", "row-b", "compare-measure"]) byId(id).addEventListener("change", () => drawComparison(state.task));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.task && state.redraw());
byId("skip").addEventListener("click", (event) => {
  // The address keeps the dataset.
  event.preventDefault();
  byId("main").focus();
  byId("main").scrollIntoView();
});
addEventListener("hashchange", route);
route();
