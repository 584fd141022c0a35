#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# exec.sh TEST - runs one test for prove. cmocka 1.1.5 says "not ok N # SKIP", which TAP takes for a failure.
set -o pipefail
case $1 in
*.t) exec "$1" ;;
*) CMOCKA_MESSAGE_OUTPUT=TAP "$1" | sed -u 's/^not ok \([0-9]* # SKIP\)/ok \1/' ;;
esac
