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

/** The best two rows at about the same cost, those with an interval first, and the budget: [label, label, name]. */
function firstPair(task) {
  const rows = task.rows.filter((row) => !whyNotCompared(task, row));
  const isAlike = ({ visited: x }, { visited: y }) => Math.max(x, y) <= COMPARABLE * Math.min(x, y);
  for (const isTested of [true, false]) {
    for (const within of [task.budget, "all"]) {
      const [comparison] = task.compare.at[within];
      const best = isTested ? comparison.labels.map((label) => task.byLabel.get(label))
        : rows.filter((row) => row.at[within]).sort((a, b) => b.at[within].score - a.at[within].score);
      for (const [place, a] of best.entries()) {
        const b = best.slice(place + 1).find((row) => isAlike(a.at[within], row.at[within])
          && (!isTested || leadOf(comparison, a.label, row.label)));
        if (b) return [a.label, b.label, within];
      }
    }
  }
  return [...rows.slice(0, 2).map((row) => row.label), "all"];
}

/** The choices of the charts and of the ranking. */
function offerCharts(task) {
  const limits = Object.entries(task.limits), measures = task.measures.map((name) => [name, name]);
  offer(byId("at"), limits, firstBudget(task));
  byId("xray-limit").textContent = task.limits[task.budget];
  for (const id of ["measure", "rank-measure"]) offer(byId(id), measures);
  byId("level").setAttribute("value", firstLevel(task));
  const isCurved = (row) => row.curve && row.curve.visited.length > 1;
  const [best] = bestWithin(task, task.budget).filter(isCurved);
  offer(byId("heat-row"), task.rows.filter(isCurved).map((row) => [row.label, row.label]), best?.label);
}

/** The choices of the comparison. */
function offerComparison(task) {
  const comparable = task.rows.filter((row) => !whyNotCompared(task, row)).map((row) => [row.label, row.label]);
  const [a, b, within] = firstPair(task);
  offer(byId("row-a"), comparable, a);
  offer(byId("row-b"), comparable, b);
  offer(byId("compare-within"), Object.entries(task.limits), within);
  offer(byId("compare-measure"), task.compare.titles.map((title) => [title, title]));
}
