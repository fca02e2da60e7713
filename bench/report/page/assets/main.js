// The page: a dataset chosen by the address, its boards, charts and comparison kept in step.

for (const task of DATA.tasks) {
  task.byLabel = new Map(task.rows.map((row) => [row.label, row]));
  for (const curve of task.rows.flatMap((row) => row.curve ? [row.curve, ...row.curves] : [])) {
    curve.measures = Object.fromEntries(task.measures.map((name, place) => [name, curve.measures[place]]));
  }
  // Links name rows without the mark of an earlier version, unless another row has that name.
  task.byLink = new Map();
  for (const row of [...task.rows].sort((a, b) => a.label.length - b.label.length)) {
    row.link = task.byLink.has(unmarked(row.label)) ? row.label : unmarked(row.label);
    task.byLink.set(row.link, row);
  }
}

/** The row that a link names, with a mark or without. */
const rowOfLink = (task, name) => task.byLink.get(name) ?? task.byLink.get(unmarked(name));

const SHOWN_AT_ONCE = 20;

const state = {
  task: null,
  checked: [],
  check(label, on) {
    this.checked = this.checked.filter((each) => each !== label);
    if (on) this.checked.push(label);
    const rows = this.checked.map((each) => this.task.byLabel.get(each));
    const two = rows.filter((row) => !whyNotCompared(row)).slice(-2);
    if (two.length === 2) [byId("row-a").value, byId("row-b").value] = two.map(({ link }) => link);
    drawFocus(this.task, this);
    showComparison(this.task);
  },
};

const boardChosen = () => state.task.boards.find(({ title }) => title === byId("board-choice").value);

function showBoard() {
  byId("board-save").replaceChildren(csvButton(boardChosen().title, byId("board")));
  offerFilters(state.task, boardChosen());
  drawBoard(state.task, boardChosen(), state);
  drawColumns(boardChosen(), () => drawBoard(state.task, boardChosen(), state));
}

/** The name of a row of a dataset, which opens it; null for any other text. "a + 2" is a, and two more. */
function rowNamed(task, text) {
  const row = task?.byLabel.get(text.replace(/ \+ \d+$/, ""));
  return row && element("button", { type: "button", class: "plain", "data-tip": row.summary, click: () => showDetails(task, row) }, text);
}

/** A board over all datasets: what is long and not the first stands folded. */
function overviewBoard(board, place) {
  const { title, rows, notes } = board;
  const tasks = new Map(DATA.tasks.map((task) => [task.name, task]));
  const named = (name) => tasks.has(name)
    ? element("a", { href: addressOfTask(tasks.get(name).id), "data-tip": tasks.get(name).title ?? "" }, name) : name;
  const columns = columnsShown(board);
  const head = columns.map((column) => element("th", { scope: "col", class: classOf(board, column, true) }, headTitle(board, column)));
  const cellOf = (task, column, text) => element("td", {
    class: classOf(board, column, true), "data-title": board.header[column], "data-tip": board.means[column],
  }, rowNamed(task, text) ?? text);
  const line = (row) => element("tr", {}, ...columns.map((column) => column === 0
    ? element("th", { scope: "row" }, named(row[0])) : cellOf(tasks.get(row[0]), column, row[column])));
  const groups = Map.groupBy(rows, ([name]) => tasks.get(name)?.group ?? "No longer measured");
  const body = [...groups].flatMap(([group, of]) => [
    element("tr", { class: "group" }, element("th", { scope: "rowgroup", colspan: columns.length }, group)), ...of.map(line)]);
  const table = element("table", { class: "cards" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  keepInSight(table);
  const folded = () => element("details", {}, element("summary", {}, `${rows.length} rows`), framed(title, table));
  const shown = rows.length === 0 ? [element("p", { class: "facts" }, "No row to show.")] : [place > 0 && rows.length > SHOWN_AT_ONCE ? folded() : framed(title, table)];
  const text = element("div", { class: "notes" }, ...notes.map(sentence));
  return element("section", {}, element("h3", {}, title), ...shown, text);
}

/** Two rows compared, where there are two to compare, and what is not. */
function showComparison(task) {
  const compared = byId("row-a").options.length > 1;
  showNotCompared(task, state.checked);
  byId("compare-two").hidden = !compared;
  byId("compare").hidden = !compared && byId("not-compared").textContent === "";
  if (compared) drawComparison(task);
}

/** What a dataset offers to choose from, and what its view begins with. */
function offerTask(task) {
  byId("task-title").textContent = task.name;
  byId("task-facts").textContent = `${task.queries.toLocaleString("en")} ${task.pairs ? "pairs" : "queries"} over `
    + `${task.documents.toLocaleString("en")} documents; data ${task.digest.slice(0, 12)}`;
  byId("task-notes").replaceChildren(...task.notes.map(sentence));
  byId("task-source").textContent = task.title ? `${task.title}. Source: ${task.citation}. Licence: ${task.licence}.` : "";
  for (const each of document.querySelectorAll("[data-stratum]")) each.textContent = stratumOf(task);
  offer(byId("kind"), [["", "every kind"], ...[...new Set(task.rows.map(({ kind }) => kind))].sort().map((kind) => [kind, kind])]);
  offer(byId("board-choice"), task.boards.map(({ title }) => [title, title]));
  offerCharts(task);
  offerComparison(task);
}

/** Draw all charts of what is shown. */
function drawCharts() {
  if (!state.task) return drawDatasets();
  drawHeat(state.task);
  drawFocus(state.task, state);
  showComparison(state.task);
}

/** The dataset of an address; data that was replaced has the dataset of its name. */
function taskOf(id) {
  const named = (name) => DATA.tasks.find((task) => task.id === name || task.name === name);
  return named(id) ?? named(id.replace(/-[0-9a-f]{8}$/, ""));
}

const sectionShown = () => byId(state.task ? "task" : "overview");

/** The address of what is shown. */
function present() {
  const { task, checked } = state;
  const others = task ? [...checked.map((label) => ["rows", task.byLabel.get(label).link]), ...columnsChosen(boardChosen())] : [];
  return addressOf(task ? task.id : "", sectionShown(), [...others, ...detailsShown()]);
}

/** Choose what the address names; gives what it names and is not here. */
function choose(id, values) {
  const { task } = state;
  const missing = [];
  if (id && !task) missing.push(`dataset “${id}” (the overview is shown)`);
  if (task && ![task.id, task.name].includes(id)) missing.push(`dataset “${id}” (${task.id} is shown)`);
  missing.push(...restore(sectionShown(), values));
  const known = [...controlsOf(sectionShown()).map((control) => control.dataset.view), "details", ...(task ? ["rows", "sort", "hide"] : [])];
  const unknown = [...new Set(values.keys())].filter((name) => (task || !id) && !known.includes(name));
  missing.push(...unknown.map((name) => `setting “${name}” (left out)`));
  const opened = values.getAll("details");
  if (opened.length && !openDetails(task, opened)) missing.push(`row “${opened.at(-1)}” (left out)`);
  if (!task) return missing;
  const rows = [...new Set(values.getAll("rows"))];
  state.checked = [...new Set(rows.map((name) => rowOfLink(task, name)?.label).filter(Boolean))];
  missing.push(...rows.filter((name) => !rowOfLink(task, name)).map((name) => `row “${name}” (left out)`));
  return [...missing, ...chooseColumns(boardChosen(), values)];
}

function route() {
  const { id, values } = readAddress();
  const task = taskOf(id);
  state.task = task;
  byId("details").close();
  byId("overview").hidden = Boolean(task);
  byId("task").hidden = !task;
  for (const link of byId("tasks").querySelectorAll("a")) {
    const here = link.getAttribute("href") === addressOfTask(task ? task.id : "");
    if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    if (here) link.scrollIntoView({ block: "nearest", inline: "center" });
  }
  document.title = task ? `${task.name} · Treeline leaderboard` : "Treeline leaderboard";
  if (task) offerTask(task);
  const missing = choose(id, values);
  byId("not-here").textContent = missing.length ? `The link names what is not here: ${missing.join(", ")}.` : "";
  if (task) {
    showBoard();
    drawRanking(task);
  }
  drawCharts();
}

const places = [["", "Overview"], ...DATA.tasks.map((task) => [task.id, task.name])];
byId("tasks").append(...places.map(([id, name]) => element("li", {}, element("a", { href: addressOfTask(id) }, name))));
offerDatasets();
offerSaving();
offerTips();
const [first, ...others] = DATA.overview.map(overviewBoard);
byId("overview-boards").replaceChildren(first);
byId("overview-others").append(...others);
for (const id of ["filter", "kind", "plain"]) byId(id).addEventListener("input", () => drawBoard(state.task, boardChosen(), state));
byId("board-choice").addEventListener("change", () => {
  chooseColumns(boardChosen(), new URLSearchParams());
  showBoard();
});
for (const id of ["measure", "axis", "scale"]) byId(id).addEventListener("change", () => drawAgainst(state.task, state));
for (const id of ["rank-measure", "level", "rank-by"]) byId(id).addEventListener("input", () => drawRanking(state.task));
byId("over-within").addEventListener("change", drawDatasets);
byId("at").addEventListener("change", () => drawDistance(state.task, state));
byId("heat-row").addEventListener("change", () => drawHeat(state.task));
for (const id of ["row-a", "row-b", "compare-measure", "compare-within"]) byId(id).addEventListener("change", () => drawComparison(state.task));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);
byId("skip").addEventListener("click", (event) => {
  // The address keeps the dataset.
  event.preventDefault();
  byId("main").focus();
  byId("main").scrollIntoView();
});
route();
const addressChanged = recordViews(present);
addEventListener("hashchange", () => addressChanged(route));
