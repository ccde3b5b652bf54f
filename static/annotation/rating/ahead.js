/* The next item, fetched before it is needed, so that going on takes no time. It is kept in memory alone. */
"use strict";

Rating.ahead = (() => {
  const { $, page } = Rating;
  let kept = null;
  let asking = null;

  function keep(next) {
    if (next && page.isWork() && next.token !== page.token()) kept = next;
  }

  function take() {
    const next = kept;
    kept = null;
    return next;
  }

  /* The token of what this page holds besides the item that is sent: the one on the page, else the one ahead. */
  function besides(entry) {
    if (page.isWork() && entry.token !== page.token()) return page.token();
    return kept?.token ?? "";
  }

  /* For a page that came without one. Nothing depends on it: a page without is submitted the slow way. */
  function fetchFirst() {
    if (kept || asking || !page.isWork() || Rating.outbox.unsent().length) return;
    const before = page.token();
    asking = ask($("#item").dataset.ahead)
      .then((next) => { if (before === page.token()) keep(next); })
      .catch(() => null)
      .finally(() => { asking = null; });
  }

  async function ask(url) {
    const reply = await fetch(url, { headers: { "HX-Request": "true" } });
    return reply.status === 200 && !reply.redirected ? page.read({ text: await reply.text() }) : null;
  }

  Rating.hear("item:shown", ({ again }) => {
    if (kept?.token === page.token()) kept = null;
    if (!again) fetchFirst();
  });

  return { keep, take, besides, fetchFirst, drop: () => { kept = null; }, token: () => kept?.token ?? "" };
})();
