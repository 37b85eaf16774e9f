// The timeline of a run: lines that arrive go to its end; the reader is never moved.
(() => {
  const NEAR = 80, HEARD = 50; // px from the end; lines kept for a timeline that was drawn before them
  const byId = (id) => document.getElementById(id);
  const heard = [];
  let unseen = 0;

  const isAtEnd = (list) => list.getBoundingClientRect().bottom <= innerHeight + NEAR;
  const isAfter = (row, list) => Number(row.dataset.number) > Number(list.lastElementChild?.dataset.number ?? 0);

  // A timeline that was swapped in may have been drawn before what has been heard since.
  function catchUp() {
    const list = byId("timeline");
    for (const row of heard) if (list && isAfter(row, list)) list.append(row.cloneNode(true));
  }

  // Rows go to the end of the timeline; what has a place on the page already is replaced.
  function add(event) {
    const template = document.createElement("template");
    template.innerHTML = event.detail;
    const list = byId("timeline"), follows = list && byId("follow")?.checked !== false && isAtEnd(list);
    for (const each of [...template.content.children]) {
      for (const time of each.querySelectorAll("time")) time.title = new Date(time.dateTime).toLocaleString();
      if (!each.matches("li")) {
        byId(each.id)?.replaceWith(each);
        document.body.dispatchEvent(new CustomEvent("holdpoint:run"));
        continue;
      }
      heard.push(each.cloneNode(true));
      if (!list || !isAfter(each, list)) continue;
      list.append(each);
      if (byId("new-events")) unseen += 1; // a page without the button leaves its reader alone
    }
    heard.splice(0, heard.length - HEARD);
    if (unseen) follows ? showEnd() : count();
  }

  function count() {
    byId("new-events").hidden = !unseen;
    byId("new-events-count").textContent = `${unseen} new event${unseen === 1 ? "" : "s"}`;
  }

  function showEnd() {
    unseen = 0;
    count();
    byId("timeline").lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  document.body.addEventListener("holdpoint:lines", add);
  document.body.addEventListener("holdpoint:missed", () => byId("catch-up")?.removeAttribute("hidden"));
  for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, catchUp);
  addEventListener("scroll", () => unseen && isAtEnd(byId("timeline")) && showEnd(), { passive: true });
  byId("new-events")?.addEventListener("click", showEnd);
})();
