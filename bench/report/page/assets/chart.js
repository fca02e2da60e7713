// One chart: a Vega-Lite description made by Altair with its data, drawn on the page or saved as a file.

const drawn = {};
/** What each figure is to show, which may not be drawn by now. */
const wanted = {};
const PAPER = { ink: "#16191d", soft: "#565d68", line: "#dde1e6", background: "#ffffff" };
const PNG_SCALE = 3;

/** Vega is unpacked behind the tables. */
const vegaIsHere = unpacked("vega").then((script) => document.head.append(element("script", {}, script)));

/** Colours of the page, as it is now. */
function pageColours() {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line] = ["--ink", "--soft", "--line"].map((name) => style.getPropertyValue(name).trim());
  return { ink, soft, line, background: "transparent" };
}

/** How Vega draws: errors alone are told, as that no row stands grey behind those in colour is worth no warning. */
function drawingIn({ ink, soft, line, background }) {
  const letters = { labelColor: soft, titleColor: ink };
  const config = {
    background, font: "system-ui, sans-serif",
    axis: { ...letters, gridColor: line, domainColor: soft, tickColor: soft },
    legend: letters, header: letters, title: { color: ink },
  };
  return { actions: false, renderer: "svg", config, logLevel: 1 };
}

/** A description with the name that a dataset has for what its charts call distance. */
const worded = (description, name) => JSON.parse(JSON.stringify(description, (key, value) =>
  key === "title" && value === "distance" ? name : value));

/** The last of the charts that are drawn one after the other, each behind a paint: nothing waits for a chart. */
let drawing = vegaIsHere;
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

/** Draw what a figure is to show, unless it is to show something else by now. */
async function embed(figure, spec) {
  if (wanted[figure] !== spec) return;
  const place = byId(`${figure}-chart`);
  const chart = await vegaEmbed(place, spec, drawingIn(pageColours()));
  drawn[figure]?.chart.finalize();
  drawn[figure] = { chart, spec };
  // One picture with one description, not a heap of marks.
  place.querySelector("svg").setAttribute("aria-hidden", "true");
  // What is wider than the screen must scroll from the keyboard, too.
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  else place.removeAttribute("tabindex");
}

/** Draw one chart, or hide its figure where there is nothing to show. */
function draw(figure, description, values, label, changes = {}) {
  const place = byId(`${figure}-chart`);
  byId(figure).hidden = values.length === 0;
  byId(figure).querySelector(".save").hidden = values.length === 0;
  wanted[figure] = null;
  if (!values.length) return;
  const spec = { ...worded({ ...description, ...changes }, state.task && stratumOf(state.task)), datasets: { values } };
  if (spec.width && !changes.width) spec.width = "container";
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  const caption = byId(figure).querySelector("figcaption > span").textContent;
  for (const button of byId(figure).querySelectorAll(".save button")) button.setAttribute("aria-label", `Save as ${button.textContent}: ${caption}`);
  wanted[figure] = spec;
  drawing = drawing.then(painted).then(() => embed(figure, spec)).catch((error) => console.error(`${figure}: ${error}`));
}

/** A sentence in the place of a chart. */
function sayInstead(figure, text) {
  const place = byId(`${figure}-chart`);
  for (const name of ["role", "aria-label"]) place.removeAttribute(name);
  place.replaceChildren(text);
}

/** What a figure shows, in words: its caption, what is chosen in it, and what it is said to be of. */
function titleOf(figure) {
  const chosen = [...figure.querySelectorAll("select")].map((select) => select.selectedOptions[0]?.text);
  return [figure.querySelector("figcaption > span").textContent, ...chosen, figure.dataset.of].filter(Boolean).join(", ");
}

/** Save a chart as it is drawn, in colours for paper, with its title. */
async function saveChart(figure, kind) {
  await drawing;
  const { chart, spec } = drawn[figure];
  const name = state.task ? state.task.id : "overview";
  const title = `${name}: ${titleOf(byId(figure))}`;
  const width = spec.width === "container" ? { width: chart.view.width() } : {};
  const { view } = await vegaEmbed(element("div"), { ...spec, ...width, title }, drawingIn(PAPER));
  const address = kind === "svg" ? URL.createObjectURL(new Blob([await view.toSVG()], { type: "image/svg+xml" }))
    : await view.toImageURL("png", PNG_SCALE);
  view.finalize();
  saveAs(address, title, kind);
  URL.revokeObjectURL(address);
}

/** Buttons beside the caption of each figure with a chart. */
function offerSaving() {
  for (const figure of document.querySelectorAll("figure")) {
    const caption = figure.querySelector("figcaption");
    const text = element("span", {}, ...caption.childNodes);
    const buttons = ["svg", "png"].map((kind) => element("button", {
      type: "button", click: () => saveChart(figure.id, kind),
    }, kind.toUpperCase()));
    caption.append(text, element("div", { class: "save", hidden: true }, ...buttons));
  }
}
