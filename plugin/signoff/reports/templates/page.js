(() => {
  "use strict";
  // Only a convenience: without it the page has everything, and on paper everything is printed whatever is chosen.
  const bar = document.getElementById("filter");
  const items = [...document.querySelectorAll("#items .item")];
  const fields = [...bar.querySelectorAll("[name]")];
  const count = document.getElementById("filter-count");
  const hosts = [...document.querySelectorAll("#filter-hosts option")].map((each) => each.value);
  const words = new Map([...bar.querySelector("[name=state]").options].map((each) => [each.value, each.text]));
  const worst = [...words.keys()];
  const prefix = "#filter?";
  const known = new Map();

  const once = (item, name, make) => {
    if (!known.has(item)) known.set(item, {});
    const mine = known.get(item);
    if (!(name in mine)) mine[name] = make();
    return mine[name];
  };
  const textOf = (item) => once(item, "text", () => item.textContent.toLowerCase());
  const statesOf = (item) => once(item, "states", () => {
    const states = new Array(hosts.length).fill("");
    for (const part of item.dataset.on.split(";").filter(Boolean)) {
      const [state, places] = part.split(":");
      for (const range of places.split(",")) {
        const [first, last] = range.split("-").map(Number);
        states.fill(state, first, (last ?? first) + 1);
      }
    }
    return states;
  });
  const chosenHosts = (name) => {
    const wanted = name.toLowerCase();
    const exact = hosts.findIndex((each) => each.toLowerCase() === wanted);
    if (exact >= 0) return [exact];
    return hosts.flatMap((each, place) => (each.toLowerCase().includes(wanted) ? [place] : []));
  };
  const worstOn = (item, places) => {
    const states = statesOf(item);
    const ranks = places.map((place) => worst.indexOf(states[place])).filter((rank) => rank > 0);
    return ranks.length ? worst[Math.min(...ranks)] : "";
  };
  const show = (item, state) => {
    item.querySelector(".here")?.remove();
    if (!state) return;
    const chip = document.createElement("span");
    chip.className = `chip here t-${state}`;
    chip.textContent = words.get(state);
    item.querySelector("summary").append(chip);
  };
  const choice = () => Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));

  const apply = () => {
    const wanted = choice();
    const places = wanted.host ? chosenHosts(wanted.host) : null;
    const text = wanted.text.toLowerCase();
    let shown = 0;
    for (const item of items) {
      const here = places ? worstOn(item, places) : "";
      const state = places ? here : item.dataset.state;
      const fits = (!wanted.owner || item.dataset.owner === wanted.owner)
        && (!wanted.area || item.dataset.area === wanted.area)
        && (!wanted.state || state === wanted.state)
        && (!places || here !== "")
        && (!text || textOf(item).includes(text));
      item.hidden = !fits;
      show(item, here);
      shown += fits;
    }
    for (const group of document.querySelectorAll("#items .group")) {
      const left = group.nextElementSibling.querySelectorAll(".item:not([hidden])").length;
      group.hidden = left === 0;
      group.querySelector(".count").textContent = left;
    }
    count.textContent = bar.dataset.count.replace("{shown}", shown).replace("{total}", items.length);
  };
  const remember = () => {
    const chosen = new URLSearchParams(Object.entries(choice()).filter(([, value]) => value));
    try {
      history.replaceState(null, "", `${chosen}` ? `${prefix}${chosen}` : "#items");
    } catch {
      // A sandboxed frame has no address of its own: the filter works all the same.
      return;
    }
  };
  const clear = () => {
    for (const field of fields) field.value = "";
    apply();
  };
  const recall = () => {
    if (location.hash.startsWith(prefix)) {
      const chosen = new URLSearchParams(location.hash.slice(prefix.length));
      for (const field of fields) {
        field.value = chosen.get(field.name) ?? "";
        // A choice that this page does not have.
        if (field.selectedIndex === -1) field.selectedIndex = 0;
      }
      apply();
      document.getElementById("items").scrollIntoView();
      return;
    }
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.matches(".item")) return;
    if (target.hidden) clear();
    target.open = true;
    target.scrollIntoView();
  };

  bar.hidden = false;
  bar.addEventListener("input", () => { apply(); remember(); });
  bar.querySelector("button").addEventListener("click", () => { clear(); remember(); fields[0].focus(); });
  addEventListener("hashchange", recall);
  apply();
  recall();
})();
