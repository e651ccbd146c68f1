"use strict";
// «Вибрати всі»: only with JavaScript, so the box is hidden until it works.
(function () {
  const all = document.getElementById("all");
  if (!all) return;
  all.hidden = false;
  all.querySelector("input").addEventListener("change", function (e) {
    document.querySelectorAll('input[name="id"]').forEach(function (box) { box.checked = e.target.checked; });
  });
})();
