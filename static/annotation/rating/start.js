/* Pages that are no item: what waits from before is sent, and what came of it is said. What must not be seen before
 * everything is stored (a completion code) stands in an element with data-after-outbox.
 */
"use strict";

(() => {
  const { $, $$, outbox, words, counted } = Rating;
  const held = $$("[data-after-outbox]");
  const box = document.createElement("div");
  let saved = 0;

  function tell(text) {
    box.className = "notice";
    box.textContent = text;
  }

  function release() {
    const waiting = outbox.unsent().length > 0;
    for (const element of held) element.hidden = waiting;
    return !waiting;
  }

  function passed() {
    const told = [];
    if (saved) told.push(counted("from_before", saved));
    for (const entry of outbox.refused()) told.push(`${words("refused")} ${entry.refused.text}`);
    if (release() && told.length) tell(told.join(" "));
  }

  Rating.hear("outbox:saved", ({ entry }) => { if (entry.kind !== "draft") saved += 1; });
  Rating.hear("outbox:stuck", ({ why, status }) => {
    const n = outbox.unsent().length;
    if (n) tell(`${counted("waiting", n)} ${words(`stuck_${why}`, { status })}`);
  });
  Rating.hear("outbox:passed", passed);
  window.addEventListener("beforeunload", (event) => { if (outbox.unsent().length) event.preventDefault(); });
  box.setAttribute("role", "status"); // there before it speaks, else nobody hears it
  ($("main.page") || document.body).prepend(box);
  release();
  if (outbox.waiting().length) {
    if (held.length) tell(words("saving_first"));
    outbox.flush();
  } else if (outbox.refused().length) passed();
})();
