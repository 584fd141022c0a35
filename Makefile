# SPDX-License-Identifier: GPL-2.0-only
# One Makefile for everything. V=1 shows the commands; BUILD= is where products go; SAN=1 builds with ASan and UBSan.

VERSION := 0.1.0
BUILD ?= build
SRC_DIRS ?= spine kernel store collect analyze cmd

CC ?= gcc
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wno-sign-compare -Wno-unused-parameter
ifeq ($(WERROR),1)
WARN += -Werror
endif
PKGS := libtracecmd libtracefs libtraceevent sqlite3 jansson nettle
ALL_CFLAGS := -std=gnu17 -I. -I$(BUILD)/gen -D_GNU_SOURCE -DSQUALL_VERSION='"$(VERSION)"' $(WARN) -MMD -MP \
	$(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CFLAGS)
ALL_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -pthread
ifeq ($(SAN),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

SRCS := $(foreach d,$(SRC_DIRS),$(wildcard $(d)/*.c))
LIB_SRCS := $(filter-out cmd/main.c,$(SRCS))
LIB_OBJS := $(LIB_SRCS:%.c=$(BUILD)/%.o)
UNIT_BINS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.DELETE_ON_ERROR:
.PHONY: all
all: $(BUILD)/squall

$(BUILD)/squall: $(BUILD)/cmd/main.o $(BUILD)/libsquall.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/libsquall.a: $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -c -o $@ $<

# SQL and other text that is compiled in: FILE.sql becomes gen/FILE.sql.h, a C string literal without its quotes' name.
$(BUILD)/gen/%.h: %
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sed -e 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@

$(BUILD)/store/schema.o: $(BUILD)/gen/store/schema.sql.h

$(BUILD)/tests/test_%: tests/unit/test_%.c $(BUILD)/libsquall.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libsquall.a $(ALL_LIBS) -lcmocka

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
