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

/** The dataset that the address names, and names and values; what cannot be read names no dataset. */
function readAddress() {
  const [id, ...values] = location.hash.slice(1).split("?");
  const decoded = () => {
    try {
      return decodeURIComponent(id);
    } catch {
      return id;
    }
  };
  return { id: decoded(), values: new URLSearchParams(values.join("?")) };
}

/** Put the controls of a section to the values of an address, all others to their defaults. */
function restore(section, values) {
  const missing = [];
  for (const control of controlsOf(section)) {
    const name = control.dataset.view;
    put(control, defaultOf(control));
    const [value] = values.getAll(name).slice(-1);
    if (value === undefined) continue;
    const taken = [value, unmarked(value)].some((each) => {
      put(control, each);
      return valueOf(control) === each && control.checkValidity();
    });
    if (taken) continue;
    put(control, defaultOf(control));
    const shown = control.selectedOptions?.[0]?.text ?? valueOf(control);
    missing.push(`${name} “${value}” (${shown || "the default"} is shown)`);
  }
  return missing;
}

/**
 * Write each choice into the history: Back undoes it; what is typed in a field at once is one choice.
 * The function that is returned takes the one that restores a view, when the address has changed.
 */
function recordViews(present) {
  let recorded = present(), before = null, typedIn = null, isShown = false;
  const record = ({ type, target }) => {
    const address = present();
    const isChanged = address !== recorded;
    // Back must show something else: what is typed and taken away again is two choices.
    const isMore = target === typedIn && address !== before;
    // To close by hand is to go back to where it was opened: what is shown stays, with its focus.
    if (isChanged && type === "close" && address === before) {
      isShown = true;
      history.back();
      return;
    }
    if (isChanged && !isMore) before = recorded;
    if (isChanged) history[isMore ? "replaceState" : "pushState"](null, "", address);
    recorded = address;
    typedIn = isChanged && type === "input" ? target : null;
  };
  for (const type of ["click", "input", "change"]) document.addEventListener(type, record);
  // A dialogue tells nobody above it that it closes.
  document.addEventListener("close", record, { capture: true });
  return (restore) => {
    if (!isShown) restore();
    isShown = false;
    recorded = present();
    typedIn = null;
  };
}
