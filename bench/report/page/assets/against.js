// A measure against what a search costs: documents visited, work, latency, or queries a second.

const TIMES = ["latency", "speed"];
/** Whole numbers with commas; a formatter for each number is slow. */
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A latency and a speed as texts, marked where a machine was busy. */
function timeTexts(latency, speed, isBusy) {
  const mark = (what) => isBusy(what) ? "~" : "";
  return {
    time: latency === null ? "–" : mark("latency") + latency.toPrecision(3),
    pace: mark("speed") + grouped.format(speed),
  };
}

/** The same for a point of a curve. */
const timesOf = (curve, place) => timeTexts(curve.latency[place], curve.speed[place], (what) => curve.busy[what].includes(place));

/** The operating points of a row that have a measure and a cost. */
function pointsOf({ curve }, measure, cost) {
  const places = curve ? [...curve.visited.keys()] : [];
  return places.filter((place) => curve[cost][place] > 0 && curve.measures[measure][place] !== null).map((place) => ({
    setting: curve.settings[place], visited: curve.visited[place], work: curve.work[place],
    latency: curve.latency[place], speed: curve.speed[place], ...timesOf(curve, place), value: curve.measures[measure][place],
  }));
}

/** The description of the chart, with a cost and its scale on its axis. */
function against(cost, title, type) {
  const scale = type === "log" ? { type, nice: false } : { zero: true };
  const { layer, ...description } = DATA.charts.against;
  const turned = layer.map(({ encoding, ...rest }) => ({
    ...rest, encoding: { ...encoding, x: { ...encoding.x, field: cost, title, scale }, ...(encoding.order && { order: { ...encoding.order, field: cost } }) },
  }));
  return { ...description, layer: turned };
}

function drawAgainst(task, state) {
  const measure = byId("measure").value, cost = byId("axis").value;
  const title = byId("axis").selectedOptions[0].text;
  const has = (row) => pointsOf(row, measure, cost).length > 0;
  const curved = task.rows.filter((row) => row.curve && row.curve.visited.length > 1);
  // A single point that nobody asked for says little of shares: it visits everything.
  const wanted = TIMES.includes(cost) ? task.rows : curved;
  // Colours go by order: what the chart beside it has not within the budget would shift them there.
  const cheap = curved.filter((row) => row.at[task.budget] && !row.sees && has(row));
  const best = cheap.length ? cheap : wanted.filter(has);
  const focus = inFocus(task, state, task.budget, state.checked.length ? has : (row) => best.includes(row));
  const rows = focusFirst(task, focus).filter((row) => focus.includes(row.label) || wanted.includes(row));
  const measured = rows.flatMap((row) => pointsOf(row, measure, cost).map((point) => (
    { method: row.label, focus: focus.includes(row.label), ...point })));
  const papers = cost === "visited" && measured.length ? task.reported.filter((row) => row.visited && measure in row.values) : [];
  showReported("visited", papers);
  const values = [...measured, ...papers.map(({ method, visited, values: { [measure]: value } }) => ({ method, reported: true, visited, value }))];
  const description = against(cost, title, byId("scale").value);
  draw("visited", description, curved.length ? values : [], `${measure} against ${title}; the boards have the figures`,
    layersOf(description, values));
  // The choice stays, even where no row has such a cost.
  byId("visited").hidden = !curved.length;
  if (!values.length) sayInstead("visited", `No row was measured by ${title}.`);
  showMissing("visited", task, state, has, TIMES.includes(cost) ? "a time" : "a point on this chart",
    curved.filter((row) => !row.sees).map((row) => row.label));
}
