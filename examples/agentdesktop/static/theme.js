// Light or dark: as the computer is set, until the agent chooses.

import { $ } from "./dom.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function startTheme() {
  apply();
  system.addEventListener("change", apply);
  $("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", next);
    apply();
  });
}

function apply() {
  const theme = localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  $("theme").setAttribute("aria-label", theme === "dark" ? "Light colours" : "Dark colours");
}
