// Reads {name: message in base64} from standard input and prints what a mail program's parser makes of each.
import { readFileSync } from "node:fs";
import PostalMime from "postal-mime";

const parsed = {};
for (const [name, message] of Object.entries(JSON.parse(readFileSync(0, "utf-8")))) {
  const mail = await PostalMime.parse(Buffer.from(message, "base64"));
  parsed[name] = {
    headers: mail.headers.map(({ key, value }) => [key, value]),
    from: [mail.from.name, mail.from.address],
    to: mail.to.map(({ address }) => address),
    replyTo: mail.replyTo.map(({ address }) => address),
    subject: mail.subject,
    date: mail.date,
    messageId: mail.messageId,
    text: mail.text,
    html: mail.html,
    attachments: mail.attachments.length,
  };
}
process.stdout.write(JSON.stringify(parsed));
