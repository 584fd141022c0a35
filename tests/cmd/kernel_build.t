#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build-kernel without compiling: what it refuses, what it takes for up to date, which tree and configuration make is
# given. The source is made up, and a stand-in for make records what it is asked for.
. "$(dirname "$0")/../lib.sh"

LAB=$TOP/kernel-patches/lab
export LAB_CACHE=$work/cache LAB_PATCHES=$work/patches
SOURCE=$LAB_CACHE/source/9.9
TREES=$LAB_CACHE/build
unset LAB_NICE

build_kernel() {
	PATH=$work/bin:$PATH "$LAB/build-kernel" "$@" >"$work/out" 2>"$work/err" </dev/null
}

# refuses STATUS TEXT DESCRIPTION WORD...
refuses() {
	local wanted=$1 text=$2 description=$3

	shift 3
	build_kernel "$@"
	is $? "$wanted" "$description"
	like "$(cat "$work/err")" "$text" "and this is said"
}

sum() {
	sha256sum <"$1" | cut -c1-16
}

# How often make was asked for a kernel.
builds() {
	grep -c bzImage "$work/made"
}

# --- a source, a series, and tools that only pretend ---

mkdir -p "$SOURCE/tree/mm" "$SOURCE/tree/include" "$LAB_PATCHES/two" "$work/bin"
echo 9.9-1 >"$SOURCE/version"
echo 'one' >"$SOURCE/tree/mm/one.c"
echo 'two' >"$SOURCE/tree/mm/two.c"
echo 'all:' >"$SOURCE/tree/Makefile"
printf 'config %s\n' SMP NUMA >"$SOURCE/tree/Kconfig"
touch -d 2001-01-01 "$SOURCE/tree/mm/"*
printf '# linux 9.9\n0001-a.patch\n0002-b.patch # the second\n' >"$LAB_PATCHES/two/series"
printf -- '--- a/mm/one.c\n+++ b/mm/one.c\n@@ -1 +1 @@\n-one\n+ONE\n' >"$LAB_PATCHES/two/0001-a.patch"
printf -- '--- /dev/null\n+++ b/mm/new.c\n@@ -0,0 +1 @@\n+new\n' >"$LAB_PATCHES/two/0002-b.patch"
for tool in bc bison flex pahole; do
	printf '#!/bin/sh\n' >"$work/bin/$tool"
done
cat >"$work/bin/make" <<'MAKE'
#!/bin/bash
echo "$(nice) $*" >>"$MADE"
obj=$2/obj
suffix=$(printf '%s\n' "$@" | sed -n 's/^LOCALVERSION=//p')
case " $* " in
*' allnoconfig '*)
	printf '%s\n' "$@" | sed -n 's/^KCONFIG_ALLCONFIG=//p' | xargs cat | grep -vE "${WITHOUT:-^$}" >"$obj/.config"
	;;
*' bzImage '*)
	echo 'compiling, says the stand-in'
	[ -z "$LASTS" ] || { echo $$ >"$LASTS"; exec sleep 60; }
	[ -z "$BREAKS" ] || { echo 'mm/one.c: error'; exit 2; }
	mkdir -p "$obj/arch/x86/boot" "$obj/include/config"
	echo "image$suffix" >"$obj/arch/x86/boot/bzImage"
	echo "9.9.1$suffix" >"$obj/include/config/kernel.release"
	cp "$VMLINUX" "$obj/vmlinux"
	;;
esac
MAKE
chmod +x "$work/bin"/*
export MADE=$work/made VMLINUX=$work/vmlinux
: >"$MADE"
echo 'int x;' | gcc -xc -c -o "$work/plain" - && echo types >"$work/types" &&
	objcopy --add-section .BTF="$work/types" "$work/plain" "$VMLINUX" || skip_all "no gcc or objcopy"

# --- what is refused ---

refuses 2 'build-kernel .*LINE' "no line"
refuses 2 'no line of kernels' "a line that is none" 9
refuses 2 'no series three' "a series that there is not" 9.9 three
refuses 2 'is no series' "a series outside of kernel-patches" 9.9 ../two
refuses 2 'two has 2 patches' "more patches than the series has" 9.9 two:3
refuses 2 'is no series' "none of its patches" 9.9 two:0
build_kernel -h
is $? 0 "-h"
like "$(cat "$work/out")" 'cache/kernel/LINE' "tells what comes out of it"
is "$(builds)" 0 "and nothing was built"

# --- a first kernel ---

build_kernel 9.9
is $? 0 "a kernel without patches"
is "$(cat "$work/out")" "$LAB_CACHE/kernel/9.9+base" "its folder"
is "$(cd "$LAB_CACHE/kernel/9.9+base" && ls | tr '\n' ' ')" "built config modules release vmlinuz " "what is in it"
is "$(cat "$LAB_CACHE/kernel/9.9+base/release")" 9.9.1-base "its name"
is "$(cat "$LAB_CACHE/kernel/9.9+base/built")" "source: linux-source-9.9 9.9-1
compiler: gcc $(gcc -dumpfullversion)
config: $(sum "$LAB/kernel.config")" "what it was made of"
like "$(tail -1 "$MADE")" '^19 ' "at nice 19"
is "$(grep -c '# or' "$TREES/9.9+base/fragment")" 0 "remarks do not reach the configuration"

is "$(builds)" 1 "built once"
build_kernel 9.9
build_kernel 9.9+base
build_kernel 9.9 base
is "$?, $(builds)" "0, 1" "what is up to date is not built again, by whatever name"

# --- a build that is interrupted ---

export LASTS=$work/pid
rm "$LAB_CACHE/kernel/9.9+base/built"
MADE=/dev/null PATH=$work/bin:$PATH "$LAB/build-kernel" 9.9 >/dev/null 2>&1 </dev/null &
builder=$!
for i in $(seq 100); do
	[ -s "$LASTS" ] && break
	sleep 0.1
done
kill -TERM $builder
wait $builder
is $? 130 "a build that is told to end ends"
sleep 0.5
kill -0 "$(cat "$LASTS")" 2>/dev/null
is $? 1 "and make with it"
unset LASTS

exec 5>"$TREES/9.9.lock"
flock 5
: >"$work/err"
(for i in $(seq 300); do grep -q waiting "$work/err" && break; sleep 0.1; done; flock -u 5) &
build_kernel 9.9
is "$?, $(builds)" "0, 2" "one build waits for another"
like "$(cat "$work/err")" 'waiting for another build of Linux 9\.9' "and this is said"
exec 5>&-

# --- arms ---

mkdir "$TREES/9.9+base/tree/obj/tool"
echo "cmd := gcc $TREES/9.9+base/tree/tool.c" >"$TREES/9.9+base/tree/obj/tool/.tool.o.cmd"
build_kernel 9.9+two:1
is $? 0 "the first patch of a series"
is "$(cat "$work/out")" "$LAB_CACHE/kernel/9.9+two.1" "its folder"
tree=$TREES/9.9+two.1/tree
is "$(cat "$tree/mm/one.c")" ONE "the patch is in its tree"
[ ! -e "$tree/mm/new.c" ]
ok $? "the second is not"
is "$(cat "$SOURCE/tree/mm/one.c") $(cat "$TREES/9.9+base/tree/mm/one.c")" "one one" \
	"nor is the first in the source and the base"
[ "$tree/mm/two.c" -ef "$SOURCE/tree/mm/two.c" ]
ok $? "what it does not touch is the source's file, with its time"
is "$(cat "$LAB_CACHE/kernel/9.9+two.1/vmlinuz") $(builds)" "image-two.1 3" "a kernel was built"
is "$(cat "$tree/obj/tool/.tool.o.cmd")" "cmd := gcc $tree/tool.c" "from the objects of the base, as if made here"
is "$(tail -1 "$LAB_CACHE/kernel/9.9+two.1/built")" "patch: two/0001-a.patch $(sum "$LAB_PATCHES/two/0001-a.patch")" \
	"what it was made of"

build_kernel 9.9 two
is "$(cat "$work/out")" "$LAB_CACHE/kernel/9.9+two" "all of the series"
is "$(cat "$TREES/9.9+two/tree/mm/one.c") $(cat "$TREES/9.9+two/tree/mm/new.c")" "ONE new" "with both patches"
is "$(cat "$LAB_CACHE/kernel/9.9+two/release")" 9.9.1-two "and its name"
is "$(builds)" 4 "built once each"

# --- a series that changes ---

tree=$TREES/9.9+two/tree
touch -d 2002-01-01 "$tree/mm/one.c"
sed -i s/+new/+newer/ "$LAB_PATCHES/two/0002-b.patch"
build_kernel 9.9 two
is "$(cat "$tree/mm/new.c"), $(builds)" "newer, 5" "a changed patch is built"
is "$(date -r "$tree/mm/one.c" +%Y)" 2002 "what it leaves as it was keeps its time"
build_kernel 9.9 two:1
is "$(builds)" 5 "and an arm without it is up to date"
printf '0001-a.patch\n' >"$LAB_PATCHES/two/series"
build_kernel 9.9 two
is "$(ls "$tree/mm" | tr '\n' ' ')" "one.c two.c " "a patch that is gone from the series is gone from the tree"
sed -i s/-one/-uno/ "$LAB_PATCHES/two/0001-a.patch"
refuses 1 'two/0001-a.patch does not apply to Linux 9.9-1' "a patch that does not apply" 9.9 two
sed -i s/-uno/-one/ "$LAB_PATCHES/two/0001-a.patch"
build_kernel 9.9 two
is "$(cat "$tree/mm/one.c")" ONE "and the tree is whole after it"

# --- what goes wrong ---

rm "$LAB_CACHE/kernel/9.9+base/built"
BREAKS=1 refuses 1 'mm/one.c: error' "a build that fails" 9.9
is "$(cat "$work/out")" "" "and no folder is told"
WITHOUT='^CONFIG_NUMA=' refuses 1 'CONFIG_NUMA cannot be set' "a symbol that cannot be set" 9.9
WITHOUT='^CONFIG_ZRAM=' refuses 0 'does not know CONFIG_ZRAM$' "a symbol that the line does not have" 9.9
rm "$LAB_CACHE/kernel/9.9+base/built"
WITHOUT='^CONFIG_PREEMPT_LAZY=' build_kernel 9.9
is "$(grep -c PREEMPT "$work/err")" 0 "one that has another in its place"
rm "$LAB_CACHE/kernel/9.9+base/built"
VMLINUX=$work/plain refuses 1 'has no BTF' "a kernel without BTF" 9.9
printf '#!/bin/sh\nprintf "Avail\\n1024\\n"\n' >"$work/bin/df"
chmod +x "$work/bin/df"
rm -r "$TREES/9.9+two"
rm "$LAB_CACHE/kernel/9.9+two/built"
refuses 77 'needs [0-9]+ MiB' "a disk that is full" 9.9 two
rm "$work/bin/df"

LAB_CACHE=$TOP/cache "$LAB/fetch-source" 1.0 2>"$work/err"
is $? 77 "a source that Debian does not have cannot be had"
like "$(cat "$work/err")" 'no linux-source-1\.0' "and this is said"
done_testing
