// The address of a view: #TASK?name=value&…, with all that differs from the defaults of a dataset.
// A control with data-view="name" is part of it, beside the names that are no controls.

/** The value of a control as the address has it. */
const valueOf = (control) => control.type === "checkbox" ? String(control.checked) : control.value;

/** The value that a control begins with, as its HTML says; of options the first, unless one is marked. */
function defaultOf(control) {
  if (control.type === "checkbox") return String(control.defaultChecked);
  if (control.tagName !== "SELECT") return control.defaultValue;
  const options = [...control.options];
  return (options.find((option) => option.defaultSelected) || options[0])?.value ?? "";
}

function put(control, value) {
  if (control.type === "checkbox") control.checked = value === "true";
  else control.value = value;
}

const controlsOf = (section) => [...section.querySelectorAll("[data-view]")];

const addressOfTask = (id) => `#${encodeURIComponent(id)}`;

/** The address of what a section shows; `others` are names and values that are no controls. */
function addressOf(id, section, others) {
  const changed = controlsOf(section).filter((control) => valueOf(control) !== defaultOf(control));
  const values = new URLSearchParams([...changed.map((control) => [control.dataset.view, valueOf(control)]), ...others]);
  return addressOfTask(id) + (values.size ? `?${values}` : "");
}

/** The dataset that the address names, and names and values; what cannot be read names nothing. */
function readAddress() {
  const [id, ...values] = location.hash.slice(1).split("?");
  try {
    return { id: decodeURIComponent(id), values: new URLSearchParams(values.join("?")) };
  } catch {
    return { id: "", values: new URLSearchParams() };
  }
}

/** Put the controls of a section to the values of an address, all others to their defaults. */
function restore(section, values) {
  const missing = [];
  for (const control of controlsOf(section)) {
    const name = control.dataset.view;
    put(control, defaultOf(control));
    const [value] = values.getAll(name).slice(-1);
    if (value === undefined) continue;
    put(control, value);
    if (valueOf(control) === value && control.checkValidity()) continue;
    put(control, defaultOf(control));
    const shown = control.selectedOptions?.[0]?.text ?? valueOf(control);
    missing.push(`${name} “${value}” (${shown || "the default"} is shown)`);
  }
  return missing;
}

/** Write each choice into the history: Back undoes it; what is typed in a field at once is one choice. */
function recordViews(present) {
  let recorded = present(), typedIn = null;
  const record = ({ type, target }) => {
    const address = present();
    const changed = address !== recorded;
    if (changed) history[target === typedIn ? "replaceState" : "pushState"](null, "", address);
    recorded = address;
    typedIn = changed && type === "input" ? target : null;
  };
  for (const type of ["click", "input", "change"]) document.addEventListener(type, record);
  return () => { recorded = present(); typedIn = null; };
}
