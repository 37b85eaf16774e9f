// Together: others see who has the request before him or types, and whoever types holds it.
(() => {
  const BEAT = 45000, IDLE = 600000, SETTLE = 1000; // ms; nobody needs to see who only passes by
  const box = () => document.getElementById("together");
  const says = () => [...document.querySelectorAll("#together [data-say]")].map((each) => each.dataset.say).join(" ");
  const page = Math.random().toString(36).slice(2); // its signs are counted: they may overtake each other
  let address, isTyping = false, touchedAt = Date.now(), told = "hidden", number = 0, said = "", waiting;

  function tell(sign) {
    if (!address) return;
    [told, waiting] = [sign, clearTimeout(waiting)];
    const body = new URLSearchParams({ sign, place: `${page}:${++number}`, csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value });
    fetch(address, { method: "POST", body, keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {}); // the next beat tells it
  }

  function sign() {
    if (isTyping) return "typing";
    return document.hidden ? "hidden" : Date.now() - touchedAt > IDLE ? "idle" : "viewing";
  }

  const tellNews = () => sign() !== told && tell(sign());
  const leave = () => told !== "hidden" && tell("hidden");

  function look() {
    if (box()?.dataset.presence !== address) {
      leave();
      clearTimeout(waiting);
      [address, isTyping, told, said, waiting] = [box()?.dataset.presence, false, "hidden", says(), setTimeout(tellNews, SETTLE)];
    }
    if (says() !== said) document.getElementById(document.getElementById("lost-claim") ? "say-now" : "say-polite").textContent = said = says();
  }

  document.addEventListener("input", (event) => {
    if (!event.target.closest("form.decision")) return;
    isTyping = true;
    tellNews();
    if (!box()?.dataset.claim) return;
    htmx.ajax("POST", box().dataset.claim, { source: box(), target: "#together", swap: "outerHTML", values: { typing: "yes" } });
    delete box().dataset.claim;
  });
  for (const name of ["pointermove", "keydown"]) addEventListener(name, () => ((touchedAt = Date.now()), told === "idle" && tellNews()), { passive: true });
  document.addEventListener("visibilitychange", tellNews);
  document.addEventListener("htmx:afterSettle", look);
  addEventListener("pagehide", leave);
  setInterval(() => sign() !== "hidden" && tell(sign()), BEAT);
  look();
})();
