// Two rows query by query: who wins on which, and at what distance.

const TIE = 0.01, LISTED = 8;

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
  const clear = difference.p < 0.05 ? "" : " The difference may be chance.";
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

/** What happens by distance, of any two rows that have a point within 10 % visited. */
function aheadByDistance(task, a, b) {
  const [left, right] = [a, b].map((label) => task.byLabel.get(label).at.tenth);
  if (!left || !right || task.strata.length < 2) return [];
  return task.strata.map(([distance], place) => {
    const ahead = left.recall[place] - right.recall[place];
    return { distance, ahead, winner: ahead < 0 ? "B" : "A" };
  });
}

function drawComparison(task) {
  const [a, b] = [byId("row-a").value, byId("row-b").value];
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
      : a === b ? "Choose two different rows." : "What each query came to was not kept for both rows at ≤ 10 % visited.";
    result.append(element("p", { class: "facts" }, why));
  }
  const places = (queries || []).map((each, place) => ({ place, ahead: each.ahead, winner: each.ahead < 0 ? "B" : "A" }));
  draw("ahead-query", "ahead-by-query", places, "How far A is ahead of B on each query, the best first");
  const strata = a === b ? [] : aheadByDistance(task, a, b);
  draw("ahead-distance", "ahead-by-distance", strata, "How far A is ahead of B at each distance, at most 10 % visited");
}
