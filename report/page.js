// SPDX-License-Identifier: GPL-2.0-only
// Draws the charts of squall report with dygraphs. Names of the recording are only ever set as text; dygraphs gets "0",
// "1" ... as labels. One time window for all charts.
"use strict";
(function () {
	var data = JSON.parse(document.getElementById("data").textContent);
	var charts = [], busy = false, whole = [0, Math.max(data.span, 0.001)];
	var range = document.getElementById("range");
	var severities = ["info", "warning", "high", "critical"];
	var shades = data.findings.slice().sort(function (a, b) { return a[2] - b[2]; });

	function css(name) {
		return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	}

	function round(v) {
		var a = Math.abs(v);

		if (a >= 100 || v === Math.round(v))
			return v.toFixed(0);
		return a >= 10 ? v.toFixed(1) : a >= 0.1 ? v.toFixed(2) : v.toPrecision(2);
	}

	function amount(v, unit) {
		var bytes = unit === "bytes", step = bytes ? 1024 : 1000, i = 0;
		var units = bytes ? ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] : ["", "k", "M", "G", "T", "P"];

		if (v === null || v === undefined || isNaN(v))
			return "";
		if (unit === "ms")
			return v >= 1000 ? round(v / 1000) + " s" : v >= 0.1 || !v ? round(v) + " ms" :
				round(v * 1000) + " \u00b5s";
		while (i < 5 && Math.abs(v) >= (bytes ? step : 10 * step)) {
			v /= step;
			i++;
		}
		return round(v) + (bytes ? " " : "") + units[i] + (unit === "percent" ? " %" : "");
	}

	function time(s, step) {
		var digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;

		if (whole[1] < 600)
			return s.toFixed(digits) + " s";
		var sign = s < 0 ? "-" : "", t = Math.abs(s), h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60;
		var sec = (t % 60).toFixed(digits);

		return sign + (h ? h + ":" + (m < 10 ? "0" : "") : "") + m + ":" +
			(parseFloat(sec) < 10 ? "0" : "") + sec;
	}

	function ticks(a, b, pixels) {
		var wanted = (b - a) / Math.max(2, pixels / 90), list = [];
		var steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300,
			600, 1800, 3600, 7200, 21600, 86400];
		var step = steps.find(function (s) { return s >= wanted; }) || wanted;

		for (var v = Math.ceil(a / step - 1e-9) * step; v <= b; v += step)
			list.push({ v: v, label: time(v, step) });
		return list;
	}

	/* 1, 10, 100; of bytes 1 MiB, 4 MiB, 16 MiB. */
	function powers(unit) {
		var base = unit === "bytes" ? 4 : 10;

		return function (a, b, pixels) {
			var first = Math.ceil(Math.log(Math.max(a, 1e-9)) / Math.log(base) - 1e-9), list = [];
			var last = Math.floor(Math.log(b) / Math.log(base) + 1e-9);
			var step = Math.max(1, Math.ceil((last - first + 1) * 34 / pixels));

			for (var k = first; k <= last; k += step)
				list.push({ v: Math.pow(base, k), label: amount(Math.pow(base, k), unit) });
			return list;
		};
	}

	/* Where findings are, under the lines: where they overlap, the colour of the worst, which comes last. */
	function shade(canvas, area, g) {
		shades.forEach(function (f) {
			var left = g.toDomXCoord(f[0]), right = g.toDomXCoord(f[1]);

			left = Math.max(left, area.x);
			right = Math.min(Math.max(right, left + 1), area.x + area.w);
			if (right <= left)
				return;
			canvas.clearRect(left, area.y, right - left, area.h);
			canvas.globalAlpha = parseFloat(css("--shade"));
			canvas.fillStyle = css("--" + severities[f[2]]);
			canvas.fillRect(left, area.y, right - left, area.h);
			canvas.globalAlpha = 1;
		});
	}

	function put(parent, tag, className, text) {
		var e = document.createElement(tag);

		e.className = className;
		e.textContent = text;
		parent.appendChild(e);
		return e;
	}

	function show_range(w) {
		var step = (w[1] - w[0]) / 100;

		range.textContent = time(w[0], step) + " to " + time(w[1], step);
	}

	function set_window(w) {
		var least = whole[1] / 1e6, width = Math.max(Math.min(w[1] - w[0], whole[1]), least);
		var from = Math.min(Math.max(w[0], 0), whole[1] - width);

		busy = true;
		charts.forEach(function (c) { c.g.updateOptions({ dateWindow: [from, from + width] }); });
		busy = false;
		show_range([from, from + width]);
	}

	function move(part) {
		var w = charts[0].g.xAxisRange(), by = (w[1] - w[0]) * part;

		set_window([w[0] + by, w[1] + by]);
	}

	function zoom(factor) {
		var w = charts[0].g.xAxisRange(), middle = (w[0] + w[1]) / 2, half = (w[1] - w[0]) / 2 * factor;

		set_window([middle - half, middle + half]);
	}

	var actions = {
		all: function () { set_window(whole); },
		"in": function () { zoom(0.5); },
		out: function () { zoom(2); },
		left: function () { move(-0.25); },
		right: function () { move(0.25); }
	};
	var keys = {
		"0": "all", Home: "all", "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right"
	};

	function legend(c) {
		c.values = [];
		c.spec.lines.forEach(function (line, i) {
			var b = put(c.legend, "button", "", ""), shown = true;

			b.type = "button";
			b.setAttribute("aria-pressed", "true");
			put(b, "span", "swatch", "").style.background = "var(--c" + i % 8 + ")";
			put(b, "span", "name", line.name);
			b.appendChild(document.createTextNode(" "));
			c.values.push(put(b, "span", "value", ""));
			b.addEventListener("click", function () {
				shown = !shown;
				b.setAttribute("aria-pressed", shown);
				c.g.setVisibility(i, shown);
			});
		});
		if (c.spec.lines_left_out)
			put(c.legend, "span", "soft", "and " + c.spec.lines_left_out + " more, not drawn");
		at_rest(c);
	}

	/* Without a pointer in the chart: from lowest to highest. */
	function at_rest(c) {
		c.spec.lines.forEach(function (line, i) {
			c.values[i].textContent = amount(line.lowest, c.spec.unit) + " .. " +
				amount(line.highest, c.spec.unit);
		});
	}

	function at_row(c, row) {
		c.spec.lines.forEach(function (line, i) {
			var k = row;

			while (k > 0 && line.values[k] === null)
				k--;
			c.values[i].textContent = amount(line.values[k], c.spec.unit);
		});
		range.textContent = "at " + time(c.spec.seconds[row], 0.001);
	}

	/* On a logarithmic scale 0 lies on the lower edge. */
	function limits(spec) {
		var least = Infinity, most = 0;

		if (!spec.log)
			return null;
		spec.lines.forEach(function (line) {
			line.values.forEach(function (v) {
				least = v > 0 ? Math.min(least, v) : least;
				most = Math.max(most, v);
			});
		});
		return most ? [least / 1.5, most * 1.5] : null;
	}

	function rows(spec, floor) {
		return spec.seconds.map(function (t, k) {
			return [t].concat(spec.lines.map(function (line) {
				var v = line.values[k];

				return floor && v !== null ? Math.max(v, floor) : v;
			}));
		});
	}

	function options(c) {
		var y = {
			axisLabelWidth: c.box.clientWidth < 500 ? 52 : 66, pixelsPerLabel: 34,
			labelsKMG2: c.spec.unit === "bytes",
			axisLabelFormatter: function (v) { return amount(v, c.spec.unit); }
		};

		if (c.limits)
			y.ticker = powers(c.spec.unit);
		return {
			labels: ["t"].concat(c.spec.lines.map(function (line, i) { return String(i); })),
			colors: c.spec.lines.map(function (line, i) { return css("--c" + i % 8); }),
			dateWindow: c.g ? c.g.xAxisRange() : whole,
			stepPlot: c.spec.held, connectSeparatedPoints: !c.spec.gaps, drawGapEdgePoints: true,
			logscale: Boolean(c.limits), valueRange: c.limits, includeZero: !c.limits, strokeWidth: 1.3,
			gridLineColor: css("--grid"), axisLineColor: css("--edge"), xRangePad: 0, legend: "never",
			underlayCallback: shade, highlightCircleSize: 3, digitsAfterDecimal: 3,
			axes: { x: { ticker: ticks, pixelsPerLabel: 90 }, y: y },
			highlightCallback: function (event, x, points, row) { at_row(c, row); },
			unhighlightCallback: function () {
				at_rest(c);
				show_range(c.g.xAxisRange());
			},
			drawCallback: function (g, first) {
				if (!busy && !first)
					set_window(g.xAxisRange());
			},
			interactionModel: interaction
		};
	}

	/* One finger scrolls the page, two zoom; the mouse drags a window, a double click shows all. */
	var interaction = Object.assign({}, Dygraph.defaultInteractionModel, {
		touchstart: function (event, g, context) {
			if (event.touches.length > 1)
				Dygraph.defaultInteractionModel.touchstart(event, g, context);
		},
		touchmove: function (event, g, context) {
			if (event.touches.length > 1)
				Dygraph.defaultInteractionModel.touchmove(event, g, context);
		},
		touchend: function (event, g, context) {
			if (context.initialTouches)
				Dygraph.defaultInteractionModel.touchend(event, g, context);
		},
		dblclick: function () { set_window(whole); }
	});

	function draw(spec, i) {
		var box = document.getElementById("plot-" + i), c = { spec: spec, box: box, limits: limits(spec) };

		c.legend = document.getElementById("legend-" + i);
		busy = true;
		c.g = new Dygraph(box, rows(spec, c.limits && c.limits[0]), options(c));
		busy = false;
		legend(c);
		box.addEventListener("keydown", function (event) {
			var name = event.ctrlKey || event.altKey || event.metaKey ? null : keys[event.key];

			if (!name)
				return;
			event.preventDefault();
			actions[name]();
		});
		charts.push(c);
	}

	function repaint() {
		busy = true;
		charts.forEach(function (c) { c.g.updateOptions(options(c)); });
		busy = false;
	}

	function resize() {
		busy = true;
		charts.forEach(function (c) { c.g.resize(); });
		busy = false;
	}

	/* What is wider than the page is scrolled by keys too. */
	function reach_wide() {
		document.querySelectorAll(".wide").forEach(function (e) {
			if (e.scrollWidth > e.clientWidth)
				e.tabIndex = 0;
			else
				e.removeAttribute("tabindex");
		});
	}

	/* On paper nothing can be opened. */
	function open_all() {
		document.querySelectorAll("details:not([open])").forEach(function (e) {
			e.open = true;
			e.classList.add("opened");
		});
	}

	function close_again() {
		document.querySelectorAll("details.opened").forEach(function (e) {
			e.open = false;
			e.classList.remove("opened");
		});
	}

	addEventListener("beforeprint", open_all);
	addEventListener("afterprint", close_again);
	reach_wide();
	addEventListener("resize", reach_wide);
	data.charts.forEach(draw);
	if (!charts.length)
		return;
	document.body.classList.add("drawn");
	show_range(whole);
	document.querySelectorAll("[data-do]").forEach(function (b) {
		b.addEventListener("click", function () { actions[b.dataset.do](); });
	});
	document.querySelectorAll("[data-zoom]").forEach(function (b) {
		var f = data.findings[b.dataset.zoom], pad = Math.max((f[1] - f[0]) * 0.1, whole[1] / 200);

		b.hidden = false;
		b.addEventListener("click", function () {
			set_window([Math.max(f[0] - pad, 0), Math.min(f[1] + pad, whole[1])]);
			document.getElementById("charts").scrollIntoView();
		});
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
	matchMedia("print").addEventListener("change", repaint);
	addEventListener("beforeprint", resize);
	addEventListener("afterprint", resize);
}());
