/* The lease is renewed while somebody is at the page, also while they only read; with it that of the item ahead. */
"use strict";

Rating.beat = (() => {
  const { page, ahead, say, csrf, submit } = Rating;
  const EVERY = 45000; // milliseconds; no lease is shorter than a minute
  let used = false;

  async function beat() {
    const url = page.form()?.dataset.draft;
    if (!used || !url || submit.waits() || document.visibilityState !== "visible") return;
    used = false;
    const held = ahead.token();
    const body = new URLSearchParams(held ? { ahead: held } : {});
    try {
      const reply = await fetch(url, { method: "POST", body, headers: csrf() });
      const over = reply.status === 410 && url === page.form()?.dataset.draft; // else the rater had gone on by then
      if (over || (reply.headers.has("X-Ahead-Over") && held === ahead.token())) ahead.drop();
      if (over) say(await reply.text());
    } catch {
      used = true; // offline: the next beat tries again
    }
  }

  for (const sign of ["keydown", "pointerdown", "scroll"]) {
    document.addEventListener(sign, () => { used = true; }, { capture: true, passive: true });
  }
  setInterval(beat, EVERY);

  return {};
})();
