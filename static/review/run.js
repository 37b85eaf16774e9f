// The page of a run: following and speaking are the reader's choice; a graph changes in its place.
(() => {
  const QUIET = 5000, LATER = 500, NEAR = 80; // ms between sentences; ms from a line to the graph; px from the end
  const byId = (id) => document.getElementById(id);
  const list = document.querySelector("#log > ol"), follow = byId("follow"), speak = byId("speak"), spoken = byId("spoken");
  let newest = Number(list?.lastElementChild?.dataset.number ?? 0), count = 0, sentence, saidAt = 0, saying, drawing;

  function say() {
    spoken.textContent = count > 1 ? `${count} events, the last: ${sentence}` : sentence;
    [saying, saidAt, count] = [undefined, Date.now(), 0];
  }

  function hear(changes) {
    const rows = changes.flatMap((each) => [...each.addedNodes]).filter((row) => Number(row.dataset?.number) > newest);
    if (!rows.length) return;
    const last = rows.at(-1), top = rows[0].getBoundingClientRect().top;
    newest = Number(last.dataset.number);
    if (list.id !== "timeline" && follow.checked && top <= innerHeight + NEAR) last.scrollIntoView({ block: "nearest" });
    [count, sentence] = [speak.checked ? count + rows.length : 0, last.querySelector(".said p")?.textContent];
    if (speak.checked) saying ??= setTimeout(say, Math.max(0, saidAt + QUIET - Date.now()));
  }

  async function redraw() {
    drawing = undefined;
    const old = byId("graph"), touched = document.activeElement, reply = await fetch(old.dataset.news).catch(() => null);
    const fresh = reply?.ok && new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("graph");
    if (fresh?.dataset?.shape !== old.dataset.shape) return fresh && !old.contains(touched) && old.replaceWith(fresh);
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const there = byId(part.id);
      if (there.isEqualNode(part) || (there !== touched && there.contains(touched))) continue;
      for (const { name, value } of part.attributes) there.setAttribute(name, value);
      there.replaceChildren(...part.childNodes);
    }
  }

  if (list) new MutationObserver(hear).observe(list, { childList: true });
  if (list) [byId("toggles").hidden, follow.checked] = [false, localStorage.getItem("holdpoint-follow") !== "no"];
  byId("toggles")?.addEventListener("change", () => (localStorage.setItem("holdpoint-follow", follow.checked ? "yes" : "no"), spoken.setAttribute("aria-live", speak.checked ? "polite" : "off")));
  if (byId("graph")) document.body.addEventListener("holdpoint:lines", () => (drawing ??= setTimeout(redraw, LATER)));
})();
