/* Drafts: what is chosen or typed and not submitted yet, through the outbox. Several changes go in one request. */
"use strict";

Rating.drafts = (() => {
  const { $, $$, page, outbox, say, words } = Rating;
  const PAUSE = 1500; // milliseconds without a key before a text is sent
  const TYPED = "#note, #missing-attributes, #flag, #flag-text";
  let typing = null;
  let silent = false; // the rater was told something: no word about a draft comes over it until the next choice

  const url = () => page.form()?.dataset.draft;

  function put(fields) {
    if (!url()) return;
    outbox.put({ kind: "draft", url: url(), token: page.token(), fields });
    outbox.flush();
    if (!silent && !$("#trouble:not([hidden])")) say(words("saving"));
  }

  /* The answer to one question; an empty one where it was taken back. */
  function answer(question) {
    silent = false;
    const place = question.id.slice(1);
    const chosen = (kind) => $(`[name="${kind}-${place}"]:checked`, question)?.value ?? "";
    const fields = [[`answer-${place}`, chosen("answer")]];
    if ($(".reason", question)) fields.push([`reason-${place}`, chosen("reason")]);
    put(fields);
  }

  /* All free text of the page: an emptied field is a change too. */
  function remarks() {
    clearTimeout(typing);
    typing = null;
    const texts = [["note", $("#note").value], ["missing", $("#missing-attributes")?.value ?? ""]];
    const flag = $("#flag").checked ? [["flag", "yes"]] : [];
    put([["remarks", "yes"], ["flag", ""], ...texts, ...flag, ["flag_text", $("#flag").checked ? $("#flag-text").value : ""]]);
  }

  function typedSoon() {
    clearTimeout(typing);
    typing = setTimeout(remarks, PAUSE);
  }

  const forget = () => { clearTimeout(typing); typing = null; };

  /* What this browser kept of the page and the server never got. */
  function restore() {
    const kept = outbox.waiting().find((entry) => entry.kind === "draft" && entry.token === page.token());
    for (const [name, value] of kept?.fields ?? []) restoreField(name, value);
    if (kept) page.showMissing();
  }

  function restoreField(name, value) {
    for (const input of $$(`#answers [name="${CSS.escape(name)}"]`)) {
      if (input.type === "radio") input.checked = input.value === value && value !== "";
      else if (input.type === "checkbox") input.checked = value === "yes";
      else input.value = value;
    }
  }

  document.addEventListener("input", (event) => { if (event.target.matches(TYPED)) typedSoon(); });
  document.addEventListener("change", (event) => { if (event.target.matches(TYPED)) remarks(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && typing) remarks(); });
  window.addEventListener("pagehide", () => { if (typing) remarks(); });
  Rating.hear("item:shown", () => { silent = false; });
  Rating.hear("outbox:saved", ({ entry }) => {
    if (entry.kind !== "draft" || entry.token !== page.token() || silent || outbox.unsent().length) return;
    say(words(outbox.waiting().length ? "saving" : "draft_saved"));
  });

  return { answer, forget, restore, hush: () => { silent = true; }, hushed: () => silent };
})();
