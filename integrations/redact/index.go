package redact

// An index finds the keywords of rules in text, whatever their case, in one pass.
type index struct {
	heads   [1 << 16]uint16 // by the first two bytes in lower case: where in buckets, 0 is nowhere
	buckets [][]keyword
}

type keyword struct {
	text string // in lower case, at least two bytes
	rule int
}

func (x *index) add(text string, rule int) {
	if x.buckets == nil {
		x.buckets = make([][]keyword, 1)
	}
	h := &x.heads[head(text[0], text[1])]
	if *h == 0 {
		*h = uint16(len(x.buckets))
		x.buckets = append(x.buckets, nil)
	}
	x.buckets[*h] = append(x.buckets[*h], keyword{text, rule})
}

// at returns the keywords that may start at text[i]; each must still be compared.
func (x *index) at(text string, i int) []keyword {
	return x.buckets[x.heads[head(text[i], text[i+1])]]
}

// has says whether any keyword is in text.
func (x *index) has(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		for _, k := range x.at(text, i) {
			if hasPrefixFold(text[i:], k.text) {
				return true
			}
		}
	}
	return false
}

func head(a, b byte) uint16 { return uint16(lower(a))<<8 | uint16(lower(b)) }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// hasPrefixFold says whether s begins with prefix, which is in lower case, in any case of ASCII letters.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		if lower(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}
