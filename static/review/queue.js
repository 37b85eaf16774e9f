// The queue: a cursor among the rows, what is chosen, and the bar that does something with it.
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const links = () => all("#queue .row-link");
  const boxes = () => all("#queue .pick:not(:disabled)");
  const boxOf = (link) => link?.closest(".row").querySelector(".pick:not(:disabled)");
  const cursor = () => links().find((link) => link.closest(".row").contains(document.activeElement));
  let place = 0, anchor = null;

  function move(step) {
    const next = links().indexOf(cursor()) + step;
    links()[Math.max(0, Math.min(next, links().length - 1))]?.focus();
  }

  function choose(isRange) {
    const box = boxOf(cursor()), from = boxes().indexOf(anchor), to = boxes().indexOf(box);
    if (!box) return;
    if (isRange && from >= 0) for (const each of boxes().slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = true;
    else box.checked = !box.checked;
    show(box);
  }

  function show(box) {
    const count = all("#queue .pick:checked").length, bar = byId("several");
    anchor = box ?? anchor;
    if (!bar) return;
    bar.hidden = !count;
    byId("chosen-count").textContent = `${count} chosen`;
    if (count) byId("offer").dispatchEvent(new CustomEvent("holdpoint:chosen"));
  }

  const keys = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    x: () => choose(false), X: () => choose(true), o: () => cursor()?.click(),
  };

  // c, u and s are for what is chosen, or else for the row under the cursor.
  function press(event) {
    const act = keys[event.detail.key];
    if (act) return event.preventDefault(), act();
    if (["c", "u", "s"].includes(event.detail.key) && !all(".pick:checked").length) choose(false);
  }

  // What the reader touches stays as it is; what it says is brought up to date beside him.
  function spare(event) {
    const row = event.detail.target;
    if (row.matches?.(".row") && (row.contains(document.activeElement) || row.querySelector(".pick:checked"))) event.detail.shouldSwap = false;
  }

  function arrive({ detail }) {
    if (detail.target?.id !== "main") return;
    show();
    if (document.activeElement === document.body) links()[Math.min(place, links().length - 1)]?.focus();
  }

  function tell({ detail }) {
    const note = detail.target?.id === "saved-views" && byId("saved-views").dataset.note;
    if (note && document.hidden && window.Notification?.permission === "granted") new Notification(note, { tag: "holdpoint-view" });
  }

  function fail(event) {
    if (event.target.closest?.("#main") && byId("queue-error")) byId("queue-error").hidden = event.type === "htmx:afterOnLoad";
  }

  document.body.addEventListener("holdpoint:key", press);
  document.addEventListener("change", (event) => event.target.matches(".pick") && show(event.target));
  document.addEventListener("focusin", () => cursor() && (place = links().indexOf(cursor())));
  document.addEventListener("htmx:oobBeforeSwap", spare);
  for (const each of [arrive, tell]) document.addEventListener("htmx:afterSwap", each);
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:afterOnLoad"]) document.addEventListener(name, fail);
  show();
})();
