// Rows ranked at a level of a measure: by the cheapest point of each that reaches it, never between two points.

/** The place of the cheapest point of a curve that reaches a level, or -1; of `speed` the fastest. */
function cheapest(curve, measure, level, cost) {
  const sign = cost === "speed" ? -1 : 1;
  const reach = [...curve.visited.keys()].filter((place) => curve.measures[measure][place] >= level
    && curve.measures[measure][place] !== null && curve[cost][place] !== null);
  return reach.length ? reach.reduce((a, b) => sign * curve[cost][b] < sign * curve[cost][a] ? b : a) : -1;
}

/** What a row costs at a level, as means over the cheapest points of its seeds; null where one never reaches it. */
function costAt(row, measure, level, cost) {
  const curves = row.curves.length ? row.curves : [row.curve];
  const found = curves.map((curve) => ({ curve, place: cheapest(curve, measure, level, cost) }));
  if (found.some(({ place }) => place < 0)) return null;
  const mean = (values) => values.includes(null) ? null : values.reduce((a, b) => a + b) / values.length;
  const of = (name) => mean(found.map(({ curve, place }) => curve[name][place]));
  return {
    value: mean(found.map(({ curve, place }) => curve.measures[measure][place])),
    visited: of("visited"), work: of("work"), latency: of("latency"), speed: of("speed"),
    isBusy: (what) => found.some(({ curve, place }) => curve.busy[what].includes(place)),
    settings: [...new Set(found.map(({ curve, place }) => (curve.settings[place] ?? row.curve.settings[place])))].filter(Boolean).join("; ") || "–",
  };
}

/** The level that a view begins with: 95 % of what the best row reaches, in fives. */
function firstLevel(task) {
  const rows = task.rows.filter((row) => row.curve && !row.sees);
  const reached = rows.flatMap((row) => row.curve.measures[task.measures[0]]).filter((value) => value !== null);
  return reached.length ? 5 * Math.floor((0.95 * Math.max(...reached)) / 5) : 0;
}

/** Kinds of machine that rows were timed on. */
const machinesOf = (rows) => new Set(rows.flatMap((row) => row.seeds.map((seed) => DATA.places[seed.place].machine.cpu)));

function rankedRow(task, row, at, rank) {
  const { time, pace } = timeTexts(at.latency, at.speed, at.isBusy);
  const own = row.claimed ? " claimed" : "";
  const open = element("button", { type: "button", class: "plain", click: () => showDetails(task, row) }, row.label);
  const figures = [String(rank), at.value.toFixed(1), at.visited === null ? "–" : at.visited.toFixed(2) + own, at.work.toFixed(2) + own, time, pace,
    String(row.seeds.length)];
  return element("tr", {}, element("th", { scope: "row" }, open), ...figures.map((text) => element("td", {}, text)),
    element("td", { class: "text" }, at.settings));
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
  const at = new Map(rows.map((row) => [row, costAt(row, measure, level, cost)]));
  const costOf = (row) => (cost === "speed" ? -1 : 1) * at.get(row)[cost];
  const reached = rows.filter((row) => at.get(row)).sort((a, b) => costOf(a) - costOf(b));
  const untimed = rows.filter((row) => !at.get(row) && costAt(row, measure, level, "work"));
  const below = rows.filter((row) => !at.get(row) && !untimed.includes(row));
  const head = ["method", "rank", measure, "visited %", "work %", "p50 ms", "queries a second", "seeds", "setting"];
  // Rows of the same cost share a rank.
  const rank = (row) => 1 + reached.filter((other) => costOf(other) < costOf(row)).length;
  if (reached.length) byId("ranking-table").append(scrolled(`Rows that reach ${level} % ${measure}`, head,
    reached.map((row) => rankedRow(task, row, at.get(row), rank(row))), ["method", "setting"]));
  const names = (of) => of.map((row) => row.label).join(", ");
  const sentences = [reached.length ? "" : `No row reaches ${level} %.`,
    below.length && reached.length ? `Never reach ${level} %: ${names(below)}.` : "",
    untimed.length ? `Reach it, but ${TIMES.includes(cost) ? "were not timed" : "score no document"}: ${names(untimed)}.` : ""];
  const machines = machinesOf(reached);
  if (TIMES.includes(cost) && machines.size > 1) {
    sentences.push(`Timed on ${machines.size} kinds of machine, so that the times of two rows may differ for that alone.`);
  }
  byId("ranking-notes").textContent = sentences.filter(Boolean).join(" ");
}
