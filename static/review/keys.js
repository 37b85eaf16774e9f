// Keys: a single key presses what names it in data-key. Mod+Enter sends the answer.
(() => {
  const QUIET = 400; // ms after a new page in which no key decides: no double decisions
  const FIELDS = "input, textarea, select, [contenteditable]";
  const STORE = "holdpoint-single-keys";
  let shownAt = performance.now();
  let prefix = "";

  const all = (selector) => [...document.querySelectorAll(selector)];
  const areOn = () => localStorage.getItem(STORE) !== "off";
  const find = (key) =>
    all("[data-key]").find(
      (each) => each.dataset.key.split(" ").includes(key) && !each.disabled && !each.hidden
    );

  function press(element) {
    if (element.name === "outcome" && performance.now() - shownAt < QUIET) return;
    if (element.matches(FIELDS)) element.focus();
    else element.click();
  }

  function move(step) {
    const links = all("[data-roving] .row-link");
    const next = links.indexOf(document.activeElement) + step;
    links[Math.max(0, Math.min(next, links.length - 1))]?.focus();
  }

  function send(field) {
    field.closest("form.decision")?.querySelector("[data-primary]").click();
  }

  function pressSingle(event) {
    const key = prefix + event.key;
    prefix = key === "g" ? "g-" : "";
    if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
    const element = find(key);
    if (!element) return;
    event.preventDefault();
    press(element);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const isMod = event.ctrlKey || event.metaKey;
    if (isMod && event.key === "Enter") return send(event.target);
    if (isMod || event.altKey || document.querySelector("dialog[open]")) return;
    const field = event.target.closest(FIELDS);
    if (field && event.key === "Escape") field.blur();
    else if (!field && areOn()) pressSingle(event);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "main") shownAt = performance.now();
  });

  const dialog = document.getElementById("keys");
  const opener = document.getElementById("show-keys");
  const toggle = document.getElementById("keys-on");

  function line(element) {
    const row = document.getElementById("keys-row").content.cloneNode(true);
    row.querySelector("kbd").textContent = element.dataset.key.replace("-", " then ");
    row.querySelector("dd").textContent = element.dataset.says;
    return row;
  }

  opener.hidden = false;
  opener.addEventListener("click", () => {
    toggle.checked = areOn();
    const named = all("[data-key][data-says]").filter((each) => !each.hidden);
    document.getElementById("keys-list").replaceChildren(...named.map(line));
    dialog.showModal();
  });
  toggle.addEventListener("change", () => {
    localStorage.setItem(STORE, toggle.checked ? "on" : "off");
  });
})();
