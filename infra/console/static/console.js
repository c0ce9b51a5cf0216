"use strict";
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

addZone(document);
for (const field of document.querySelectorAll("[data-own-zone]")) field.value ||= ZONE;

// A page that nobody sees asks nobody.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
// A part that is as before stays: what is selected in it, how far it is scrolled, and no screen reader says it again.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  addZone(detail.fragment);
  detail.shouldSwap = !detail.target.isEqualNode(detail.fragment.firstElementChild);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful) document.getElementById("notice").hidden = false;
});
