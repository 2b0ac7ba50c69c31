"use strict";

// the token has done its work: it need not stay in the address bar and the history
const address = new URL(window.location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  window.history.replaceState(null, "", address.pathname + address.search);
}

// what the app copies: browsers offer their clipboard to secure pages alone, and may refuse; nothing reads it for the app
const clipboard = navigator.clipboard;
const copy = async (text) => {
  try {
    await clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    const focused = document.activeElement;
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    focused?.focus();
  }
};
Object.defineProperty(navigator, "clipboard", { value: { writeText: copy, readText: async () => "" } });

window.addEventListener("DOMContentLoaded", () => {
  // where the page is reached is where the app is, also behind a proxy
  const socket = new URL("/ws", address);
  socket.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  document.getElementById("terminal").dataset.sessionWebsocketUrl = socket.href;
  document.getElementById("again").addEventListener("click", () => window.location.reload());
  // keys work without a click first
  const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();
  new MutationObserver(() => {
    if (document.body.classList.contains("-closed")) document.getElementById("again").focus();
    else if (document.body.classList.contains("-first-byte")) focus();
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
});
