// What is typed is not lost. The server keeps it as a draft: a second after the last key, on leaving a field,
// and when the page is hidden. This device keeps an answer that could not be sent, until it is sent.
(() => {
  const PAUSE = 1000, BEACON = 60000; // ms; the most bytes that a page may send while it goes away
  const SECRET = "[type=password], [name=csrfmiddlewaretoken]";
  const byId = (id) => document.getElementById(id), form = () => byId("decision");
  let isDirty = false, timer;

  function read(withheld) {
    const typed = new FormData(form());
    for (const secret of form().querySelectorAll(withheld)) typed.delete(secret.name);
    return typed;
  }

  async function save() {
    timer = clearTimeout(timer);
    const address = form()?.dataset.draft;
    if (!isDirty || !address) return;
    isDirty = false;
    const body = new URLSearchParams(read("[type=password]")), keepalive = body.toString().length < BEACON;
    const response = await fetch(address, { method: "POST", body, keepalive, headers: { "HX-Request": "true" } }).catch(() => null);
    if (form()?.dataset.draft !== address) return; // another request is shown by now
    isDirty ||= !response?.ok;
    byId("draft-lost").hidden = Boolean(response?.ok);
    if (response?.status === 200) htmx.swap("#draft-state", await response.text(), { swapStyle: "innerHTML" });
  }

  function change(event) {
    if (!event.target.form || event.target.form !== form()) return;
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }

  function saveNow(event) {
    if (!event.target.closest("#save-draft")) return;
    event.preventDefault();
    isDirty = true;
    save();
  }

  // The answer itself is on its way: a draft that came after it would be too late.
  function send(event) {
    if (event.target !== form()) return;
    isDirty = false;
    timer = clearTimeout(timer);
    byId("not-sent").hidden = true;
  }

  function keep(event) {
    if (event.target !== form()) return;
    const { xhr, requestConfig } = event.detail, { name, value } = requestConfig.triggeringEvent.submitter;
    localStorage.setItem(form().dataset.unsent, JSON.stringify({ pressed: { name, value }, fields: [...read(SECRET)] }));
    tellNotSent({ name, value }, xhr.status);
    byId("retry").focus();
  }

  function tellNotSent(pressed, status) {
    Object.assign(byId("retry"), pressed);
    byId("sign-in-again").hidden = status !== 401;
    byId("not-sent").hidden = false;
  }

  // The page was left, or loaded again, before the answer could be sent.
  function restore() {
    const text = localStorage.getItem(form()?.dataset.unsent);
    if (!text) return;
    const kept = JSON.parse(text);
    for (const field of form().elements) {
      const values = kept.fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
      else if (field.type === "select-multiple") for (const each of field.options) each.selected = values.includes(each.value);
      else if (values.length && field.type !== "submit") field.value = values[0];
    }
    tellNotSent(kept.pressed);
  }

  document.addEventListener("input", change);
  document.addEventListener("change", change);
  document.addEventListener("click", saveNow);
  document.addEventListener("focusout", save);
  document.addEventListener("visibilitychange", () => document.hidden && save());
  document.addEventListener("htmx:beforeRequest", send);
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, keep);
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.requestConfig.elt === form() && detail.shouldSwap) localStorage.removeItem(form().dataset.unsent);
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => detail.target?.id === "main" && restore());
  addEventListener("online", save);
  restore();
})();
