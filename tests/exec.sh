#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# exec.sh TEST - runs one test for prove. What it says is kept in TAP_DIR, if that is set. cmocka 1.1.5 says "not ok N #
# SKIP", which TAP takes for a failure.
set -o pipefail
run() {
	case $1 in
	*.t) "$1" ;;
	*) CMOCKA_MESSAGE_OUTPUT=TAP "$1" | sed -u 's/^not ok \([0-9]* # SKIP\)/ok \1/' ;;
	esac
}

[ -n "$TAP_DIR" ] || { run "$1"; exit; }
log=$TAP_DIR/$(tr / _ <<<"${1#/}")
run "$1" 2> >(tee "$log.err" >&2) | tee "$log"
