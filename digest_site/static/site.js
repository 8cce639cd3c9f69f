// What the pages do better with a script; without it everything is there as well.
(() => {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue; // only where the page came safely
    const label = button.textContent;
    const say = (text) => { button.textContent = text; };
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      say(button.dataset.copied);
      setTimeout(say, 2000, label);
    });
  }
})();
