#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# raw2tsv.pl - `trace-cmd report -R -t` on stdin as one line per event: name, ns, cpu, pid, and sorted field=number.
# Numbers are decimal and signed 64 bit, as SQLite has them. A second opinion on what a trace.dat holds.
use strict;
use warnings;
no warnings 'portable';

sub number {
	my ($text) = @_;
	return $text unless $text =~ /^-?(0x[0-9a-f]+|\d+)$/i;
	my $value = $text =~ /^0x/i ? hex $text : $text;
	return unpack 'q', pack 'Q', $value if $value > 9223372036854775807;
	return $value + 0;
}

while (<STDIN>) {
	next unless /^\s*(.*)-(\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}):\s+(\S+?):\s*(.*?)\s*$/;
	my ($pid, $cpu, $s, $ns, $name, $rest) = ($2, $3, $4, $5, $6, $7);
	my @fields;
	while ($rest =~ /(\w+)=(.*?)(?=\s+\w+=|$)/g) {
		my ($field, $value) = ($1, $2);
		push @fields, "$field=" . number($value);
	}
	print join("\t", $name, $s * 1000000000 + $ns, $cpu + 0, $pid, sort @fields), "\n";
}
