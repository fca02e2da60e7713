// Rows ranked at a level of a measure: by the cheapest point of each that reaches it, never between two points.

/** The place of the cheapest point of a curve that reaches a level, or -1; of `speed` the fastest. */
function cheapest(curve, measure, level, cost) {
  const sign = cost === "speed" ? -1 : 1;
  const reach = [...curve.visited.keys()].filter((place) => curve.measures[measure][place] >= level
    && curve.measures[measure][place] !== null && curve[cost][place] !== null);
  return reach.length ? reach.reduce((a, b) => sign * curve[cost][b] < sign * curve[cost][a] ? b : a) : -1;
}

/** The level that a view begins with: 95 % of what the best row reaches, in fives. */
function firstLevel(task) {
  const rows = task.rows.filter((row) => row.curve && !row.sees);
  const reached = rows.flatMap((row) => row.curve.measures[task.measures[0]]).filter((value) => value !== null);
  return reached.length ? 5 * Math.floor((0.95 * Math.max(...reached)) / 5) : 0;
}

/** Kinds of machine that rows were timed on. */
const machinesOf = (rows) => new Set(rows.flatMap((row) => row.seeds.map((seed) => DATA.places[seed.place].machine.cpu)));

function rankedRow(task, row, place, number, measure) {
  const { curve } = row, { time, pace } = timesOf(curve, place);
  const own = row.claimed ? " claimed" : "";
  const open = element("button", { type: "button", class: "plain", click: () => showDetails(task, row) }, row.label);
  const figures = [String(number), curve.measures[measure][place].toFixed(1), curve.visited[place].toFixed(2) + own,
    curve.work[place].toFixed(2) + own, time, pace, String(curve.n_seeds)];
  return element("tr", {}, element("th", { scope: "row" }, open), ...figures.map((text) => element("td", {}, text)),
    element("td", { class: "text" }, curve.settings[place] || "–"));
}

function drawRanking(task) {
  const measure = byId("rank-measure").value, cost = byId("rank-by").value;
  const level = byId("level").valueAsNumber;
  const rows = task.rows.filter((row) => row.curve && !row.sees);
  byId("ranking").hidden = rows.length === 0;
  const valid = byId("level").checkValidity() && !Number.isNaN(level);
  byId("ranking-table").replaceChildren();
  byId("ranking-notes").textContent = valid ? "" : "Choose a level from 0 to 100.";
  if (!rows.length || !valid) return;
  const at = new Map(rows.map((row) => [row, cheapest(row.curve, measure, level, cost)]));
  const sign = cost === "speed" ? -1 : 1;
  const costOf = (row) => sign * row.curve[cost][at.get(row)];
  const reached = rows.filter((row) => at.get(row) >= 0).sort((a, b) => costOf(a) - costOf(b));
  const untimed = rows.filter((row) => at.get(row) < 0 && cheapest(row.curve, measure, level, "visited") >= 0);
  const below = rows.filter((row) => at.get(row) < 0 && !untimed.includes(row));
  const head = ["method", "rank", measure, "visited %", "work %", "p50 ms", "queries a second", "seeds", "setting"];
  // Rows of the same cost share a rank.
  const rank = (row) => 1 + reached.filter((other) => costOf(other) < costOf(row)).length;
  if (reached.length) byId("ranking-table").append(scrolled(`Rows that reach ${level} % ${measure}`, head,
    reached.map((row) => rankedRow(task, row, at.get(row), rank(row), measure)), ["method", "setting"]));
  const names = (of) => of.map((row) => row.label).join(", ");
  const sentences = [reached.length ? "" : `No row reaches ${level} %.`,
    below.length && reached.length ? `Never reach ${level} %: ${names(below)}.` : "",
    untimed.length ? `Reach it, but were not timed: ${names(untimed)}.` : ""];
  const machines = machinesOf(reached);
  if (TIMES.includes(cost) && machines.size > 1) {
    sentences.push(`Timed on ${machines.size} kinds of machine, so that the times of two rows may differ for that alone.`);
  }
  byId("ranking-notes").textContent = sentences.filter(Boolean).join(" ");
}
