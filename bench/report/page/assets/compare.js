// Two rows query by query: who wins on which, and at what distance.

const TIE = 0.01, LISTED = 8;

/** The lead of A over B in a comparison, as the boards have it, or null. */
function leadOf(comparison, a, b) {
  const [x, y] = [comparison.labels.indexOf(a), comparison.labels.indexOf(b)];
  const found = comparison.pairs.find(([i, j]) => i === Math.min(x, y) && j === Math.max(x, y));
  if (x < 0 || y < 0 || !found) return null;
  const [, , mean, low, high, p, starred, ahead, behind, seeds] = found;
  const bounded = low !== null;
  return x < y ? { mean, low, high, bounded, p, starred, ahead, behind, seeds }
    : { mean: -mean, low: -high, high: -low, bounded, p, starred, ahead: behind, behind: ahead, seeds };
}

/** Differences of the queries that both have a value for: [{place, a, b, ahead}], A's best first. */
function byQuery(comparison, a, b) {
  if (!comparison.values) return null;
  const [left, right] = [a, b].map((label) => unpack(comparison.values[comparison.labels.indexOf(label)]));
  const found = left.map((value, place) => ({ place, a: value, b: right[place], ahead: value - right[place] }));
  return found.filter((each) => !Number.isNaN(each.ahead)).sort((x, y) => y.ahead - x.ahead || x.place - y.place);
}

/** What a lead says of other seeds and other queries. */
function certainty({ p, starred, ahead, behind, seeds }) {
  if (p === null && seeds > 1) return "These are too few queries to rank rows by.";
  if (p === null) return "The interval is over queries alone, of these runs: one seed says nothing about others.";
  const shown = p < 0.001 ? "p < 0.001" : `p = ${p.toPrecision(2)}`;
  return `${shown} after Holm's correction; A is ahead in ${ahead} and behind in ${behind} of ${seeds} seeds.`
    + (starred ? "" : " The difference may be chance.");
}

function verdict(a, b, lead, { title, n }) {
  return element("p", { class: "verdict" },
    element("b", { class: "mark a" }, "A"), ` ${a} is ${Math.abs(lead.mean).toFixed(1)} points ${lead.mean < 0 ? "behind" : "ahead of"} `,
    element("b", { class: "mark b" }, "B"), ` ${b} in ${title}, over ${n.toLocaleString("en")} queries: 95 % interval of A − B `
    + `${lead.bounded ? `${signed(lead.low)} … ${signed(lead.high)}` : "unbounded"}. ${certainty(lead)}`);
}

function shareOfWins(queries) {
  const wins = queries.filter((each) => each.ahead > TIE).length;
  const losses = queries.filter((each) => each.ahead < -TIE).length;
  const width = (count) => `flex: ${count} 0 0`;
  return [
    element("p", { id: "wins" }, `A wins on ${wins} queries, B on ${losses}; ${queries.length - wins - losses} are ties.`),
    element("div", { class: "share", "aria-hidden": "true" }, element("i", { class: "a", style: width(wins) }),
      element("i", { style: width(queries.length - wins - losses) }), element("i", { class: "b", style: width(losses) })),
  ];
}

function listed(task, title, queries) {
  const { names, numbers } = task.compare;
  const rows = queries.map((each) => element("tr", {},
    element("th", { scope: "row" }, names ? names[each.place] : `query ${numbers[each.place]}`),
    ...[each.a.toFixed(1), each.b.toFixed(1), signed(each.ahead)].map((text) => element("td", {}, text))));
  const head = ["query", "A", "B", "A − B"].map((text, place) =>
    element("th", { scope: "col", class: place ? "" : "text" }, element("span", {}, text)));
  return element("div", {}, element("h4", {}, title), element("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows))));
}

/** Why a row can be compared with no other, or null. */
function whyNotCompared(task, row) {
  if (row.sees) return "sees the test";
  return row.at.all ? null : "searches nothing";
}

/** Name those of the checked rows that cannot be compared, once there are two to compare. */
function showNotCompared(task, checked) {
  const reasons = checked.map((label) => [label, whyNotCompared(task, task.byLabel.get(label))]);
  const sentences = reasons.filter(([, why]) => why).map(([label, why]) => `${label} is not compared: it ${why}.`);
  byId("not-compared").textContent = checked.length > 1 ? sentences.join(" ") : "";
}

/** What happens by distance, of any two rows that have a point there. */
function aheadByDistance(task, left, right) {
  if (task.strata.length < 2) return [];
  return task.strata.map(([distance], place) => {
    const ahead = left.recall[place] - right.recall[place];
    return { distance, ahead, winner: ahead < 0 ? "B" : "A" };
  });
}

/** Why single queries of two rows are not compared by a measure. */
function withoutQueries(comparison, a, b) {
  if (a === b) return "Choose two different rows.";
  if (!comparison) return "The values of queries were not kept.";
  const why = Object.entries(comparison.out).flatMap(([reason, labels]) =>
    [a, b].filter((label) => labels.includes(label)).map((label) => `${label}, as ${reason}`));
  return `Not compared by ${comparison.title}: ${why.join("; ") || "the rows have no seed in common"}.`;
}

function drawComparison(task) {
  const [a, b] = [byId("row-a").value, byId("row-b").value];
  const rows = [a, b].map((label) => task.byLabel.get(label));
  const comparison = task.compare.measures.find((each) => each.title === byId("compare-measure").value);
  const at = comparison && rows.every((row) => row.at[comparison.at]) ? comparison.at : "all";
  const result = byId("compare-result"), extremes = byId("extremes");
  result.replaceChildren();
  extremes.replaceChildren();
  const lead = comparison && leadOf(comparison, a, b);
  // A mean over other seeds is of another thing.
  const sameSeeds = lead && rows.every((row) => row.seeds.length === lead.seeds);
  const queries = sameSeeds ? byQuery(comparison, a, b) : null;
  if (lead) result.append(verdict(a, b, lead, comparison));
  if (queries) {
    result.append(...shareOfWins(queries));
    const wins = queries.filter((each) => each.ahead > TIE).slice(0, LISTED);
    const losses = queries.filter((each) => each.ahead < -TIE).slice(-LISTED).reverse();
    if (wins.length) extremes.append(listed(task, "A wins most", wins));
    if (losses.length) extremes.append(listed(task, "B wins most", losses));
  } else {
    const kept = `Single queries are on this page within ${task.limits.budget} alone, of rows with the same seeds, and not of large datasets.`;
    const why = lead ? kept : withoutQueries(comparison, a, b);
    result.append(element("p", { class: "facts" }, why));
  }
  const percent = (share) => `${Number(share.toFixed(1))} %`;
  const [costA, costB] = rows.map((row) => `${percent(row.at[at].visited)} of the documents (work ${percent(row.at[at].work)})`);
  result.append(element("p", { class: "facts" }, `A visits ${costA}, B ${costB}.`));
  const places = (queries || []).map((each, place) => ({ place, ahead: each.ahead, winner: each.ahead < 0 ? "B" : "A" }));
  draw("ahead-query", "ahead-by-query", places, "How far A is ahead of B on each query, the best first");
  byId("compare-measure").disabled = !task.compare.measures.length;
  const strata = a === b ? [] : aheadByDistance(task, ...rows.map((row) => row.at[at]));
  draw("ahead-distance", "ahead-by-distance", strata,
    `How far A is ahead of B at each distance, within ${task.limits[at]}`);
}
