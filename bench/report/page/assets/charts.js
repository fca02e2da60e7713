// The charts of a dataset: the rows that are looked at in colour, the others grey behind them.

const IN_COLOUR = 6, MOST_IN_COLOUR = 8;

/** Rows that do not see the test, the best within a budget first; after them, as without a limit, those that have no point there. */
function bestWithin(task, within) {
  const scoreOf = (row) => row.at[within]?.score ?? -1;
  return task.rows.filter((row) => !row.sees).sort((a, b) => scoreOf(b) - scoreOf(a));
}

/** The labels that stand in colour: of those checked alone; none checked, the best within a budget. */
function inFocus(task, state, within, has) {
  const checked = state.checked.filter((label) => has(task.byLabel.get(label)));
  if (state.checked.length) return checked.slice(0, MOST_IN_COLOUR);
  return bestWithin(task, within).filter(has).slice(0, IN_COLOUR).map((row) => row.label);
}

/** Rows with those in focus first, in their order: it is the order of the colours. */
function focusFirst(task, focus) {
  const others = task.rows.filter((row) => !focus.includes(row.label) && !row.sees);
  return [...focus.map((label) => task.byLabel.get(label)), ...others];
}

/** A legend without a row has no size: layers of grey rows, rows in colour and papers, where there are such. */
function layersOf({ layer }, values) {
  const shown = [true, values.some((each) => each.focus), values.some((each) => each.reported)];
  return { layer: layer.filter((_, place) => shown[Math.floor(place / 2)]) };
}

/** Name the rows that lack what a chart shows, where other rows have it: of those checked, or else of `others`. */
function showMissing(figure, task, state, has, what, others = []) {
  const asked = state.checked.length ? state.checked : others;
  const missing = asked.filter((label) => !has(task.byLabel.get(label)));
  const said = !state.checked.length ? `Without ${what}: ${missing.join(", ")}.`
    : missing.length === asked.length ? `None of the checked rows has ${what}.`
    : `Checked, but without ${what}: ${missing.join(", ")}.`;
  byId(`${figure}-missing`).textContent = missing.length && task.rows.some(has) ? said : "";
}

/** Say where the rows of papers in a chart are from. */
function showReported(figure, papers) {
  const sources = [...new Set(papers.map(({ source }) => source))];
  byId(`${figure}-reported`).textContent = sources.length ? `In red: reported in ${sources.join(" and ")}, not measured here.` : "";
}

function drawDistance(task, state) {
  const at = byId("at").value;
  const has = (row) => row.at[at];
  const focus = inFocus(task, state, at, has);
  const rows = task.strata.length > 1 ? focusFirst(task, focus).filter(has) : [];
  const measured = rows.flatMap((row) => task.strata.map((distance, place) => ({
    method: row.label, focus: focus.includes(row.label), distance, recall: row.at[at].recall[place],
  })));
  // Papers search everything.
  const papers = at === "all" && measured.length ? task.reported.filter(({ recall }) => recall.length) : [];
  showReported("distance", papers);
  const values = [...measured, ...papers.flatMap(({ method, recall }) => task.strata.map((distance) => ({
    method, reported: true, distance, recall: recall[distance],
  })).filter((each) => each.recall !== undefined))];
  // The choice stays, even where no row is so cheap.
  draw("distance", DATA.charts.distance, values, `Recall by ${stratumOf(task)}; the boards have the figures`,
    layersOf(DATA.charts.distance, values));
  byId("distance").hidden = task.strata.length < 2;
  showMissing("distance", task, state, has, "a setting so cheap");
  if (!values.length) sayInstead("distance", "No row has an operating point so cheap.");
}

function drawHeat(task) {
  const row = task.byLink.get(byId("heat-row").value);
  const curve = row && task.strata.length > 1 ? row.curve : null;
  const values = curve ? curve.visited.flatMap((visited, place) => task.strata.map((distance, level) => ({
    visited: visited < 10 ? visited.toFixed(1) : visited.toFixed(0), distance, recall: curve.recall[place][level],
  }))) : [];
  // On a narrow screen there is no room for figures in the fields.
  const narrow = byId("charts").clientWidth < 480 ? { layer: DATA.charts.heat.layer.slice(0, 1) } : {};
  draw("heat", DATA.charts.heat, values, `Recall of ${row ? row.label : "a row"} by ${stratumOf(task)} and share of documents visited`, narrow);
}

function drawXray(task, state) {
  const has = (row) => row.xray;
  const focus = inFocus(task, state, task.budget, has);
  const values = focus.flatMap((label) => task.byLabel.get(label).xray.map(
    ([distance, why, missed]) => ({ method: label, distance, why, missed })));
  const several = new Set(values.map((each) => each.distance)).size > 1;
  const room = byId("charts").clientWidth;
  const columns = Math.max(1, Math.min(4, Math.floor(room / 210)));
  const width = Math.max(160, Math.min(700, room - 300));
  draw("xray", DATA.charts[several ? "xray-by-distance" : "xray"], values,
    "What is missed and why; the X-ray boards have the figures",
    several ? { columns, facet: { ...DATA.charts["xray-by-distance"].facet, sort: focus } } : { width });
  showMissing("xray", task, state, has, "an X-ray at a setting so cheap");
  // Without bars, what is said of the checked rows stays.
  byId("xray-chart").hidden = values.length === 0;
  byId("xray").hidden = values.length === 0 && byId("xray-missing").textContent === "";
}

/** Draw the charts that show the rows checked. */
function drawFocus(task, state) {
  drawAgainst(task, state);
  drawDistance(task, state);
  drawXray(task, state);
  byId("charts").hidden = ["visited", "distance", "heat", "xray"].every((id) => byId(id).hidden);
  const chosen = state.checked.length;
  byId("focus").textContent = chosen
    ? `In colour: the ${chosen === 1 ? "row" : `${chosen} rows`} checked on the board${chosen > MOST_IN_COLOUR ? `, at most ${MOST_IN_COLOUR} a chart` : ""}.`
    : `In colour: the best rows at ${task.limits[task.budget]}, or within the limit that a chart names. Check rows on the board to see others.`;
}
