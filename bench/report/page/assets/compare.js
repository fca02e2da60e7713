// Two rows query by query: who wins on which, and at what distance.

const TIE = 0.01, LISTED = 8, FEW = 30;

/** The difference A - B of a comparison, as the boards have it, or null. */
function differenceOf(comparison, a, b) {
  const [x, y] = [comparison.labels.indexOf(a), comparison.labels.indexOf(b)];
  const found = comparison.pairs.find(([i, j]) => i === Math.min(x, y) && j === Math.max(x, y));
  if (x < 0 || y < 0 || !found) return null;
  const [, , mean, low, high, p] = found;
  return x < y ? { mean, low, high, p } : { mean: -mean, low: -high, high: -low, p };
}

/** Differences of the queries that both have a value for: [{place, a, b, ahead}], A's best first. */
function byQuery(comparison, a, b) {
  if (!comparison.values) return null;
  const [left, right] = [a, b].map((label) => unpack(comparison.values[comparison.labels.indexOf(label)]));
  const found = left.map((value, place) => ({ place, a: value, b: right[place], ahead: value - right[place] }));
  return found.filter((each) => !Number.isNaN(each.ahead)).sort((x, y) => y.ahead - x.ahead || x.place - y.place);
}

function verdict(a, b, difference, measure, n) {
  const p = difference.p < 0.001 ? "p < 0.001" : `p = ${difference.p.toPrecision(2)}`;
  const clear = difference.p >= 0.05 ? " The difference may be chance."
    : n < FEW ? ` Fewer than ${FEW} queries are too few to rank rows by.` : "";
  return element("p", { class: "verdict" },
    element("b", { class: "mark a" }, "A"), ` ${a} is ${Math.abs(difference.mean).toFixed(1)} points ${difference.mean < 0 ? "behind" : "ahead of"} `,
    element("b", { class: "mark b" }, "B"), ` ${b} in ${measure} at ≤ 10 % visited, over ${n.toLocaleString("en")} queries: `
    + `95 % interval of A − B ${signed(difference.low)} … ${signed(difference.high)}, ${p} after Holm's correction.${clear}`);
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

/** Why a row can be compared with no other, or null: dear rows are compared by distance alone. */
function whyNotCompared(task, row) {
  if (row.sees) return "sees the test";
  if (row.at.tenth) return null;
  if (!row.at.all) return "searches nothing";
  return task.strata.length > 1 ? null : "has no setting within 10 % visited";
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

/** Why two rows are compared where they visit most, and how much those visit. */
function dearly(a, b, rows) {
  const dear = [a, b].filter((_, place) => !rows[place].at.tenth);
  const [of, other] = rows.map((row) => `${Number(row.at.all.visited.toFixed(1))} %`);
  return `${dear.length > 1 ? "Neither row has" : `${dear[0]} does not have`} a setting within 10 % visited. Hence by distance alone, `
    + `each at the setting where it visits most: A visits ${of} of the documents, B ${other}.`;
}

function drawComparison(task) {
  const [a, b] = [byId("row-a").value, byId("row-b").value];
  const rows = [a, b].map((label) => task.byLabel.get(label));
  const cheap = rows.every((row) => row.at.tenth);
  const comparison = task.compare.measures.find((each) => each.title === byId("compare-measure").value);
  const result = byId("compare-result"), extremes = byId("extremes");
  result.replaceChildren();
  extremes.replaceChildren();
  const difference = comparison && differenceOf(comparison, a, b);
  const queries = difference ? byQuery(comparison, a, b) : null;
  if (difference) result.append(verdict(a, b, difference, comparison.title, comparison.n));
  if (queries) {
    result.append(...shareOfWins(queries));
    const wins = queries.filter((each) => each.ahead > TIE).slice(0, LISTED);
    const losses = queries.filter((each) => each.ahead < -TIE).slice(-LISTED).reverse();
    if (wins.length) extremes.append(listed(task, "A wins most", wins));
    if (losses.length) extremes.append(listed(task, "B wins most", losses));
  } else {
    const why = difference ? "Single queries of so large a dataset are not kept on this page."
      : a === b ? "Choose two different rows." : !cheap ? dearly(a, b, rows)
        : "What each query came to was not kept for both rows at ≤ 10 % visited.";
    result.append(element("p", { class: "facts" }, why));
  }
  const places = (queries || []).map((each, place) => ({ place, ahead: each.ahead, winner: each.ahead < 0 ? "B" : "A" }));
  draw("ahead-query", "ahead-by-query", places, "How far A is ahead of B on each query, the best first");
  // Measures are of queries, and those are known within 10 % only.
  byId("compare-measure").disabled = !cheap || !task.compare.measures.length;
  const strata = a === b ? [] : aheadByDistance(task, ...rows.map((row) => cheap ? row.at.tenth : row.at.all));
  draw("ahead-distance", "ahead-by-distance", strata,
    `How far A is ahead of B at each distance, ${cheap ? "at most 10 % visited" : "each at the setting where it visits most"}`);
}
