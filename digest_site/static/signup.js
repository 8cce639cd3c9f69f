/* The sign-up and preferences pages: keywords as chips, and a preview that follows them.
   The textarea stays the form's field, and every button works without this script. */
(() => {
  "use strict";

  const PAUSE = 450; // milliseconds without a change before the preview is asked for

  const QUOTES = /[“”„‟«»＂]/g;

  /* As subscriptions.keywords.split: commas and line ends part entries, not within quotes or brackets. */
  function split(text) {
    const entries = [];
    for (const line of text.split(/\r\n?|\n/)) {
      let start = 0, depth = 0, quoted = false;
      const plain = line.replace(QUOTES, '"');
      for (let at = 0; at < plain.length; at++) {
        const char = plain[at];
        if (char === '"') quoted = !quoted;
        else if (!quoted && char === "(") depth++;
        else if (!quoted && char === ")") depth = Math.max(depth - 1, 0);
        else if (char === "," && !quoted && !depth) {
          entries.push(line.slice(start, at));
          start = at + 1;
        }
      }
      entries.push(line.slice(start));
    }
    return entries.map((entry) => entry.trim()).filter(Boolean);
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  class Chips {
    constructor(root, changed) {
      this.words = root.dataset;
      this.changed = changed;
      this.area = root.querySelector("textarea");
      this.entries = [...new Set(split(this.area.value))];
      this.build(root);
      this.draw();
    }

    build(root) {
      const label = root.querySelector(`label[for="${this.area.id}"]`);
      const hint = element("p", { id: `${this.area.id}_hint`, class: "visually-hidden" }, this.words.hint);
      this.status = element("p", { role: "status", class: "visually-hidden" });
      this.list = element("ul", { class: "chip-list" });
      this.input = element("input", {
        id: `${this.area.id}_chips`, type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
        enterkeyhint: "done",
        "aria-describedby": [this.area.getAttribute("aria-describedby"), hint.id].filter(Boolean).join(" "),
      });
      if (this.area.getAttribute("aria-invalid")) this.input.setAttribute("aria-invalid", "true");
      this.box = element("div", { class: "chips" }, this.list, this.input);
      label.htmlFor = this.input.id;
      this.area.hidden = true;
      this.area.after(this.box, hint, this.status);
      this.listen();
    }

    listen() {
      this.input.addEventListener("keydown", (event) => this.typed(event));
      this.input.addEventListener("blur", () => this.commit());
      this.input.addEventListener("paste", (event) => this.pasted(event));
      this.list.addEventListener("keydown", (event) => this.pressed(event));
      this.list.addEventListener("click", (event) => this.clicked(event));
      this.box.addEventListener("click", (event) => event.target === this.box && this.input.focus());
    }

    typed(event) {
      if (event.isComposing) return;
      const text = this.input.value;
      if (event.key === "Enter") {
        event.preventDefault();
        this.commit();
      } else if (event.key === "," && split(`${text},x`).length > split(text).length) {
        event.preventDefault();
        this.commit();
      } else if ((event.key === "Backspace" || event.key === "ArrowLeft") && this.input.selectionEnd === 0) {
        this.focus(this.entries.length - 1);
      }
    }

    pasted(event) {
      const text = event.clipboardData.getData("text");
      if (!/[\n\r,]/.test(text)) return;
      event.preventDefault();
      const { value, selectionStart, selectionEnd } = this.input;
      this.input.value = "";
      this.add(value.slice(0, selectionStart) + text + value.slice(selectionEnd));
    }

    pressed(event) {
      const at = this.place(event.target);
      const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: this.entries.length - 1 };
      if (event.key in moves) {
        event.preventDefault();
        this.focus(Math.max(moves[event.key], 0));
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        this.remove(at);
      }
    }

    clicked(event) {
      const button = event.target.closest("button");
      if (!button) return;
      const at = this.place(button);
      if (button.matches(".chip-remove")) return this.remove(at);
      this.commit();
      this.input.value = this.entries[at];
      this.entries.splice(at, 1);
      this.draw();
      this.input.focus();
    }

    commit() {
      const text = this.input.value;
      this.input.value = "";
      this.add(text);
    }

    add(text) {
      const asked = split(text);
      const fresh = [...new Set(asked)].filter((entry) => !this.entries.includes(entry));
      if (!asked.length) return;
      if (!fresh.length) return this.say(`${this.words.sayKnown} ${asked.join(", ")}`);
      this.entries.push(...fresh);
      this.draw();
      this.say(`${this.words.sayAdded} ${fresh.join(", ")}`);
      this.changed();
    }

    replace(old, fresh) {
      this.entries = [...new Set(this.entries.map((entry) => (same(entry, old) ? fresh : entry)))];
      this.draw();
      this.say(`${this.words.sayAdded} ${fresh}`);
      this.changed();
    }

    remove(at) {
      const [gone] = this.entries.splice(at, 1);
      this.draw();
      this.focus(Math.min(at, this.entries.length - 1));
      this.say(`${this.words.sayRemoved} ${gone}`);
      this.changed();
    }

    draw() {
      this.area.value = this.entries.join("\n");
      this.list.replaceChildren(...this.entries.map((entry) => this.chip(entry)));
    }

    chip(entry) {
      const isMuted = /^[-‐-―−]/.test(entry);
      const shown = isMuted ? `${this.words.sayMuted}: ${entry.slice(1).trim()}` : entry;
      const word = element("button", { type: "button", class: "chip-word", tabindex: "-1", title: this.words.sayEdit }, shown);
      const remove = element("button", { type: "button", class: "chip-remove", "aria-label": `${this.words.sayRemove} ${shown}` }, "×");
      return element("li", { class: isMuted ? "chip is-muted" : "chip" }, word, remove);
    }

    place(node) {
      return [...this.list.children].indexOf(node.closest("li"));
    }

    focus(at) {
      (this.list.children[at]?.querySelector(".chip-remove") ?? this.input).focus();
    }

    say(sentence) {
      this.status.textContent = sentence;
    }
  }

  /* The server writes keywords with plain signs and single blanks. */
  function same(entry, keyword) {
    const plain = (text) => text.replace(QUOTES, '"').replace(/[‐‑‒–—−]/g, "-").replace(/\s+/g, " ").replace(/^- /, "-");
    return plain(entry) === plain(keyword);
  }

  class Preview {
    constructor(form, words) {
      this.form = form;
      this.words = words;
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.now(), PAUSE);
    }

    async now() {
      clearTimeout(this.timer);
      this.running?.abort();
      const running = (this.running = new AbortController());
      this.busy();
      try {
        const answer = await fetch(this.words.url, { method: "POST", body: this.fields(), signal: running.signal });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!page.querySelector("[data-part=panel]")) throw new Error(answer.status);
        if (running.signal.aborted) return;
        this.show(page);
        if (answer.status === 503) this.timer = setTimeout(() => this.now(), 1000 * answer.headers.get("Retry-After"));
      } catch {
        if (!running.signal.aborted) this.fail();
      }
    }

    fields() {
      const all = new FormData(this.form);
      return new URLSearchParams(["csrfmiddlewaretoken", "keywords", "max_papers"].map((name) => [name, all.get(name) ?? ""]));
    }

    get panel() {
      return document.querySelector("[data-part=panel]");
    }

    busy() {
      this.panel.setAttribute("aria-busy", "true");
      this.panel.classList.remove("is-stale");
      this.note = this.note ?? element("p", { role: "status" });
      this.note.className = "preview-note";
      this.note.textContent = this.words.sayLoading;
      this.panel.prepend(this.note);
    }

    show(page) {
      for (const part of page.querySelectorAll("[data-part]")) {
        document.querySelector(`[data-part=${part.dataset.part}]`)?.replaceWith(part);
      }
      this.tidy();
      this.note.textContent = this.panel.querySelector("[data-summary]")?.textContent.replace(/\s+/g, " ") ?? "";
      this.note.className = "visually-hidden";
      this.panel.prepend(this.note);
      this.note = null;
    }

    /* What was there before stays, paler: it no longer goes with the keywords. */
    fail() {
      this.panel.removeAttribute("aria-busy");
      this.panel.classList.add("is-stale");
      this.note.className = "preview-note notice is-bad";
      this.note.textContent = this.words.sayFailed;
      const button = this.panel.querySelector("[data-show]");
      this.note.after(button);
      button.hidden = false;
      button.textContent = this.words.sayAgain;
    }

    /* While the preview follows by itself, nobody needs its button. */
    tidy() {
      this.panel.querySelector("[data-show]").hidden = true;
    }
  }

  const root = document.querySelector("[data-keywords]");
  if (!root) return;
  const form = root.closest("form");
  const preview = new Preview(form, root.dataset);
  const chips = new Chips(root, () => preview.later());
  form.addEventListener("submit", () => chips.commit());
  form.addEventListener("change", (event) => event.target.name === "max_papers" && preview.later());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !["add", "instead", "preview"].includes(button.name)) return;
    event.preventDefault();
    if (button.name === "add") chips.add(button.value);
    else if (button.name === "instead") chips.replace(...button.value.split(" → "));
    else preview.now();
    if (button.name !== "preview") chips.input.focus();
  });
  preview.tidy();
  if (!("ready" in preview.panel.dataset)) preview.now();
})();
