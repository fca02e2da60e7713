// What a dataset offers to choose from, and what its view begins with: its main result.

const COMPARABLE = 2;
/** The share of the rows that must have a point within a budget for a view to begin there. */
const MANY = 0.25;

/** The budget that charts begin with: that of the dataset, where many rows have such a point and no paper is compared. */
function firstBudget(task) {
  const rows = task.rows.filter((row) => row.at.all && !row.sees);
  const cheap = rows.filter((row) => row.at[task.budget]);
  return task.reported.some(({ recall }) => recall.length) || cheap.length < MANY * rows.length ? "all" : task.budget;
}

/** Whether a comparison of two rows would say something: of other kinds or trainers, with other digits. */
function isTelling(a, b, within) {
  const trainerOf = ({ method }) => method.split("+")[0];
  const [x, y] = [a, b].map((row) => row.at[within].score.toFixed(1));
  return x !== y && (a.kind !== b.kind || trainerOf(a) !== trainerOf(b));
}

/** The best row and the next at about the same cost, those first that differ and have an interval: [name, name, budget]. */
function firstPair(task) {
  const isAlike = ({ visited: x }, { visited: y }) => x === null || y === null || Math.max(x, y) <= COMPARABLE * Math.min(x, y);
  for (const [tells, isTested] of [[true, true], [true, false], [false, true], [false, false]]) {
    for (const within of [task.budget, "all"]) {
      const best = bestWithin(task, within).filter((row) => row.at[within]);
      for (const [place, a] of best.entries()) {
        const b = best.slice(place + 1).find((row) => isAlike(a.at[within], row.at[within])
          && (!tells || isTelling(a, row, within)) && (!isTested || leadOf(task.compare.at[within][0], a.label, row.label)));
        if (b) return [a.link, b.link, within];
      }
    }
  }
  return [...task.rows.filter((row) => !whyNotCompared(row)).slice(0, 2).map((row) => row.link), "all"];
}

const optionsOf = (rows) => rows.map(({ link, label }) => [link, label]);

/** The choices of the charts and of the ranking. */
function offerCharts(task) {
  const limits = Object.entries(task.limits), measures = task.measures.map((name) => [name, name]);
  offer(byId("at"), limits, firstBudget(task));
  byId("xray-limit").textContent = task.limits[task.budget];
  for (const id of ["measure", "rank-measure"]) offer(byId(id), measures);
  byId("level").setAttribute("value", firstLevel(task));
  const isCurved = (row) => row.curve && row.curve.visited.length > 1 && row.curve.visited[0] !== null;
  const [best] = bestWithin(task, task.budget).filter(isCurved);
  offer(byId("heat-row"), optionsOf(task.rows.filter(isCurved)), best?.link);
}

/** The choices of the comparison. */
function offerComparison(task) {
  const comparable = optionsOf(task.rows.filter((row) => !whyNotCompared(row)));
  const [a, b, within] = firstPair(task);
  offer(byId("row-a"), comparable, a);
  offer(byId("row-b"), comparable, b);
  offer(byId("compare-within"), Object.entries(task.limits), within);
  offer(byId("compare-measure"), task.compare.titles.map((title) => [title, title]));
}
