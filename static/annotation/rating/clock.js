/* Time at an item: looked at, and open but hidden; pastes into its fields; and from that, how long the rest may take.
 * A break (break.js) is neither.
 */
"use strict";

Rating.clock = (() => {
  const { $, store, words } = Rating;
  const LAST = 12; // items that a rater's pace is taken from
  const FEWEST = 5; // before it is spoken of
  const campaign = $("[data-campaign]")?.dataset.campaign ?? "";
  let spent = { active: 0, hidden: 0, pastes: 0 };
  let since = performance.now();
  let state = "paused";

  const now = () => (document.visibilityState === "visible" ? "active" : "hidden");

  function turn(to) {
    const passed = performance.now() - since;
    since = performance.now();
    if (state !== "paused") spent[state] += passed;
    if (state === "active") Rating.tell("clock:worked", { milliseconds: passed });
    state = to;
  }

  const pause = () => turn("paused");
  const resume = () => turn(now());

  function begin({ again }) {
    turn(now());
    if (!again) spent = { active: 0, hidden: 0, pastes: 0 }; // else the same item came back with something to mend
  }

  function reading() {
    turn(state === "paused" ? "paused" : now());
    return {
      seconds: (spent.active / 1000).toFixed(1),
      hidden_seconds: (spent.hidden / 1000).toFixed(1),
      pastes: String(spent.pastes),
    };
  }

  // The rater's own pace, in this campaign

  const paces = () => store.read(`pace:${campaign}`) ?? [];

  function note(seconds) {
    store.write(`pace:${campaign}`, [...paces(), Number(seconds)].slice(-LAST));
  }

  function timeLeft(items) {
    const sorted = paces().sort((one, other) => one - other);
    if (sorted.length < FEWEST || items < 1) return "";
    const minutes = Math.max(1, Math.round((sorted[Math.floor(sorted.length / 2)] * items) / 60));
    if (minutes < 100) return Rating.counted("minutes", minutes);
    return words("hours", { n: Math.round(minutes / 60) });
  }

  Rating.hear("item:shown", begin);
  document.addEventListener("visibilitychange", () => { if (state !== "paused") turn(now()); });
  document.addEventListener("paste", (event) => { if (event.target.matches("textarea, input")) spent.pastes += 1; });

  return { pause, resume, reading, note, timeLeft, tick: () => { if (state !== "paused") turn(now()); } };
})();
