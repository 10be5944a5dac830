"use strict";
// The values under the pointer, at one place in all charts that read out; the arrow keys move it too.
(() => {
  const charts = [...document.querySelectorAll(".chart[data-frame]")].map(figure => {
    const [left, right, top, bottom, low, high] = figure.dataset.frame.split(" ").map(Number);
    return {
      left, right, top, bottom, low, high,
      svg: figure.querySelector("svg"),
      series: JSON.parse(figure.querySelector("script").textContent),
      values: figure.querySelectorAll(".legend b"),
      at: figure.querySelector(".at"),
      name: figure.querySelector("text.name")?.textContent ?? "",
    };
  });
  const short = value => {
    if (value === null) return "not a number";
    const size = Math.abs(value);
    return size && (size < 1e-3 || size >= 1e6) ? value.toExponential(3).replace(/\.?0*e\+?/, "e") : String(+value.toPrecision(4));
  };
  // The index of the place nearest to `at`, places rising.
  const nearest = (places, at) => {
    let low = 0, high = places.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[middle] < at) low = middle + 1; else high = middle;
    }
    return low > 0 && at - places[low - 1] < places[low] - at ? low - 1 : low;
  };
  const show = at => {
    for (const chart of charts) {
      chart.series.forEach(([places, values], i) => {
        if (places.length) chart.values[i].textContent = short(values[at === null ? values.length - 1 : nearest(places, at)]);
      });
      chart.at.textContent = at === null ? "" : `${chart.name} ${Math.round(at).toLocaleString("en")}`;
      let line = chart.svg.querySelector(".cross");
      if (at === null) { line?.remove(); continue; }
      if (!line) {
        line = document.createElementNS(chart.svg.namespaceURI, "line");
        line.setAttribute("class", "cross");
        line.setAttribute("y1", chart.top);
        line.setAttribute("y2", chart.bottom);
        chart.svg.append(line);
      }
      const x = chart.left + (at - chart.low) / (chart.high - chart.low) * (chart.right - chart.left);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
  };
  for (const chart of charts) {
    let at = chart.high;
    const go = to => show(at = Math.min(chart.high, Math.max(chart.low, to)));
    chart.svg.addEventListener("pointermove", event => {
      const box = chart.svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * chart.svg.viewBox.baseVal.width;
      go(chart.low + (x - chart.left) / (chart.right - chart.left) * (chart.high - chart.low));
    });
    chart.svg.addEventListener("pointerleave", () => show(null));
    chart.svg.parentElement.addEventListener("keydown", event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      go(at + by * (chart.high - chart.low) / 100);
    });
    chart.svg.parentElement.addEventListener("blur", () => show(null));
  }
  show(null);
})();
