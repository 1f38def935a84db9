// What makes the pages of the server more pleasant; they all work without it.
"use strict";

// Asks before something is deleted.
document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
});

// What is sent once is not sent again by a second click.
document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
});

// Copies the text of another element.
for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
        button.textContent = "Copied";
    });
}

// A password that is typed twice, and how hard it is to guess: its length, and of how many kinds of
// characters it is made.
function bitsOf(password) {
    const kinds = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 33]];
    const alphabet = kinds.reduce((sum, [kind, size]) => sum + (kind.test(password) ? size : 0), 0);
    const different = new Set(password).size;
    return Math.min(password.length, 2 * different) * Math.log2(alphabet || 1);
}
for (const form of document.querySelectorAll("form[data-passwords]")) {
    const [first, second] = form.querySelectorAll("input[autocomplete='new-password']");
    const meter = form.querySelector("meter"), words = form.querySelector("[data-strength]");
    first.addEventListener("input", () => {
        const bits = bitsOf(first.value);
        if (meter) meter.value = Math.min(bits, 100);
        if (words) words.textContent = !first.value ? "" : bits < 40 ? "Easy to guess" : bits < 65 ? "Fair" : "Good";
    });
    const compare = () => second.setCustomValidity(first.value === second.value ? "" : "The two passwords differ.");
    first.addEventListener("input", compare);
    second.addEventListener("input", compare);
}

// Whether a name is free, asked when somebody has stopped typing.
for (const input of document.querySelectorAll("input[data-free]")) {
    const words = document.getElementById(input.getAttribute("aria-describedby"));
    let timer = 0;
    input.addEventListener("input", () => {
        clearTimeout(timer);
        input.setCustomValidity("");
        if (!input.value) return;
        timer = setTimeout(async () => {
            const asked = input.value;
            const answer = await fetch(input.dataset.free + encodeURIComponent(asked));
            if (!answer.ok || input.value !== asked) return;
            const told = await answer.json();
            words.textContent = told.text;
            input.setCustomValidity(told.free ? "" : told.text);
        }, 400);
    });
}

// Pages that show how things are now load themselves anew, unless somebody is typing; nor does who has
// gone away stay signed in by that.
const patience = 10 * 60 * 1000;
let seen = Date.now();
for (const kind of ["pointermove", "keydown", "scroll", "touchstart"]) {
    addEventListener(kind, () => { seen = Date.now(); sessionStorage.setItem("seen", seen); }, { passive: true });
}
if (performance.getEntriesByType("navigation")[0]?.type === "reload") seen = Number(sessionStorage.getItem("seen") ?? seen);
else sessionStorage.setItem("seen", seen);
const seconds = Number(document.querySelector("[data-refresh]")?.dataset.refresh ?? 0);
if (seconds > 0) {
    setInterval(() => {
        if (Date.now() - seen < patience && !document.hidden && !document.activeElement?.matches("input, select, textarea, button")) location.reload();
    }, seconds * 1000);
}
