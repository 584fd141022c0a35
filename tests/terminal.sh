# SPDX-License-Identifier: GPL-2.0-only
# terminal.sh - what tests of the screen share: a program in a terminal of tmux, its keys and what it shows. Source it
# behind lib.sh or record.sh; whoever does kills the last terminal at the end: tmux kill-server.

command -v tmux >/dev/null || skip_all "no tmux here"
export LC_ALL=C.UTF-8
locale -a 2>/dev/null | grep -qi '^c\.utf-\?8$' || skip_all "no locale C.UTF-8 here"
patience=${PATIENCE:-300}	# tenths of a second: machines of tests are slow
term=tmux-256color
terminals=0			# each has a server of its own: one that ends takes its time

tmux() {
	command tmux -u -S "$work/tmux.$terminals" -f /dev/null "$@"
}

new_terminal() {
	tmux kill-server 2>/dev/null
	terminals=$((terminals + 1))
}

# run_in WIDTH HEIGHT COMMAND: in a new terminal; $work/before and after have its modes, $work/status how it ended.
run_in() {
	new_terminal
	rm -f "$work/before" "$work/after" "$work/status" "$work/pid"
	[ -p "$work/feed" ] || mkfifo "$work/feed"
	cat >"$work/run" <<-EOF
		export TERM=$term TZ=UTC ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_abort=0
		echo SHELL
		stty -g >$work/before
		(echo \$BASHPID >$work/pid; exec $3) 2>$work/err
		echo \$? >$work/status
		stty -g >$work/after
		echo DONE
		exec sleep 1000
	EOF
	tmux new-session -d -x "$1" -y "$2" "bash $work/run"
}

screen() {
	tmux capture-pane -p | sed 's/ *$//'
}

keys() {
	tmux send-keys "$@"
}

# appears REGEX: until a line of the screen is like that.
appears() {
	local i
	for ((i = 0; i < patience; i++)); do
		screen >"$work/screen"
		grep -qE -- "$1" "$work/screen" && return 0
		sleep 0.1
	done
	return 1
}

# vanishes REGEX: until none is.
vanishes() {
	local i
	for ((i = 0; i < patience; i++)); do
		screen >"$work/screen"
		grep -qE -- "$1" "$work/screen" || return 0
		sleep 0.1
	done
	return 1
}

show_screen() {
	sed 's/^/#   screen: /' "$work/screen"
}

# seen REGEX DESCRIPTION, unseen REGEX DESCRIPTION
seen() {
	appears "$1"
	local status=$?
	ok $status "$2"
	[ $status -eq 0 ] || show_screen
}

unseen() {
	vanishes "$1"
	local status=$?
	ok $status "$2"
	[ $status -eq 0 ] || show_screen
}

# shows FILE DESCRIPTION: the whole screen, or its first lines, as in FILE.
shows() {
	local i n
	n=$(wc -l <"$1")
	for ((i = 0; i < patience; i++)); do
		screen >"$work/screen"
		head -n "$n" "$work/screen" | cmp -s - "$1" && break
		sleep 0.1
	done
	head -n "$n" "$work/screen" | diff "$1" - | sed 's/^/#   /' >"$work/diff"
	[ ! -s "$work/diff" ]
	ok $? "$2"
	cat "$work/diff"
}

# ended STATUS DESCRIPTION: the program has, and the terminal is as before: modes, and the lines that were there.
ended() {
	local i
	for ((i = 0; i < patience; i++)); do
		[ -s "$work/after" ] && [ "$(screen | grep -xcE 'SHELL|DONE')" = 2 ] && break
		sleep 0.1
	done
	is "$(cat "$work/status") $(cmp "$work/before" "$work/after" 2>&1)$(screen | grep -xE 'SHELL|DONE' | tr '\n' ' ')" \
		"$1 SHELL DONE " "$2"
	is "$(tmux display-message -p '#{alternate_on}#{cursor_flag}#{mouse_any_flag}#{keypad_cursor_flag}')" 0100 \
		"$2: no alternate screen, the cursor is back, mouse and keypad are off"
}
