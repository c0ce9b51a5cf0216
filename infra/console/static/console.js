"use strict";
const SECONDS = 5;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function addZone(part) {
  for (const time of part.querySelectorAll("time")) {
    const own = document.createElement("span");
    own.className = "zone";
    own.textContent = ` (${CLOCK.format(new Date(time.dateTime))}, ${ZONE})`;
    time.after(own);
  }
}

const live = [...document.querySelectorAll("[data-live]")];
const shown = new Map(live.map((part) => [part, part.innerHTML]));

async function refresh() {
  const notice = document.getElementById("notice");
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) throw new Error(page.querySelector("h1")?.textContent ?? answer.status);
    for (const part of live) {
      const fresh = page.getElementById(part.id).innerHTML;
      if (fresh === shown.get(part)) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      part.innerHTML = fresh;
      shown.set(part, fresh);
      addZone(part);
      if (focused) document.getElementById(focused)?.focus();
    }
    notice.textContent = "";
  } catch (error) {
    notice.textContent = `This page is not refreshed any more: ${error.message}`;
  }
}

addZone(document);
for (const field of document.querySelectorAll("[data-own-zone]")) field.value ||= ZONE;
if (live.length) {
  const next = () => setTimeout(async () => {
    if (!document.hidden) await refresh();
    next();
  }, SECONDS * 1000);
  next();
}
