// What one has just done: the seconds in which it can be undone, and closing the word about it.
(() => {
  const begun = new WeakMap(); // an element that counts down → when it was first seen
  const closed = new Set();
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function count(element) {
    if (!begun.has(element)) begun.set(element, performance.now());
    const left = Number(element.dataset.left) - (performance.now() - begun.get(element)) / 1000;
    for (const each of all("[data-countdown]", element)) {
      each.hidden = left <= 0;
      each.querySelector("b").textContent = Math.max(0, Math.ceil(left));
    }
    for (const each of all(".running", element)) each.hidden = left <= 0;
    for (const each of all(".over", element)) each.hidden = left > 0;
    for (const each of all(".undo", element)) if (left <= 0) retire(each);
  }

  // Nobody is invited to what is over; only the key still finds the button, and is told that it is too late.
  function retire(undo) {
    undo.classList.add("unseen");
    undo.inert = true;
  }

  function refresh() {
    for (const each of all(".toast")) if (closed.has(each.id)) each.remove();
    for (const each of all(".toast [data-close]")) each.hidden = false;
    for (const each of all("[data-left]")) count(each);
  }

  document.addEventListener("click", (event) => {
    const toast = event.target.closest(".toast [data-close]")?.closest(".toast");
    if (!toast) return;
    closed.add(toast.id);
    toast.remove();
  });
  for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, refresh);
  setInterval(refresh, 1000);
  refresh();
})();
