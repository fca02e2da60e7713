// Tables as files of comma-separated values (RFC 4180), with what they show.

/** A cell of a file; what a spreadsheet would run, such as a name =cmd(), begins with an apostrophe. */
function csvCell(text) {
  const safe = /^\s*[=@]|^[\t\r]|^\s*[+-](?=.*[\p{L}|!])/su.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The rows and columns of a table as they are shown, without the headings of groups. */
const csvOf = (table) => [...table.rows].filter((row) => !row.classList.contains("group")).map((row) => `${[...row.cells].map((cell) => csvCell(cell.textContent)).join(",")}\r\n`).join("");

/** A button that saves a table under the name of the dataset and of the board. */
function csvButton(title, table) {
  const save = () => {
    // The mark of byte order tells spreadsheets that it is UTF-8.
    const address = URL.createObjectURL(new Blob(["\ufeff", csvOf(table)], { type: "text/csv" }));
    saveAs(address, `${state.task ? state.task.id : "overview"} ${title}`, "csv");
    URL.revokeObjectURL(address);
  };
  return element("button", { type: "button", "aria-label": `Save as CSV: ${title}`, click: save }, "CSV");
}

/** A table that scrolls by itself, and the button that saves it. */
function framed(title, table) {
  return element("div", {},
    element("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" }, table),
    element("div", { class: "save" }, csvButton(title, table)));
}
