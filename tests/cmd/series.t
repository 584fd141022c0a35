#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each series of kernel-patches/ is in the form that git am takes and a maintainer reads, and applies to Debian's source
# of the line that it names. The source is fetched when it is not there: only the files that the patches touch.
. "$(dirname "$0")/../lib.sh"

PATCHES=${LAB_PATCHES:-$TOP/kernel-patches}

# header NAME FILE: Author, Email, Subject or Date, as git am reads it
header() {
	git mailinfo -k "$work/body" "$work/patch" <"$2" | sed -n "s/^$1: //p"
}

# patches_of FOLDER: as its series names them, in order
patches_of() {
	sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$1/series"
}

# line_of FOLDER: the line of kernels that it is for
line_of() {
	sed -n 's/^# linux \([0-9]*\.[0-9]*\)$/\1/p' "$1/series" | head -1
}

# touched FILE...
touched() {
	sed -nE 's/^(---|\+\+\+) [ab]\/([^[:space:]]+).*/\2/p' "$@" | sort -u
}

# form_of FILE N M: what a mail with patch N of M lacks, a line each
form_of() {
	local file=$1 body

	head -1 "$file" | grep -qE '^From [0-9a-f]{40} ' || echo "it does not begin as a mail of git format-patch"
	[ -n "$(header Author "$file")" ] && header Email "$file" | grep -q .@ || echo "no From:"
	header Date "$file" | grep -q . || echo "no Date:"
	header Subject "$file" | grep -qE "^\[(RFC |RFT )?PATCH( [^]]*)? 0*$2/0*$3\] [a-z0-9_./-]+: .+" ||
		echo "the subject is not [PATCH $2/$3] subsystem: summary"
	body=$(sed '1,/^$/d; /^---$/,$d' "$file")
	[ "$(grep -vcE '^(Signed-off-by: .*|)$' <<<"$body")" -ge 3 ] || echo "the body does not say why"
	[ "$(wc -L <<<"$body")" -le 100 ] || echo "the body has lines of more than 100 columns"
	if [ "$2" -ne 0 ]; then
		grep -qE '^Signed-off-by: .+ <.+@.+>$' <<<"$body" || echo "no Signed-off-by:"
		grep -qx -- --- "$file" || echo "no --- behind the body"
	fi
	grep -qE '^ [0-9]+ files? changed, [0-9]+ (insertion|deletion)' "$file" || echo "no diffstat"
}

# cover_of FOLDER M: what its cover letter lacks
cover_of() {
	local cover=$1/0000-cover-letter.txt

	[ -f "$cover" ] || { echo "no 0000-cover-letter.txt"; return; }
	form_of "$cover" 0 "$2"
	grep -qi 'test' "$cover" || echo "it does not say how it was tested"
	grep -qE "evidence/[a-z-]+\.md" "$cover" || echo "it does not say where the measurements are"
	! grep -qE '\*\*\* (SUBJECT|BLURB) HERE|TODO|FIXME|XXX' "$cover" || echo "it is not finished"
}

# apply FOLDER TREE: git am on the files of TREE that the patches touch
apply() {
	local folder=$1 repository=$work/repository file

	rm -rf "$repository"
	mkdir "$repository"
	while read -r file; do
		[ ! -e "$2/$file" ] || (cd "$2" && cp -p --parents "$file" "$repository")
	done < <(cd "$folder" && touched $(patches_of .))
	(
		cd "$repository" && git init -q . && git config user.name test && git config user.email test@localhost &&
			git add -A -f && git commit -q --allow-empty -m source &&
			cd "$folder" && git -C "$repository" am -q $(patches_of . | sed "s|^|$folder/|")
	) 2>&1
}

check() {
	local folder=$1 name=${1##*/} line m n=0 file source

	line=$(line_of "$folder")
	like "$line" '^[0-9]' "$name: its series names the line that it is for"
	m=$(patches_of "$folder" | wc -l)
	is "$(cd "$folder" && ls | grep '\.patch$')" "$(patches_of "$folder" | sort)" "$name: its series names all patches"
	is "$(cover_of "$folder" "$m")" "" "$name: the cover letter"
	for file in $(patches_of "$folder"); do
		n=$((n + 1))
		is "$(form_of "$folder/$file" $n "$m")" "" "$name: the form of $file"
	done
	source=$("$TOP/kernel-patches/lab/fetch-source" "$line" ${files[$line]} 2>"$work/err")
	case $? in
	0)
		apply "$folder" "$source/tree" >"$work/am"
		ok $? "$name: git am takes it on Linux $(cat "$source/version")"
		sed 's/^/# /' "$work/am"
		;;
	77) skip "$name: git am takes it" "$(tail -1 "$work/err")" ;;
	*) ok 1 "$name: there is a source"; sed 's/^/# /' "$work/err" ;;
	esac
}

command -v git >/dev/null || skip_all "git is not there"
# Per line one request for all files: an answer is unpacked in one go.
declare -A files
for series in "$PATCHES"/*/series; do
	[ -e "$series" ] || skip_all "there is no series in kernel-patches"
	folder=${series%/series}
	files[$(line_of "$folder")]+=" $(cd "$folder" && touched $(patches_of .) | tr '\n' ' ')"
done
for series in "$PATCHES"/*/series; do
	check "${series%/series}"
done
done_testing
