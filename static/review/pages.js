// Small comforts: times in the reader's own zone, and a word when an answer was not sent.
(() => {
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

  function told(moment) {
    const seconds = (moment - Date.now()) / 1000;
    if (Math.abs(seconds) < 60) return seconds < 0 ? "just now" : "any moment";
    const [unit, length] = UNITS.find((each) => Math.abs(seconds) >= each[1]);
    return relative.format(Math.trunc(seconds / length), unit);
  }

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      time.title = new Date(time.dateTime).toLocaleString();
    }
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      time.textContent = told(new Date(time.dateTime));
    }
  }

  function tellNotSent(event) {
    const notice = event.target.querySelector?.("#not-sent");
    if (notice) notice.hidden = event.type === "htmx:beforeRequest";
  }

  localise(document);
  setInterval(tick, 60000);
  document.addEventListener("htmx:afterSettle", () => localise(document));
  for (const name of ["htmx:beforeRequest", "htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, tellNotSent);
  }
})();
