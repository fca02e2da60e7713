// A board: sorted by any column, filtered by words and kind, columns hidden at will.

const sorting = { column: null, descending: true };
const hidden = new Set();

/** Names of the columns in the address: their titles, numbered where two have the same. */
function columnNames(board) {
  const header = board.header.map(unmarked);
  const before = (place) => header.slice(0, place).filter((title) => title === header[place]).length;
  return header.map((title, place) => before(place) ? `${title} (${before(place) + 1})` : title);
}

/** The order and the hidden columns of a board, as names and values of the address. */
function columnsChosen(board) {
  const names = columnNames(board);
  const order = `${names[sorting.column]} ${sorting.descending ? "descending" : "ascending"}`;
  return [...(sorting.column === null ? [] : [["sort", order]]),
    ...[...hidden].sort((a, b) => a - b).map((column) => ["hide", names[column]])];
}

/** Order a board and hide its columns as an address says; gives the columns that it has not. */
function chooseColumns(board, values) {
  const names = columnNames(board);
  const [, title, direction] = /^(.*?)(?: (ascending|descending))?$/s.exec(unmarked(values.get("sort") ?? ""));
  const hide = values.getAll("hide").map(unmarked);
  const order = names.indexOf(title);
  sorting.column = order < 0 ? null : order;
  sorting.descending = direction !== "ascending";
  hidden.clear();
  for (const name of hide) if (names.indexOf(name) > 0) hidden.add(names.indexOf(name));
  const asked = [...(values.has("sort") ? [title] : []), ...hide];
  return asked.filter((name) => !names.includes(name)).map((name) => `column “${name}” (left out)`);
}

/** Whether all cells of a column are numbers or dashes. */
function isNumeric(rows, column) {
  const found = rows.map((row) => row[column]).filter((text) => text !== "–" && text !== "");
  return found.length > 0 && found.every((text) => leadingNumber(text) !== null);
}

function compareTexts(a, b, numeric) {
  if (!numeric) return a.localeCompare(b, "en", { numeric: true });
  return leadingNumber(a) - leadingNumber(b);
}

/** Rows of a board in the chosen order, the same whichever are left; without a value last. */
function sorted(board, rows) {
  const { column, descending } = sorting;
  if (column === null) return rows;
  const numeric = isNumeric(board.rows, column);
  const absent = (row) => numeric && leadingNumber(row[column]) === null;
  return [...rows].sort((a, b) => {
    if (absent(a) || absent(b)) return absent(a) - absent(b);
    const order = compareTexts(a[column], b[column], numeric);
    return descending ? -order : order;
  });
}

/** The rows of a board that the filters leave: all words are in what is known of a row. */
function kept(task, board) {
  const words = byId("filter").value.toLowerCase().split(/\s+/);
  const kind = byId("kind").value;
  const plain = byId("plain").checked;
  return board.rows.filter(([label]) => {
    const row = task.byLabel.get(label);
    const text = [label, ...(row ? [row.method, row.kind, row.summary] : [])].join(" ").toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    return !row || ((!kind || row.kind === kind) && !(plain && row.set.length));
  });
}

/** The filters by what a row does are of no use on a board that names no measured row. */
function offerFilters(task, board) {
  const known = board.rows.some(([label]) => task.byLabel.has(label));
  for (const id of ["kind", "plain"]) byId(id).disabled = !known;
}

/** The columns of a board in the order in which they stand: the name, what the board is about, the others. */
function columnsShown({ header, key }) {
  const all = header.map((_, column) => column);
  return [...new Set([0, key, ...all])];
}

/** The classes of a cell: text stands to the left, and what a board is about stays in sight. */
const classOf = (board, column, isText) => `${isText ? "text" : ""} ${column > 0 && column === board.key ? "key" : ""}`.trim();

/** The title of a column, with its sentence. */
function headTitle({ header, means }, column, attributes = {}) {
  return element("button", { type: "button", "data-tip": means[column], ...attributes }, header[column]);
}

function headCell(board, column, redraw) {
  const numeric = isNumeric(board.rows, column);
  const isSorted = sorting.column === column;
  const direction = sorting.descending ? "descending" : "ascending";
  const press = () => {
    // Numbers begin with the largest, names with A.
    sorting.descending = isSorted ? !sorting.descending : numeric;
    sorting.column = column;
    redraw();
    byId("board").querySelector(`[data-column="${column}"]`).focus();
  };
  return element("th", {
    scope: "col", class: classOf(board, column, !numeric), "aria-sort": isSorted ? direction : "none",
  }, headTitle(board, column, { class: "sort", "data-column": column, click: press }));
}

function nameCell(task, label, state) {
  const row = task.byLabel.get(label);
  if (!row) return element("th", { scope: "row" }, label);
  const tick = element("input", {
    type: "checkbox", "aria-label": `Show ${label} in the charts and compare it`, "data-label": label,
    change: ({ target }) => {
      for (const each of byId("board").querySelectorAll(`[data-label="${CSS.escape(label)}"]`)) {
        each.checked = target.checked;
        each.closest("tr").classList.toggle("checked", target.checked);
      }
      state.check(label, target.checked);
    },
  });
  tick.checked = state.checked.includes(label);
  const open = element("button", { type: "button", "data-tip": row.summary, click: () => showDetails(task, row) }, label);
  return element("th", { scope: "row" }, element("div", { class: "name" }, tick, open));
}

/** Tell the column that stays beside the names how far to the right it stays. */
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) target.closest("table")?.style.setProperty("--name", `${target.offsetWidth}px`);
});
const keepInSight = (table) => sizes.observe(table.tHead.rows[0].cells[0]);

/** Draw a board with its notes, the count of rows and the choice of columns. */
function drawBoard(task, board, state) {
  const redraw = () => drawBoard(task, board, state);
  const shown = columnsShown(board).filter((column) => !hidden.has(column));
  const rows = sorted(board, kept(task, board));
  const numeric = board.header.map((_, column) => isNumeric(board.rows, column));
  const head = element("tr", {}, ...shown.map((column) => headCell(board, column, redraw)));
  const body = rows.map((row) => element("tr", { class: state.checked.includes(row[0]) ? "checked" : "" },
    ...shown.map((column) => column === 0 ? nameCell(task, row[0], state)
      : element("td", { class: classOf(board, column, !numeric[column]) }, row[column]))));
  byId("board").replaceChildren(
    element("caption", {}, board.title),
    element("thead", {}, head),
    element("tbody", {}, ...body),
  );
  byId("board").setAttribute("aria-label", board.title);
  keepInSight(byId("board"));
  byId("board-region").hidden = rows.length === 0;
  byId("count").textContent = rows.length ? `${rows.length} of ${board.rows.length} rows`
    : board.rows.length ? `No row of ${board.rows.length} is left by the filter.` : "No row is on this board.";
  byId("board-notes").replaceChildren(...board.notes.map(sentence));
}

/** Checkboxes of the columns but the first. */
function drawColumns(board, redraw) {
  const choices = board.header.slice(1).map((name, place) => {
    const box = element("input", { type: "checkbox", change: (event) => {
      if (event.target.checked) hidden.delete(place + 1); else hidden.add(place + 1);
      redraw();
    } });
    box.checked = !hidden.has(place + 1);
    return element("label", {}, box, name);
  });
  byId("columns").replaceChildren(element("legend", {}, "Columns shown"), ...choices);
}
