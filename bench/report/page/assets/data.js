// What the page shows, and the few ways of making elements and numbers of it.

const NO_VALUE = 4095, LARGEST = 4094;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const byId = (id) => document.getElementById(id);

const named = (places, values) => Object.fromEntries(Object.entries(places).map(([name, place]) => [name, values[place]]));

// What several boards, rows or budgets share is in the data once, and is told by its number there.
for (const board of [DATA, ...DATA.tasks].flatMap((each) => each.overview ?? each.boards)) {
  for (const name of ["means", "notes"]) board[name] = board[name].map((number) => DATA.sentences[number]);
}
for (const task of DATA.tasks) {
  for (const row of task.rows) row.summary = DATA.sentences[row.summary];
  const labels = (numbers) => numbers.map((number) => task.rows[number].label);
  for (const row of task.rows) row.at = named(row.at, row.strata);
  for (const each of task.compare.lists.flat()) {
    each.labels = labels(each.rows);
    each.out = Object.entries(each.out).map(([why, numbers]) => [why, labels(numbers)]);
  }
  task.compare.at = named(task.compare.at, task.compare.lists);
}

/** An element with attributes (functions are listeners) and children (text or elements). */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A sentence of a board's notes: **bold**, *emphasis* and `code` become elements. */
function sentence(text) {
  const made = element("p");
  for (const part of text.split(/(\*\*[^*]+\*\*|`[^`]+`|\*[\w+][^*]*\*)/)) {
    if (part.startsWith("**")) made.append(element("strong", {}, part.slice(2, -2)));
    else if (part.startsWith("`")) made.append(element("code", {}, part.slice(1, -1)));
    else if (/^\*.+\*$/.test(part)) made.append(element("em", {}, part.slice(1, -1)));
    else made.append(part);
  }
  return made;
}

/** The number that a cell of a board begins with, or null: "(9,818 …" is 9818, "–" is none. */
function leadingNumber(text) {
  const found = /^[(\s~]*([+\-−]?[\d,]*\.?\d+)/.exec(text);
  return found ? Number(found[1].replaceAll(",", "").replace("−", "-")) : null;
}

/** Values of queries in per cent, NaN for none: two digits of base 64 each. */
function unpack(text) {
  return Array.from({ length: text.length / 2 }, (_, place) => {
    const step = 64 * DIGITS.indexOf(text[2 * place]) + DIGITS.indexOf(text[2 * place + 1]);
    return step === NO_VALUE ? NaN : (100 * step) / LARGEST;
  });
}

/** The name of what a dataset divides its relevant documents by. */
const stratumOf = (task) => task.cut === null ? "distance" : "level of relevance";

/** A name without the mark of an earlier version, which comes and goes. */
const unmarked = (name) => name.replaceAll(" †", "");

const signed = (value, digits = 1) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);

/** Fill a <select>, with the option that a view begins with: the first, unless another is named. */
function offer(select, options, first) {
  select.replaceChildren(...options.map(([value, text]) => element("option", { value, selected: value === first }, text)));
}

/** Save what stands at an address as a file whose name says what it is. */
function saveAs(address, title, kind) {
  const name = title.toLowerCase().replace(/[^\p{L}\p{N}=.]+/gu, "-").replace(/^-|-$/g, "");
  element("a", { href: address, download: `${name}.${kind}` }).click();
}
