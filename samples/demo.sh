#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh BUILDDIR - what squall says of the recordings beside this script: two storms and a healthy control.
set -eu
squall=$(realpath "${1:-build}")/squall
cd "$(dirname "$0")/.."

for sample in defrag-spin kswapd-reset healthy-swap; do
	printf '\n$ squall analyze samples/%s-6.18.dat\n' "$sample"
	"$squall" analyze "samples/$sample-6.18.dat"
done
printf '\nWhat was done in these recordings, and how to check the numbers without squall: samples/README.md\n'
