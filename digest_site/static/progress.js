// Looks again every three seconds for as long as a worker is at it.
"use strict";

const PAUSE = 3000;

async function look() {
  const place = document.getElementById("progress");
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceWith(document.importNode(page.getElementById("progress"), true));
  } catch {
    // The server is away, or the session has ended: the next look, or the link, will tell.
  }
  wait();
}

function wait() {
  if (document.getElementById("progress").dataset.atWork) {
    setTimeout(look, PAUSE);
  }
}

wait();
