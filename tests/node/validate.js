// Reads {name: markup} from standard input and prints what is wrong with each page; with `mail`, each mail.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

// What mail programs need: styles on the elements, tables for layout with the attributes of old, a table for Word.
const MAIL = {
  "no-inline-style": "off",
  "no-deprecated-attr": "off",
  "no-conditional-comment": "off",
  "presentation-role-style": "off",
};

const validator = new HtmlValidate({
  extends: ["html-validate:recommended", "html-validate:document", "html-validate:a11y"],
  rules: {
    // Style only: how the source is written, not what it says.
    "attribute-boolean-style": "off",
    "no-redundant-for": "off",
    "doctype-style": "off",
    "no-trailing-whitespace": "off",
    "void-style": "off",
    // For what comes from elsewhere; here nothing does.
    "require-sri": "off",
    // Titles name the paper, however long its own title is.
    "long-title": "off",
    ...(process.argv[2] === "mail" ? MAIL : {}),
  },
});

const wrong = [];
for (const [name, markup] of Object.entries(JSON.parse(readFileSync(0, "utf-8")))) {
  const report = await validator.validateString(markup);
  for (const { messages } of report.results) {
    for (const { ruleId, message, line, selector } of messages) {
      wrong.push(`${name}:${line} ${ruleId}: ${message} (${selector ?? ""})`);
    }
  }
}
process.stdout.write(JSON.stringify(wrong));
