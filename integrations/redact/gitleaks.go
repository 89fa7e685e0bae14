package redact

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// The default rules of gitleaks are read from its settings and matched here, not by its Detector: that one gives
// lines in place of offsets, writes to a global log, skips lines that say gitleaks:allow, and compiles all its
// patterns and stop words at start, which takes 15 to 45 MB.

type gitleaksRule struct {
	ID          string
	Regex       string
	Path        string
	SecretGroup int
	Entropy     float64
	Keywords    []string
	Allowlists  []gitleaksAllowlist
}

type gitleaksAllowlist struct {
	Condition   string
	RegexTarget string
	Regexes     []string
	StopWords   []string
}

type gitleaksConfig struct {
	Allowlist gitleaksAllowlist
	Rules     []gitleaksRule
}

const (
	// labelPrefix begins the rules that look for a secret beside a name, such as "datadog_key = …". What it
	// matches is not needed, and without it a match starts at the keyword.
	labelPrefix = `[\w.-]{0,50}?`
	// gitleaks lets only these stand behind many tokens, and so misses "ghp_…," and "(ghp_…)".
	terminator      = `(?:[\x60'"\s;]|\\[nr]|$)`
	tokenTerminator = `(?:[^\w+/=-]|$)`
	valueTerminator = `(?:[\x60'"\s;,)&<>\]}|]|[^\x00-\x7f]|\\[nr]|$)`
)

// fileRules are left out: they are for files of known names, or what they look for has rules of ours.
var fileRules = map[string]bool{
	"pkcs12-file":           true,
	"freemius-secret-key":   true,
	"hashicorp-tf-password": true,
	"private-key":           true, // ours takes those without an end too
}

// betterKeywords stand where matches start, in place of words that are in every other log.
var betterKeywords = map[string][]string{
	"kubernetes-secret-yaml": {"kind:", "data:"},
}

// gitleaksRules returns gitleaks' default rules with its weaknesses mended.
func gitleaksRules() ([]*rule, error) {
	var c gitleaksConfig
	if err := toml.Unmarshal([]byte(config.DefaultConfig), &c); err != nil {
		return nil, fmt.Errorf("redact: gitleaks' rules: %w", err)
	}
	everywhere := newAllowlist(c.Allowlist)
	var rules []*rule
	for _, g := range c.Rules {
		if fileRules[g.ID] {
			continue
		}
		r, err := g.rule(everywhere)
		if err != nil {
			return nil, fmt.Errorf("redact: gitleaks' rule %s: %w", g.ID, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func (g gitleaksRule) rule(everywhere allowlist) (*rule, error) {
	labelled := strings.Contains(g.Regex, labelPrefix)
	pattern := strings.ReplaceAll(g.Regex, labelPrefix, "")
	if labelled {
		pattern = strings.ReplaceAll(pattern, terminator, valueTerminator)
	} else {
		pattern = strings.ReplaceAll(pattern, terminator, tokenTerminator)
	}
	allow := []allowlist{everywhere}
	for _, a := range g.Allowlists {
		allow = append(allow, newAllowlist(a))
	}
	take := func(m match) (span, bool) {
		s := g.secret(m)
		value := m.text[s.from:s.to]
		if value == "" || g.Entropy != 0 && entropy(value) <= g.Entropy {
			return s, false
		}
		name := m.loc[0] - len(labelBefore(m.text, m.loc[0]))
		label := m.text[name:s.from]
		if labelled && ordinary(wordBefore(m.text, name)+label, value) || !labelled && bareDigest(value) {
			return s, false
		}
		for _, a := range allow {
			if a.allows(value, label+value) {
				return s, false
			}
		}
		return s, true
	}
	keywords := lowerAll(g.Keywords)
	if better := betterKeywords[g.ID]; better != nil {
		keywords = better
	}
	r, err := patternRule(kindOf(g.ID), pattern, keywords, take)
	if err == nil {
		r.specific = !labelled
		r.far = strings.HasPrefix(g.ID, "curl-")
		if r.specific {
			r.rank = rankToken
		} else if r.start {
			r.likely = labelsValue
		}
	}
	return r, err
}

const (
	maxLabel = 60 // from the keyword to the separator, more than any labelled rule allows
	minValue = 5  // of the first part of a labelled secret
)

// labelsValue says whether the name that text[at] is in is followed by a separator and something long enough.
func labelsValue(text string, at int) bool {
	i := at
	for i < len(text) && i-at < maxLabel && (isWord(text[i]) || isSpace(text[i]) || strings.IndexByte(`.-'"`, text[i]) >= 0) {
		i++
	}
	if i == len(text) || strings.IndexByte("=>|:?,", text[i]) < 0 {
		return false
	}
	for i < len(text) && i-at < 2*maxLabel && (isSpace(text[i]) || strings.IndexByte("=>|:?,'\"`", text[i]) >= 0) {
		i++
	}
	return i+minValue <= len(text) && all(text[i:i+minValue], isToken)
}

// secret returns where the secret is in a match: gitleaks' secret group, else its first group, else all of it.
func (g gitleaksRule) secret(m match) span {
	if g.SecretGroup > 0 {
		return m.span(g.SecretGroup)
	}
	for n := 1; 2*n < len(m.loc); n++ {
		if m.group(n) != "" {
			return m.span(n)
		}
	}
	return m.span(0)
}

// labelBefore returns the part of a name that ends at text[i].
func labelBefore(text string, i int) string {
	from := i
	for from > 0 && i-from < 50 && (isWord(text[from-1]) || text[from-1] == '.' || text[from-1] == '-') {
		from--
	}
	return text[from:i]
}

// wordBefore returns the word and the blank before text[i], if there are.
func wordBefore(text string, i int) string {
	if i < 2 || text[i-1] != ' ' {
		return ""
	}
	from := i - 1
	for from > 0 && i-from < 30 && isLetter(text[from-1]) {
		from--
	}
	return text[from:i]
}

// kindOf makes a kind, in [a-z-], of a rule's id.
func kindOf(id string) string {
	kind := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, id)
	if kind == "generic-api-key" {
		return "api-key"
	}
	return strings.Trim(kind, "-")
}

func lowerAll(words []string) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = strings.ToLower(w)
	}
	return all
}

// An allowlist says what a rule finds though it is no secret.
type allowlist struct {
	whole  bool // the patterns are for the match, not for the secret
	regexp func() *regexp.Regexp
	words  func() *index
}

func newAllowlist(a gitleaksAllowlist) allowlist {
	var l allowlist
	if a.Condition == "AND" || a.RegexTarget == "line" { // these are for paths, or for lines of build files
		return l
	}
	l.whole = a.RegexTarget == "match"
	if len(a.Regexes) > 0 {
		l.regexp = sync.OnceValue(func() *regexp.Regexp {
			return regexp.MustCompile("(?:" + strings.Join(a.Regexes, "|") + ")")
		})
	}
	if len(a.StopWords) > 0 {
		l.words = sync.OnceValue(func() *index {
			x := &index{}
			for _, w := range lowerAll(a.StopWords) {
				x.add(w, 0)
			}
			return x
		})
	}
	return l
}

func (l allowlist) allows(value, whole string) bool {
	target := value
	if l.whole {
		target = whole
	}
	return l.regexp != nil && l.regexp().MatchString(target) || l.words != nil && l.words().has(value)
}

// entropy is Shannon's, in bits a character, as gitleaks computes it.
func entropy(s string) float64 {
	var counts [256]int
	for i := 0; i < len(s); i++ {
		counts[s[i]]++
	}
	e := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(s))
			e -= p * math.Log2(p)
		}
	}
	return e
}
