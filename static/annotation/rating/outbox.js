/* Everything that a rater gives goes through here: it is kept in the browser until the server has stored it.
 *
 * An entry survives a lost connection, a reload and a closed tab, and is sent again from any page of the same login
 * that has this script. The key in its fields makes a repeated request the same request. Entries go in order, one at a
 * time, from one tab at a time. What the server refuses is kept with its words until the rater has seen them.
 *
 * Events: outbox:saved {entry, page}, outbox:refused {entry, page, status, text}, outbox:stuck {why, status},
 * outbox:passed after every round.
 */
"use strict";

Rating.outbox = (() => {
  const { store, tell } = Rating;
  const PATIENCE = 30000; // milliseconds for one request
  const LONGEST_PAUSE = 60000;
  const TOLD_FOR = 60000; // what a tab writes reaches the others within milliseconds, on a busy machine within seconds
  const MOST_FAILURES = 5; // of the server over one entry; then it makes way for the others
  let failures = 0; // in a row, of whatever kind
  let again = null;
  let round = null;
  let made = 0;
  const sent = new Set(); // versions that the server has, from whichever tab

  const name = (id) => `outbox:${id}`;
  const mark = () => `${Date.now()}-${made++}-${Math.random()}`; // no two changes have the same, in whatever tab
  const byAge = (one, other) => one.at - other.at;
  const open = (entry) => entry && !sent.has(entry.version);
  const all = () => store.list("outbox:").map(store.read).filter(open).sort(byAge);
  const waiting = () => all().filter((entry) => !entry.refused);
  const refused = () => all().filter((entry) => entry.refused);
  const unsent = () => waiting().filter((entry) => entry.kind !== "draft");
  const drop = (entry) => store.drop(name(entry.id));
  const has = (id) => Boolean(open(store.read(name(id))));

  function put({ kind, url, token, fields }) {
    const id = kind === "draft" ? `draft-${token}` : `${kind}-${token}-${Date.now()}`;
    const before = kind === "draft" ? store.read(name(id)) : null;
    const merged = [...new Map([...(before?.fields ?? []), ...fields])];
    const entry = { id, kind, url, token, fields: merged, at: before?.at ?? Date.now() + made / 1000, version: mark() };
    if (kind !== "draft") store.drop(name(`draft-${token}`)); // the answers go as a whole
    store.write(name(id), entry);
    return entry;
  }

  /* Whether nothing has taken its place since: a later change, or the submit that a draft is part of. */
  const stands = (entry) => store.read(name(entry.id))?.version === entry.version;

  // Sending

  function flush() {
    clearTimeout(again);
    round ??= inTurn(sendAll).finally(() => {
      round = null;
      tell("outbox:passed");
    });
    return round;
  }

  /* One tab at a time, where the browser can see to it; the server takes every entry once in any case. */
  const inTurn = (work) => (navigator.locks ? navigator.locks.request(store.lock, work) : work());

  /* What another tab has dropped can still be read here for a while, but of locks every tab knows at once: so whoever
   * has sent an entry holds a lock in its name before the next tab has its turn.
   */
  const told = `${store.lock}:sent:`;

  async function tellSent({ version }) {
    sent.add(version);
    const hold = (held) => new Promise((release) => { held(); setTimeout(release, TOLD_FOR); });
    const lock = (held) => navigator.locks.request(told + version, { mode: "shared" }, () => hold(held)).catch(held);
    if (navigator.locks) await new Promise(lock);
  }

  async function hearSent() {
    const { held } = (await navigator.locks?.query()) ?? { held: [] };
    for (const lock of held) if (lock.name.startsWith(told)) sent.add(lock.name.slice(told.length));
  }

  async function sendAll() {
    await hearSent();
    for (let entry = waiting()[0]; entry; entry = waiting()[0]) {
      if (!(await send(entry))) return;
      failures = 0;
    }
  }

  /* True where the next one may go. */
  async function send(entry, fresh = false) {
    let page;
    try {
      page = await post(entry);
    } catch {
      return later({ why: "offline" });
    }
    if (page.stored) {
      if (stands(entry)) drop(entry);
      const known = tellSent(entry);
      tell("outbox:saved", { entry, page });
      await known;
      return true;
    }
    if (page.status === 401) return later({ why: "login" });
    if (page.status === 403 && !fresh) return (await renewed()) ? send(entry, true) : later({ why: "login" });
    const tries = (entry.tries ?? 0) + 1;
    if (page.status < 500 && ![408, 425, 429].includes(page.status)) return refuse(entry, page);
    if (page.status === 500 && tries >= MOST_FAILURES) return refuse(entry, page);
    if (page.status === 500 && stands(entry)) store.write(name(entry.id), { ...entry, tries });
    return later({ why: "server", status: page.status });
  }

  async function post(entry) {
    const body = new URLSearchParams(entry.fields);
    const besides = entry.kind === "draft" ? "" : Rating.ahead?.besides(entry);
    if (besides) body.append("ahead", besides);
    const reply = await fetch(entry.url, {
      method: "POST",
      body,
      headers: { "HX-Request": "true", ...Rating.csrf() },
      keepalive: body.toString().length < 50000, // it goes also when the page does; browsers bound what may
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await reply.text();
    // Not every 200 is an answer of ours: a network that wants a login of its own has pages too.
    const ours = reply.status === 204 || reply.redirected || text.includes('id="item"');
    const url = reply.redirected ? reply.url : reply.headers.get("HX-Push-Url");
    return { stored: reply.ok && ours, status: reply.ok && !ours ? 502 : reply.status, text, url };
  }

  async function renewed() {
    try {
      return await Rating.renewPass();
    } catch {
      return false;
    }
  }

  function later(trouble) {
    const pause = Math.min(LONGEST_PAUSE, 2000 * 2 ** failures++);
    again = setTimeout(flush, pause * (0.75 + Math.random() / 2));
    tell("outbox:stuck", trouble);
    return false;
  }

  function refuse(entry, page) {
    if (!stands(entry)) return true;
    const heading = new DOMParser().parseFromString(page.text, "text/html").querySelector("#notice strong, h1");
    const plain = entry.kind === "draft" && page.status < 500 ? page.text : "";
    const said = heading?.textContent.trim() || plain;
    store.write(name(entry.id), { ...entry, refused: { status: page.status, text: said } });
    tell("outbox:refused", { entry, page, text: said });
    return true;
  }

  /* Once more, as if it had not been refused. */
  function retry(entry) {
    store.write(name(entry.id), { ...entry, refused: undefined, tries: 0 });
    return flush();
  }

  /* Whether nothing is left that has to be stored. */
  async function emptied() {
    if (unsent().length) await flush();
    return !unsent().length;
  }

  window.addEventListener("online", () => { if (waiting().length) flush(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && waiting().length && failures) flush();
  });

  return { put, drop, flush, retry, emptied, waiting, refused, unsent, has };
})();
