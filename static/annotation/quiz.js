/* Keys of the quiz: a digit chooses in the question in focus (else the first that has no answer) and goes to the next. */
"use strict";

(() => {
  const questions = () => [...document.querySelectorAll(".asked")];
  const radios = (question) => [...question.querySelectorAll("input[type=radio]")];
  const answered = (question) => radios(question).some((radio) => radio.checked);

  function inFocus() {
    const here = document.activeElement?.closest(".asked");
    return here && !answered(here) ? here : questions().find((question) => !answered(question)) ?? here;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
    const question = inFocus();
    const radio = question && radios(question)[Number(event.key) - 1];
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    radio.focus();
    const next = questions().find((other) => !answered(other));
    if (next) next.scrollIntoView({ block: "nearest" });
  });
})();
