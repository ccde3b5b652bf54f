/* Taking back: the last choice on the page first, then the one before; with nothing left, the previous item. */
"use strict";

Rating.undo = (() => {
  const { $, $$, page, drafts, focus, say, words } = Rating;
  let shown = new Map(); // what each question says, so that a change knows what was before
  let done = [];

  const inputs = (question) => $$("input[type=radio]", question);
  const chosen = (question) => inputs(question).filter((input) => input.checked).map((input) => `${input.name}=${input.value}`);

  function remember(question) {
    done.push({ question, before: shown.get(question) ?? [] });
    shown.set(question, chosen(question));
  }

  function back() {
    const last = done.pop();
    if (!last) return previousItem();
    for (const input of inputs(last.question)) input.checked = last.before.includes(`${input.name}=${input.value}`);
    shown.set(last.question, last.before);
    page.showMissing();
    last.question.classList.remove("settled");
    focus.turnTo(last.question);
    drafts.answer(last.question);
    drafts.hush();
    say(inWords(last.question));
  }

  function inWords(question) {
    const answer = $("[name^=answer-]:checked", question);
    const number = Number(question.id.slice(1)) + 1;
    if (!answer) return words("undone_none", { number });
    return words("undone", { number, answer: $("span", answer.closest("label")).textContent.trim() });
  }

  function previousItem() {
    if ($("#previous")) $("#previous").click();
    else say(words("nothing_to_undo"));
  }

  Rating.hear("item:shown", () => {
    done = [];
    shown = new Map(page.questions().map((question) => [question, chosen(question)]));
  });

  return { back, remember };
})();
