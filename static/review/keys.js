// Keys: a single key presses what names it in data-key; outside fields only, and off by preference.
// In fields Mod+Enter sends the answer and Mod+s saves the draft. Others may take a key first.
(() => {
  const FIELDS = "input:not([type=hidden], .pick), textarea, select, [contenteditable]";
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("show-keys");
  let prefix = "";

  const areOn = () => document.documentElement.dataset.keys !== "off";
  const isFolded = (element) => element.closest("details:not([open])");
  const isThere = (element) => !element.disabled && !element.hidden && (isFolded(element) || element.checkVisibility());
  const named = () => [...document.querySelectorAll("[data-key]")].filter(isThere);
  const find = (key) => named().find((each) => each.dataset.key.split(" ").includes(key));

  function press(element) {
    const field = element.matches("form") ? element.querySelector(FIELDS) : element;
    if (!field?.matches(FIELDS)) return element.click();
    for (let fold = isFolded(field); fold; fold = isFolded(field)) fold.open = true;
    field.focus();
  }

  function pressSingle(event) {
    const key = prefix + event.key, menu = document.querySelector("details.menu[open]");
    prefix = key === "g" ? "g-" : "";
    if (key === "Escape" && menu) return menu.removeAttribute("open");
    const offer = new CustomEvent("holdpoint:key", { detail: { key, shift: event.shiftKey }, cancelable: true });
    const isTaken = !document.body.dispatchEvent(offer);
    const element = isTaken ? null : find(key);
    if (isTaken || element) event.preventDefault();
    if (element) press(element);
  }

  function pressInField(field, key) {
    const form = field.closest("form.decision");
    const button = key === "Enter" ? form?.querySelector("[data-primary]") : document.getElementById("save-draft");
    button?.click();
    return Boolean(button);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const isMod = event.ctrlKey || event.metaKey;
    const field = event.target.closest(FIELDS);
    if (document.querySelector("dialog[open]") || event.altKey) return;
    if (isMod) {
      if (field && ["Enter", "s"].includes(event.key) && pressInField(field, event.key)) event.preventDefault();
    } else if (field && event.key === "Escape") field.blur();
    else if (!field && areOn()) pressSingle(event);
  });

  function line(element) {
    const row = document.getElementById("keys-row").content.cloneNode(true);
    const keys = element.dataset.key.split(" ").map((key) => key.replace("-", " then ").replace("Escape", "Esc"));
    row.querySelector("kbd").textContent = keys.join(" ");
    row.querySelector("dd").textContent = element.dataset.says;
    return row;
  }

  opener.hidden = false;
  opener.addEventListener("click", () => {
    opener.closest("details").open = false;
    document.getElementById("keys-list").replaceChildren(...named().filter((each) => each.dataset.says).map(line));
    dialog.showModal();
  });
})();
