/* What this browser keeps for the one who is logged in: addresses, keys, choices, numbers and the rater's own words.
 * Never a text of the study. Whatever another login left is removed.
 */
"use strict";

Rating.store = (() => {
  const all = "fitting-room:";
  const own = `${all}${Rating.login}:`;
  const memory = new Map(); // for a browser that keeps nothing, or has no room left

  const names = () => {
    try {
      return Object.keys(localStorage);
    } catch {
      return [];
    }
  };

  function read(name) {
    if (memory.has(own + name)) return JSON.parse(memory.get(own + name));
    try {
      return JSON.parse(localStorage.getItem(own + name));
    } catch {
      return null;
    }
  }

  function write(name, value) {
    const text = JSON.stringify(value);
    try {
      localStorage.setItem(own + name, text);
      memory.delete(own + name);
    } catch {
      memory.set(own + name, text);
    }
  }

  function drop(name) {
    memory.delete(own + name);
    try {
      localStorage.removeItem(own + name);
    } catch { /* it keeps nothing */ }
  }

  function list(start) {
    const kept = new Set([...names(), ...memory.keys()]);
    return [...kept].filter((name) => name.startsWith(own + start)).map((name) => name.slice(own.length));
  }

  if (Rating.login) {
    for (const name of names()) if (name.startsWith(all) && !name.startsWith(own)) localStorage.removeItem(name);
  }

  return { read, write, drop, list, lock: `${own}outbox` };
})();
