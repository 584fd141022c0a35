# SPDX-License-Identifier: GPL-2.0-only
# make            builds squall                     make demo     diagnoses the sample storms
# make check      installs what tests need, runs them   make bench    measures, as ratios
# make fuzz       fuzzes each importer, FUZZ_SECONDS=600    make install  DESTDIR= PREFIX=
# make deps       installs what building needs      make guests   more storms in QEMU
# make clean
# V=1 shows the commands. BUILD=DIR puts products there.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 600
SRC_DIRS := spine kernel store collect analyze report live cmd tui

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
CFLAGS ?= -O2 -g
PKGS := sqlite3 jansson nettle libzstd zlib libbpf libtracefs ncursesw libRmath
# libtracecmd is the second opinion of tests and the floor of the benchmark.
TEST_PKGS := libtracecmd libtraceevent cmocka

# Asked for at first use, not when this file is read: `make demo` on a bare machine installs pkg-config on the way.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
TEST_CFLAGS = $(eval TEST_CFLAGS := $(shell pkg-config --cflags $(TEST_PKGS)))$(TEST_CFLAGS)
TEST_LIBS = $(eval TEST_LIBS := $(shell pkg-config --libs $(TEST_PKGS)))$(TEST_LIBS)
PKG_LIBS = $(eval PKG_LIBS := $(shell pkg-config --libs $(PKGS)) -lm -pthread)$(PKG_LIBS)

WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wno-sign-compare -Wno-unused-parameter \
	-Wno-missing-field-initializers
ifneq ($(filter check,$(MAKECMDGOALS)),)
WARN += -Werror
endif
ALL_CFLAGS = -std=gnu17 -I. -I$(BUILD)/gen -D_GNU_SOURCE -DSQUALL_VERSION='"$(VERSION)"' $(WARN) -MMD -MP $(PKG_CFLAGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

SRCS := $(foreach d,$(SRC_DIRS),$(wildcard $(d)/*.c))
LIB_SRCS := $(filter-out cmd/main.c,$(SRCS))
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
WORKLOADS := $(patsubst kernel-patches/lab/workloads/%.c,%,$(wildcard kernel-patches/lab/workloads/*.c))
BENCH_TOOLS := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
GENERATED := $(BUILD)/gen/store/schema.sql.h $(BUILD)/gen/collect/bpf/kswapd.skel.h $(BUILD)/gen/collect/bpf/task.skel.h \
	$(BUILD)/gen/docs/storms.md.h $(BUILD)/gen/report/page.css.h $(BUILD)/gen/report/page.js.h $(BUILD)/gen/report/dygraph.min.js.h \
	$(BUILD)/gen/report/dygraphs.licence.h
# Of Debian's libjs-dygraphs; embedded, so that a report needs nothing else.
DYGRAPHS ?= /usr/share/javascript/dygraphs/dygraph.min.js

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all
all: $(BUILD)/squall

# --- variants: plain, with sanitizers, for the fuzzers ---------------------------------------------------------------
# $(call variant,DIR,COMPILER,FLAGS): objects and library of all sources, and programs linked from them, under DIR.
define variant
$(1)/%.o: %.c | $(GENERATED)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D) && $(2) $$(ALL_CFLAGS) $(3) -c -o $$@ $$<

$(1)/libsquall.a: $(LIB_SRCS:%.c=$(1)/%.o)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

$(1)/squall: $(1)/cmd/main.o $(1)/libsquall.a
	$$(call say,LINK,$$@)
	$$(Q)$(2) $(3) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS)

# Programs of tests/tui stand in for live/: their own object comes first.
$(1)/tests/tui/%: $(1)/tests/tui/%.o $(1)/libsquall.a
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS)

$(1)/tests/%: $(1)/tests/unit/%.o $(1)/libsquall.a
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(3) $$(LDFLAGS) -o $$@ $$^ $$(TEST_LIBS) $$(PKG_LIBS)

$(1)/tests/%.o: tests/%.c | $(GENERATED)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D) && $(2) $$(ALL_CFLAGS) $$(TEST_CFLAGS) $(3) -c -o $$@ $$<
endef
$(eval $(call variant,$(BUILD),$(CC),$$(CFLAGS)))
$(eval $(call variant,$(BUILD)/san,$(CC),-O1 -g $(SANITIZE)))
$(eval $(call variant,$(BUILD)/tsan,$(CC),-O1 -g -fsanitize=thread))
$(eval $(call variant,$(BUILD)/fuzz,$(CLANG),-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link))

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/libsquall.a
	$(call say,LINK,$@)
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libsquall.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(PKG_LIBS)

# The lab's workloads are linked statically: they run in guests.
$(BUILD)/lab/%: kernel-patches/lab/workloads/%.c $(wildcard kernel-patches/lab/workloads/*.h) | $(GENERATED)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -static -o $@ $<

# Text that is compiled in: FILE becomes gen/FILE.h, a C string literal of its lines.
$(BUILD)/gen/%.h: %
	@command -v pkg-config >/dev/null && command -v $(CC) >/dev/null || \
		{ echo "squall: a compiler or pkg-config is missing: run 'make deps' first" >&2; exit 1; }
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sed -e 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@

# The last line names a file that is not in the report.
$(BUILD)/gen/report/dygraph.min.js.h:
	@test -r $(DYGRAPHS) || { echo "squall: $(DYGRAPHS) is missing: run 'make deps', or say DYGRAPHS=FILE" >&2; exit 1; }
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sed -e '/^\/\/# sourceMappingURL/d; s/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $(DYGRAPHS) > $@

# The kernel's side of the probes. Without clang or bpftool the rest is built, and the probe says that it is not.
# bpftool lies in /usr/sbin; gen object strips its debug data, so that half as much is embedded.
BPF_CFLAGS = -std=gnu17 -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter $(filter -Werror,$(WARN)) -I. \
	-idirafter /usr/include/$(shell $(CC) -dumpmachine)
$(BUILD)/gen/%.skel.h: %.bpf.c $(wildcard collect/bpf/*.h)
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D); export PATH="$$PATH:/usr/sbin:/sbin"; \
	if command -v $(CLANG) >/dev/null && command -v bpftool >/dev/null; then \
		$(CLANG) $(BPF_CFLAGS) -c -o $(@:.skel.h=.raw.o) $< && \
		bpftool gen object $(@:.skel.h=.bpf.o) $(@:.skel.h=.raw.o) && \
		echo '#define HAVE_BPF_SKEL' > $@ && \
		bpftool gen skeleton $(@:.skel.h=.bpf.o) name $(notdir $(@:.skel.h=))_bpf >> $@; \
	else \
		echo "squall: no clang or bpftool: built without BPF" >&2; echo '/* without BPF */' > $@; \
	fi

# --- what is needed from Debian ---------------------------------------------------------------------------------------
.PHONY: deps deps-check deps-bench deps-kernel
deps:
	$(Q)./deps.sh build
deps-check:
	$(Q)./deps.sh build check
deps-bench:
	$(Q)./deps.sh build bench
deps-kernel:
	$(Q)./deps.sh kernel

# Only these goals install packages, and before anything is compiled.
DEPS := $(if $(filter check,$(MAKECMDGOALS)),deps-check,)
DEPS += $(if $(filter demo,$(MAKECMDGOALS)),deps,)
DEPS += $(if $(filter bench,$(MAKECMDGOALS)),deps-bench,)
DEPS += $(if $(filter fuzz guests,$(MAKECMDGOALS)),deps-check,)
$(GENERATED): | $(DEPS)

# --- demo, check, fuzz, bench -----------------------------------------------------------------------------------------
.PHONY: demo check fuzz lab guests bench
demo: $(BUILD)/squall
	$(Q)samples/demo.sh $(BUILD)

# Where threads meet.
THREAD_TESTS := test_handoff test_side_thread
CHECK_TESTS := $(UNIT_TESTS:%=$(BUILD)/tests/%) $(UNIT_TESTS:%=$(BUILD)/san/tests/%) $(THREAD_TESTS:%=$(BUILD)/tsan/tests/%)
CHECK_BINS := $(BUILD)/tests/tui/stage $(BUILD)/san/tests/tui/stage $(BUILD)/squall $(BUILD)/san/squall $(CHECK_TESTS) $(FUZZERS:%=$(BUILD)/fuzz/%) \
	$(WORKLOADS:%=$(BUILD)/lab/%) $(BUILD)/bench/reclaimer
check: $(CHECK_BINS)
	$(Q)BUILD=$(abspath $(BUILD)) SQUALL_TRACES=$(SHARED)/traces \
		SQUALL_THIRD_PARTY=$(SHARED)/third-party FUZZ_SECONDS=$(CHECK_FUZZ_SECONDS) \
		tests/run.sh $(CHECK_TESTS) $(sort $(wildcard tests/cmd/*.t))
CHECK_FUZZ_SECONDS ?= 60
# More recorded traces, where they lie beside the tree; tests that want them skip without.
SHARED ?= $(abspath ../shared)

fuzz: $(FUZZERS:%=$(BUILD)/fuzz/%)
	$(Q)BUILD=$(abspath $(BUILD)) FUZZ_SECONDS=$(FUZZ_SECONDS) prove -v --exec tests/exec.sh tests/cmd/fuzz.t

# What a guest needs; storms in QEMU on more kernels than make check boots.
lab: $(BUILD)/squall $(WORKLOADS:%=$(BUILD)/lab/%)

guests: lab
	$(Q)BUILD=$(abspath $(BUILD)) SQUALL_GUESTS=all prove -v --exec tests/exec.sh tests/cmd/guest.t tests/cmd/guest_watch.t

bench: $(BUILD)/squall $(BENCH_TOOLS:%=$(BUILD)/bench/%)
	$(Q)BUILD=$(abspath $(BUILD)) tests/bench/bench.sh

# --- install, clean ---------------------------------------------------------------------------------------------------
.PHONY: install clean
install: $(BUILD)/squall
	install -D -m 755 $(BUILD)/squall $(DESTDIR)$(PREFIX)/bin/squall
	for page in docs/*.1; do install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man1/$$(basename $$page); done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
