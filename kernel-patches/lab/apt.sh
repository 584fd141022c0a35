# SPDX-License-Identifier: GPL-2.0-only
# apt.sh - an apt of the lab's own, for Debian's kernels. Source it after common.sh, then call apt_open.
#
# The machine's apt lists stay as they are and nothing is installed: apt runs with lists and sources of its own, at the
# mirror that the machine uses, and checks Debian's signatures with the machine's keys. No root is needed.

# Suites where kernels are looked for. The keys of trixie are in Debian 12's debian-archive-keyring too. 6.12 for Debian
# 12 is in its security suite, which has a mirror of its own.
SUITES="bookworm-security bookworm-backports trixie trixie-backports"
LISTS_DAYS=1		# lists older than this are fetched anew before a package is looked for

# mirror SUITE: where the machine's sources have it from, whatever form they have; other suites are where its own is.
mirror() {
	local codename

	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
		awk -v suite="$1" -v own="$codename" '$2 == suite { found = $1 } $2 == own && !other { other = $1 }
			END { if (found != "") print found; else if (suite !~ /-security$/) print other }'
}

# Of the machine's configuration it takes how to fetch (proxies and the like), and none of the commands that it may run
# after an update.
configure_apt() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg by= url suite

	[ ! -r $keyring ] || by="signed-by=$keyring "
	mkdir -p "$apt/parts" "$apt/lists" "$apt/archives/partial"
	: >"$apt/status"
	for suite in $SUITES; do
		url=$(mirror "$suite")
		[ -z "$url" ] || echo "deb [${by}arch=amd64] $url $suite main"
	done >"$apt/sources.list"
	[ -s "$apt/sources.list" ] || die $LAB_CANNOT "no Debian mirror among the apt sources of this machine"
	cat >"$apt/apt.conf" <<-CONF
		$(apt-config dump | grep '^Acquire::' | grep -vE '^Acquire::(IndexTargets|Allow)')
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "$apt/parts";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "$apt/parts";
		Dir::State "$apt";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		APT::Architecture "amd64";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
	CONF
	export APT_CONFIG=$apt/apt.conf
}

# apt_open: once in a program, before anything else of this file. CACHE has to be an absolute path. The caller holds the
# lock of cache/kernel: programs of the lab share the lists.
apt_open() {
	need apt apt-get apt-cache apt-config
	need dpkg dpkg-deb
	need xz-utils xz
	apt=$CACHE/apt
	[ "${APT_CONFIG:-}" = "$apt/apt.conf" ] || configure_apt
}

# Suites that cannot be had (unknown key, gone) are named by apt and left out; the others serve. "now": however new the
# lists are.
update_lists() {
	[ "${1:-}" = now ] || [ -z "$(find "$apt/updated" -mtime -$LISTS_DAYS 2>/dev/null)" ] ||
		! cmp -s "$apt/sources.list" "$apt/updated" || return 0
	say "fetching the package lists of $SUITES"
	if apt-get update -qq -o APT::Update::Error-Mode=any >&2; then
		cp "$apt/sources.list" "$apt/updated"
	else
		say "not all suites could be read"
	fi
}
