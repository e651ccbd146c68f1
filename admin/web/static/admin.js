// What the page does beyond forms and links: copying a link, and taking the mark off a proposal that
// the merchant has chosen for themselves. Without scripts the link can still be selected by hand.
(() => {
  "use strict";

  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    if (!field) return;
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages without https have no clipboard
    }
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  document.addEventListener("change", (event) => {
    const select = event.target.closest(".kb select.kb-proposed");
    if (!select) return;
    select.classList.remove("kb-proposed");
    const mark = select.closest(".kb-maprow, .kb-field")?.querySelector(".kb-proposal");
    if (mark) mark.remove();
  });
})();
