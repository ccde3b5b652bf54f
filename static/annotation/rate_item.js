/* The rating page: keys, marks on the evidence, drafts, and saying in words what is saved.
 *
 * The page works without this: real radio buttons in a real form. What is shown comes from the server; this file only
 * moves focus, sends drafts and keeps the answers on the page while the server cannot be reached.
 */
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = () => $("#answers");
  const questions = () => $$(".question");
  const answered = (question) => $("[name^=answer-]:checked", question) !== null;
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"));

  // What is said: aloud in the live region, which outlives the item, and beside the actions

  function say(words) {
    $("#status").textContent = words;
    if ($("#said")) $("#said").textContent = words;
  }

  function showMissing() {
    const left = questions().filter((question) => !answered(question)).length;
    $("#missing").textContent = left ? `· ${left} left` : "";
    for (const question of questions()) if (answered(question)) question.classList.remove("lacking");
  }

  // The question in focus, and where it comes from

  let current = null;

  function turnTo(question) {
    if (!question) return;
    if (current && current !== question) current.classList.add("settled");
    question.focus({ preventScroll: true });
    question.scrollIntoView({ block: "nearest" });
  }

  function mark(question) {
    current = question;
    question.classList.remove("settled");
    for (const turn of $$(".turn.marked")) turn.classList.remove("marked");
    const turns = question.dataset.evidence.split(" ").filter(Boolean).map((id) => document.getElementById(id));
    for (const turn of turns) turn?.classList.add("marked");
    if (turns[0]) show(turns[0]);
  }

  function show(turn) {
    const pane = $(".reading");
    const top = turn.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
    if (pane.scrollHeight > pane.clientHeight) pane.scrollTo({ top: top - 48 });
  }

  function here() {
    const focused = document.activeElement.closest?.(".question");
    if (focused) return focused;
    return current?.isConnected ? current : questions().find((question) => !answered(question)) || questions()[0];
  }

  function step(by) {
    const all = questions();
    turnTo(all[Math.min(all.length - 1, Math.max(0, all.indexOf(here()) + by))]);
  }

  function goOn(from) {
    const all = questions();
    const later = all.slice(all.indexOf(from) + 1).find((question) => !answered(question));
    const next = later || all.find((question) => !answered(question));
    if (next) return turnTo(next);
    from.classList.add("settled");
    $("#submit").focus();
  }

  // Choosing by key

  function choose(label) {
    const input = $("input", label);
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const question = label.closest(".question");
    const asksWhy = $(".reason", question) && input.name.startsWith("answer-") && input.value !== "accepted";
    if (asksWhy) turnTo(question);
    else goOn(question);
  }

  function chosenBy(key) {
    const question = here();
    return question && $$(".choice", question).find((label) => label.dataset.key === key && label.checkVisibility());
  }

  function toggle(id) {
    const panel = document.getElementById(id);
    panel.open = !panel.open;
    if (panel.open) $("summary", panel).focus();
  }

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    p: () => $("#previous")?.click(),
    s: () => { $("#skip").focus(); say("Press Enter to go there."); },
    m: () => $("#note").focus(),
    f: () => { $("#flag").click(); $("#flag").checked ? $("#flag-text").focus() : $("#flag").focus(); },
    g: () => toggle("guideline"),
    "?": () => toggle("keys"),
  };

  function onKey(event) {
    const target = event.target;
    if (event.key === "Escape") return leave(target);
    if (target.matches("textarea, input:not([type=radio], [type=checkbox])")) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !form()) return;
    if (event.key === "Enter") return target.matches("a, button, summary") ? undefined : submit(event);
    if (!$("#single-keys").checked) return;
    const label = chosenBy(event.key.toLowerCase());
    const act = label ? () => choose(label) : keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function leave(target) {
    for (const panel of $$(".panel[open]")) panel.open = false;
    if (target.matches("textarea, input")) turnTo(here());
  }

  // Submitting

  function submit(event) {
    event.preventDefault();
    const button = $("#submit");
    if (button.matches("a")) return button.click();
    const missing = questions().filter((question) => !answered(question));
    if (!missing.length) return form().requestSubmit(button);
    turnTo(here() && missing.includes(here()) ? here() : missing[0]);
    sayMissing(missing);
  }

  function sayMissing(missing) {
    const numbers = missing.map((question) => Number(question.id.slice(1)) + 1);
    const listed = numbers.length > 6 ? `${numbers.slice(0, 6).join(", ")} …` : numbers.join(", ");
    asked = true;
    say(numbers.length === 1 ? `Question ${listed} has no answer yet.` : `${numbers.length} questions have no answer yet: ${listed}.`);
    for (const question of missing) question.classList.add("lacking");
  }

  function checkComplete(event) {
    if (event.target.id !== "answers") return;
    const missing = questions().filter((question) => !answered(question));
    if (!missing.length) {
      event.target.elements.seconds.value = activeSeconds().toFixed(1);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    turnTo(missing[0]);
    sayMissing(missing);
  }

  function trouble(words) {
    submitting = false;
    send();
    const box = $("#trouble");
    if (!box) return say(words);
    $("p", box).textContent = words;
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
    $("#retry").focus();
    say("Not saved.");
  }

  // Drafts: one request at a time for each question, the latest choice last

  const waiting = new Map();
  let sending = false;
  let asked = false; // the rater was told what is missing: no word about a draft comes over it until the next choice
  let submitting = false;

  function draft(question) {
    const url = form().dataset.draft;
    if (!url) return;
    const body = new FormData();
    for (const input of $$("input:checked", question)) body.append(input.name, input.value);
    waiting.set(question, { url, body });
    send();
  }

  async function send() {
    if (sending || submitting || !waiting.size) return;
    sending = true;
    const [question, one] = waiting.entries().next().value;
    const tell = (words) => { if (question.isConnected && !submitting && !asked && $("#trouble").hidden) say(words); };
    tell("Saving…");
    try {
      const reply = await fetch(one.url, { method: "POST", body: one.body, headers: csrf() });
      if (waiting.get(question) === one) waiting.delete(question);
      if (reply.ok) tell(waiting.size ? "Saving…" : "Draft saved");
      else tell(reply.status < 500 ? await reply.text() : "Not saved: the server is in trouble");
    } catch {
      tell("Offline: your answers are kept on this page");
      setTimeout(send, 5000);
      sending = false;
      return;
    }
    sending = false;
    send();
  }

  // The lease is renewed while somebody is at the page, also while they only read

  const BEAT = 45000; // milliseconds; no lease is shorter than a minute
  let used = false;

  async function beat() {
    const url = form()?.dataset.draft;
    if (!used || !url || submitting || document.visibilityState !== "visible") return;
    used = false;
    try {
      const reply = await fetch(url, { method: "POST", headers: csrf() });
      if (reply.status === 410) say(await reply.text());
    } catch {
      used = true; // offline: the next beat tries again
    }
  }

  // Time on the page while it is looked at

  let active = 0;
  let since = null;

  function watch() {
    if (since !== null) active += performance.now() - since;
    since = document.visibilityState === "visible" ? performance.now() : null;
  }

  function activeSeconds() {
    watch();
    return active / 1000;
  }

  function typed() {
    return $$("textarea, #flag-text").some((input) => input.value !== input.defaultValue);
  }

  // A new item

  function begin() {
    current = null;
    watch();
    if (!form()) return;
    form().noValidate = true;
    for (const question of questions()) question.classList.toggle("settled", answered(question));
    showMissing();
  }

  function arrive() {
    submitting = asked = false;
    waiting.clear(); // what was submitted, or handed back, needs no draft
    if (!$("#notice")) active = 0; // else the same item came back with something to mend
    begin();
    const item = $("#item");
    scrollTo(0, 0);
    ($("#notice") ? $(".asking") : item).scrollTop = 0;
    $("#heading").focus({ preventScroll: true });
    say(item.dataset.announce);
    if (!$("#notice") && $("#said")) $("#said").textContent = "Saved";
  }

  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", checkComplete, true);
  document.addEventListener("focusin", (event) => {
    const question = event.target.closest(".question");
    if (question && question !== current) mark(question);
  });
  document.addEventListener("click", (event) => {
    if (event.target.id === "retry") {
      $("#trouble").hidden = true;
      form().requestSubmit($("#submit"));
    }
    const close = event.target.closest("[data-close]");
    for (const panel of $$(".panel[open]")) if (close || !panel.contains(event.target)) panel.open = false;
    const turn = event.target.closest(".evidence a");
    if (turn && $(".reading").scrollHeight > $(".reading").clientHeight) {
      event.preventDefault();
      show($(turn.getAttribute("href")));
    }
    const question = event.target.closest(".question");
    if (question && !event.target.closest("a, label, input")) question.focus({ preventScroll: true });
  });
  document.addEventListener("change", (event) => {
    const question = event.target.closest(".question");
    if (event.target.id === "single-keys") localStorage.setItem("single-keys", event.target.checked);
    if (!question) return;
    if (event.target.value === "accepted") for (const reason of $$("[name^=reason-]:checked", question)) reason.checked = false;
    asked = false;
    showMissing();
    draft(question);
  });
  document.addEventListener("visibilitychange", watch);
  for (const sign of ["keydown", "pointerdown", "scroll"]) {
    document.addEventListener(sign, () => { used = true; }, { capture: true, passive: true });
  }
  setInterval(beat, BEAT);
  document.addEventListener("htmx:beforeRequest", () => {
    submitting = true; // the answers go as a whole; drafts would only come late
    say("Saving…");
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") arrive(); });
  document.addEventListener("htmx:sendError", () => trouble("The server could not be reached. Your answers are kept on this page."));
  document.addEventListener("htmx:timeout", () => trouble("The server did not answer. Your answers are kept on this page."));
  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    trouble(status === 401 ? responseText : `The server could not save this (${status}). Your answers are kept on this page.`);
  });
  window.addEventListener("online", send);
  window.addEventListener("beforeunload", (event) => { if (form() && (waiting.size || typed())) event.preventDefault(); });
  document.addEventListener("DOMContentLoaded", () => {
    $("#single-keys").checked = localStorage.getItem("single-keys") !== "false";
    for (const button of $$("[data-close]")) button.hidden = false;
    begin();
  });
})();
