package redact

// budget bounds what a rule may look at in one text, so that no text makes it quadratic: this many times the
// text, and some more for short ones. Beyond it the rest is not looked at rule by rule but withheld.
const (
	budgetFactor = 256
	budgetBase   = 256 << 10
)

// A scan is one search of one text with all rules.
type scan struct {
	r      *Redactor
	text   string
	hits   []hit
	next   []int // by rule: don't look before this offset again
	work   []int // by rule: how many bytes it was given
	total  int   // sum of work
	strict bool  // only rules whose secret is known by its own form
}

// search returns the secrets in text.
func (r *Redactor) search(text string, strict bool) []hit {
	s := scan{r: r, text: text, strict: strict}
	s.run()
	return s.hits
}

func (s *scan) run() {
	for i := 0; i+1 < len(s.text); i++ {
		for _, k := range s.r.index.at(s.text, i) {
			if hasPrefixFold(s.text[i:], k.text) {
				s.try(k.rule, i)
			}
		}
	}
}

// try looks for the secret of a rule whose keyword is at i.
func (s *scan) try(n, i int) {
	r := s.r.rules[n]
	if s.strict && !r.specific || r.boundary && i > 0 && isWord(s.text[i-1]) || r.likely != nil && !r.likely(s.text, i) {
		return
	}
	if s.next == nil {
		s.next, s.work = make([]int, len(s.r.rules)), make([]int, len(s.r.rules))
	}
	if i < s.next[n] {
		return
	}
	if !r.start {
		s.everywhere(n)
		return
	}
	if r.findAll != nil {
		s.lookAll(n, i)
		return
	}
	found, ok := s.look(n, i, r.reach)
	if ok {
		s.next[n] = max(found.to, i+1)
	} else if r.far {
		s.next[n] = i + r.reach/2
	} else if found.to-i > longRefusal {
		s.next[n] = i + (found.to-i)/2
	}
}

// longRefusal is the length from which a match that was no secret is not tried again in its first half: otherwise a
// text that is one long value with the keyword all over it would be looked at once for each.
const longRefusal = 256

// everywhere looks for all secrets of a rule whose matches don't start at a keyword.
func (s *scan) everywhere(n int) {
	s.next[n] = len(s.text)
	for at := 0; at < len(s.text); {
		found, ok := s.look(n, at, len(s.text))
		if !ok && found.to <= at {
			return
		}
		at = max(found.to, at+1)
	}
}

func (s *scan) lookAll(n, at int) {
	r := s.r.rules[n]
	all, to := r.findAll(s.text, at, r.reach)
	for _, found := range all {
		s.hits = append(s.hits, hit{found, r})
		s.next[n] = found.to
	}
	s.count(n, at, to-at)
}

func (s *scan) look(n, at, window int) (span, bool) {
	r := s.r.rules[n]
	found, ok := r.find(s.text, at, window)
	if ok {
		s.hits = append(s.hits, hit{found, r})
	}
	if found.to > at {
		window = found.to - at
	}
	s.count(n, at, window)
	return found, ok
}

// count notes that a rule looked at window bytes from at on. A rule beyond its budget withholds the rest.
func (s *scan) count(n, at, window int) {
	window = min(window, len(s.text)-at)
	s.work[n] += window
	s.total += window
	if s.work[n] > budgetFactor*len(s.text)+budgetBase {
		s.hits = append(s.hits, hit{span{at, len(s.text)}, s.r.rules[n]})
		s.next[n] = len(s.text)
	}
}
