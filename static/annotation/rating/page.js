/* The item on the page: its parts, and putting another in its place. */
"use strict";

Rating.page = (() => {
  const { $, $$, counted, tell } = Rating;
  const form = () => $("#answers");
  const questions = () => $$(".question");
  const answered = (question) => $("[name^=answer-]:checked", question) !== null;
  const missing = () => questions().filter((question) => !answered(question));
  const token = () => $("#item")?.dataset.token ?? "";
  const isWork = () => Boolean($("#item")?.dataset.ahead);

  function showMissing() {
    const left = missing().length;
    $("#missing").textContent = left ? counted("open", left) : "";
    for (const question of questions()) if (answered(question)) question.classList.remove("lacking");
  }

  /* A reply of the server as something that can be shown. */
  function read({ text, url }) {
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const item = $("#item", parsed);
    return item && { item, title: parsed.title, url: url || item.dataset.url, token: item.dataset.token };
  }

  /* In the place of the present one. Whatever has a script or a look of its own is a page of its own. */
  function show(next, { stay = false } = {}) {
    if (!$("#answers", next.item)) return void location.assign(next.url);
    $("#item").replaceWith(document.adoptNode(next.item));
    document.title = next.title;
    if (!stay && next.url) history.pushState(null, "", next.url);
    scrollTo(0, 0);
    ($("#notice") ? $(".asking") : $("#item")).scrollTop = 0;
    begin();
    $("#heading").focus({ preventScroll: true });
  }

  function begin() {
    if (!form()) return;
    form().noValidate = true;
    for (const question of questions()) question.classList.toggle("settled", answered(question));
    for (const button of $$("[data-close]")) button.hidden = false;
    showMissing();
    tell("item:shown", { again: $("#notice") !== null });
  }

  return { form, questions, answered, missing, token, isWork, showMissing, read, show, begin };
})();
