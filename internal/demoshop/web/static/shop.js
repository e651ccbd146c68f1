"use strict";
// Everything works without this file; it only saves clicks.
(function () {
  // The sorting form sends itself.
  document.querySelectorAll(".tools select").forEach(function (s) {
    s.addEventListener("change", function () { s.form.requestSubmit(); });
  });

  gallery();
  variants();
  checkout();

  // A click on a small picture shows it large in place.
  function gallery() {
    const shots = document.querySelectorAll(".gallery .shot");
    shots.forEach(function (shot, i) {
      if (i === 0) return;
      shot.addEventListener("click", function (e) {
        e.preventDefault();
        const big = shots[0].querySelector("img"), small = shot.querySelector("img"), was = big.src;
        big.src = shots[0].href = small.src;
        small.src = shot.href = was;
      });
    });
  }

  // The list of variants becomes one row of choices per axis (colour, size).
  function variants() {
    const box = document.getElementById("variants");
    if (!box) return;
    const radios = Array.from(box.querySelectorAll('input[name="variant"]'));
    radios.forEach(function (r) { r.addEventListener("change", function () { show(r); }); });
    const options = radios.map(function (r) {
      return r.dataset.options.split("\u001e").filter(Boolean).map(function (o) { return o.split("\u001f"); });
    });
    const names = options[0].map(function (o) { return o[0]; });
    const same = options.every(function (o) { return o.length === names.length && o.every(function (p, i) { return p[0] === names[i]; }); });
    const keys = new Set(options.map(function (o) { return JSON.stringify(o); }));
    if (names.length < 2 || !same || keys.size !== radios.length) return;

    const holder = document.createElement("div");
    names.forEach(function (name, axis) {
      const set = document.createElement("fieldset");
      set.className = "axis";
      const legend = document.createElement("legend");
      legend.textContent = name;
      const row = document.createElement("div");
      new Set(options.map(function (o) { return o[axis][1]; })).forEach(function (value) {
        const label = document.createElement("label");
        label.className = "choice";
        const input = document.createElement("input");
        input.type = "radio";
        input.name = "axis-" + axis;
        input.value = value;
        const text = document.createElement("span");
        text.textContent = value;
        label.append(input, text);
        row.append(label);
        input.addEventListener("change", function () { choose(axis, value); });
      });
      set.append(legend, row);
      holder.append(set);
    });
    box.hidden = true;
    box.style.display = "none";
    box.before(holder);
    mark(radios.findIndex(function (r) { return r.checked; }));

    // Keeps what was chosen on the other axes, as far as such a variant exists.
    function choose(axis, value) {
      const now = options[radios.findIndex(function (r) { return r.checked; })] || [];
      let best = -1, score = -1;
      options.forEach(function (o, i) {
        if (o[axis][1] !== value) return;
        let s = radios[i].dataset.can ? 0.5 : 0;
        o.forEach(function (p, a) { if (a !== axis && now[a] && now[a][1] === p[1]) s += 1; });
        if (s > score) { best = i; score = s; }
      });
      radios[best].checked = true;
      show(radios[best]);
      mark(best);
    }

    function mark(i) {
      if (i < 0) return;
      holder.querySelectorAll(".axis").forEach(function (set, axis) {
        set.querySelectorAll("input").forEach(function (input) {
          input.checked = input.value === options[i][axis][1];
          const fits = options.some(function (o, n) {
            return radios[n].dataset.can && o.every(function (p, a) { return p[1] === (a === axis ? input.value : options[i][a][1]); });
          });
          input.parentElement.classList.toggle("gone", !fits);
        });
      });
    }
  }

  function show(r) {
    text("price", r.dataset.price);
    text("old", r.dataset.old);
    text("sku", r.dataset.sku);
    const off = document.getElementById("off");
    if (off) { off.hidden = r.dataset.off === "0"; off.textContent = "−" + r.dataset.off + " %"; }
    const left = document.getElementById("left");
    if (left) { left.textContent = r.dataset.left; left.className = "left " + (r.dataset.can ? "yes" : "no"); }
    const add = document.getElementById("add");
    if (add) { add.disabled = !r.dataset.can; add.textContent = r.dataset.can ? "Додати в кошик" : "Немає в наявності"; }
  }

  function text(id, value) {
    const el = document.getElementById(id);
    if (el) el.textContent = value;
  }

  // The total follows the chosen delivery and add-ons. The shop counts again when the order is placed.
  function checkout() {
    const form = document.getElementById("checkout");
    if (!form) return;
    const again = document.getElementById("recalculate");
    const sums = document.getElementById("sums").dataset;
    const cents = function (t) { return Math.round(parseFloat(t || "0") * 100); };
    const write = function (c) {
      const whole = String(Math.floor(c / 100)).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
      const part = c % 100;
      return whole + (part ? "," + String(part).padStart(2, "0") : "") + "\u00a0₴";
    };
    const count = function () {
      let addOns = 0;
      form.querySelectorAll('input[name^="addon_"]:checked').forEach(function (a) { addOns += cents(a.dataset.cost); });
      const d = form.querySelector('input[name="delivery"]:checked');
      const delivery = d ? cents(d.dataset.cost) : 0;
      text("sum-addons", write(addOns));
      text("sum-delivery", write(delivery));
      text("sum-total", write(cents(sums.goods) - cents(sums.discount) + addOns + delivery));
    };
    form.addEventListener("change", count);
    form.querySelector('input[name="promo"]').addEventListener("change", function () { again.click(); });
    form.addEventListener("submit", function () {
      setTimeout(function () { document.getElementById("place").disabled = true; }, 0);
    });
    again.hidden = true;
    count();
  }
})();
