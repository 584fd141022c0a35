#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test_stats.py - the expected values of test_stats.c, by scipy 1.10 and numpy 1.24 of Debian 12 (python3-scipy), and by
# listing all cases where there are few. Run it to see them; make check does not.
from itertools import combinations, product
from math import exp, pi, sqrt

import numpy as np
from scipy import stats

SETS = {
    "apart": ([1.1, 2.3, 3.2, 4.8, 5.9], [6.1, 7.7, 8.3, 9.2, 10.4]),
    "mixed": ([12.1, 15.3, 9.8, 14.4, 11.0, 13.7], [10.2, 9.1, 12.9, 8.4, 11.5, 7.3, 9.9]),
    "ties": ([3, 3, 4, 5, 5, 6], [4, 5, 6, 6, 7, 8]),
    "unequal": ([0.5, 1.5, 2.5], [0.7, 1.1, 1.9, 2.2, 3.1, 4.2, 5.3, 6.4]),
    "many": ([1.7 * i % 23.1 + 1 for i in range(1, 25)], [2.3 * i % 19.7 + 3 for i in range(1, 26)]),
    "below": ([60.5, 71.2, 65.3, 80.9, 77.7, 69.4, 73.8], [31.3, 35.9, 28.8, 40.1, 33.6, 37.2, 30.7]),
}

for name, (base, cand) in SETS.items():
    a, b = np.array(base), np.array(cand)
    tied = len(set(base + cand)) < len(base + cand)
    exact = not tied and max(len(a), len(b)) <= 20
    p = stats.mannwhitneyu(b, a, alternative="two-sided", method="exact" if exact else "asymptotic").pvalue
    delta = sum(np.sign(y - x) for x in a for y in b) / (len(a) * len(b))
    df = len(a) + len(b) - 2
    s = sqrt((np.var(np.log(a)) * len(a) + np.var(np.log(b)) * len(b)) / df)
    mde = exp((stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * s * sqrt(1 / len(a) + 1 / len(b)) / sqrt(3 / pi))
    print(name, "exact" if exact else "normal", "p %.12g" % p, "delta %.12g" % delta, "mde %.12g" % mde,
          "base q1 median q3", *("%.12g" % q for q in np.percentile(a, [25, 50, 75])))

# The bootstrap without chance: all resamples of five out of five.
base, cand = SETS["apart"]
medians = [np.sort(np.array([np.median(r) for r in product(s, repeat=5)])) for s in (base, cand)]
ratios = np.sort(np.divide.outer(medians[1], medians[0]).ravel())
differences = np.sort(np.subtract.outer(medians[1], medians[0]).ravel())
# Of 10,000 random ones the share below a quantile is off by 0.5 % in one of 700 cases.
print("bootstrap at 2, 2.5, 3, 97, 97.5, 98 %: ratio", np.percentile(ratios, [2, 2.5, 3, 97, 97.5, 98]),
      "difference", np.percentile(differences, [2, 2.5, 3, 97, 97.5, 98]))

# The placebo: all splits of six into halves.
six = SETS["mixed"][0]
ratios, differences, low = [], [], 0
for half in combinations(range(6), 3):
    a = [six[i] for i in half]
    b = [six[i] for i in range(6) if i not in half]
    ratios.append(np.median(b) / np.median(a))
    differences.append(np.median(b) - np.median(a))
    low += stats.mannwhitneyu(a, b, method="exact").pvalue < 0.05
print("placebo", len(ratios), np.percentile(ratios, [2.5, 97.5]), np.percentile(differences, [2.5, 97.5]), low)

# Holm by its definition: the largest of (n - k) p(k) up to and with each.
p = [0.01, 0.04, 0.03, 0.005, 0.5]
order = np.argsort(p)
adjusted, most = [0] * 5, 0
for k, i in enumerate(order):
    most = max(most, min(1, (5 - k) * p[i]))
    adjusted[i] = most
print("holm", adjusted)
print("least p", *("%d,%d: %.12g" % (m, n, stats.mannwhitneyu(range(m), range(m, m + n), method="exact").pvalue)
                   for m, n in ((3, 3), (5, 5), (10, 10))))
