// Charts of the reports: drawn from the JSON beside each canvas, in the colours of the page. The
// tables hold the same numbers, so nothing is lost without this file.
(() => {
  const drawn = new Map();
  const narrow = matchMedia("(max-width: 700px)");
  const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
  const clip = (text) => {
    const most = narrow.matches ? 14 : 26;
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  };

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  };

  const options = (told, colour) => {
    const values = {
      beginAtZero: true,
      stacked: true,
      border: { display: false },
      grid: { color: colour("line") },
      title: { display: true, text: told.unit, color: colour("soft") },
      ticks: { color: colour("soft"), precision: told.unit === "orders" || told.unit === "prints" ? 0 : undefined,
               maxTicksLimit: 6, callback: (value) => short.format(value) },
    };
    const names = {
      stacked: true,
      border: { color: colour("line") },
      grid: { display: false },
      ticks: { color: colour("soft"), maxRotation: 0, autoSkip: !told.isRanking, autoSkipPadding: 12,
               ...(told.isRanking && { callback(value) { return clip(this.getLabelForValue(value)); } }) },
    };
    return {
      indexAxis: told.isRanking ? "y" : "x",
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: "index", axis: told.isRanking ? "y" : "x", intersect: false },
      scales: told.isRanking ? { x: values, y: names } : { x: names, y: values },
      plugins: {
        legend: { display: told.series.length > 1, position: "bottom", labels: { color: colour("ink"), boxWidth: 12 } },
        tooltip: { callbacks: { label: (item) =>
          `${item.dataset.label ? `${item.dataset.label}: ` : ""}${number.format(item.raw)} ${told.unit}` } },
      },
    };
  };

  const draw = (canvas) => {
    const told = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const colour = colours();
    drawn.get(canvas)?.destroy();
    drawn.set(canvas, new Chart(canvas, {
      type: "bar",
      data: {
        labels: told.labels,
        datasets: told.series.map((one) => ({
          label: one.label, data: one.values, backgroundColor: colour(`c-${one.tone}`),
          borderRadius: 3, maxBarThickness: 36, categoryPercentage: .85, barPercentage: .9,
        })),
      },
      options: options(told, colour),
    }));
  };

  const drawAll = () => {
    for (const [canvas, chart] of drawn) {
      if (!canvas.isConnected) { chart.destroy(); drawn.delete(canvas); }
    }
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) draw(canvas);
  };

  drawAll();
  document.body.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
