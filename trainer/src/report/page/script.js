// The values under the pointer, at one step in all charts; the arrow keys move it too.
"use strict";
(() => {
  const plot = document.querySelector("#plot").dataset;
  const LEFT = +plot.left, RIGHT = +plot.right, TOP = +plot.top, BOTTOM = +plot.bottom;
  const charts = [...document.querySelectorAll(".chart[data-low]")].map(figure => ({
    figure,
    svg: figure.querySelector("svg"),
    low: +figure.dataset.low,
    high: +figure.dataset.high,
    series: JSON.parse(figure.querySelector("script").textContent),
    values: figure.querySelectorAll(".legend b"),
    at: figure.querySelector(".at"),
  }));
  const short = value => {
    if (value === null) return "not a number";
    const size = Math.abs(value);
    return size && (size < 1e-3 || size >= 1e6) ? value.toExponential(3).replace(/\.?0*e\+?/, "e") : String(+value.toPrecision(4));
  };
  // The index of the step nearest to `step`, steps rising.
  const nearest = (steps, step) => {
    let low = 0, high = steps.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle] < step) low = middle + 1; else high = middle;
    }
    return low > 0 && step - steps[low - 1] < steps[low] - step ? low - 1 : low;
  };
  const show = step => {
    for (const chart of charts) {
      chart.series.forEach(([steps, values], i) => {
        if (steps.length) chart.values[i].textContent = short(values[step === null ? values.length - 1 : nearest(steps, step)]);
      });
      chart.at.textContent = step === null ? "" : "step " + Math.round(step).toLocaleString("en");
      let line = chart.svg.querySelector(".cross");
      if (step === null) { line?.remove(); continue; }
      if (!line) {
        line = document.createElementNS(chart.svg.namespaceURI, "line");
        line.setAttribute("class", "cross");
        line.setAttribute("y1", TOP);
        line.setAttribute("y2", BOTTOM);
        chart.svg.append(line);
      }
      const x = LEFT + (step - chart.low) / (chart.high - chart.low) * (RIGHT - LEFT);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
  };
  for (const chart of charts) {
    let step = chart.high;
    const go = to => show(step = Math.min(chart.high, Math.max(chart.low, to)));
    chart.svg.addEventListener("pointermove", event => {
      const box = chart.svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * chart.svg.viewBox.baseVal.width;
      go(chart.low + (x - LEFT) / (RIGHT - LEFT) * (chart.high - chart.low));
    });
    chart.svg.addEventListener("pointerleave", () => show(null));
    chart.svg.parentElement.addEventListener("keydown", event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      go(step + by * (chart.high - chart.low) / 100);
    });
    chart.svg.parentElement.addEventListener("blur", () => show(null));
  }
  show(null);
})();
