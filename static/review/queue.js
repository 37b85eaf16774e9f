// The queue: a cursor among the rows, what is chosen, and the bar that does something with it.
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(`#queue ${selector}`)];
  const cursor = () => document.activeElement?.closest("#queue .row")?.querySelector(".row-link");
  const index = () => all(".row-link").indexOf(cursor());
  let place = 0, anchor;

  function focus(wanted) {
    const links = all(".row-link");
    links[Math.max(0, Math.min(wanted, links.length - 1))]?.focus();
  }

  function choose(isRange) {
    const boxes = all(".pick:enabled"), box = boxes.find((each) => each.closest(".row").contains(cursor()));
    const [from, to] = [boxes.indexOf(anchor), boxes.indexOf(box)].sort((a, b) => a - b);
    if (!box) return;
    if (isRange && from >= 0) for (const each of boxes.slice(from, to + 1)) each.checked = true;
    else box.checked = !box.checked;
    show((anchor = box));
  }

  function show() {
    const count = all(".pick:checked").length, bar = byId("several");
    if (!bar) return;
    bar.hidden = !count;
    byId("chosen-count").textContent = `${count} chosen`;
    if (count) byId("offer").dispatchEvent(new CustomEvent("holdpoint:chosen"));
  }

  const step = (by) => () => focus(index() + by);
  const keys = { j: step(1), ArrowDown: step(1), k: step(-1), ArrowUp: step(-1), x: () => choose(false), X: () => choose(true), o: () => cursor()?.click() };

  // c, u and s are for what is chosen, or else for the row under the cursor.
  function press(event) {
    if (keys[event.detail.key]) return event.preventDefault(), keys[event.detail.key]();
    if ("cus".includes(event.detail.key) && !all(".pick:checked").length) choose(false);
  }

  // The row that the reader is at stays as it is; what it says is brought up to date inside of it.
  function spare({ detail }) {
    const row = detail.target;
    if (row.matches?.(".row") && (row.contains(document.activeElement) || row.querySelector(".pick:checked"))) detail.shouldSwap = false;
  }

  function arrive({ detail }) {
    if (detail.target?.id !== "main") return;
    show();
    if (document.activeElement === document.body) focus(place);
  }

  document.body.addEventListener("holdpoint:key", press);
  document.addEventListener("change", (event) => event.target.matches(".pick") && show((anchor = event.target)));
  document.addEventListener("focusin", () => cursor() && (place = index()));
  document.addEventListener("toggle", ({ target }) => target.matches(".up[open]") && target.querySelector("button").focus(), true);
  document.addEventListener("htmx:oobBeforeSwap", spare);
  document.addEventListener("htmx:afterSwap", arrive);
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:afterOnLoad"]) document.addEventListener(name, () => byId("queue-error") && (byId("queue-error").hidden = name === "htmx:afterOnLoad"));
  show();
})();
