// Charts: Vega-Lite descriptions made by Altair, with the data of the rows that are looked at.

const IN_COLOUR = 6, MOST_IN_COLOUR = 8;
const drawn = {};

/** Colours of the page for a chart's axes and letters. */
function chartColours() {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line] = ["--ink", "--soft", "--line"].map((name) => style.getPropertyValue(name).trim());
  const letters = { labelColor: soft, titleColor: ink };
  return {
    background: "transparent", font: "system-ui, sans-serif",
    axis: { ...letters, gridColor: line, domainColor: soft, tickColor: soft },
    legend: letters, header: letters, title: { color: ink },
  };
}

/** Draw one chart, or hide its figure where there is nothing to show. */
function draw(figure, name, values, label, changes = {}) {
  byId(figure).hidden = values.length === 0;
  if (!values.length) return;
  const spec = { ...DATA.charts[name], datasets: { values }, ...changes };
  if (spec.width && !changes.width) spec.width = "container";
  const place = byId(`${figure}-chart`);
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  // Errors alone: that no row stands grey behind those in colour is worth no warning.
  const options = { actions: false, renderer: "svg", config: chartColours(), logLevel: 1 };
  vegaEmbed(place, spec, options).then((chart) => {
    drawn[figure]?.finalize();
    drawn[figure] = chart;
    // One picture with one description, not a heap of marks.
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    // What is wider than the screen must scroll from the keyboard, too.
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }).catch((error) => console.error(`${figure}: ${error}`));
}

/** The labels that stand in colour: of those checked alone; none checked, the best that do not see the test. */
function inFocus(task, state, has) {
  const checked = state.checked.filter((label) => has(task.byLabel.get(label)));
  if (state.checked.length) return checked.slice(0, MOST_IN_COLOUR);
  const best = task.rows.filter((row) => !row.sees && has(row)).slice(0, IN_COLOUR);
  return best.map((row) => row.label);
}

/** Rows with those in focus first, in their order: it is the order of the colours. */
function focusFirst(task, focus) {
  const others = task.rows.filter((row) => !focus.includes(row.label) && !row.sees);
  return [...focus.map((label) => task.byLabel.get(label)), ...others];
}

/** A legend without a row has no size: with none in colour, the two grey layers alone are drawn. */
function layersOf(name, values) {
  const { layer } = DATA.charts[name];
  return { layer: values.some((each) => each.focus) ? layer : layer.slice(0, 2) };
}

/** Name the checked rows that lack what a chart shows, where other rows have it. */
function showMissing(figure, task, state, has, what) {
  const missing = state.checked.filter((label) => !has(task.byLabel.get(label)));
  const said = missing.length === state.checked.length ? `None of the checked rows has ${what}.`
    : `Checked, but without ${what}: ${missing.join(", ")}.`;
  byId(`${figure}-missing`).textContent = missing.length && task.rows.some(has) ? said : "";
}

function drawVisited(task, state) {
  const measure = byId("measure").value;
  const scale = byId("scale").value;
  const curved = task.rows.filter((row) => row.curve && row.curve.visited.length > 1);
  const several = curved.length > 0;
  // Colours go by order: what the chart beside it has not within the budget would shift them there.
  const cheap = curved.filter((row) => row.at.budget && !row.sees);
  const best = cheap.length ? cheap : curved;
  const has = (row) => row.curve?.visited.some((visited, place) => visited > 0 && row.curve.measures[measure][place] !== null);
  const focus = inFocus(task, state, state.checked.length ? has : (row) => best.includes(row));
  const rows = several ? focusFirst(task, focus).filter((row) => row.curve) : [];
  // A single point that nobody asked for says little, and stretches the axes.
  const drawn = rows.filter((row) => focus.includes(row.label) || row.curve.visited.length > 1);
  const values = drawn.flatMap((row) => row.curve.visited.map((visited, place) => ({
    method: row.label, focus: focus.includes(row.label), visited,
    work: row.curve.work[place], speed: row.curve.speed[place], value: row.curve.measures[measure][place],
  }))).filter((each) => each.visited > 0 && each.value !== null);
  draw("visited", scale, values, `${measure} against the share of documents visited; the boards have the figures`,
    layersOf(scale, values));
  showMissing("visited", task, state, has, "a point on this chart");
}

function drawDistance(task, state) {
  const at = byId("at").value;
  const has = (row) => row.at[at];
  const focus = inFocus(task, state, has);
  const rows = task.strata.length > 1 ? focusFirst(task, focus).filter(has) : [];
  const values = rows.flatMap((row) => task.strata.map(([distance], place) => ({
    method: row.label, focus: focus.includes(row.label), distance, recall: row.at[at].recall[place],
  })));
  // The choice stays, even where no row is so cheap.
  draw("distance", "distance", values, "Recall by distance; the boards have the figures", layersOf("distance", values));
  byId("distance").hidden = task.strata.length < 2;
  showMissing("distance", task, state, has, "a setting so cheap");
  if (!values.length) byId("distance-chart").replaceChildren("No row has an operating point so cheap.");
}

function drawHeat(task) {
  const row = task.byLabel.get(byId("heat-row").value);
  const curve = row && task.strata.length > 1 ? row.curve : null;
  const values = curve ? curve.visited.flatMap((visited, place) => task.strata.map(([distance], level) => ({
    visited: visited < 10 ? visited.toFixed(1) : visited.toFixed(0), distance, recall: curve.recall[place][level],
  }))) : [];
  // On a narrow screen there is no room for figures in the fields.
  const narrow = byId("charts").clientWidth < 480 ? { layer: DATA.charts.heat.layer.slice(0, 1) } : {};
  draw("heat", "heat", values, `Recall of ${row ? row.label : "a row"} by distance and share of documents visited`, narrow);
}

function drawXray(task, state) {
  const has = (row) => row.xray;
  const focus = inFocus(task, state, has);
  const values = focus.flatMap((label) => task.byLabel.get(label).xray.map(
    ([distance, why, missed]) => ({ method: label, distance, why, missed })));
  const several = new Set(values.map((each) => each.distance)).size > 1;
  const room = byId("charts").clientWidth;
  const columns = Math.max(1, Math.min(4, Math.floor(room / 210)));
  const width = Math.max(160, Math.min(700, room - 300));
  draw("xray", several ? "xray-by-distance" : "xray", values,
    "What is missed and why; the X-ray boards have the figures",
    several ? { columns, facet: { ...DATA.charts["xray-by-distance"].facet, sort: focus } } : { width });
  showMissing("xray", task, state, has, "an X-ray at a setting so cheap");
  // Without bars, what is said of the checked rows stays.
  byId("xray-chart").hidden = values.length === 0;
  byId("xray").hidden = values.length === 0 && byId("xray-missing").textContent === "";
}

function drawCharts(task, state) {
  drawVisited(task, state);
  drawDistance(task, state);
  drawHeat(task);
  drawXray(task, state);
  byId("charts").hidden = ["visited", "distance", "heat", "xray"].every((id) => byId(id).hidden);
  const chosen = state.checked.length;
  byId("focus").textContent = chosen
    ? `In colour: the ${chosen === 1 ? "row" : `${chosen} rows`} checked on the board${chosen > MOST_IN_COLOUR ? `, at most ${MOST_IN_COLOUR} a chart` : ""}.`
    : "In colour: the best rows. Check rows on the board to see others.";
}
