#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh BUILDDIR - what squall says of the recordings beside this script: two storms and a healthy control. The reports
# with charts go to BUILDDIR.
set -eu
build=$(realpath "${1:-build}")
squall=$build/squall
cd "$(dirname "$0")/.."

for sample in defrag-spin kswapd-reset healthy-swap; do
	printf '\n$ squall analyze samples/%s-6.18.dat\n' "$sample"
	"$squall" analyze "samples/$sample-6.18.dat"
	"$squall" report -f "samples/$sample-6.18.dat" -o "$build/$sample.html"
done
printf '\nThe same with charts, one file each, for a browser:\n'
printf '    %s\n' "$build"/defrag-spin.html "$build"/kswapd-reset.html "$build"/healthy-swap.html
printf '\nWhat was done in these recordings, and how to check the numbers without squall: samples/README.md\n'
