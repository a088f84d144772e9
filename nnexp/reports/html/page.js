"use strict";
(async () => {
  const config = JSON.parse(document.getElementById("theme").textContent);
  const views = [];
  const draw = async (figure) => {
    const place = figure.querySelector(".chart");
    const chart = JSON.parse(figure.querySelector("script").textContent);
    try {
      const drawn = await vegaEmbed(place, chart, { config, ast: true, actions: false, renderer: "svg" });
      if (figure.dataset.group) views.push([figure.dataset.group, drawn.view]);
    } catch (error) {
      place.textContent = "This figure could not be drawn: " + error.message;
      throw error;
    }
  };
  for (const legend of document.querySelectorAll(".legend")) {
    const buttons = [...legend.querySelectorAll("button")];
    for (const button of buttons) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        const picked = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.key);
        for (const [group, view] of views) {
          if (group === legend.dataset.group) view.signal("picked", picked).runAsync();
        }
      });
    }
  }
  const figures = [...document.querySelectorAll("figure[data-chart]")];
  const done = await Promise.allSettled(figures.map(draw));
  document.documentElement.dataset.drawn = String(done.filter((one) => one.status === "fulfilled").length);
  for (const one of done) if (one.status === "rejected") console.error(one.reason);
})();
