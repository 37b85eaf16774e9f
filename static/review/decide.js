// Deciding: once, on purpose, and about what is on the page.
(() => {
  const QUIET = 400; // ms after an advance in which nothing decides: no double decisions
  const byId = (id) => document.getElementById(id), form = () => byId("decision");
  const stop = (event) => (event.preventDefault(), event.stopImmediatePropagation());
  let shown = form()?.action, shownAt = -QUIET, held = null, isSending = false;

  // The second click of a double click must not decide, least of all about the next request.
  function guard(event) {
    const button = event.target.closest("[name=outcome], [name=confirmed]");
    if (!button) return;
    if (event.detail > 1 || performance.now() - shownAt < QUIET) return stop(event);
    const dialog = byId(button.dataset.confirm);
    if (!dialog || ("needsReason" in button.dataset && !form().reason.value.trim())) return;
    stop(event);
    button.focus(); // where Esc and Cancel lead back to
    dialog.showModal();
  }

  async function press(event) {
    const button = event.target.closest("dialog [data-close], [data-copied]");
    button?.closest("dialog")?.close();
    if (!button?.dataset.copied) return;
    await navigator.clipboard.writeText(button.dataset.text ?? document.querySelector(button.dataset.copy).value);
    byId("say-polite").textContent = button.dataset.copied;
  }

  // While a decision is on its way nothing else is fetched: its answer brings the whole page.
  function begin(event) {
    if (event.target !== form()) return isSending && event.preventDefault();
    isSending = true;
    const { value } = event.detail.requestConfig.triggeringEvent.submitter;
    document.querySelector("dialog[open]")?.close();
    for (const each of form().elements) if (each.name === "outcome" && each.value === value) each.setAttribute("aria-busy", "true");
  }

  function end(event) {
    if (event.detail.requestConfig.elt.id !== "decision") return;
    isSending = false;
    for (const each of document.querySelectorAll("#decision [aria-busy]")) each.removeAttribute("aria-busy");
  }

  // A refusal that comes as a page is shown; any other 403 would take away what was typed.
  function receive({ detail }) {
    const isOurs = detail.requestConfig.elt === form() && detail.xhr.status === 403;
    if (isOurs && detail.serverResponse.includes('id="decide"')) detail.shouldSwap = true;
  }

  // What comes in above a field in which somebody types must not push it away from him.
  const place = () => (form()?.contains(document.activeElement) ? document.activeElement.getBoundingClientRect().top : null);
  const hold = ({ detail }) => detail.target.id !== "main" && (held = place());

  // The page that comes says itself where to begin. With the focus in the old one both would be laid out; and htmx takes
  // leave of each element by events: those that nobody waits for go at once.
  function letGo({ detail }) {
    if (detail.target.id !== "main" || !detail.serverResponse.includes(" autofocus")) return;
    if (!document.activeElement.matches("input, textarea, select")) document.activeElement.blur();
    for (const part of document.querySelectorAll("#main .asked, #main .tabs-of-request")) if (!part.contains(detail.elt)) part.replaceChildren();
  }

  function scrollBack(panel) {
    panel.scrollTop += Math.round(place() - held);
    scrollBy(0, Math.round(place() - held)); // what the panel cannot make up for
    return Math.abs(place() - held) < 1;
  }

  function keepPlace() {
    const panel = byId("decide");
    if (held !== null && place() !== null && !scrollBack(panel)) {
      panel.style.paddingBlockEnd = "100vh"; // room to scroll in; what is not needed goes again
      scrollBack(panel);
      panel.style.paddingBlockEnd = `calc(100vh - ${panel.scrollHeight - panel.clientHeight - panel.scrollTop}px)`;
    }
    held = null;
  }

  function arrive({ detail }) {
    keepPlace();
    prepare();
    if (detail.target?.id !== "main") return;
    if (form()?.action !== shown) shownAt = performance.now();
    shown = form()?.action;
  }

  function prepare() {
    for (const each of document.querySelectorAll("[data-copied]")) each.hidden = !navigator.clipboard;
  }

  addEventListener("click", guard, true);
  document.addEventListener("click", press);
  document.addEventListener("htmx:beforeRequest", begin);
  document.addEventListener("htmx:afterRequest", end);
  document.addEventListener("htmx:beforeSwap", receive);
  document.addEventListener("htmx:beforeSwap", hold);
  document.addEventListener("htmx:beforeSwap", letGo);
  document.addEventListener("htmx:afterSwap", arrive);
  prepare();
})();
