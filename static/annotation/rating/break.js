/* A card after 25 minutes of work, between two items: a suggestion, which resets nothing and costs no time on record. */
"use strict";

Rating.rest = (() => {
  const { $, store, clock, words } = Rating;
  const AFTER = 25 * 60000; // milliseconds of work
  const LONG_AWAY = 5 * 60000; // hidden for so long is a break already
  let worked = Number(sessionStorage.getItem("worked")) || 0;
  let hiddenAt = null;

  const card = () => $("#break");
  const wanted = () => store.read("breaks") !== "off";
  const keep = (value) => { worked = value; sessionStorage.setItem("worked", String(Math.round(value))); };

  function offer({ again }) {
    clock.tick();
    if (again || worked < AFTER || !wanted() || card().open) return;
    clock.pause();
    $("p", card()).textContent = words("break", { minutes: Math.round(worked / 60000) });
    card().showModal();
    $("#go-on").focus();
  }

  function goOn() {
    keep(0);
    clock.resume();
    $("#heading")?.focus({ preventScroll: true });
  }

  Rating.hear("clock:worked", ({ milliseconds }) => keep(worked + milliseconds));
  Rating.hear("item:shown", offer);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hiddenAt = performance.now();
    else if (hiddenAt !== null && performance.now() - hiddenAt > LONG_AWAY) keep(0);
  });
  document.addEventListener("DOMContentLoaded", () => {
    card().addEventListener("close", goOn);
    $("#go-on").addEventListener("click", () => card().close());
    $("#no-breaks").checked = !wanted();
    $("#no-breaks").addEventListener("change", (event) => store.write("breaks", event.target.checked ? "off" : "on"));
  });

  return {};
})();
