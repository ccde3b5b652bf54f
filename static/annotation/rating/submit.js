/* Handing in and handing back. The next item takes this one's place at once where it was fetched ahead; the answers go
 * through the outbox, and "saved" is said when the server has stored them.
 */
"use strict";

Rating.submit = (() => {
  const { $, $$, page, outbox, ahead, drafts, clock, progress, say, words, counted } = Rating;
  let awaited = null; // the entry whose reply, or that of one before it, brings the next page
  const opened = Date.now();
  let fromBefore = 0;

  // What is sent

  function fieldsOf(form) {
    for (const [name, value] of Object.entries(clock.reading())) if (form.elements[name]) form.elements[name].value = value;
    return [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  }

  function handIn() {
    const kind = page.isWork() ? "submit" : "revise";
    const fields = fieldsOf(page.form());
    if (kind === "submit") clock.note(clock.reading().seconds);
    send({ kind, url: page.form().getAttribute("action"), token: page.token(), fields });
  }

  function handBack(button) {
    const previous = $("#previous")?.getAttribute("href");
    const fields = [["reason", button?.value ?? ""]];
    send({ kind: "return", url: $("#return").getAttribute("action"), token: page.token(), fields }, previous);
  }

  function send(what, previous) {
    if (awaited) return;
    drafts.forget();
    const entry = outbox.put(what);
    const next = what.kind === "revise" ? null : ahead.take();
    if (next) goOn(next, what.kind, previous);
    else wait(entry);
    outbox.flush();
  }

  function goOn(next, kind, previous) {
    const back = $("#previous", next.item);
    if (kind === "return" && previous) back?.setAttribute("href", previous);
    else if (kind === "return") back?.remove();
    page.show(next);
    say(words("next", progress.values()));
  }

  function wait(entry) {
    awaited = entry;
    page.form().setAttribute("aria-busy", "true");
    say(words("saving"));
  }

  // What comes of it

  function stored({ entry, page: reply }) {
    if (entry.kind === "draft") return;
    const next = reply.status === 200 ? page.read(reply) : null;
    if (entry.at < opened) fromBefore += 1;
    if (reply.url && !next) {
      awaited = null; // else passed() would go elsewhere
      return void location.assign(reply.url);
    }
    progress.stored(entry, next); // before a page is shown that may count this one already
    if (awaited) instead(next);
    else ahead.keep(next);
    ahead.fetchFirst();
    if (!drafts.hushed()) saySaved(entry);
  }

  /* The page was waiting for one to take its place. */
  function instead(next) {
    const first = ahead.take();
    if (!first && !next) return;
    awaited = null;
    page.show(first || next);
    if (first) ahead.keep(next);
  }

  function saySaved(entry) {
    if (awaited) return;
    if (fromBefore && !outbox.unsent().length) {
      say(counted("from_before", fromBefore));
      fromBefore = 0;
    } else if (page.isWork()) say(words(entry.kind === "return" ? "item" : "saved_item", progress.values()));
    else say($("#item").dataset.announce || words("saved"));
    if (entry.kind !== "return" && $("#said")) $("#said").textContent = words("saved");
  }

  /* Of the page that waits, the reply says on the page itself what is wrong; of an earlier one, see trouble.js. */
  function refused({ entry, page: reply }) {
    if (awaited?.id !== entry.id) return;
    awaited = null;
    page.form().removeAttribute("aria-busy");
    const next = page.read(reply);
    if (!next) return;
    outbox.drop(entry);
    page.show(next, { stay: true });
    say($("#item").dataset.announce);
  }

  /* Another tab may have sent what this one waits for. */
  function passed() {
    if (awaited && !outbox.has(awaited.id)) location.assign($("[data-campaign]").dataset.campaign);
  }

  /* A page that is opened while its answers are still on their way goes on when they have arrived. */
  function resume() {
    const own = outbox.unsent().find((entry) => entry.token && entry.token === page.token());
    if (own) wait(own);
    if (outbox.waiting().length) outbox.flush();
  }

  // By hand

  function sayMissing(missing) {
    const numbers = missing.map((question) => Number(question.id.slice(1)) + 1);
    const listed = numbers.length > 6 ? `${numbers.slice(0, 6).join(", ")} …` : numbers.join(", ");
    drafts.hush();
    say(counted("missing", numbers.length, { listed }));
    for (const question of missing) question.classList.add("lacking");
  }

  function ask(event) {
    event.preventDefault();
    const missing = page.missing();
    if (!missing.length) return handIn();
    Rating.focus.turnTo(missing[0]);
    sayMissing(missing);
  }

  /* By Enter: to what is missing, beginning with the question in focus, else on. */
  function byKey() {
    const button = $("#submit");
    if (button.matches("a")) return button.click();
    const missing = page.missing();
    if (!missing.length) return awaited ? undefined : handIn();
    const here = Rating.focus.here();
    Rating.focus.turnTo(missing.includes(here) ? here : missing[0]);
    sayMissing(missing);
  }

  document.addEventListener("submit", (event) => {
    if (event.target.id === "return") {
      event.preventDefault();
      handBack(event.submitter);
    } else if (event.target.id === "answers") ask(event);
  });
  document.addEventListener("click", (event) => {
    // The second click of a double one would fall on the next item.
    if (event.detail > 1 && event.target.closest("#submit, [form=return]")) event.preventDefault();
  });
  Rating.hear("outbox:saved", stored);
  Rating.hear("outbox:refused", refused);
  Rating.hear("outbox:passed", passed);

  return { byKey, resume, waits: () => awaited !== null };
})();
