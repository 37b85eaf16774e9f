// A changed field says what was proposed, and offers it back; the primary button counts the changes.
(() => {
  const isOwn = (field) => (control) => control.closest(".field") === field; // a field may hold others
  const controls = (field) => [...field.querySelectorAll("input, select, textarea")].filter(isOwn(field));
  const canBeOff = (control) => ["checkbox", "radio"].includes(control.type);
  const held = (field) => controls(field).filter((each) => !canBeOff(each) || each.checked).map((each) => each.value);

  // A long text is not written twice: its control knows how it began.
  const begun = (field) => controls(field).map((each) => each.defaultValue);
  const proposed = (field) => (field.dataset.proposed ? JSON.parse(field.dataset.proposed) : begun(field));

  function look() {
    let edits = 0;
    for (const field of document.querySelectorAll("#decision [data-proposed]")) {
      const isChanged = held(field).join("\n") !== proposed(field).join("\n");
      const was = field.querySelector(".was");
      if (was) was.hidden = !isChanged;
      edits += isChanged;
    }
    const told = document.getElementById("edits");
    if (told) [told.hidden, told.textContent] = [!edits, `with ${edits} edit${edits === 1 ? "" : "s"}`];
  }

  function putBack(field) {
    const values = proposed(field), own = controls(field);
    for (const each of own) canBeOff(each) ? (each.checked = values.includes(each.value)) : (each.value = values[0]);
    own[0].dispatchEvent(new Event("input", { bubbles: true })); // the draft hears of it
    (own.find((each) => each.checked) ?? own[0]).focus();
  }

  async function copy(button) {
    if (!navigator.clipboard) return (button.textContent = "Only over https");
    const address = button.dataset.copyRaw, raw = button.parentElement.querySelector("pre");
    await navigator.clipboard.writeText(address ? await (await fetch(address)).text() : raw.textContent);
    button.textContent = "Copied";
  }

  document.addEventListener("input", look);
  document.addEventListener("htmx:afterSwap", look);
  document.addEventListener("click", ({ target }) => {
    if (target.matches(".put-back")) putBack(target.closest("[data-proposed]"));
    if (target.matches("[data-copy-raw]")) copy(target);
  });
  look();
})();
