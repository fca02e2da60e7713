// Methods over datasets: how near each comes to the best row of every dataset.

/** A row at its best counts as good on a dataset from this share of the best score on. */
const GOOD = 95, LEAST_DATASETS = 2, FIELD = 34;

/** Rows of methods as they are by default, by name; of two versions that of today. */
function plainRows(task) {
  const rows = task.rows.filter((row) => !row.sees && !row.set.length && row.at.all);
  return new Map(rows.sort((a, b) => b.label.length - a.label.length).map((row) => [row.method, row]));
}

/** The scores of all methods on the datasets that are searched, within a budget. */
function scoresOver(within) {
  return DATA.tasks.flatMap((task, place) => {
    const scored = task.rows.filter((row) => !row.sees && row.at[within]);
    if (!scored.length) return [];
    const best = scored.reduce((a, b) => b.at[within].score > a.at[within].score ? b : a);
    const most = best.at[within].score;
    return [...plainRows(task)].filter(([, row]) => row.at[within]).map(([method, row]) => ({
      method, dataset: task.name, place, score: row.at[within].score, share: most ? (100 * row.at[within].score) / most : 0,
      best: `${best.label} (${most.toFixed(1)})`,
    }));
  });
}

function drawDatasets() {
  const values = scoresOver(byId("over-within").value);
  const of = Map.groupBy(values, ({ method }) => method);
  const good = (method) => of.get(method).filter(({ share }) => share >= GOOD).length;
  const methods = [...of.keys()].filter((method) => of.get(method).length >= LEAST_DATASETS);
  methods.sort((a, b) => good(b) - good(a) || of.get(b).length - of.get(a).length || a.localeCompare(b));
  // Vega keeps the order of the data.
  const shown = methods.flatMap((method) => of.get(method));
  // On a narrow screen the chart is wider than that, and scrolls: figures must not overlap.
  const narrow = byId("overview").clientWidth < 700 ? { width: FIELD * new Set(shown.map(({ dataset }) => dataset)).size } : {};
  draw("over-datasets", DATA.charts["over-datasets"], shown,
    "Share of the best score by method and dataset; the boards of each dataset have the figures",
    { height: 18 * methods.length + 10, ...narrow });
  byId("over-datasets").hidden = DATA.tasks.length < LEAST_DATASETS;
  if (!shown.length) sayInstead("over-datasets", "No method has an operating point so cheap on two datasets.");
}

/** The budgets of all datasets. */
function offerDatasets() {
  const limits = Object.assign({}, ...DATA.tasks.map((task) => task.limits));
  offer(byId("over-within"), Object.entries(limits), "visited-10");
}
