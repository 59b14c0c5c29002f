# usage: awk -f match.awk WANT GOT; status 0 when GOT is what WANT says. "…" in WANT stands for the
# rest of a line, or, alone on it, for any number of lines. Else prints where they part.
FNR == NR { want[++nwant] = $0; next }
{ got[++ngot] = $0 }

function line_fits(pattern, text,    at) {
	at = index(pattern, "…")
	if (at == 0)
		return pattern == text
	return substr(text, 1, at - 1) == substr(pattern, 1, at - 1)
}

function fits(w, g) {
	for (; w <= nwant; w++) {
		if (w >= far_want) {
			far_want = w
			far_got = g
		}
		if (want[w] == "…") {
			for (; g <= ngot + 1; g++)
				if (fits(w + 1, g))
					return 1
			return 0
		}
		if (g > ngot || !line_fits(want[w], got[g]))
			return 0
		g++
	}
	if (g <= ngot) {
		far_want = nwant + 1
		far_got = g
	}
	return g == ngot + 1
}

function show(mark, lines, from, n,    i) {
	for (i = from < 1 ? 1 : from; i <= n; i++)
		print mark lines[i]
}

END {
	if (fits(1, 1))
		exit 0
	show("  ", got, far_got - 4, far_got - 1)
	show("- ", want, far_want, far_want + 2 < nwant ? far_want + 2 : nwant)
	show("+ ", got, far_got, far_got + 4 < ngot ? far_got + 4 : ngot)
	exit 1
}
