// Two rows query by query: who wins on which, and at what distance.

const TIE = 0.01, LISTED = 8;

/** The lead of A over B in a comparison, as the boards have it, or null. */
function leadOf(comparison, a, b) {
  const { labels, leads } = comparison;
  const [x, y] = [labels.indexOf(a), labels.indexOf(b)], first = Math.min(x, y);
  // The leads of the first over all behind it, then of the second, and so on.
  const found = first < 0 || x === y ? null : leads[(first * (2 * labels.length - first - 3)) / 2 + Math.max(x, y) - 1];
  if (!found) return null;
  const [mean, low, high, p, starred, ahead, behind, seeds] = found;
  const bounded = low !== null;
  return x < y ? { mean, low, high, bounded, p, starred, ahead, behind, seeds }
    : { mean: -mean, low: -high, high: -low, bounded, p, starred, ahead: behind, behind: ahead, seeds };
}

/** Differences of the queries that both have a value for: [{place, a, b, ahead}], A's best first; null if not kept. */
function byQuery(task, { labels, values }, a, b) {
  if (!values) return null;
  const [left, right] = [a, b].map((label) => unpack(task.compare.columns[values[labels.indexOf(label)]]));
  const found = left.map((value, place) => ({ place, a: value, b: right[place], ahead: value - right[place] }));
  return found.filter((each) => !Number.isNaN(each.ahead)).sort((x, y) => y.ahead - x.ahead || x.place - y.place);
}

/** What a lead says of other seeds and other queries, one of so many that were tested. */
function certainty({ low, high, p, starred, ahead, behind, seeds }, tested) {
  if (p === null && seeds > 1) return "These are too few queries to rank rows by.";
  if (p === null) return "The interval is over queries alone, of these runs: one seed says nothing about others.";
  const shown = p < 0.001 ? "p < 0.001" : `p = ${p.toPrecision(2)}`;
  const chance = low > 0 || high < 0 ? " The interval is not so corrected, and excludes 0 by chance for 1 pair in 20: the difference may be chance."
    : " The difference may be chance.";
  return `${shown}, corrected for the ${tested} ${tested === 1 ? "pair" : "pairs"} of the board; A is ahead in ${ahead} and behind in ${behind} of ${seeds} seeds.`
    + (starred ? "" : chance);
}

function verdict(a, b, lead, { title, n, leads }, limit) {
  const tested = leads.filter((each) => each && each[3] !== null).length;
  return element("p", { class: "verdict" },
    element("b", { class: "mark a" }, "A"), ` ${a} is ${Math.abs(lead.mean).toFixed(1)} points ${lead.mean < 0 ? "behind" : "ahead of"} `,
    element("b", { class: "mark b" }, "B"), ` ${b} in ${title} ${limit}, over ${n.toLocaleString("en")} queries: 95 % interval of A − B `
    + `${lead.bounded ? `${signed(lead.low)} … ${signed(lead.high)}` : "unbounded"}. ${certainty(lead, tested)}`);
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
  return element("div", {}, element("h4", {}, title), scrolled(title, ["query", "A", "B", "A − B"], rows, ["query"]));
}

/** Why a row can be compared with no other, or null. */
function whyNotCompared(row) {
  if (row.sees) return "sees the test";
  return row.at.all ? null : "searches nothing";
}

/** Name those of the checked rows that cannot be compared, once there are two to compare. */
function showNotCompared(task, checked) {
  const reasons = checked.map((label) => [label, whyNotCompared(task.byLabel.get(label))]);
  const sentences = reasons.filter(([, why]) => why).map(([label, why]) => `${label} is not compared: it ${why}.`);
  byId("not-compared").textContent = checked.length > 1 ? sentences.join(" ") : "";
}

/** What happens by distance, of any two rows that have a point there. */
function aheadByDistance(task, left, right) {
  if (task.strata.length < 2) return [];
  return task.strata.map((distance, place) => {
    const ahead = left.recall[place] - right.recall[place];
    return { distance, ahead, winner: ahead < 0 ? "B" : "A" };
  });
}

/** A limit on cost as it ends a sentence. */
const limitIn = (task, within) => within === "all" ? "without a limit" : `at ${task.limits[within]}`;

/** The means of two rows that have no lead within a budget, and why. */
function withoutLead(task, within, title, comparison, a, b) {
  if (a.label === b.label) return "Choose two different rows.";
  const limit = limitIn(task, within);
  const absent = [a, b].filter((row) => !row.at[within]).map((row) => row.label);
  const brought = [a, b].filter((row) => !row.at[within] && row.at.all?.visited === null).map((row) => row.label);
  if (brought.length) return `Not compared ${limit}: the share that ${brought.join(" and ")} visits is not known.`;
  if (absent.length) return `Not compared ${limit}: ${absent.join(" and ")} ${absent.length > 1 ? "have" : "has"} no setting that costs so little.`;
  const why = (comparison ?? task.compare.at[within]?.[0])?.out.flatMap(([reason, labels]) => {
    const left = [a, b].filter((row) => labels.includes(row.label)).map((row) => row.label);
    return left.length ? [`${left.join(" and ")}, as ${reason}`] : [];
  });
  const reason = !why ? "of so many rows, intervals are within the dataset's budget and without a limit alone"
    : why.join("; ") || (comparison ? "the rows have no seed in common" : "the values of queries were not kept");
  const [x, y] = [a, b].map((row) => row.at[within].means[task.compare.titles.indexOf(title)]?.toFixed(1) ?? "–");
  return `By their means ${limit}, A has ${x} % and B ${y} % in ${title}. There is no interval: ${reason}.`;
}

/** What two rows cost, and whether they are compared at about the same cost. */
function costsOf(a, b) {
  if (a.visited === null || b.visited === null) return "Costs are not compared: a run from a file tells none, and one that scores no document visits no share.";
  const percent = (share) => `${Number(share.toPrecision(3))} %`;
  const [costA, costB] = [a, b].map(({ visited, work }) => `${percent(visited)} of the documents (work ${percent(work)})`);
  const times = b.visited / a.visited;
  const [dearer, factor] = times > 1 ? ["B", times] : ["A", 1 / times];
  return `A visits ${costA}, B ${costB}.` + (factor > COMPARABLE ? ` Not at equal cost: ${dearer} visits ${factor.toPrecision(2)} times as many.` : "");
}

function drawComparison(task) {
  const [a, b] = [byId("row-a").value, byId("row-b").value].map((name) => task.byLink.get(name));
  const within = byId("compare-within").value, measure = byId("compare-measure").value;
  const comparison = task.compare.at[within]?.find(({ title }) => title === measure);
  const at = a.at[within] && b.at[within] ? within : "all";
  const result = byId("compare-result"), extremes = byId("extremes");
  result.replaceChildren();
  extremes.replaceChildren();
  const lead = comparison && leadOf(comparison, a.label, b.label);
  // A mean over other seeds is of another thing.
  const sameSeeds = lead && [a, b].every((row) => row.seeds.length === lead.seeds);
  const queries = sameSeeds ? byQuery(task, comparison, a.label, b.label) : null;
  if (lead) result.append(verdict(a.label, b.label, lead, comparison, limitIn(task, within)));
  if (queries) {
    result.append(...shareOfWins(queries));
    const wins = queries.filter((each) => each.ahead > TIE).slice(0, LISTED);
    const losses = queries.filter((each) => each.ahead < -TIE).slice(-LISTED).reverse();
    if (wins.length) extremes.append(listed(task, "A wins most", wins));
    if (losses.length) extremes.append(listed(task, "B wins most", losses));
  } else {
    const kept = "Single queries are on this page of rows with the same seeds, and not of large datasets.";
    result.append(element("p", { class: "facts" }, lead ? kept : withoutLead(task, within, measure, comparison, a, b)));
  }
  if (a !== b) {
    const below = at === within ? "" : " (below, without a limit)";
    result.append(element("p", { class: "facts" }, costsOf(a.at[at], b.at[at]) + below));
  }
  for (const id of ["ahead-query", "ahead-distance"]) byId(id).dataset.of = `A ${a.label}, B ${b.label}, ${limitIn(task, at)}`;
  const places = (queries || []).map((each, place) => ({ place, ahead: each.ahead, winner: each.ahead < 0 ? "B" : "A" }));
  draw("ahead-query", DATA.charts["ahead-by-query"], places, "How far A is ahead of B on each query, the best first");
  const strata = a === b ? [] : aheadByDistance(task, a.at[at], b.at[at]);
  draw("ahead-distance", DATA.charts["ahead-by-distance"], strata,
    `How far A is ahead of B at each ${stratumOf(task)}, ${limitIn(task, at)}`);
}
