/* What could not be saved, in words, above the item and whichever item that is: what waits for the network, what the
 * server refused. And nobody leaves the site without what is on its way.
 */
"use strict";

Rating.trouble = (() => {
  const { $, page, outbox, submit, say, words, counted } = Rating;

  // What waits

  function stuck({ why, status }) {
    const n = outbox.unsent().length;
    const reason = words(`stuck_${why}`, { status });
    if (n === 0) return say(reason); // a draft
    const { hidden } = box();
    const all = `${counted("waiting", n)} ${reason}`;
    const told = !hidden && $("p", box()).textContent === all; // each try fails anew, and is told once
    $("p", box()).textContent = all;
    box().hidden = false;
    if (submit.waits() && hidden) $("#retry").focus();
    if (!told) say(words("not_saved"), all);
  }

  const box = () => $("#trouble");

  function calm() {
    if (!outbox.unsent().length) box().hidden = true;
  }

  // What was refused

  function showRefused() {
    const list = $("#refused");
    list.replaceChildren(...outbox.refused().filter((entry) => !submit.waits() || entry.kind !== "draft").map(line));
  }

  function line(entry) {
    const text = document.createElement("p");
    const said = entry.refused.text || words("refused_plainly", { status: entry.refused.status });
    text.textContent = `${words(entry.kind === "draft" ? "refused_draft" : "refused")} ${said} `;
    if (entry.kind !== "draft") text.append(button(words("open_item"), () => open(entry)), " ");
    text.append(button(words("let_go"), () => { outbox.drop(entry); showRefused(); }));
    return text;
  }

  function button(label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button";
    made.textContent = label;
    made.addEventListener("click", act);
    return made;
  }

  /* Asked again, the server gives the page with what was entered on it, and says what is wrong. */
  async function open(entry) {
    if (!(await outbox.emptied())) return;
    const asked = (event) => {
      if (event.detail.entry.id !== entry.id) return;
      document.removeEventListener("outbox:refused", asked);
      const next = page.read(event.detail.page);
      if (!next) return;
      outbox.drop(entry);
      page.show(next);
      say($("#item").dataset.announce);
      showRefused();
    };
    document.addEventListener("outbox:refused", asked);
    await outbox.retry(entry);
    showRefused();
  }

  // Leaving

  async function leaveBy(link) {
    say(words("saving_first"));
    if (await outbox.emptied()) location.assign(link.href);
    else say(words("kept_first"));
  }

  async function goBack() {
    if (await outbox.emptied()) return location.reload();
    history.pushState(null, "", $("#item").dataset.url); // still here
    say(words("kept_first"));
  }

  Rating.hear("outbox:stuck", stuck);
  Rating.hear("outbox:refused", ({ entry }) => { if (entry.kind !== "draft") say(words("not_saved")); });
  Rating.hear("outbox:saved", calm);
  Rating.hear("outbox:passed", () => { calm(); showRefused(); });
  Rating.hear("item:shown", () => { calm(); showRefused(); });
  document.addEventListener("click", (event) => {
    if (event.target.id === "retry") outbox.flush();
    const link = event.target.closest("a[href]");
    const away = link && link.getAttribute("href").startsWith("#") === false && !event.ctrlKey && !event.metaKey;
    if (!away || !outbox.unsent().length) return;
    event.preventDefault();
    leaveBy(link);
  });
  window.addEventListener("popstate", (event) => {
    if (!location.hash) goBack(event);
  });
  window.addEventListener("beforeunload", (event) => {
    const typed = !page.form()?.dataset.draft && Rating.$$("#answers textarea").some((input) => input.value !== input.defaultValue);
    if (outbox.unsent().length || typed) event.preventDefault();
  });

  return {};
})();
