// The live stream: one socket a page, a cursor for each run; without a socket, a poll.
(() => {
  const POLL = 15000, STALE = 60000, LONGEST_PAUSE = 15000, ACK = 250, NEAR = 80, OPEN = 1, HEARD = 50;
  const NEVER_AGAIN = { 4400: "Not live", 4401: "Sign in again", 4403: "Not yours any more", 4404: "Not live" };
  const byId = (id) => document.getElementById(id);
  const pill = byId("connection");
  const cursors = new Map(), heard = [];
  const topics = (document.body.dataset.liveTopics ?? "").split(",").filter(Boolean).map((topic) => {
    const [name, number] = topic.split("@");
    if (number !== undefined) cursors.set(name, Number(number));
    return name;
  });
  if (!pill || !topics.length) return;
  let socket, retry, acking, isOver = false, tries = 0, unseen = 0, heardAt = 0, newest = 0;

  function show(state, text) {
    pill.dataset.state = state;
    if (pill.textContent !== text) pill.textContent = text;
  }

  const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));

  function connect() {
    retry = clearTimeout(retry);
    const address = new URL("/ws/live/", location);
    address.protocol = location.protocol.replace("http", "ws");
    address.searchParams.set("topics", topics.map((name) => (cursors.has(name) ? `${name}@${cursors.get(name)}` : name)));
    socket = new WebSocket(address);
    socket.onmessage = (event) => hear(JSON.parse(event.data));
    socket.onclose = (event) => leave(event.code);
  }

  function leave(code) {
    if (socket) socket.onclose = null;
    isOver = code in NEVER_AGAIN;
    if (isOver) return show("offline", NEVER_AGAIN[code]);
    tries += 1;
    const since = heardAt ? ` last update ${new Date(heardAt).toLocaleTimeString("en-GB")}` : "";
    show(navigator.onLine ? "reconnecting" : "offline", navigator.onLine ? `Reconnecting…${since}` : `Offline, trying again.${since}`);
    retry = setTimeout(connect, Math.random() * Math.min(LONGEST_PAUSE, 500 * 2 ** tries)); // full jitter
  }

  function hear(message) {
    [heardAt, tries] = [Date.now(), 0];
    show("live", "Live");
    if (message.topic === "queue") tell("holdpoint:queue");
    if (!cursors.has(message.topic) || message.number <= cursors.get(message.topic)) return;
    cursors.set(message.topic, message.number);
    if (message.reset) byId("catch-up")?.removeAttribute("hidden");
    else add(message.html);
    newest = message.number;
    acking ??= setTimeout(acknowledge, ACK);
  }

  function acknowledge() {
    acking = undefined;
    if (socket.readyState === OPEN) socket.send(JSON.stringify({ ack: newest }));
  }

  const isAtEnd = (list) => list.getBoundingClientRect().bottom <= innerHeight + NEAR;

  const isAfter = (row, list) => Number(row.dataset.number) > Number(list.lastElementChild?.dataset.number ?? 0);

  // A timeline that was swapped in may have been drawn before what has been heard since.
  function catchUp() {
    const list = byId("timeline");
    for (const row of heard) if (list && isAfter(row, list)) list.append(row.cloneNode(true));
  }

  // Rows go to the end of the timeline; what has a place on the page already is replaced.
  function add(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const list = byId("timeline"), follows = list && isAtEnd(list);
    for (const each of [...template.content.children]) {
      for (const time of each.querySelectorAll("time")) time.title = new Date(time.dateTime).toLocaleString();
      if (!each.matches("li")) {
        byId(each.id)?.replaceWith(each);
        tell("holdpoint:run");
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

  async function poll() {
    if (isOver || Date.now() - heardAt < STALE) return;
    if (socket?.readyState === OPEN) socket.close(), leave(1006); // half dead
    for (const name of cursors.keys()) {
      const address = `/runs/${name.slice(4)}/events/?after=${cursors.get(name)}`; // name: run:<id>
      const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (response?.status === 401) return leave(4401);
      if (!response?.ok) return;
      const html = await response.text();
      const last = [...html.matchAll(/ data-number="(\d+)"/g)].at(-1);
      if (last) cursors.set(name, Number(last[1]));
      add(html);
    }
    tell("holdpoint:queue");
    show("reconnecting", `Checked every ${POLL / 1000} s`);
  }

  function retitle() {
    const open = Number(byId("open-count")?.dataset.count ?? 0);
    const prefix = open ? `(${open > 1000 ? "1,000+" : open}) ` : "";
    document.title = prefix + document.title.replace(/^\([\d,+]+\) /, "");
  }

  for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, () => (retitle(), catchUp()));
  addEventListener("online", () => retry && connect());
  addEventListener("scroll", () => unseen && isAtEnd(byId("timeline")) && showEnd(), { passive: true });
  byId("new-events")?.addEventListener("click", showEnd);
  setInterval(poll, POLL);
  if ("WebSocket" in window) connect();
})();
